import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import {
  addTariffVersion,
  createCustomer,
  createTariff,
  createUser,
  decideTariffVersion,
  getSale,
  listSales,
  openAccount,
  proveLedger,
  putCapability,
} from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { launchBrowser } from '../support/browser.ts';
import { freePort } from '../support/freePort.ts';
import type { Api } from './support/api.ts';
import { enterEstate } from './support/estateByApi.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';

const newSite = useSites();
const HOUR_MS = 3_600_000;
const PASSWORD = 'a-long-enough-password';
const SOLD_MINOR = 100_00n;
const PARTS_PER_MINOR = 100_000_000_000n;
/** Everything that the simulated meters can do. */
const CAPABILITIES = {
  seqChecked: true,
  dupReported: true,
  readRecord: true,
  readCumulative: true,
  readBalance: true,
  zeroPurchase: true,
  refundCommand: true,
  setAbsolute: true,
  secondTariffSet: true,
};

test('a cashier finds a shop by its initials, sells 100 yuan by keyboard alone, and the meter holds the money', {
  timeout: 180_000,
}, async () => {
  const { plant, system, api, shop } = await openShop();
  const { page, errors } = await deskOf(system.url);
  const before = purseOf(plant, shop.meterNumber);

  // A cashier's day begins at the desk, with the search under the fingers.
  await page.keyboard.type('mh');
  await page.getByRole('heading', { name: '麦禾烘焙' }).waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.type('100');
  await page.keyboard.press('Enter');
  await page.locator('[data-confirm]:focus').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('[data-vend-state=CONFIRMED]').waitFor({ timeout: 30_000 });
  await page.locator('.delivery-panel .say.done').waitFor();
  expect(await page.locator('.receipt-sheet .capital').innerText()).toContain('壹佰元整');

  const after = purseOf(plant, shop.meterNumber);
  expect(after.count).toBe(before.count + 1);
  // Less what was used meanwhile: a few seconds of some kilowatts.
  expect(Number(after.balanceParts - before.balanceParts - SOLD_MINOR * PARTS_PER_MINOR)).toBeGreaterThan(-1e13);
  expect(after.balanceParts - before.balanceParts).toBeLessThanOrEqual(SOLD_MINOR * PARTS_PER_MINOR);
  expect(await api.call(proveLedger)).toMatchObject({ sumMinor: '0', faults: [] });

  // The same again for the next one: the desk is empty, the hand is in the search.
  await until('Enter frees the desk', 10_000, async () => {
    await page.keyboard.press('Enter');
    return (await page.locator('[data-vend-state]').count()) === 0;
  });
  expect(await page.locator('input[name=find]:focus').inputValue()).toBe('');
  expect(errors).toEqual([]);
});

test('a double click sells once', { timeout: 180_000 }, async () => {
  const { plant, system, api, shop } = await openShop();
  const { page } = await deskOf(system.url);
  const before = purseOf(plant, shop.meterNumber);
  await enterAmount(page);
  await page.locator('[data-confirm]').dblclick();
  await page.locator('[data-vend-state=CONFIRMED]').waitFor({ timeout: 30_000 });
  const { items } = await api.call(listSales, { query: { accountId: shop.accountId } });
  expect(items.map(({ state, paidMinor }) => `${state} ${paidMinor}`)).toEqual([`CONFIRMED ${SOLD_MINOR}`]);
  expect(purseOf(plant, shop.meterNumber).count).toBe(before.count + 1);
});

test('the server is killed while the money is under way: after its restart the page sees it arrive, once', {
  timeout: 240_000,
}, async () => {
  const { plant, site, settings, system, api, shop } = await openShop();
  const { page } = await deskOf(system.url);
  const before = purseOf(plant, shop.meterNumber);
  // Slow answers, so that there is a time between the purchase and its read-back.
  const { id } = plant.faults.set({
    target: { kind: 'meter', meterNumber: shop.meterNumber },
    fault: { kind: 'delayed', delayMs: 450 },
  });
  await enterAmount(page);
  await page.keyboard.press('Enter');
  const saleId = await until(
    'the sale is in the address',
    10_000,
    () => new URL(page.url()).searchParams.get('sale') ?? undefined,
  );
  const state = await until('the purchase is on its way', 30_000, async () => {
    const sale = await api.call(getSale, { params: { saleId } });
    return (sale.state === 'SENT' || sale.state === 'UNKNOWN') && sale.state;
  });
  await system.end('SIGKILL');
  expect(['SENT', 'UNKNOWN']).toContain(state);
  await page.locator('.delivery-panel .fault').waitFor({ timeout: 15_000 });
  plant.faults.clear(id);

  const again = await site.start(settings);
  await page.locator('[data-vend-state=CONFIRMED]').waitFor({ timeout: 60_000 });
  // A reload finds the same sale.
  await page.reload();
  await page.locator('[data-vend-state=CONFIRMED]').waitFor();
  const boss = await again.signIn();
  expect((await boss.call(listSales, { query: { accountId: shop.accountId } })).items).toHaveLength(1);
  expect(purseOf(plant, shop.meterNumber).count).toBe(before.count + 1);
  expect(await boss.call(proveLedger)).toMatchObject({ sumMinor: '0', faults: [] });
});

/** A shop with an account, its money in the meter; a cashier who may sell to it; a server that can come back where it was. */
async function openShop() {
  const plant = await startTestPlant(32);
  onTestFinished(() => plant.stop());
  const site = newSite();
  const settings = { PORT: String(await freePort()) };
  const system = await site.start(settings);
  const api = await system.signIn();
  const { propertyId, meters } = await enterEstate(api, plant.manifest);
  const meter = [...meters.values()].find(
    ({ modelId, meterNumber }) => modelId === 'acrel-dtsy1352' && plant.meter(meterNumber)?.purse !== undefined,
  );
  if (meter === undefined) throw new Error('the plant has no prepaid meter');
  const tariffId = await publishTariff(api, propertyId);
  const capability = { modelId: meter.modelId, firmware: 'any', simulated: false, capabilities: CAPABILITIES };
  await api.call(putCapability, { body: capability });
  const customer = await api.call(createCustomer, {
    body: { requestId: randomUUID(), propertyId, name: '麦禾烘焙', phone: '13800002207' },
  });
  const account = await until('the account is open', 30_000, () =>
    api.call(openAccount, {
      body: {
        openingId: randomUUID(),
        customerId: customer.id,
        meterIds: [meter.id],
        tariffId,
        custody: 'meter',
        alarm1Minor: '5000',
        alarm2Minor: '2000',
      },
    }),
  );
  const grants = [{ role: 'cashier', scope: 'group' } as const];
  await api.call(createUser, { body: { user: 'cashier', displayName: 'Zhou Min', password: PASSWORD, grants } });
  return { plant, site, settings, system, api, shop: { accountId: account.id, meterNumber: meter.meterNumber } };
}

async function publishTariff(api: Api, propertyId: number): Promise<number> {
  const tariff = await api.call(createTariff, { body: { propertyId, name: '商业', medium: 'electricity' } });
  const effectiveFrom = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString();
  const version = await api.call(addTariffVersion, {
    params: { tariffId: tariff.id },
    body: { effectiveFrom, body: { kind: 'single', price: '0.7357' } },
  });
  await api.call(decideTariffVersion, { params: { versionId: version.id }, body: { decision: 'publish' } });
  return tariff.id;
}

/** A cashier's browser, signed in; the first page of a cashier is the desk. */
async function deskOf(url: string): Promise<{ readonly page: Page; readonly errors: readonly string[] }> {
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const context = await browser.newContext({ locale: 'zh-CN', viewport: { width: 1_920, height: 1_080 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  await page.fill('input[name=username]', 'cashier');
  await page.fill('input[type=password]', PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/desk');
  await page.locator('input[name=find]:focus').waitFor();
  return { page, errors };
}

/** By keyboard, up to the button that sells. */
async function enterAmount(page: Page): Promise<void> {
  await page.keyboard.type('mh');
  await page.locator('.account-panel').waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.type('100');
  await page.keyboard.press('Enter');
  await page.locator('[data-confirm]:focus').waitFor();
}

function purseOf(plant: Plant, meterNumber: string) {
  const meter = plant.meter(meterNumber);
  if (meter === undefined) throw new Error(`no meter ${meterNumber}`);
  return { count: meter.path.purchaseCount, balanceParts: meter.balanceParts };
}
