import type { Browser, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { acknowledgeAlarms, createPlace, giveCommand, listAlarms } from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { axeFaults } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcpProxy.ts';
import type { Api } from './support/api.ts';
import { enterGateway } from './support/estateByApi.ts';
import { raiseOnly } from './support/raiseOnly.ts';
import { signInAt } from './support/signInAt.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { legend, sum } from './support/wallPage.ts';

const newSite = useSites();
const WAIT_MS = 60_000;
/** Two gateways of 32, each in a property of its own. */
const METERS = 64;
const PROPERTIES = ['East', 'West'] as const;
/** Seconds. An alarm stays until somebody comes, so that there is time to look at it. */
const TOUR = { dwell: 2, alarm: 600, touch: 6 };

test('a wall that nobody signs in to: made in the settings, it goes its tour, jumps to alarms, also to one that a gap swallowed, stays under a hand, only looks, and ends with its link', {
  timeout: 240_000,
}, async () => {
  const plant = await startTestPlant(METERS);
  onTestFinished(() => plant.stop());
  const system = await newSite().start();
  const api = await system.signIn();
  await enterTwoProperties(api, plant);
  const proxy = await startTcpProxy(Number(new URL(system.url).port));
  onTestFinished(() => proxy.stop());
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());

  const desk = await openScreen(browser);
  await signInAt(desk.page, system, '/kiosk-links');
  const address = proxy.addressOf(await makeLink(desk.page));

  const wall = await openScreen(browser);
  await openUnheard(wall.page, proxy, address);
  await goRound(wall.page);
  await jumpToAlarm(wall.page, plant, api);
  expect(await onlyLooks(wall.page, api)).toEqual([403, 403, 403]);
  await onLargeScreen(browser, address);
  await stayUnderHand(wall.page);
  await jumpAfterGap(wall.page, proxy, plant, api);

  await revokeLink(desk.page);
  await wall.page.getByRole('alert').filter({ hasText: 'revoked' }).waitFor({ timeout: WAIT_MS });
  expect(await axeFaults(wall.page)).toEqual([]);
  const late = await openScreen(browser);
  await late.page.goto(address);
  await late.page.getByRole('heading', { name: 'This wall cannot be opened' }).waitFor({ timeout: WAIT_MS });
  expect(await axeFaults(late.page)).toEqual([]);
  expect([...desk.errors, ...wall.errors, ...late.errors]).toEqual([]);
});

async function enterTwoProperties(api: Api, plant: Plant): Promise<void> {
  for (const [index, gateway] of plant.manifest.gateways.entries()) {
    const names = { en: PROPERTIES[index] ?? '' };
    const place = { kind: 'property', names, timeZone: 'Asia/Shanghai', polling: { livePollMs: 1_000 } } as const;
    const { id } = await api.call(createPlace, { body: place });
    await raiseOnly(api, id, 'gatewayLost');
    await enterGateway(api, id, gateway);
  }
}

async function openScreen(browser: Browser, viewport = { width: 1_920, height: 1_080 }) {
  const context = await browser.newContext({ locale: 'en-GB', viewport });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  return { page, errors };
}

/** A link for both properties by the form, with a short tour; its address, which is shown once. */
async function makeLink(page: Page): Promise<string> {
  await page.fill('input[name=kiosk-name]', 'Duty room');
  await page.getByLabel('Time at each property').fill(String(TOUR.dwell));
  await page.getByLabel('Time at a new alarm').fill(String(TOUR.alarm));
  await page.getByLabel('Time after a touch').fill(String(TOUR.touch));
  await page.getByRole('button', { name: 'Make a link' }).click();
  const address = await page.getByTestId('kiosk-address').inputValue();
  await page.locator('tr[data-link]').getByText('East, West').waitFor();
  expect(await axeFaults(page)).toEqual([]);
  return address;
}

/** Without a session and with a feed that says nothing yet: the wall waits, and says for what; then it knows every meter. */
async function openUnheard(page: Page, proxy: TcpProxy, address: string): Promise<void> {
  proxy.holdWebSockets(true);
  await page.goto(address);
  await page.getByTestId('awaited').waitFor({ timeout: WAIT_MS });
  expect(await axeFaults(page)).toEqual([]);
  proxy.holdWebSockets(false);
  expect(new URL(page.url()).pathname).toBe('/kiosk');
}

/** By itself from everything to each property and to the beginning again; what it shows has its meters. */
async function goRound(page: Page): Promise<void> {
  for (const stop of [...PROPERTIES, undefined, PROPERTIES[0]])
    await until(`the tour is at ${stop}`, WAIT_MS, async () => (await shownAt(page)) === stop);
  await until('the wall shows data of one property', WAIT_MS, async () => {
    const meters = sum(await legend(page));
    return (await shownAt(page)) !== undefined && meters === METERS / 2;
  });
}

/** A gateway of West goes: the wall jumps there and says why; its rail names the gateway. */
async function jumpToAlarm(page: Page, plant: Plant, api: Api): Promise<void> {
  breakGateway(plant, 1);
  await until('West has an alarm', WAIT_MS, async () => (await lostGateways(api)).length === 1);
  await page.locator('.why').filter({ hasText: 'new alarm' }).waitFor({ timeout: WAIT_MS });
  await until('West is shown', WAIT_MS, async () => (await shownAt(page)) === 'West');
  await until('its meters are lost', WAIT_MS, async () => (await legend(page))['lost'] === METERS / 2);
  await page.locator('.rail').getByText('Gateway').first().waitFor();
  expect(await axeFaults(page)).toEqual([]);
}

/** What this screen's right is worth for writing: the answers to an acknowledgement, a command and a new property. */
async function onlyLooks(page: Page, api: Api): Promise<readonly number[]> {
  const [alarm] = await lostGateways(api);
  const reason = 'by a passer-by';
  const commandId = '00000000-0000-4000-8000-000000000001';
  const order = { kind: 'trip', cause: 'operator' };
  const writes = [
    [acknowledgeAlarms.path, { ids: [alarm?.id] }],
    [giveCommand.path, { commandId, meterId: 1, order, reason }],
    [createPlace.path, { kind: 'property', names: { en: 'South' }, timeZone: 'Asia/Shanghai' }],
  ] as const;
  const answers: number[] = [];
  for (const [path, body] of writes) {
    const url = new URL(path, page.url()).href;
    const { origin } = new URL(url);
    answers.push((await page.request.post(url, { data: body, headers: { origin } })).status());
  }
  return answers;
}

/** The same link on a screen that is larger, light and Chinese, and makes no tour: its address says so. */
async function onLargeScreen(browser: Browser, address: string): Promise<void> {
  const { page } = await openScreen(browser, { width: 3_840, height: 2_160 });
  await page.goto(`${address}?theme=light&lang=zh&dwell=0&alarm=0`);
  await until('all of it is shown', WAIT_MS, async () => sum(await legend(page)) === METERS);
  await page.locator('.rail').getByText('失联').first().waitFor({ timeout: WAIT_MS });
  expect(await axeFaults(page)).toEqual([]);
  await page.context().close();
}

/** A touch keeps the wall where it is, for longer than a stop of the tour; then it goes on. */
async function stayUnderHand(page: Page): Promise<void> {
  await page.mouse.move(400, 400);
  await page.locator('.why').filter({ hasText: 'tour paused' }).waitFor({ timeout: WAIT_MS });
  expect(await shownAt(page)).toBe('West');
  // By the page's own clock, from the last move to the moment at which something else is shown.
  const stayed: unknown = await page.evaluate(`new Promise((resolve) => {
    const path = document.querySelector('.header .path');
    dispatchEvent(new Event('pointermove'));
    const from = performance.now();
    new MutationObserver(() => resolve(performance.now() - from))
      .observe(path, { childList: true, subtree: true, characterData: true });
  })`);
  expect(stayed).toBeGreaterThan((TOUR.touch - 1) * 1_000);
  expect(await page.locator('.why').count()).toBe(0);
}

/** While nothing gets through, East's gateway goes too; when the feed is back the wall jumps to what it never heard. */
async function jumpAfterGap(page: Page, proxy: TcpProxy, plant: Plant, api: Api): Promise<void> {
  await until('the tour is on its way', WAIT_MS, async () => (await shownAt(page)) !== undefined);
  proxy.refuse(true);
  proxy.cut();
  await page.getByTestId('stale-banner').waitFor({ timeout: WAIT_MS });
  expect(await axeFaults(page)).toEqual([]);
  breakGateway(plant, 0);
  await until('East has an alarm', WAIT_MS, async () => (await lostGateways(api)).length === 2);
  expect(await page.locator('.why').count()).toBe(0);
  proxy.refuse(false);
  await page.locator('.why').filter({ hasText: 'new alarm' }).waitFor({ timeout: WAIT_MS });
  await until('East is shown', WAIT_MS, async () => (await shownAt(page)) === 'East');
  await page.getByTestId('stale-banner').waitFor({ state: 'detached', timeout: WAIT_MS });
}

async function revokeLink(page: Page): Promise<void> {
  const link = page.locator('tr[data-link]').first();
  await link.getByRole('button', { name: 'Revoke' }).click();
  await link.getByText('stop at once').waitFor();
  await link.getByRole('button', { name: 'Revoke it?' }).click();
  await link.getByText('revoked by').waitFor();
}

function breakGateway(plant: Plant, index: number): void {
  const gatewayCode = plant.manifest.gateways[index]?.code ?? '';
  plant.faults.set({ target: { kind: 'gateway', gatewayCode }, fault: { kind: 'down' } });
}

async function lostGateways(api: Api) {
  return (await api.call(listAlarms, { query: { kind: 'gatewayLost', state: 'current' } })).items;
}

/** The property that a wall shows; undefined where it shows all of them. */
async function shownAt(page: Page): Promise<string | undefined> {
  const [, place] = (await page.locator('.header .path').innerText()).split(' / ');
  return place;
}
