import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { axeFaults } from '../support/axe.ts';
import { startEnteredSite } from './support/enteredSite.ts';
import { signInAt } from './support/signInAt.ts';
import { useSites } from './support/systemUnderTest.ts';
import { until } from './support/until.ts';
import { legend, openPage, sum } from './support/wallPage.ts';

const newSite = useSites();
const METERS = 48;

test('the wall under the hand: arrows, Enter, Escape, levels, the wheel, clicks that hit the tile under them, the legend as filter, and all of it as a list', {
  timeout: 240_000,
}, async () => {
  const { system, propertyId } = await startEnteredSite(newSite, METERS);
  const { page, errors } = await openPage();
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await signInAt(page, system, `/p/${propertyId}/wall`);
  await until('every meter is known', 60_000, async () => sum(await legend(page)) === METERS);

  await byKeyboard(page);
  await byMouse(page);
  await asList(page);
  expect(errors).toEqual([]);
});

/** Arrows move the focus, Enter opens the meter, Escape lets go, plus and zero change the level. */
async function byKeyboard(page: Page): Promise<void> {
  const wall = page.getByTestId('wall');
  await wall.focus();
  await page.keyboard.press('ArrowRight');
  const first = await said(page);
  await page.keyboard.press('ArrowRight');
  await until('the next tile is told', 10_000, async () => (await said(page)) !== first);
  await page.keyboard.press('ArrowLeft');
  await until('the first tile is told again', 10_000, async () => (await said(page)) === first);
  expect(await axeFaults(page)).toEqual([]);

  await page.keyboard.press('Enter');
  await page.waitForURL(/\/meters\/\d+/);
  await page.goBack();
  await until('the wall is there again', 30_000, async () => sum(await legend(page)) === METERS);

  const home = await labelPlace(page);
  await wall.focus();
  await page.keyboard.press('+');
  await until('a level further in', 10_000, async () => (await labelPlace(page)) !== home);
  await page.keyboard.press('0');
  await until('all of the wall', 10_000, async () => (await labelPlace(page)) === home);
}

/** The wheel moves the wall; a click meets the tile that is drawn there, at home and further in. */
async function byMouse(page: Page): Promise<void> {
  const wall = page.getByTestId('wall');
  const home = await labelPlace(page);
  for (const level of ['home', 'further in'] as const) {
    await offTheWall(page);
    await wall.focus();
    await page.keyboard.press('ArrowRight');
    const words = await titleOf(page);
    const ring = await page.locator('.ring').boundingBox();
    if (ring === null) throw new Error('no tile has the focus');
    await page.keyboard.press('Escape');
    await page.locator('.ring').waitFor({ state: 'detached' });
    await page.mouse.click(ring.x + ring.width / 2, ring.y + ring.height / 2);
    await until(`the click hits its tile, ${level}`, 10_000, async () => (await titleOf(page)) === words);
    await page.keyboard.press('Escape');
    await offTheWall(page);
    await page.locator('.ring').waitFor({ state: 'detached' });
    if (level === 'further in') continue;
    await page.mouse.move(ring.x, ring.y);
    await page.mouse.wheel(0, -400);
    await until('the wheel moves the wall', 10_000, async () => (await labelPlace(page)) !== home);
  }
  await page.locator('.tools button').last().click();
  await until('all of the wall', 10_000, async () => (await labelPlace(page)) === home);
}

/** A pointer over a tile shows that one's card. */
async function offTheWall(page: Page): Promise<void> {
  await page.mouse.move(0, 0);
}

/** The same meters as words: those that are not normal or what the legend chooses as a table, all of them as a tree. */
async function asList(page: Page): Promise<void> {
  await page.locator('.as-list').click();
  const rows = page.locator('.list tbody tr');
  const listed = async (of: (counts: Readonly<Record<string, number>>) => number | undefined) =>
    (await rows.count()) === of(await legend(page));
  await until('whatever is not normal has its row', 15_000, () => listed((counts) => METERS - (counts['opened'] ?? 0)));
  await page.locator('[data-state=opened]').click();
  await until('only the chosen state is listed', 15_000, () => listed((counts) => counts['opened']));
  expect(await rows.count()).toBeGreaterThan(0);

  const closed = page.locator('.tree details:not([open]) > summary');
  while ((await closed.count()) > 0) await closed.first().click();
  await until(
    'every meter stands in the tree',
    10_000,
    async () => (await page.locator('.tree li.meter').count()) === METERS,
  );
  expect(await axeFaults(page)).toEqual([]);
  await page.locator('.tree li.meter a').first().click();
  await page.waitForURL(/\/meters\/\d+/);
}

/** Which tile is told to have the focus; waits until one is. */
function said(page: Page): Promise<string> {
  const told = page.getByTestId('wall-focus');
  return until('a tile is told', 10_000, async () => (await told.innerText()).split(',')[0] || undefined);
}

async function titleOf(page: Page): Promise<string> {
  const card = page.locator('aside.card h2');
  return (await card.count()) === 0 ? '' : card.innerText();
}

/** Where the first building's name stands: it moves with the wall. */
async function labelPlace(page: Page): Promise<string> {
  return (await page.locator('.overlay .label').first().getAttribute('style')) ?? '';
}
