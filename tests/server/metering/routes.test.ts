import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  EnergyToday,
  Load,
  MeterNow,
  RegisterReading,
  RegisterSummary,
  Trend,
  WallLayout,
} from '#contract/index.ts';
import { BILLING_INTERVAL_MS, zonedCalendar } from '#domain/calendar.ts';
import { chooseStep } from '#server/modules/metering/trend.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const calendar = zonedCalendar('Asia/Shanghai');

let house: HouseServer;
let mall: Client;
let building: Client;

beforeAll(async () => {
  house = await startHouseServer();
  mall = await house.userWith('operator', 'property', 'mall');
  building = await house.userWith('viewer', 'building', 'B');
});
afterAll(() => house.stop());

async function get<T>(client: Client, path: string): Promise<T> {
  const { status, body } = await client.request('GET', path);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
  return body as T;
}
const statusOf = async (client: Client, path: string): Promise<number> => (await client.request('GET', path)).status;

describe('everything within the right, nothing beyond it', () => {
  const meterPaths = [
    'now',
    'registers',
    'registers/summary',
    'trend?quantity=activePowerW&from=2026-11-01T00:00Z&to=2026-11-02T00:00Z',
  ];

  test.each(meterPaths)('meters/…/%s', async (path) => {
    const at = (number: string): string => `/api/meters/${house.meterId(number)}/${path}`;
    expect(await statusOf(house.boss, at('o1'))).toBe(200);
    expect(await statusOf(mall, at('a1'))).toBe(200);
    expect(await statusOf(mall, at('o1'))).toBe(404);
    expect(await statusOf(building, at('b1'))).toBe(200);
    expect(await statusOf(building, at('a1'))).toBe(404);
    expect(await statusOf(building, at('feeder'))).toBe(404);
    expect(await statusOf(house.server.nobody, at('a1'))).toBe(401);
    expect(await statusOf(house.boss, `/api/meters/999999/${path}`)).toBe(404);
  });

  test('asking a meter needs a right of its own', async () => {
    const path = `/api/meters/${house.meterId('b1')}/read`;
    expect((await building.request('POST', path)).status).toBe(403);
    expect((await mall.request('POST', `/api/meters/${house.meterId('o1')}/read`)).status).toBe(404);
  });

  test('lines of other properties are not there', async () => {
    expect(await statusOf(mall, `/api/lines/${house.lineId('GW-1', '1')}/health`)).toBe(200);
    expect(await statusOf(mall, `/api/lines/${house.lineId('GW-3', '1')}/health`)).toBe(404);
  });

  test('a wall shows the buildings of the right, with the places that lead there', async () => {
    const path = `/api/properties/${house.propertyId('mall')}/wall`;
    const whole = await get<WallLayout>(mall, path);
    expect(whole.meters.meterNumber.toSorted()).toEqual(['a1', 'a2', 'b1', 'b2', 'feeder']);
    const part = await get<WallLayout>(building, path);
    expect(part.meters.meterNumber.toSorted()).toEqual(['b1', 'b2']);
    expect(part.places.map(({ names }) => names.en)).toEqual(['mall', 'B', '1F', 'B-101', 'B-102']);
    expect(part.lines.map(({ gatewayCode, name }) => `${gatewayCode}/${name}`).toSorted()).toEqual([
      'GW-1/2',
      'GW-2/1',
    ]);
    expect(await statusOf(mall, `/api/properties/${house.propertyId('office')}/wall`)).toBe(404);
    expect(await statusOf(mall, `/api/properties/${house.placeId('A')}/wall`)).toBe(404);
  });
});

test('money and registers travel as text and lose no digit', async () => {
  const balanceMinor = -900_719_925_474_099_312n;
  house.take(
    house.reading('a1', { balanceMinor, values: { ...house.reading('a1').values, energyWh: 899_999_999_999_993 } }),
  );
  const now = await get<MeterNow>(house.boss, `/api/meters/${house.meterId('a1')}/now`);
  expect(now.balanceMinor).toBe('-900719925474099312');
  await house.server.app.measuring.metering.flush();
  const { items } = await get<{ items: RegisterReading[] }>(house.boss, `/api/meters/${house.meterId('a1')}/registers`);
  expect(items[0]).toMatchObject({ balanceMinor: '-900719925474099312', registers: { energyWh: '899999999999993' } });
});

describe('registers', () => {
  const days = 3;
  const from = calendar.startOfDayAfter(Date.now(), -days);

  beforeAll(async () => {
    const rows = [];
    for (let atMs = from; atMs < Date.now(); atMs += BILLING_INTERVAL_MS) {
      const energyWh = (atMs - from) / 60_000;
      rows.push({ meterNumber: 'b2', atMs, values: { activePowerW: 6_000, energyWh }, balanceMinor: undefined });
    }
    const { metering } = house.server.app.measuring;
    await metering.takeHistory(rows);
    await metering.historyTaken('notebook', from, Date.now());
  });

  test('come newest first, page by page, each instant once', async () => {
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const path = `/api/meters/${house.meterId('b2')}/registers?limit=20${cursor}`;
      const page = await get<{ items: RegisterReading[]; nextCursor?: string }>(house.boss, path);
      seen.push(...page.items.map(({ instant }) => instant));
      if (page.nextCursor === undefined) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(seen.length).toBeGreaterThanOrEqual(days * 48);
    expect(seen).toEqual([...new Set(seen)].toSorted().toReversed());
  });

  test('of today and of this month begin at the midnight of the property', async () => {
    const summary = await get<RegisterSummary>(house.boss, `/api/meters/${house.meterId('b2')}/registers/summary`);
    expect(summary.timeZone).toBe('Asia/Shanghai');
    expect(Date.parse(summary.dayStart?.instant ?? '')).toBe(calendar.startOfDay(Date.now()));
    expect(summary.dayStart?.registers['energyWh']).toBe(String((calendar.startOfDay(Date.now()) - from) / 60_000));
    const midnightWh = Number(summary.dayStart?.registers['energyWh']);
    house.take(house.reading('b2', { values: { energyWh: midnightWh + 4_321 } }));
    const today = await get<EnergyToday>(house.boss, `/api/properties/${house.propertyId('mall')}/energy-today`);
    expect(Date.parse(today.since)).toBe(calendar.startOfDay(Date.now()));
    expect(today.energyWh[today.meterId.indexOf(house.meterId('b2'))]).toBe(4_321);
    const firstOfMonth = Math.max(from, calendar.startOfMonth(Date.now()));
    expect(Date.parse(summary.monthStart?.instant ?? '')).toBe(firstOfMonth);
  });

  test('a cursor or an instant that is none is refused', async () => {
    const path = `/api/meters/${house.meterId('b2')}/registers`;
    expect(await statusOf(house.boss, `${path}?cursor=x`)).toBe(400);
    expect(await statusOf(house.boss, `${path}?from=2026-13-01T00:00Z`)).toBe(400);
  });

  test('the load of the property has yesterday, by its own days', async () => {
    const load = await get<Load>(mall, `/api/properties/${house.propertyId('mall')}/load`);
    expect(load.yesterday).toHaveLength(48);
    expect(Date.parse(load.yesterday[0]?.at ?? '')).toBe(calendar.startOfDayAfter(Date.now(), -1));
    expect(load.yesterday.every(({ loadW }) => loadW === 6_000)).toBe(true);
    expect(load.lastWeek).toEqual([]);
    const other = await get<Load>(house.boss, `/api/properties/${house.propertyId('office')}/load`);
    expect(other.yesterday).toEqual([]);
  });

  test('the usual peak comes from the past', async () => {
    const { meters } = await get<WallLayout>(mall, `/api/properties/${house.propertyId('mall')}/wall`);
    expect(meters.peakW[meters.meterNumber.indexOf('b2')]).toBe(6_000);
    expect(meters.peakW[meters.meterNumber.indexOf('a2')]).toBe(0);
  });

  test('a trend has its unit, its step and its points', async () => {
    const to = new Date().toISOString();
    const path = `/api/meters/${house.meterId('b2')}/trend?quantity=activePowerW&from=${new Date(from).toISOString()}&to=${to}`;
    const trend = await get<Trend>(house.boss, path);
    expect(trend).toMatchObject({ unit: 'W', resolution: '15m', quantity: 'activePowerW' });
    expect(trend.points[0]).toEqual({
      at: new Date(from).toISOString(),
      mean: 6_000,
      min: 6_000,
      max: 6_000,
      last: 6_000,
    });
    expect(trend.points.length).toBeLessThanOrEqual(800);
  });
});

describe('the step of a trend', () => {
  test.each([
    [HOUR_MS, '1m'],
    [DAY_MS, '15m'],
    [8 * DAY_MS, '15m'],
    [14 * DAY_MS, '30m'],
    [31 * DAY_MS, '1h'],
    [90 * DAY_MS, '1d'],
    [3_650 * DAY_MS, '1d'],
  ])('of %d ms is %s when nobody says', (rangeMs, step) => {
    expect(chooseStep('auto', rangeMs)).toBe(step);
  });
  test('that was asked for is kept, unless it gives too many points', () => {
    expect(chooseStep('raw', DAY_MS)).toBe('raw');
    expect(() => chooseStep('raw', 30 * DAY_MS)).toThrow('points');
  });
  test.each([
    'quantity=nonsense&from=2026-11-01T00:00Z&to=2026-11-02T00:00Z',
    'quantity=activePowerW&from=2026-11-02T00:00Z&to=2026-11-01T00:00Z',
    'quantity=activePowerW&from=1926-11-02T00:00Z&to=2026-11-01T00:00Z',
  ])('%s is refused', async (query) => {
    expect(await statusOf(house.boss, `/api/meters/${house.meterId('a1')}/trend?${query}`)).toBe(400);
  });
});
