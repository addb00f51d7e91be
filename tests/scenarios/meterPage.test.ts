import { randomUUID } from 'node:crypto';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { addTariffVersion, createCustomer, createTariff, decideTariffVersion, openAccount } from '#contract/index.ts';
import { axeFaults } from '../support/axe.ts';
import { launchBrowser } from '../support/browser.ts';
import type { Api } from './support/api.ts';
import { enterEstate } from './support/estateByApi.ts';
import { signInAt } from './support/signInAt.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';

const newSite = useSites();
const WAIT_MS = 30_000;
const HOUR_MS = 3_600_000;
const QUARTERS = 96;

test("a meter's page says what is known of it, since when and how old: facts, values, trends with their table and file, registers, history, money, its line", {
  timeout: 240_000,
}, async () => {
  const plant = await startTestPlant(32);
  onTestFinished(() => plant.stop());
  const system = await newSite().start();
  const api = await system.signIn();
  const { propertyId, meters } = await enterEstate(api, plant.manifest);
  const meter = [...meters.values()].find(
    (one) => one.modelId === 'acrel-dtsy1352' && plant.meter(one.meterNumber)?.purse !== undefined,
  );
  if (meter === undefined) throw new Error('the plant has no prepaid meter of three phases');
  await giveAccount(api, propertyId, meter.id);

  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const errors: string[] = [];
  const open = async (look: BrowserContextOptions) => {
    const context = await browser.newContext(look);
    if (look.colorScheme === 'light')
      await context.addInitScript(() => localStorage.setItem('meterwall.settings', '{"theme":"light"}'));
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => errors.push(message));
    await signInAt(page, system, `/meters/${meter.id}`);
    return page;
  };
  const page = await open({ locale: 'en-GB', viewport: { width: 1_920, height: 1_080 } });
  await factsAndValues(page);
  await trends(page);
  await actAndRemember(page);

  const phone = await open({ locale: 'zh-CN', viewport: { width: 390, height: 844 }, colorScheme: 'light' });
  await phone.getByRole('region', { name: '四项状态' }).waitFor();
  await phone.getByText('已核实').first().waitFor({ timeout: WAIT_MS });
  expect(await axeFaults(phone)).toEqual([]);
  expect(await phone.evaluate('document.documentElement.scrollWidth')).toBe(390);
  expect(errors).toEqual([]);
});

/** A customer who pays by a time-of-use tariff, so that the page has money and a plan to show. */
async function giveAccount(api: Api, propertyId: number, meterId: number): Promise<void> {
  const tariff = await api.call(createTariff, { body: { propertyId, name: 'Day and night', medium: 'electricity' } });
  const day = Array.from({ length: QUARTERS }, (_, quarter) =>
    quarter < 32 ? ('valley' as const) : ('peak' as const),
  );
  const version = await api.call(addTariffVersion, {
    params: { tariffId: tariff.id },
    body: {
      effectiveFrom: new Date(Math.floor(Date.now() / HOUR_MS) * HOUR_MS).toISOString(),
      body: {
        kind: 'timeOfUse',
        prices: { sharp: '1.1', peak: '0.9', flat: '0.7', valley: '0.4', deepValley: '0.3' },
        days: { tables: [day], rules: [{ table: 0 }] },
      },
    },
  });
  await api.call(decideTariffVersion, { params: { versionId: version.id }, body: { decision: 'publish' } });
  const customer = await api.call(createCustomer, {
    body: { requestId: randomUUID(), propertyId, name: 'Barley Bakery' },
  });
  const opening = { openingId: randomUUID(), customerId: customer.id, meterIds: [meterId], tariffId: tariff.id };
  const limits = { alarm1Minor: '5000', alarm2Minor: '2000' };
  await until('the account is open', WAIT_MS, () =>
    api.call(openAccount, { body: { ...opening, ...limits, custody: 'platform' } }),
  );
}

/** The four facts with reason and since when; live values with their age, as figures and as phasors; registers and line. */
async function factsAndValues(page: Page): Promise<void> {
  const facts = page.getByRole('region', { name: 'The four facts' });
  await facts.getByText('Online', { exact: true }).waitFor({ timeout: WAIT_MS });
  for (const fact of ['Money', 'Link', 'Relay', 'Protection'])
    await facts.getByRole('heading', { name: new RegExp(`^${fact} since `) }).waitFor();
  await facts.getByText(/^answered .* ago.*address \d+$/).waitFor();
  await facts.getByText(/^read back \d\d:\d\d:\d\d/).waitFor();
  const live = page.locator('.live-panel');
  await live.getByText(/ old, read every /).waitFor();
  await live.locator('svg.phasor .voltage').nth(2).waitFor();
  expect(await live.locator('svg.phasor .voltage').count()).toBe(3);
  expect(await live.locator('tbody tr').count()).toBe(3);
  await page.locator('.money').getByText('Barley Bakery').waitFor();
  await page.getByText('Addresses as they answer').waitFor();
  await page.getByRole('navigation', { name: 'Where this is' }).getByRole('link', { name: 'Scenario' }).waitFor();
  expect(await axeFaults(page)).toEqual([]);
}

/** From an hour to five years, kept in the address; the plan, the events, the table behind it and the file. */
async function trends(page: Page): Promise<void> {
  const trend = page.getByRole('region', { name: 'Trend' });
  for (const [name, range] of [
    ['1 h', 'hour'],
    ['Year', 'year'],
    ['5 years', 'years'],
    ['24 h', 'day'],
  ] as const) {
    await trend.getByRole('button', { name, exact: true }).click();
    await trend.locator('canvas').waitFor({ timeout: WAIT_MS });
    expect(new URL(page.url()).searchParams.get('range')).toBe(range);
    // An hour holds one rate or two; a long span is drawn by days.
    await trend.locator('.plan').first().waitFor({ timeout: WAIT_MS });
    const state = range.startsWith('year') ? 'visible' : 'detached';
    await trend.getByText('dearest rate of the day').waitFor({ state, timeout: WAIT_MS });
  }
  await trend.getByRole('tab', { name: 'Voltage' }).click();
  await trend.getByText('Voltage L3').first().waitFor({ timeout: WAIT_MS });
  await trend.getByRole('button', { name: 'Table' }).click();
  await trend.locator('.trend-table tbody tr').first().waitFor({ timeout: WAIT_MS });
  expect(await axeFaults(page)).toEqual([]);
  const saved = page.waitForEvent('download');
  await trend.getByRole('button', { name: /^Excel.*Voltage/ }).click();
  expect((await saved).suggestedFilename()).toMatch(/\.xlsx$/);
}

/** A reading that is asked for now, a command, and both histories of it: the page's own after a reload. */
async function actAndRemember(page: Page): Promise<void> {
  await page.keyboard.press('r');
  await page.getByText(/^answered in \d+ ms$/).waitFor({ timeout: WAIT_MS });
  await page.keyboard.press('p');
  await page.getByRole('dialog').waitFor();
  expect(await axeFaults(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('t');
  await page.locator('textarea[name=reason]').fill('Works in the shop');
  await page.locator('[data-give]').click();
  const trip = page.locator('[data-sort=command]').filter({ hasText: 'Works in the shop' });
  await trip.getByText('verified').waitFor({ timeout: WAIT_MS });
  await page
    .getByRole('region', { name: 'The four facts' })
    .getByText('Open', { exact: true })
    .waitFor({ timeout: WAIT_MS });
  await page.reload();
  await trip.getByText('verified').waitFor({ timeout: WAIT_MS });
  // What happened in the span of the trend stands on its axis, and in words below it.
  const happened = page.getByRole('region', { name: 'What happened in this time' });
  for (const event of ['Trip', 'Account opened', 'Prices Day and night'])
    await happened.getByRole('listitem').filter({ hasText: event }).first().waitFor({ timeout: WAIT_MS });
  await page.locator('[data-history=money]').click();
  await trip.waitFor({ state: 'detached' });
}
