import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { previewBatch } from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { axeFaults } from '../support/axe.ts';
import { startEnteredSite } from './support/enteredSite.ts';
import { signInAt } from './support/signInAt.ts';
import { useSites } from './support/systemUnderTest.ts';
import { until } from './support/until.ts';
import { openPage } from './support/wallPage.ts';

const newSite = useSites();
const METERS = 32;

test('the grid under the hand: click, shift, ctrl and rubber band in rows and tiles; settings, protection and readings; one that fails is tried again, a batch is stopped', {
  timeout: 240_000,
}, async () => {
  const { plant, system, api, propertyId, meters } = await startEnteredSite(newSite, METERS);
  const meterIds = [...meters.values()].map(({ id }) => id);
  const order = { kind: 'trip', cause: 'operator' } as const;
  await until('every meter was read', 60_000, async () => {
    const { items } = await api.call(previewBatch, { body: { meterIds, order } });
    return items.every(({ loadW }) => loadW !== undefined);
  });
  const { page, errors } = await openPage();
  await signInAt(page, system, `/p/${propertyId}/grid`);
  await page.locator('[data-index="0"]').waitFor();

  await selectRows(page);
  await selectTiles(page);
  await tellTwo(page);
  await saveReadings(page);
  await failAndTryAgain(page, plant, new Map([...meters].map(([number, { id }]) => [id, number])));
  await stopOnTheWay(page, plant);
  expect(errors).toEqual([]);
});

async function selectRows(page: Page): Promise<void> {
  const row = (index: number) => page.locator(`[data-index="${index}"]`);
  await row(0).click();
  await selected(page, 1);
  await row(4).click({ modifiers: ['Shift'] });
  await selected(page, 5);
  await row(2).click({ modifiers: ['Control'] });
  await selected(page, 4);
  const [from, to] = [await middleOf(page, 1), await middleOf(page, 6)];
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 6 });
  await page.mouse.up();
  await selected(page, 6);
}

/** The same meters as tiles: what is selected stays so; a drawn rectangle takes what it touches. */
async function selectTiles(page: Page): Promise<void> {
  await page.keyboard.press('v');
  const tiles = page.locator('.tiles');
  await tiles.waitFor();
  await selected(page, 6);
  expect(await axeFaults(page)).toEqual([]);
  const box = await tiles.boundingBox();
  if (box === null) throw new Error('no tiles');
  await page.mouse.move(box.x + 2, box.y + 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 4, box.y + box.height - 4, { steps: 6 });
  await page.mouse.up();
  await selected(page, METERS);
  await page.keyboard.press('Escape');
  await selected(page, 0);
  await page.keyboard.press('v');
  await page.locator('[data-index="0"]').waitFor();
}

/** Alarm lines and a protection: given from the keyboard's letters, watched until the meters hold them. */
async function tellTwo(page: Page): Promise<void> {
  await page.locator('[data-index="8"]').click();
  await page.locator('[data-index="9"]').click({ modifiers: ['Shift'] });
  await selected(page, 2);
  await page.keyboard.press('s');
  await page.fill('input[name=alarm1Minor]', '60');
  await page.fill('input[name=alarm2Minor]', '20');
  await give(page, 'Lines of the new contract');
  await verified(page, 2);
  await page.keyboard.press('p');
  await give(page, 'Server room');
  await verified(page, 2);
}

/** The list as a workbook. */
async function saveReadings(page: Page): Promise<void> {
  await page.keyboard.press('e');
  await page.locator('form.export').waitFor();
  expect(await axeFaults(page)).toEqual([]);
  const saved = page.waitForEvent('download');
  await page.locator('form.export button[type=submit]').click();
  expect((await saved).suggestedFilename()).toMatch(/\.xlsx$/);
  await page.locator('form.export').waitFor({ state: 'detached' });
}

/** One relay of three holds: the failed one is chosen, seen with its reason, and given once more when it is mended. */
async function failAndTryAgain(page: Page, plant: Plant, numbers: ReadonlyMap<number, string>): Promise<void> {
  await page.locator('[data-index="12"]').click();
  await page.locator('[data-index="14"]').click({ modifiers: ['Shift'] });
  const meterId = Number(await page.locator('[data-index="13"]').getAttribute('data-meter'));
  const meterNumber = numbers.get(meterId) ?? '';
  const fault = plant.faults.set({
    target: { kind: 'meter', meterNumber },
    fault: { kind: 'frozen-relay', shows: plant.meter(meterNumber)?.image.status.relay === 'open' ? 'open' : 'closed' },
  });
  await page.keyboard.press('t');
  await give(page, 'Works on the riser');
  await page.locator('[data-step=failed][data-count="1"]').waitFor({ timeout: 60_000 });
  expect(await axeFaults(page)).toEqual([]);
  plant.faults.clear(fault.id);
  await page.locator('.failed .select').click();
  await selected(page, 1);
  const first = await batchOf(page);
  await page.locator('[data-retry]:not([disabled])').click({ timeout: 60_000 });
  await until('another batch is followed', 15_000, async () => (await batchOf(page)) !== first);
  await verified(page, 1);
  expect(plant.meter(meterNumber)?.image.status.relay).toBe('open');
}

/** Nobody answers: what was not sent is stopped, and said to be so. */
async function stopOnTheWay(page: Page, plant: Plant): Promise<void> {
  const [gateway] = plant.manifest.gateways;
  plant.faults.set({ target: { kind: 'gateway', gatewayCode: gateway?.code ?? '' }, fault: { kind: 'mute' } });
  await page.locator('[data-index="0"]').click();
  await page.locator('[data-index="11"]').click({ modifiers: ['Shift'] });
  await page.keyboard.press('c');
  const before = await batchOf(page);
  await give(page, 'Works are over');
  await until('the new batch is followed', 15_000, async () => (await batchOf(page)) !== before);
  await page.locator('[data-stop]:not([disabled])').click();
  await until('what waited is stopped', 15_000, async () => (await countOf(page, 'notDone')) > 0);
  await page.locator('[data-stop][disabled]').waitFor();
}

/** What is told of the selection. */
function selected(page: Page, count: number): Promise<void> {
  return page.getByText(`${count} selected`, { exact: true }).waitFor();
}

async function give(page: Page, reason: string): Promise<void> {
  await page.fill('textarea[name=reason]', reason);
  await page.locator('[data-give]:not([disabled])').click();
  await page.locator('[data-give]').waitFor({ state: 'detached' });
}

function verified(page: Page, count: number): Promise<void> {
  return page.locator(`[data-step=verified][data-count="${count}"]`).waitFor({ timeout: 60_000 });
}

async function batchOf(page: Page): Promise<string> {
  const rail = page.locator('[data-followed]');
  return (await rail.count()) === 0 ? '' : ((await rail.getAttribute('data-followed')) ?? '');
}

async function countOf(page: Page, step: string): Promise<number> {
  const one = page.locator(`[data-step=${step}]`);
  return (await one.count()) === 0 ? 0 : Number(await one.getAttribute('data-count'));
}

async function middleOf(page: Page, index: number): Promise<{ readonly x: number; readonly y: number }> {
  const box = await page.locator(`[data-index="${index}"]`).boundingBox();
  if (box === null) throw new Error(`row ${index} is not on the screen`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
