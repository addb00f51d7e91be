import sql, { raw } from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { zonedCalendar } from '#domain/calendar.ts';
import type { Values } from '#drivers/core/index.ts';
import { silentLog } from '#server/platform/log.ts';
import {
  openPostgresTelemetry,
  type Telemetry,
  type TelemetryPoint,
  type TrendQuery,
} from '#server/platform/telemetry/index.ts';
import { BATCH_POINTS_MAX, QUEUE_POINTS_MAX } from '#server/platform/telemetry/batchQueue.ts';
import { type ManualClock, manualClock } from '../../support/manualClock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const shanghai = zonedCalendar('Asia/Shanghai');

let database: TestDatabase;
let clock: ManualClock;
let telemetry: Telemetry;

const open = (retentionDays = 30): Telemetry =>
  openPostgresTelemetry({
    db: database.db,
    clock,
    log: silentLog,
    retentionDays,
    zones: () => [{ calendar: shanghai, meterIds: [1, 2] }],
  });
const point = (meterId: number, atMs: number, values: Values, balanceMinor?: bigint): TelemetryPoint => ({
  meterId,
  atMs,
  values,
  balanceMinor,
});
const ask = (change: Partial<TrendQuery>): TrendQuery => ({
  meterId: 1,
  quantity: 'activePowerW',
  fromMs: NOON - 2 * HOUR_MS,
  toMs: NOON + 2 * HOUR_MS,
  step: '15m',
  calendar: shanghai,
  ...change,
});

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  clock = manualClock(NOON);
  telemetry = open();
});
afterEach(async () => {
  await telemetry.close();
  await database.db.query(
    raw('truncate telemetry_raw, telemetry_15m, telemetry_1d, telemetry_dirty_15m, telemetry_dirty_1d'),
  );
});

/** A reading each minute with a power that no two minutes share. */
function minutes(meterId: number, fromMs: number, count: number): TelemetryPoint[] {
  return Array.from({ length: count }, (_, minute) =>
    point(meterId, fromMs + minute * MINUTE_MS, {
      activePowerW: 1_000 + ((minute * 37) % 101),
      energyWh: 5_000_000_000_000 + minute,
    }),
  );
}

describe('roll-ups', () => {
  test('equal the sums of the raw rows, quarter by quarter', async () => {
    telemetry.write(minutes(1, NOON - 90 * MINUTE_MS, 90));
    await telemetry.settle();
    const rows = await database.db.query<{ same: boolean }>(sql`
      select jsonb_build_array(counts[10], sums[10], mins[10], maxs[10], lasts[10]) = (
        select jsonb_build_array(count(*), sum(active_power_w), min(active_power_w), max(active_power_w),
          (array_agg(active_power_w order by raw.at desc))[1])
        from telemetry_raw raw
        where raw.meter_id = q.meter_id and raw.at >= q.at and raw.at < q.at + interval '15 minutes') as same
      from telemetry_15m q`);
    expect(rows).toEqual(Array.from({ length: 5 }, () => ({ same: true })));
  });

  test('give the same answer from raw rows and from quarter hours', async () => {
    telemetry.write(minutes(1, NOON - 90 * MINUTE_MS, 90));
    await telemetry.settle();
    const rolled = await telemetry.trend(ask({}));
    await database.db.query(sql`delete from telemetry_15m`);
    await database.db.query(sql`insert into telemetry_dirty_15m (at) values (${new Date(NOON - DAY_MS)})`);
    expect(await telemetry.trend(ask({}))).toEqual(rolled);
    expect(rolled).toHaveLength(6);
    expect(rolled.map(({ count }) => count)).toEqual([15, 15, 15, 15, 15, 15]);
  });

  test('take in rows that came late, and those that came twice only once', async () => {
    const rows = minutes(1, NOON - 90 * MINUTE_MS, 60);
    telemetry.write(rows.slice(0, 50));
    await telemetry.settle();
    telemetry.write(rows);
    await telemetry.settle();
    await telemetry.close();
    telemetry = open();
    await telemetry.settle();
    const sum = (await telemetry.trend(ask({}))).reduce((total, bucket) => total + bucket.sum, 0);
    expect(sum).toBe(rows.reduce((total, row) => total + (row.values.activePowerW ?? 0), 0));
  });

  test('a quarter hour that gets rows while it is computed is computed again', async () => {
    await database.db.query(
      raw(`create function more_came() returns trigger language plpgsql as $$
        begin update telemetry_dirty_15m set version = version + 1; return null; end $$;
      create trigger more_came after insert on telemetry_15m for each statement execute function more_came()`),
    );
    telemetry.write(minutes(1, NOON - 90 * MINUTE_MS, 15));
    await telemetry.settle();
    const dirty = sql`select count(*)::int as count from telemetry_dirty_15m`;
    expect(await database.db.query(dirty)).toEqual([{ count: 1 }]);
    await database.db.query(raw('drop trigger more_came on telemetry_15m; drop function more_came()'));
    await telemetry.settle();
    expect(await database.db.query(dirty)).toEqual([{ count: 0 }]);
  });

  test('a quarter hour that is not over is answered from raw rows', async () => {
    telemetry.write(minutes(1, NOON - 20 * MINUTE_MS, 21));
    await telemetry.settle();
    expect((await telemetry.trend(ask({}))).map(({ atMs, count }) => [atMs - NOON, count])).toEqual([
      [-30 * MINUTE_MS, 5],
      [-15 * MINUTE_MS, 15],
      [0, 1],
    ]);
  });

  test('days are those of the property', async () => {
    // 16:00 UTC is midnight in Shanghai.
    const midnight = Date.parse('2026-11-20T16:00:00Z');
    telemetry.write([
      point(1, midnight - MINUTE_MS, { activePowerW: 100 }),
      point(1, midnight, { activePowerW: 200 }),
      point(1, midnight + 3 * HOUR_MS, { activePowerW: 600 }),
      point(1, NOON - 10 * MINUTE_MS, { activePowerW: 50 }),
    ]);
    await telemetry.settle();
    const days = await telemetry.trend(ask({ step: '1d', fromMs: midnight - 3 * DAY_MS, toMs: NOON + HOUR_MS }));
    expect(days).toEqual([
      { atMs: midnight - DAY_MS, count: 1, sum: 100, min: 100, max: 100, last: 100 },
      { atMs: midnight, count: 2, sum: 800, min: 200, max: 600, last: 600 },
      { atMs: midnight + DAY_MS, count: 1, sum: 50, min: 50, max: 50, last: 50 },
    ]);
    expect(await database.db.query(sql`select count(*)::int as count from telemetry_1d`)).toEqual([{ count: 2 }]);
    expect(await telemetry.usualPeaksW(midnight - 3 * DAY_MS)).toEqual(new Map([[1, 350]]));
  });
});

describe('a trend', () => {
  test('leaves out what was not measured: absent is not zero, a gap is a gap', async () => {
    telemetry.write([
      point(1, NOON - HOUR_MS, { activePowerW: 0 }),
      point(1, NOON - HOUR_MS + MINUTE_MS, { voltageL1V: 231.4 }),
      point(1, NOON - 20 * MINUTE_MS, { activePowerW: 7 }),
    ]);
    await telemetry.settle();
    expect((await telemetry.trend(ask({}))).map(({ sum }) => sum)).toEqual([0, 7]);
    expect((await telemetry.trend(ask({ step: 'raw' }))).map(({ last }) => last)).toEqual([0, 7]);
    expect((await telemetry.trend(ask({ step: '1m', quantity: 'voltageL1V' }))).map(({ last }) => last)).toEqual([
      231.4,
    ]);
    expect(await telemetry.trend(ask({ quantity: 'frequencyHz' }))).toEqual([]);
  });

  test('gives the last value of a counter and of a balance', async () => {
    const at = NOON - 40 * MINUTE_MS;
    telemetry.write([
      point(1, at, { energyWh: 100 }, -250n),
      point(1, at + MINUTE_MS, { energyWh: 130 }, -300n),
      point(1, at + 2 * MINUTE_MS, { voltageL1V: 230 }),
    ]);
    await telemetry.settle();
    expect((await telemetry.trend(ask({ quantity: 'energyWh' })))[0]?.last).toBe(130);
    expect((await telemetry.trend(ask({ quantity: 'balanceMinor', step: '1h' })))[0]).toMatchObject({
      last: -300,
      max: -250,
    });
  });

  test('has hours of the property, where its clock is half an hour off', async () => {
    const kolkata = zonedCalendar('Asia/Kolkata');
    telemetry.write(minutes(1, NOON - 90 * MINUTE_MS, 90));
    await telemetry.settle();
    const hours = await telemetry.trend(ask({ step: '1h', calendar: kolkata }));
    expect(hours.map(({ atMs, count }) => [new Date(atMs).toISOString().slice(11, 16), count])).toEqual([
      ['10:30', 60],
      ['11:30', 30],
    ]);
  });
});

test('the load is the sum of the means of all meters asked for', async () => {
  const at = NOON - HOUR_MS;
  telemetry.write([
    point(1, at, { activePowerW: 100 }),
    point(1, at + MINUTE_MS, { activePowerW: 300 }),
    point(2, at, { activePowerW: 1_000 }),
    point(3, at, { activePowerW: 50_000 }),
    point(1, NOON, { activePowerW: 400 }),
  ]);
  await telemetry.settle();
  expect(await telemetry.load({ meterIds: [1, 2], fromMs: at - HOUR_MS, toMs: NOON + HOUR_MS })).toEqual([
    { atMs: at, loadW: 1_200 },
    { atMs: NOON, loadW: 400 },
  ]);
});

describe('partitions', () => {
  const partitions = async (): Promise<string[]> =>
    (
      await database.db.query<{ name: string }>(sql`
        select relname::text as name from pg_inherits join pg_class on pg_class.oid = inhrelid
        where inhparent = 'telemetry_raw'::regclass order by relname`)
    ).map(({ name }) => name);

  test('older than the retention are dropped, the days ahead are there before they come', async () => {
    telemetry.write([0, 1, 4, 5].map((days) => point(1, NOON - days * DAY_MS, { activePowerW: days })));
    await telemetry.settle();
    expect(await partitions()).toContain('telemetry_raw_20261117');
    await telemetry.close();
    telemetry = open(4);
    await expect.poll(partitions).not.toContain('telemetry_raw_20261117');
    expect(await partitions()).toEqual(expect.arrayContaining(['telemetry_raw_20261118', 'telemetry_raw_20261124']));
    expect((await telemetry.trend(ask({ step: 'raw', fromMs: NOON - 9 * DAY_MS }))).map(({ last }) => last)).toEqual([
      4, 1, 0,
    ]);
  });

  test('a reading older than the retention is refused and counted, its neighbours are kept', async () => {
    telemetry.write([point(1, NOON - 40 * DAY_MS, { activePowerW: 1 }), point(1, NOON, { activePowerW: 2 })]);
    await telemetry.settle();
    expect(telemetry.figures()).toMatchObject({ written: 1, refused: 1, queued: 0 });
  });
});

describe('while Postgres is down', () => {
  const lock = async (work: () => Promise<void>): Promise<void> => {
    await database.db.query(raw('alter table telemetry_raw rename to telemetry_away'));
    try {
      await work();
    } finally {
      await database.db.query(raw('alter table telemetry_away rename to telemetry_raw'));
    }
  };

  test('points wait and are written when it is back', async () => {
    await lock(async () => {
      telemetry.write([point(1, NOON, { activePowerW: 5 })]);
      await expect(telemetry.settle()).rejects.toThrow();
      expect(telemetry.figures().queued).toBe(1);
    });
    await telemetry.settle();
    expect((await telemetry.trend(ask({ step: 'raw' }))).map(({ last }) => last)).toEqual([5]);
  });

  test('the queue is bounded, the oldest go first and are counted', async () => {
    const excess = 3;
    await lock(async () => {
      telemetry.write(Array.from({ length: QUEUE_POINTS_MAX + excess }, (_, index) => point(index + 1, NOON, {})));
      expect(telemetry.figures()).toMatchObject({ queued: QUEUE_POINTS_MAX, dropped: excess });
      await telemetry.close();
    });
    telemetry = open();
  });
});

test('more points than one statement holds are all written, in order, once', async () => {
  const count = 2 * BATCH_POINTS_MAX + 7;
  telemetry.write(Array.from({ length: count }, (_, index) => point(index + 1, NOON, { activePowerW: index })));
  await Promise.all([telemetry.settle(), telemetry.settle()]);
  expect(telemetry.figures()).toMatchObject({ written: count, queued: 0 });
  expect(await database.db.query(sql`select count(*)::int as count from telemetry_raw`)).toEqual([{ count }]);
});

test('an empty store says so', async () => {
  expect(await telemetry.isEmpty()).toBe(true);
  telemetry.write([point(1, NOON, { activePowerW: 1 })]);
  await telemetry.settle();
  expect(await telemetry.isEmpty()).toBe(false);
});
