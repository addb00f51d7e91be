import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import {
  addTariffVersion,
  type Charge,
  createCustomer,
  createTariff,
  decideTariffVersion,
  getCharge,
  listCharges,
  openAccount,
  runCharging,
} from '#contract/index.ts';
import { launchBrowser } from '../support/browser.ts';
import type { Api } from './support/api.ts';
import { startWithClock } from './support/clockSite.ts';
import { enterEstate } from './support/estateByApi.ts';
import { signInAt } from './support/signInAt.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';

const newSite = useSites();
const HALF_HOUR_MS = 30 * 60_000;
const HOUR_MS = 2 * HALF_HOUR_MS;
/** Dear, so that some seconds of a simulated load are cents. */
const PRICE = '98.76543211';

test('from the account at the desk to the segments of a charge: the screen says what the server says, and it adds up', {
  timeout: 240_000,
}, async () => {
  const { api, system, accountId, charge } = await chargedAccount();
  const { segments } = await api.call(getCharge, { params: { chargeId: charge.id } });
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1_920, height: 1_080 }, locale: 'en-GB' });
  await signInAt(page, system, `/desk?account=${accountId}`);
  await page.locator('[data-charges]').click();
  await page.waitForURL((address) => address.pathname === '/charges');
  expect(new URL(page.url()).searchParams.get('account')).toBe(String(accountId));

  await page.locator(`[data-charge="${charge.id}"] th button`).click();
  const detail = page.locator(`[data-charge-detail="${charge.id}"]`);
  await detail.locator('[data-sum=amount]').waitFor();
  const rows = await cellsOf(page, '.segments tbody tr');
  expect(rows.map(([, , register, , used, price]) => ({ register, used, price }))).toEqual(
    segments.map(({ fromWh, toWh, deltaWh }) => ({
      register: `${kwh(fromWh)} → ${kwh(toWh)}`,
      used: kwh(deltaWh),
      price: PRICE,
    })),
  );
  const sums = (await detail.locator('[data-sum]').allInnerTexts()).map(partsOf);
  expect((sums[0] ?? 0n) + (sums[1] ?? 0n)).toBe(sums[2]);
  expect(sums[2]).toBe(BigInt(charge.amountMinor) * 10n ** 9n);
  expect(await page.locator(`[data-charge="${charge.id}"] .amount`).innerText()).toBe(minorText(charge.amountMinor));

  // Whoever gets the address sees the same charge open.
  await page.reload();
  await detail.locator('[data-sum=amount]').waitFor();
});

/** An account whose balance the platform keeps, with its first charge; time is moved on for it. */
async function chargedAccount() {
  const plant = await startTestPlant(32);
  onTestFinished(() => plant.stop());
  const { system, setClock } = await startWithClock(newSite());
  const api = await system.signIn();
  const { propertyId, meters } = await enterEstate(api, plant.manifest);
  const loads = [...meters.values()].filter(
    ({ role, meterNumber }) => role === 'tenant' && plant.meter(meterNumber)?.purse !== undefined,
  );
  const tariffId = await publishTariff(api, propertyId);
  const name = '麦禾烘焙';
  const customer = await api.call(createCustomer, { body: { requestId: randomUUID(), propertyId, name } });
  const meterIds = loads.slice(0, 4).map(({ id }) => id);
  const account = await until('the account is open', 60_000, () =>
    api.call(openAccount, {
      body: { ...{ openingId: randomUUID(), customerId: customer.id, meterIds, tariffId }, custody: 'platform' },
    }),
  );
  const openedMs = Date.parse(account.openedAt);
  const instantMs = Math.ceil(openedMs / HALF_HOUR_MS) * HALF_HOUR_MS;
  let steps = 0;
  const charge = await until<Charge>('something is charged', 120_000, async () => {
    // Just after each further half hour; the meters go on counting in real time.
    setClock(instantMs + steps++ * HALF_HOUR_MS + 5_000 - Date.now());
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    await api.call(runCharging, { body: { propertyId } });
    return (await api.call(listCharges, { query: { accountId: account.id } })).items[0];
  });
  return { api, system, accountId: account.id, charge };
}

async function publishTariff(api: Api, propertyId: number): Promise<number> {
  const tariff = await api.call(createTariff, { body: { propertyId, name: '商业', medium: 'electricity' } });
  const effectiveFrom = new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString();
  const version = await api.call(addTariffVersion, {
    params: { tariffId: tariff.id },
    body: { effectiveFrom, body: { kind: 'single', price: PRICE } },
  });
  await api.call(decideTariffVersion, { params: { versionId: version.id }, body: { decision: 'publish' } });
  return tariff.id;
}

async function cellsOf(page: Page, rows: string): Promise<readonly (readonly string[])[]> {
  const found = await page.locator(rows).all();
  return Promise.all(
    found.map(async (row) => (await row.locator('th, td').allInnerTexts()).map((text) => text.trim())),
  );
}

/** Watt hours as kilowatt hours, as the screen writes registers. */
function kwh(wh: string): string {
  const decimals = BigInt(wh) % 10n === 0n ? 2 : 3;
  return (Number(wh) / 1_000).toLocaleString('en-US', {
    ...{ minimumFractionDigits: decimals, maximumFractionDigits: decimals },
  });
}
const minorText = (minor: string) =>
  (Number(minor) / 100).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
/** "−1,234.5" in parts of eleven decimals. */
function partsOf(text: string): bigint {
  const [whole = '', fraction = ''] = text.replaceAll(',', '').replace('−', '').split('.');
  const parts = BigInt(whole + fraction.padEnd(11, '0'));
  return text.startsWith('−') ? -parts : parts;
}
