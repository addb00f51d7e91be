import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { giveBatch, listAlarms, runVendBatch } from '#contract/index.ts';
import { axeFaults } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import type { Api } from './support/api.ts';
import { enterEstate } from './support/estateByApi.ts';
import { type RunningSystem, useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';

const newSite = useSites();

/** Each page is looked at in both languages, both themes, at a desk, on a phone and on the largest wall. */
const LOOKS = [
  { language: 'zh', theme: 'dark', width: 1_920, height: 1_080 },
  { language: 'en', theme: 'light', width: 1_920, height: 1_080 },
  { language: 'en', theme: 'dark', width: 390, height: 844 },
  { language: 'zh', theme: 'light', width: 390, height: 844 },
  { language: 'en', theme: 'dark', width: 3_840, height: 2_160 },
] as const;

interface Ids {
  readonly propertyId: number;
  readonly meterId: number;
  readonly gatewayId: number;
  readonly lineId: number;
  readonly batchId: string;
  readonly sheetId: string;
}

/** Where each route of the client is seen; a new route without a line here fails. */
const ADDRESSES: Readonly<Record<string, (ids: Ids) => string>> = {
  alarms: () => '/alarms',
  books: () => '/books',
  charges: () => '/charges',
  desk: () => '/desk',
  doctor: () => '/doctor',
  'doctor-line': ({ lineId }) => `/doctor/lines/${lineId}`,
  gateway: ({ gatewayId }) => `/gateways/${gatewayId}`,
  'gateway-new': () => '/gateways/new',
  gateways: () => '/gateways',
  grid: ({ propertyId }) => `/p/${propertyId}/grid`,
  group: () => '/',
  job: ({ batchId }) => `/jobs/${batchId}`,
  jobs: () => '/jobs',
  kiosk: () => '/kiosk',
  'kiosk-links': () => '/kiosk-links',
  meter: ({ meterId }) => `/meters/${meterId}`,
  'not-found': () => '/no/such/page',
  notifications: () => '/notifications',
  sheet: ({ sheetId }) => `/jobs/sheets/${sheetId}`,
  shift: () => '/alarms/shift',
  'sign-in': () => '/sign-in',
  tariffs: () => '/tariffs',
  wall: ({ propertyId }) => `/p/${propertyId}/wall`,
};

test('every page can be used by whoever sees, hears or points otherwise: axe finds nothing, in any look', {
  timeout: 300_000,
}, async () => {
  expect(Object.keys(ADDRESSES).toSorted()).toEqual([...(await routeNames()), 'not-found'].toSorted());
  const plant = await startTestPlant(64);
  onTestFinished(() => plant.stop());
  const system = await newSite().start();
  const api = await system.signIn();
  const { propertyId, gateways, meters } = await enterEstate(api, plant.manifest);
  const gatewayCode = plant.manifest.gateways[0]?.code ?? '';
  plant.faults.set({ target: { kind: 'gateway', gatewayCode }, fault: { kind: 'down' } });
  await until('there is an alarm to look at', 60_000, async () => {
    const { items } = await api.call(listAlarms, { query: { state: 'current' } });
    return items.some(({ kind }) => kind === 'gatewayLost');
  });
  const gateway = gateways[1];
  const meterIds = [...meters.values()].slice(0, 8).map(({ id }) => id);
  const order = { kind: 'read' } as const;
  const batch = await api.call(giveBatch, { body: { batchId: randomUUID(), meterIds, order, reason: 'a look' } });
  const ids = {
    propertyId,
    sheetId: await giveSheet(api, propertyId, [...meters.keys()].slice(0, 8)),
    gatewayId: gateway?.id ?? 0,
    lineId: gateway?.lines[0]?.id ?? 0,
    batchId: batch.id,
    meterId: [...meters.values()].find(({ gatewayId }) => gatewayId === gateway?.id)?.id ?? 0,
  };

  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const found: string[] = [];
  for (const look of LOOKS) {
    const { width, height, ...settings } = look;
    const context = await browser.newContext({ viewport: { width, height } });
    await context.addInitScript(
      (stored) => localStorage.setItem('meterwall.settings', stored),
      JSON.stringify(settings),
    );
    const page = await context.newPage();
    const say = async (name: string) => {
      const faults = [...(await faultsOf(page)), ...(await overflowOf(page, width))];
      for (const fault of faults) found.push(`${name} (${Object.values(look).join(' ')}): ${fault}`);
    };
    await page.goto(`${system.url}/sign-in`);
    await say('sign-in');
    await signIn(page, system);
    for (const [name, addressOf] of Object.entries(ADDRESSES)) {
      if (name === 'sign-in') continue;
      await page.goto(`${system.url}${addressOf(ids)}`);
      await say(name);
    }
    await context.close();
  }
  expect(found.join('\n')).toBe('');
});

/** A sheet of makeups for meters without an account: each row is refused, and says why. */
async function giveSheet(api: Api, propertyId: number, meterNumbers: readonly string[]): Promise<string> {
  const rows = meterNumbers.map((meterNumber) => ({ meterNumber, amountMinor: '1000', reason: 'outage' }));
  const { batchId } = await api.call(runVendBatch, {
    body: { batchId: randomUUID(), propertyId, kind: 'makeup', dryRun: false, reason: 'outage', rows },
  });
  return batchId;
}

/** Names of all routes that the features bring. */
async function routeNames(): Promise<readonly string[]> {
  const folder = new URL('../../web/features/', import.meta.url);
  const names: string[] = [];
  for (const feature of readdirSync(folder)) {
    const file = new URL(`${feature}/routes.ts`, folder);
    if (!existsSync(file)) continue;
    const { routes }: { routes: readonly { name: string }[] } = await import(file.href);
    names.push(...routes.map(({ name }) => name));
  }
  return names;
}

async function signIn(page: Page, { printedSignIn: { user, password } }: RunningSystem): Promise<void> {
  await page.fill('input[name=username]', user);
  await page.fill('input[type=password]', password);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname !== '/sign-in');
}

/** A page is as wide as its screen: what is wider scrolls in its own place. */
async function overflowOf(page: Page, width: number): Promise<readonly string[]> {
  const taken = Number(await page.evaluate('document.documentElement.scrollWidth'));
  return taken > width ? [`${taken} px wide`] : [];
}

/** What axe says of the page once it has come to rest. */
async function faultsOf(page: Page): Promise<readonly string[]> {
  await page.waitForLoadState('load');
  await page.locator('main, [role=main]').first().waitFor();
  // A page whose program is still on its way is an empty frame.
  await page.locator('h1').first().waitFor({ state: 'attached' });
  await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
  return axeFaults(page);
}
