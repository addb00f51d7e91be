import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Tariff, TariffVersion } from '#contract/index.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import { DISPLAY_STATES } from '#domain/meterState.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import { rowsOf, type SheetContent } from '../../support/workbook.ts';

const HALF_HOUR_MS = 30 * 60_000;
const DAY_MS = 48 * HALF_HOUR_MS;
const QUARTERS = 96;
const calendar = zonedCalendar('Asia/Shanghai');
/** The midnight two days ago: the day before it is the period before. */
const fromMs = calendar.startOfDayAfter(Date.now(), -2);
const iso = (atMs: number) => new Date(atMs).toISOString();
let house: HouseServer;

beforeAll(async () => {
  house = await startHouseServer();
  const { metering } = house.server.app.measuring;
  // Two days; the first uses 1 kWh each half hour, the second 2 kWh.
  const history = Array.from({ length: 97 }, (_, index) => {
    const energyWh = 1_000_000 + index * 1_000 + Math.max(0, index - 48) * 1_000;
    const values = { energyWh, activePowerW: index < 48 ? 2_000 : 4_000, voltageL1V: index < 48 ? 220 : 230 };
    return { meterNumber: 'b2', atMs: fromMs - DAY_MS + index * HALF_HOUR_MS, balanceMinor: String(index), values };
  });
  await metering.takeHistory(history);
  await metering.flush();
});
afterAll(() => house.stop());

async function readings(more: object) {
  const answer = await house.boss.request('POST', '/api/exports/readings?lang=en', {
    ...{ propertyId: house.propertyId('mall'), meterIds: [house.meterId('b2')] },
    ...{ from: iso(fromMs), to: iso(fromMs + DAY_MS), ...more },
  });
  if (answer.status !== 200) return { status: answer.status, rows: [] };
  const [, ...lists] = answer.body as readonly SheetContent[];
  return { status: answer.status, rows: lists.flatMap(rowsOf) };
}

async function dayAndNight(): Promise<number> {
  const make = async <T>(path: string, body: object): Promise<T> =>
    (await house.boss.request('POST', path, body)).body as T;
  const { id } = await make<Tariff>('/api/tariffs', {
    ...{ propertyId: house.propertyId('mall'), name: 'Day and night', medium: 'electricity' },
  });
  const table = Array.from({ length: QUARTERS }, (_, quarter) => (quarter < 32 ? 'valley' : 'peak'));
  const version = await make<TariffVersion>(`/api/tariffs/${id}/versions`, {
    effectiveFrom: iso(fromMs - 7 * DAY_MS),
    body: {
      kind: 'timeOfUse',
      prices: { sharp: '1.1', peak: '0.9', flat: '0.7', valley: '0.4', deepValley: '0.3' },
      days: { tables: [table], rules: [{ table: 0 }] },
    },
  });
  await make(`/api/tariff-versions/${version.id}/decision`, { decision: 'publish' });
  return id;
}

test('registers: what was used, and what was used at the same position of the period before', async () => {
  const found = await readings({ what: 'halfHours', before: true });
  expect(found).toMatchObject({ status: 200, rows: { length: 48 } });
  expect(found).toMatchObject({
    rows: {
      0: { Balance: 0.48, 'Balance, period before': 0, 'Used since the row before, period before (kWh)': null },
      1: {
        ...{ 'Total energy (kWh)': 1_050, 'Used since the row before (kWh)': 2 },
        'Used since the row before, period before (kWh)': 1,
      },
    },
  });
});

test('means: a column for each quantity in the period before, and the plan of the tariff with its prices', async () => {
  const tariffId = await dayAndNight();
  const quantities = ['activePowerW', 'voltageL1V'];
  const found = await readings({ what: 'live1h', quantities, before: true, tariffId });
  const hour = {
    ...{ 'Active power (W)': 4_000, 'Active power, period before (W)': 2_000 },
    ...{ 'Voltage L1 (V)': 230, 'Voltage L1, period before (V)': 220 },
  };
  expect(found).toMatchObject({
    rows: {
      length: 24,
      2: { ...hour, 'Tariff period (CNY/kWh)': 'Valley 0.4' },
      8: { ...hour, 'Tariff period (CNY/kWh)': 'Peak 0.9' },
    },
  });
  const days = await readings({ what: 'days', tariffId });
  expect(days).toMatchObject({ rows: { length: 1, 0: { 'Tariff period (CNY/kWh)': 'Valley 0.4, Peak 0.9' } } });
  const office = await readings({
    what: 'days',
    tariffId,
    propertyId: house.propertyId('office'),
    meterIds: [house.meterId('o1')],
  });
  expect(office).toMatchObject({ status: 404 });
});

test('a state has the colour of the domain’s table, beside its name: meters by state, alarms by severity', async () => {
  const light = (key: string) => DISPLAY_STATES.find((row) => row.key === key)?.light;
  const propertyId = house.propertyId('mall');
  house.take(house.reading('a1'));
  const meterIds = ['a1', 'a2'].map((number) => house.meterId(number));
  const meters = await house.boss.request('POST', '/api/exports/meters?lang=en', { propertyId, meterIds });
  expect(groundsBy(meters.body, 'State')).toEqual([
    ['Opened', light('opened')],
    ['Not opened', light('notOpened')],
  ]);
  await house.server.database.owner.query(sql`
    insert into alarm (property_id, kind, severity, source_kind, source_id, path, search, raised_at, state, last_raised_at,
      cleared_at, closed_at)
    select ${propertyId}, 'overload', severity, 'meter', ${house.meterId('a1')}, '[{"en":"A"}]', 'a', now(), 'closed', now(),
      now(), now()
    from generate_series(1, 3) severity`);
  const alarms = await house.boss.request('GET', '/api/exports/alarms?kind=overload&state=all&lang=en');
  const severities = groundsBy(alarms.body, 'Severity');
  expect(severities).toHaveLength(3);
  expect(new Map(severities)).toEqual(
    new Map([
      ['Low', light('alarm1')],
      ['Medium', light('alarm2')],
      ['High', light('arrears')],
    ]),
  );
});

/** Words of a column with the ground that they stand on. */
function groundsBy(body: unknown, heading: string): readonly (readonly [unknown, unknown])[] {
  const [, list] = body as readonly SheetContent[];
  const [header = [], ...rows] = list?.rows ?? [];
  const column = header.indexOf(heading);
  return rows.map((row, index) => [row[column], list?.looks.get(`${index + 1},${column}`)?.ground]);
}

test('gateways: the file holds what the same text finds on the list, in words that engineers write', async () => {
  const list = await house.boss.request('GET', '/api/gateways?q=gw-3');
  expect(list.body).toMatchObject({ items: [{ code: 'GW-3' }] });
  const file = await house.boss.request('GET', '/api/exports/gateways?q=gw-3&lang=en');
  const rows = (file.body as readonly SheetContent[]).slice(1).flatMap(rowsOf);
  expect(new Set(rows.map((row) => row['Gateway']))).toEqual(new Set(['GW-3']));
  expect(rows[0]).toMatchObject({ Transport: expect.stringMatching(/^modbus-tcp 127\.0\.0\.1:\d+$/) });
  expect(String(rows[0]?.['Serial settings'])).toMatch(/^\d+ 8[NEO][12]$/);
});
