import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Tariff, TariffVersion } from '#contract/index.ts';
import type { Rate } from '#domain/tariff/types.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';

let house: HouseServer;
let mall: number;
beforeAll(async () => {
  house = await startHouseServer();
  mall = house.propertyId('mall');
});
afterAll(() => house.stop());

const day = (rate: Rate) => Array.from({ length: 96 }, (_, slot) => (slot >= 72 && slot < 80 ? 'sharp' : rate));
const prices = { sharp: '1.049999', peak: '0.848961', flat: '0.651886', valley: '0.432924', deepValley: '0.2' };
const timeOfUse = {
  kind: 'timeOfUse',
  prices,
  days: { tables: [day('flat'), day('deepValley')], rules: [{ table: 1, list: 'holiday' }, { table: 0 }] },
};
const preview = (body: object) => house.boss.request('POST', '/api/tariff-preview', { propertyId: mall, ...body });
const putLists = (version: number, ...dayLists: { name: string; days: string[] }[]) =>
  house.boss.request('PUT', `/api/properties/${mall}/day-lists`, { version, dayLists });
const versionNow = async () => {
  const { body } = await house.boss.request('GET', `/api/properties/${mall}/tariff-settings`);
  return (body as { version: number }).version;
};

describe('day lists', () => {
  test('are there before a rule names them, and stay while one does', async () => {
    const tariff = (
      await house.boss.request('POST', '/api/tariffs', { propertyId: mall, name: 'tou', medium: 'electricity' })
    ).body as Tariff;
    const add = () =>
      house.boss.request('POST', `/api/tariffs/${tariff.id}/versions`, {
        effectiveFrom: '2026-01-01T00:00:00Z',
        body: timeOfUse,
      });
    expect(await add()).toMatchObject({ status: 400, body: { details: [{ field: 'body.days.rules.0.list' }] } });
    expect(await putLists(await versionNow(), { name: 'holiday', days: ['2026-10-02', '2026-10-01'] })).toMatchObject({
      status: 200,
      body: { dayLists: [{ name: 'holiday', days: ['2026-10-01', '2026-10-02'] }] },
    });
    const version = (await add()).body as TariffVersion;
    expect(await putLists(await versionNow())).toMatchObject({ status: 409, body: { code: 'conflict.in-use' } });
    await house.boss.request('POST', `/api/tariff-versions/${version.id}/decision`, { decision: 'drop' });
    expect((await putLists(await versionNow(), { name: 'hotDay', days: [] })).status).toBe(200);
    expect((await putLists(await versionNow(), { name: 'holiday', days: ['2026-10-01'] })).status).toBe(200);
    expect(house.server.app.money.tariffs.dayLists(mall).get('holiday')).toEqual(new Set(['2026-10-01']));
  });

  test('are changed by the one who read them last, and the log tells which days came and went', async () => {
    const version = await versionNow();
    expect((await putLists(version, { name: 'holiday', days: ['2026-10-01', '2026-10-03'] })).status).toBe(200);
    expect(await putLists(version)).toMatchObject({ status: 409, body: { code: 'conflict.changed-meanwhile' } });
    const { body } = await house.boss.request('GET', `/api/audit?subjectKind=place&subjectId=${mall}&limit=1`);
    expect(body).toMatchObject({
      items: [{ action: 'tariff.settings', after: { dayLists: { holiday: { added: ['2026-10-03'], removed: [] } } } }],
    });
  });

  test.each([
    ['a day that is none', [{ name: 'a', days: ['2026-02-30'] }], 'dayLists.0.days.0'],
    ['a day twice', [{ name: 'a', days: ['2026-02-01', '2026-02-01'] }], 'dayLists.0.days'],
    [
      'a name twice',
      [
        { name: 'a', days: [] },
        { name: 'a', days: [] },
      ],
      'dayLists.1.name',
    ],
    ['a name that is none', [{ name: '1 a', days: [] }], 'dayLists.0.name'],
  ])('%s is refused', async (_what, lists, field) => {
    expect(await putLists(await versionNow(), ...lists)).toMatchObject({ status: 400, body: { details: [{ field }] } });
  });
});

describe('a preview', () => {
  test('shows the rates of a day, by rule and table', async () => {
    await putLists(await versionNow(), { name: 'holiday', days: ['2026-10-01'] });
    const shown = async (date: string) => {
      const { body } = await preview({ body: timeOfUse, day: date });
      return (body as { day: { rule: number; table: number; rates: Rate[] } }).day;
    };
    expect(await shown('2026-10-01')).toMatchObject({ rule: 0, table: 1 });
    const usual = await shown('2026-10-02');
    expect(usual).toMatchObject({ rule: 1, table: 0 });
    expect(usual.rates.slice(71, 81)).toEqual(['flat', ...Array.from({ length: 8 }, () => 'sharp'), 'flat']);
  });

  test('shows what would be charged, and what the meter would make of it', async () => {
    const consumption = { total: '2000' };
    expect(await preview({ body: { kind: 'single', price: '0.715686' }, consumption })).toMatchObject({
      status: 200,
      body: {
        prices: [{ label: 'energy', published: '0.715686', meter: '0.7157', drift: '0.000014' }],
        charge: {
          lines: [{ label: 'energy', quantity: '2000.000', price: '0.715686', amountMinor: '143137' }],
          totalMinor: '143137',
          meterMinor: '143140',
        },
      },
    });
    const byRate = { peak: '1', flat: '1' };
    expect(await preview({ body: timeOfUse, consumption: { total: '3', byRate } })).toMatchObject({
      status: 400,
      body: { details: [{ field: 'consumption.byRate' }] },
    });
    expect(await preview({ body: timeOfUse, consumption: { total: '2', byRate } })).toMatchObject({
      body: { charge: { totalMinor: '150' } },
    });
  });

  test('warns where the parts are not the published price, which holds', async () => {
    const parts = ['0.384470', '0.013643', '0.1903', '0.082273', '0.0452'];
    const components = parts.map((price, index) => ({ name: `part ${index}`, price, floats: false }));
    expect(await preview({ body: { kind: 'single', price: '0.715686' }, composition: { components } })).toMatchObject({
      body: {
        warnings: [
          {
            code: 'COMPONENT_SUM_MISMATCH',
            rate: 'flat',
            published: '0.715686',
            computed: '0.715886',
            difference: '0.0002',
          },
        ],
      },
    });
  });

  test('says that no meter holds steps', async () => {
    const steps = { period: 'year', steps: [{ upTo: '180', price: '5' }, { price: '7' }] };
    expect(await preview({ body: { kind: 'stepped', steps } })).toMatchObject({ body: { fitsMeters: false } });
  });

  test.each([
    ['a day that is none', { body: { kind: 'single', price: '1' }, day: '2026-02-30' }, 'day'],
    [
      'a negative quantity',
      { body: { kind: 'single', price: '1' }, consumption: { total: '-1' } },
      'consumption.total',
    ],
    ['a wrong price', { body: { kind: 'single', price: '-1' } }, 'body.price'],
  ])('refuses %s', async (_what, body, field) => {
    expect(await preview(body)).toMatchObject({ status: 400, body: { details: [{ field }] } });
  });
});

test('resale is checked by both rules', async () => {
  const resale = { gridBillMinor: '4567890', gridQuantity: '63800', tenantMinor: '4700000', tenantPrice: '0.80' };
  const check = (change: object) =>
    house.boss.request('POST', '/api/resale-check', { propertyId: mall, ...resale, floatPpm: 100_000, ...change });
  expect(await check({})).toMatchObject({
    status: 200,
    body: {
      averagePrice: '0.71597',
      noMarkup: { ok: false, overMinor: '132110' },
      float: { ok: false, capPrice: '0.787567', overPrice: '0.012433' },
    },
  });
  expect(await check({ gridQuantity: '0' })).toMatchObject({
    status: 400,
    body: { details: [{ field: 'gridQuantity' }] },
  });
});
