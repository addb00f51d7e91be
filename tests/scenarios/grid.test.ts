import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { createUser, listBatches, previewBatch, type ResponseOf } from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { axeFaults } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { startEnteredSite } from './support/enteredSite.ts';
import { useSites } from './support/systemUnderTest.ts';
import { until } from './support/until.ts';

const newSite = useSites();
const PASSWORD = 'a-long-enough-password';
const METERS = 32;

test('by keyboard alone a whole property is cut: previewed, approved by another person, watched until the meters say so, left and found again, one restored from a phone', {
  timeout: 240_000,
}, async () => {
  const { plant, system, api, propertyId, meters } = await startEnteredSite(newSite, METERS);
  const grants = [{ role: 'engineer', scope: 'group' } as const];
  await api.call(createUser, { body: { user: 'second', displayName: 'Zhou Min', password: PASSWORD, grants } });
  const meterIds = [...meters.values()].map(({ id }) => id);
  const order = { kind: 'trip', cause: 'operator' } as const;
  const foreseen = await until('every meter was read', 60_000, async () => {
    const preview = await api.call(previewBatch, { body: { meterIds, order } });
    return preview.items.every((item) => item.outcome === 'skip' || item.loadW !== undefined) && preview;
  });
  expect(foreseen.needsSecondPerson).toBe(true);

  const { user, password } = system.printedSignIn;
  const page = await openAs(system.url, user, password, `/p/${propertyId}/grid`, 'en-GB');
  await selectAndPreview(page, foreseen.goDark);
  const before = openIn(plant);
  await page.locator('textarea[name=reason]').focus();
  await page.keyboard.type('Busbar works, order 1107');
  await page.keyboard.press('Tab');
  await page.locator('[data-give]').focus();
  await page.keyboard.press('Enter');
  await page.locator('[data-waiting]').waitFor();
  expect(await page.locator('[data-approve]').isDisabled()).toBe(true);
  // As long as nobody agreed, nothing has gone dark.
  expect(openIn(plant)).toBe(before);

  // The other person, in Chinese and by day, finds the request by its badge.
  const other = await openAs(system.url, 'second', PASSWORD, '/', 'zh-CN');
  await other.locator('nav a[href^="/jobs"] .count').waitFor();
  await other.locator('nav a[href^="/jobs"]').first().click();
  await other.locator('[data-approve]').click();
  await other.locator('[data-waiting]').waitFor({ state: 'detached' });
  expect(await axeFaults(other)).toEqual([]);

  // The first screen saw all of it; a reload finds the same batch.
  await page.locator('[data-step=verified]').waitFor();
  await until('the batch is through', 90_000, async () => (await stepOf(page, 'verified')) === foreseen.run);
  expect(await sumOf(page, '[data-followed] .way b')).toBe(METERS);
  await page.reload();
  await page.locator(`[data-step=verified][data-count="${foreseen.run}"]`).waitFor();
  expect(openIn(plant)).toBeGreaterThanOrEqual(foreseen.run);
  const saved = page.waitForEvent('download');
  await page.locator('[data-excel]').click();
  expect((await saved).suggestedFilename()).toMatch(/\.xlsx$/);

  // Under Jobs it is found again, meter by meter.
  const { items } = await api.call(listBatches, { query: { propertyId } });
  await page.goto(`${system.url}/jobs`);
  await page.locator(`[data-job="${items[0]?.id}"] a`).click();
  await page.locator('[data-job-meter]').first().waitFor();
  expect(await axeFaults(page)).toEqual([]);

  await restoreByPhone(plant, system.url, propertyId, foreseen.items);
});

/** Filter, selection and the preview of a trip, without a mouse; the preview stays open. */
async function selectAndPreview(page: Page, goDark: number): Promise<void> {
  await page.keyboard.press('/');
  await page.locator('input[name=grid-find]:focus').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[role=grid]:focus').waitFor();
  await page.keyboard.press('Control+A');
  await page.getByText(`${METERS} selected`, { exact: true }).waitFor();
  expect(await sumOf(page, '[aria-label=Selected] .states b')).toBe(METERS);
  expect(await axeFaults(page)).toEqual([]);
  // Escape closes the preview and nothing else.
  await page.keyboard.press('t');
  await page.locator('[data-go-dark]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[data-go-dark]').waitFor({ state: 'detached' });
  await page.getByText(`${METERS} selected`, { exact: true }).waitFor();
  await page.keyboard.press('t');
  await page.locator('[data-go-dark]').waitFor();
  expect(await page.locator('[data-go-dark]').innerText()).toBe(String(goDark));
  await page.locator('[data-second-person]').waitFor();
  expect(await page.locator('[data-give]').isDisabled()).toBe(true);
  expect(await axeFaults(page)).toEqual([]);
}

/** One of those that went dark is restored from a phone: found by its number, seen, switched. */
async function restoreByPhone(
  plant: Plant,
  url: string,
  propertyId: number,
  items: ResponseOf<typeof previewBatch>['items'],
): Promise<void> {
  const cut = items.find(({ goesDark }) => goesDark);
  const phone = await openAs(url, 'second', PASSWORD, `/p/${propertyId}/grid`, 'en-GB', {
    width: 390,
    height: 844,
  });
  await phone.fill('input[name=grid-find]', cut?.meterNumber ?? '');
  await until('one meter is left', 10_000, async () => (await phone.locator('[data-meter]').count()) === 1);
  await phone.locator(`[data-meter="${cut?.meterId}"]`).tap();
  await phone.locator('[data-action=close]').click();
  await phone.fill('textarea[name=reason]', 'Works are over');
  await phone.locator('[data-give]').click();
  await phone.locator('[data-step=verified][data-count="1"]').waitFor({ timeout: 60_000 });
  expect(plant.meter(cut?.meterNumber ?? '')?.image.status.relay).toBe('closed');
  expect(await phone.evaluate('document.documentElement.scrollWidth')).toBe(390);
}

/** Signs in at `path`, in a browser of its own. */
async function openAs(
  url: string,
  user: string,
  password: string,
  path: string,
  locale: string,
  viewport = { width: 1_920, height: 1_080 },
): Promise<Page> {
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const context = await browser.newContext({ locale, viewport, hasTouch: viewport.width < 720 });
  const page = await context.newPage();
  await page.goto(`${url}/sign-in?return=${encodeURIComponent(path)}`);
  await page.fill('input[name=username]', user);
  await page.fill('input[type=password]', password);
  await page.keyboard.press('Enter');
  await page.waitForURL((to) => !to.pathname.startsWith('/sign-in'));
  if (path !== '/') await page.locator('[data-meter]').first().waitFor();
  return page;
}

/** The figures of some elements, added up. */
async function sumOf(page: Page, selector: string): Promise<number> {
  const texts = await page.locator(selector).allInnerTexts();
  return texts.reduce((sum, text) => sum + Number(text.replace(/\D/g, '')), 0);
}

async function stepOf(page: Page, step: string): Promise<number> {
  return Number(await page.locator(`[data-step=${step}]`).getAttribute('data-count'));
}

/** Meters whose relay is open in the plant itself. */
function openIn(plant: Plant): number {
  const numbers = plant.manifest.gateways.flatMap(({ lines }) => lines.flatMap((line) => line.meters));
  return numbers.filter(({ meterNumber }) => plant.meter(meterNumber)?.image.status.relay === 'open').length;
}
