import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { createUser, getAlarm, listAlarms } from '#contract/index.ts';
import { axeFaults } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import { startTcpProxy } from '../support/tcpProxy.ts';
import type { Api } from './support/api.ts';
import { enterEstate } from './support/estateByApi.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';

const newSite = useSites();
const PASSWORD = 'a-long-enough-password';
/** Two gateways: too few for their loss together to be the network's. */
const METERS = 64;
/** Far more than the clocks of phone and server differ. */
const IN_THE_CELLAR_MS = 2_000;

test('two gateways go: by keyboard alone they are noted, taken, shelved and cleared as far as that goes; a phone without signal acknowledges and sends it later with its time', {
  timeout: 180_000,
}, async () => {
  const plant = await startTestPlant(METERS);
  onTestFinished(() => plant.stop());
  const system = await newSite().start();
  const api = await system.signIn();
  await enterEstate(api, plant.manifest);
  const grants = [{ role: 'engineer', scope: 'group' } as const];
  await api.call(createUser, { body: { user: 'electrician', displayName: 'Chen Wei', password: PASSWORD, grants } });
  const faults = plant.manifest.gateways.map(({ code }) =>
    plant.faults.set({ target: { kind: 'gateway', gatewayCode: code }, fault: { kind: 'down' } }),
  );
  await until('both are lost', 60_000, async () => (await lostGateways(api)).length === faults.length);

  const { page } = await openAlarms(system.url, { width: 1_920, height: 1_080 });
  const row = (id: number | undefined) => page.locator(`tr[data-alarm="${id}"]`);
  await page.locator('tr.current[data-alarm]').waitFor();
  expect(await axeFaults(page)).toEqual([]);
  const id = Number(await page.locator('tr.current').getAttribute('data-alarm'));

  await page.keyboard.press('n');
  await page.locator('dialog input[name=note]:focus').waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.keyboard.type('Riser room locked');
  await page.keyboard.press('Enter');
  await row(id).getByText('Riser room locked').waitFor();
  await page.keyboard.press('m');
  await row(id).getByText('Chen Wei').waitFor();
  await page.keyboard.press('s');
  await page.locator('dialog input[name=note]:focus').waitFor();
  await page.keyboard.type('Key comes at nine');
  await page.keyboard.press('Enter');
  await page.locator(`tr.shelved[data-alarm="${id}"]`).waitFor();
  await page.goto(`${system.url}/alarms?tab=shelved`);
  await page.locator(`tr.current.shelved[data-alarm="${id}"]`).waitFor();
  await row(id).getByText('Key comes at nine').waitFor();
  await page.keyboard.press('s');
  await row(id).waitFor({ state: 'detached' });
  await outOfServiceAndBack(page, system.url, id);

  // One comes back: of both only that one can be cleared, and the other says why not.
  const [first] = faults;
  plant.faults.clear(first?.id ?? 0);
  const returned = await until('one is back', 60_000, async () =>
    (await lostGateways(api)).find(({ state }) => state === 'returned'),
  );
  await page.goto(`${system.url}/alarms?kind=gatewayLost`);
  await page.locator(`tr.returned[data-alarm="${returned.id}"]`).waitFor();
  await page.keyboard.press('Control+a');
  await page.locator('[data-bulk=clear]').waitFor();
  await page.keyboard.press('c');
  await page.locator('dialog input[name=note]:focus').waitFor();
  await page.keyboard.press('Enter');
  await row(returned.id).waitFor({ state: 'detached' });
  await page.locator('tr [data-outcome]').getByText('condition still holds').waitFor();
  expect((await api.call(getAlarm, { params: { alarmId: returned.id } })).alarm.state).toBe('closed');

  await acknowledgeWithoutSignal(api, system.url);
  await page.locator('tr.acknowledged').waitFor();
});

async function outOfServiceAndBack(page: Page, url: string, id: number): Promise<void> {
  const current = page.locator(`tr.current[data-alarm="${id}"]`);
  await page.goto(`${url}/alarms?alarm=${id}`);
  await current.waitFor();
  await page.keyboard.press('o');
  await page.locator('dialog input[name=note]:focus').waitFor();
  await page.keyboard.type('Panel is rewired');
  await page.keyboard.press('Enter');
  await page.locator(`tr[data-alarm="${id}"]`).waitFor({ state: 'detached' });
  await page.goto(`${url}/alarms?tab=outOfService&alarm=${id}`);
  await current.waitFor();
  await page.keyboard.press('o');
  await current.waitFor({ state: 'detached' });
}

/**
 * The one that is left is acknowledged in a cellar, where even a reload finds no server; the server hears of it when the
 * phone is upstairs again, whichever page is open then.
 */
async function acknowledgeWithoutSignal(api: Api, url: string): Promise<void> {
  const proxy = await startTcpProxy(Number(new URL(url).port));
  onTestFinished(() => proxy.stop());
  const phoneUrl = proxy.addressOf(url);
  const { page, context } = await openAlarms(phoneUrl, { width: 390, height: 844 });
  await page.locator('button.card').first().tap();
  await page.locator('.actions').waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await until('the program is kept', 60_000, () => page.evaluate("caches.match('/').then(Boolean)"));
  const signal = async (there: boolean) => {
    proxy.refuse(!there);
    if (!there) proxy.cut();
    await context.setOffline(!there);
  };
  await signal(false);
  await page.getByRole('button', { name: 'Acknowledge' }).tap();
  await page.locator('[data-kept=waiting]').waitFor({ state: 'attached' });
  const [alarm] = await lostGateways(api);
  expect(alarm?.state).toBe('unacknowledged');

  // What waits outlives the moment, and so does the list, with its age: only the signal sends it.
  await page.reload();
  await page.getByTestId('alarms-as-of').getByText('As of').waitFor();
  expect(await page.locator('[data-outbox]').innerText()).toContain('1 action will');
  await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await sleep(IN_THE_CELLAR_MS);
  await signal(true);
  await page.getByTestId('alarms-as-of').waitFor({ state: 'detached', timeout: 60_000 });
  await page.locator('[data-kept=sent]').waitFor({ state: 'attached', timeout: 60_000 });
  const { events } = await api.call(getAlarm, { params: { alarmId: alarm?.id ?? 0 } });
  const event = events.find((one) => one.event === 'acknowledged');
  expect(event?.by).toBe('Chen Wei');
  expect(Date.parse(event?.doneAt ?? '')).toBeLessThan(Date.parse(event?.at ?? ''));
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);

  await noteOnTheWay(page, signal);
  await until('the note is there', 60_000, async () => (await lostGateways(api))[0]?.note === 'Key is with the guard');
  await signOut(page);
}

/** Notes without signal, and opens another page before there is some again: what waits is sent from there. */
async function noteOnTheWay(page: Page, signal: (there: boolean) => Promise<void>): Promise<void> {
  await signal(false);
  await page.getByRole('button', { name: 'Note' }).tap();
  await page.locator('dialog input[name=note]').fill('Key is with the guard');
  await page.keyboard.press('Enter');
  await page.locator('[data-kept=waiting]').waitFor({ state: 'attached' });
  const { origin } = new URL(page.url());
  // The alarms are left before anything can be sent.
  await page.goto('about:blank');
  await signal(true);
  await page.goto(`${origin}/jobs`);
}

/** The next person at this phone finds neither session nor alarms. */
async function signOut(page: Page): Promise<void> {
  expect(await page.evaluate(KEPT)).not.toEqual([]);
  await page.getByRole('button', { name: 'User menu' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in**');
  expect(await page.evaluate(KEPT)).toEqual([]);
}
const KEPT = "Object.keys(localStorage).filter((name) => name.startsWith('meterwall.kept.'))";

async function lostGateways(api: Api) {
  return (await api.call(listAlarms, { query: { kind: 'gatewayLost', state: 'current' } })).items;
}

/** Signs in at the alarms, in a browser of its own. */
async function openAlarms(
  url: string,
  viewport: { readonly width: number; readonly height: number },
): Promise<{ readonly page: Page; readonly context: BrowserContext }> {
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const context = await browser.newContext({ locale: 'en-GB', viewport, hasTouch: viewport.width < 720 });
  const page = await context.newPage();
  await page.goto(`${url}/sign-in?return=${encodeURIComponent('/alarms?kind=gatewayLost')}`);
  await page.fill('input[name=username]', 'electrician');
  await page.fill('input[type=password]', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/alarms**');
  return { page, context };
}
