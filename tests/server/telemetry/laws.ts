import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { zonedCalendar } from '#domain/calendar.ts';
import type { Values } from '#drivers/core/index.ts';
import { TelemetryAwayError } from '#server/platform/telemetry/awayError.ts';
import { BATCH_POINTS_MAX } from '#server/platform/telemetry/batchQueue.ts';
import type { Telemetry, TelemetryPoint, TrendBucket, TrendQuery } from '#server/platform/telemetry/index.ts';
import { type ManualClock, manualClock } from '../../support/manualClock.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** Noon of yesterday: InfluxDB has its own clock, and its retention counts from today. */
export const NOON = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS / 2;
export const shanghai = zonedCalendar('Asia/Shanghai');
export const METER_IDS = [1, 2, 3] as const;

/** A real store and what the laws must do to it behind its back. */
export interface StoreUnderTest {
  /** Opens telemetry on it; a second time is a restart. */
  open(clock: ManualClock): Promise<Telemetry>;
  /** Readings that are in it. */
  count(): Promise<number>;
  /** Takes the roll-ups away and lets the store know that nothing is rolled up. */
  forgetRollUps(): Promise<void>;
  /** From now on nothing can be written. */
  breakDown(): Promise<void>;
  mend(): Promise<void>;
  /** As on the first day. */
  clear(): Promise<void>;
  end(): Promise<void>;
}

export const point = (meterId: number, atMs: number, values: Values, balanceMinor?: bigint): TelemetryPoint => ({
  meterId,
  atMs,
  values,
  balanceMinor,
});

export const ask = (change: Partial<TrendQuery>): TrendQuery => ({
  meterId: 1,
  quantity: 'activePowerW',
  fromMs: NOON - 2 * HOUR_MS,
  toMs: NOON + 2 * HOUR_MS,
  step: '15m',
  calendar: shanghai,
  ...change,
});

/** A reading each minute with a power that no two minutes share. */
export function minutes(meterId: number, fromMs: number, count: number): TelemetryPoint[] {
  return Array.from({ length: count }, (_, minute) =>
    point(meterId, fromMs + minute * MINUTE_MS, {
      activePowerW: 1_000 + ((minute * 37) % 101),
      energyWh: 5_000_000_000_000 + minute,
    }),
  );
}

/** The buckets of readings, counted by hand. */
function bucketsOf(points: readonly TelemetryPoint[], stepMs: number): TrendBucket[] {
  const byStart = Map.groupBy(points, ({ atMs }) => Math.floor(atMs / stepMs) * stepMs);
  return [...byStart].map(([atMs, within]) => {
    const values = within.map((one) => one.values.activePowerW ?? Number.NaN);
    const sum = values.reduce((total, value) => total + value, 0);
    const last = values.at(-1) ?? Number.NaN;
    return { atMs, count: values.length, sum, min: Math.min(...values), max: Math.max(...values), last };
  });
}

/** Sums may have gone through a mean. */
export function expectBuckets(found: readonly TrendBucket[], wanted: readonly TrendBucket[]): void {
  const close = wanted.map((bucket) => ({ ...bucket, sum: expect.closeTo(bucket.sum, 5) }));
  expect(found).toMatchObject(close);
}

/** What every store must do, whichever it is. */
export function telemetryLaws(begin: () => Promise<StoreUnderTest>): void {
  let store: StoreUnderTest;
  let clock: ManualClock;
  let telemetry: Telemetry;
  const write = async (points: readonly TelemetryPoint[]): Promise<void> => {
    telemetry.write(points);
    await telemetry.settle();
  };
  const restart = async (): Promise<void> => {
    await telemetry.close();
    telemetry = await store.open(clock);
  };

  beforeAll(async () => {
    store = await begin();
  });
  afterAll(() => store.end());
  beforeEach(async () => {
    clock = manualClock(NOON);
    telemetry = await store.open(clock);
  });
  afterEach(async () => {
    await telemetry.close();
    await store.clear();
  });

  describe('roll-ups', () => {
    test('equal what counting by hand gives, and what raw rows give', async () => {
      const rows = minutes(1, NOON - 90 * MINUTE_MS, 90);
      await write([...rows, ...minutes(2, NOON - 90 * MINUTE_MS, 3)]);
      expectBuckets(await telemetry.trend(ask({})), bucketsOf(rows, 15 * MINUTE_MS));
      expectBuckets(await telemetry.trend(ask({ step: '30m' })), bucketsOf(rows, 30 * MINUTE_MS));
      await store.forgetRollUps();
      await restart();
      expectBuckets(await telemetry.trend(ask({})), bucketsOf(rows, 15 * MINUTE_MS));
      await telemetry.settle();
      expectBuckets(await telemetry.trend(ask({})), bucketsOf(rows, 15 * MINUTE_MS));
    });

    test('take in rows that came late, and those that came twice only once', async () => {
      const rows = minutes(1, NOON - 90 * MINUTE_MS, 60);
      await write(rows.slice(0, 50));
      await write(rows);
      await restart();
      await telemetry.settle();
      expectBuckets(await telemetry.trend(ask({})), bucketsOf(rows, 15 * MINUTE_MS));
      expect(await store.count()).toBe(rows.length);
    });

    test('a quarter hour that is not over is answered from raw rows', async () => {
      await write(minutes(1, NOON - 20 * MINUTE_MS, 21));
      expect((await telemetry.trend(ask({}))).map(({ atMs, count }) => [atMs - NOON, count])).toEqual([
        [-30 * MINUTE_MS, 5],
        [-15 * MINUTE_MS, 15],
        [0, 1],
      ]);
    });

    test('days are those of the property', async () => {
      const midnight = shanghai.startOfDay(NOON - DAY_MS);
      expect(new Date(midnight).getUTCHours(), 'midnight in Shanghai').toBe(16);
      await write([
        point(1, midnight - MINUTE_MS, { activePowerW: 100 }),
        point(1, midnight, { activePowerW: 200 }),
        point(1, midnight + MINUTE_MS, { activePowerW: 300 }),
        point(1, midnight + 3 * HOUR_MS, { activePowerW: 600 }),
        point(1, NOON - 10 * MINUTE_MS, { activePowerW: 50 }),
      ]);
      const days = await telemetry.trend(ask({ step: '1d', fromMs: midnight - 3 * DAY_MS, toMs: NOON + HOUR_MS }));
      expectBuckets(days, [
        { atMs: midnight - DAY_MS, count: 1, sum: 100, min: 100, max: 100, last: 100 },
        { atMs: midnight, count: 3, sum: 1_100, min: 200, max: 600, last: 600 },
        { atMs: midnight + DAY_MS, count: 1, sum: 50, min: 50, max: 50, last: 50 },
      ]);
      expect(await telemetry.usualPeaksW(midnight - 3 * DAY_MS), 'of the days that are over').toEqual(
        new Map([[1, 350]]),
      );
    });

    test('a day is computed again when something late comes into it', async () => {
      const midnight = shanghai.startOfDay(NOON - DAY_MS);
      await write([point(1, midnight, { activePowerW: 200 })]);
      await write([point(1, midnight + HOUR_MS, { activePowerW: 900 })]);
      expect(await telemetry.usualPeaksW(midnight)).toEqual(new Map([[1, 900]]));
    });
  });

  describe('a trend', () => {
    test('leaves out what was not measured: absent is not zero, a gap is a gap', async () => {
      await write([
        point(1, NOON - HOUR_MS, { activePowerW: 0 }),
        point(1, NOON - HOUR_MS + MINUTE_MS, { voltageL1V: 231.4 }),
        point(1, NOON - 20 * MINUTE_MS, { activePowerW: 7 }),
      ]);
      expect((await telemetry.trend(ask({}))).map(({ sum }) => sum)).toEqual([0, 7]);
      expect((await telemetry.trend(ask({ step: 'raw' }))).map(({ last }) => last)).toEqual([0, 7]);
      const volts = await telemetry.trend(ask({ step: '1m', quantity: 'voltageL1V' }));
      expect(volts.map(({ last }) => last)).toEqual([231.4]);
      expect(await telemetry.trend(ask({ quantity: 'frequencyHz' }))).toEqual([]);
    });

    test('gives the last value of a counter and of a balance, to the last digit', async () => {
      const at = NOON - 40 * MINUTE_MS;
      await write([
        point(1, at, { energyWh: 100 }, -250n),
        point(1, at + MINUTE_MS, { energyWh: 9_007_199_254_740_991 }, -300n),
        point(1, at + 2 * MINUTE_MS, { voltageL1V: 230 }),
      ]);
      expect((await telemetry.trend(ask({ quantity: 'energyWh' })))[0]?.last).toBe(9_007_199_254_740_991);
      expect((await telemetry.trend(ask({ quantity: 'balanceMinor', step: '1h' })))[0]).toMatchObject({
        last: -300,
        max: -250,
      });
    });

    test('has hours of the property, where its clock is half an hour off', async () => {
      await write(minutes(1, NOON - 90 * MINUTE_MS, 90));
      const hours = await telemetry.trend(ask({ step: '1h', calendar: zonedCalendar('Asia/Kolkata') }));
      expect(hours.map(({ atMs, count }) => [new Date(atMs).toISOString().slice(11, 16), count])).toEqual([
        ['10:30', 60],
        ['11:30', 30],
      ]);
    });

    test('of many meters is the trend of each, in the order asked, rolled up or not', async () => {
      const rows = minutes(1, NOON - 90 * MINUTE_MS, 91);
      await write([...rows, ...minutes(2, NOON - 30 * MINUTE_MS, 5)]);
      const { meterId: _, ...query } = ask({});
      const trends = await telemetry.trends({ ...query, meterIds: [2, 3, 1] });
      expect(trends.map(({ meterId }) => meterId)).toEqual([2, 3, 1]);
      expect(trends.map(({ buckets }) => buckets.length)).toEqual([1, 0, 7]);
      expectBuckets(trends[2]?.buckets ?? [], bucketsOf(rows, 15 * MINUTE_MS));
    });
  });

  test('the load is the sum of the means of all meters asked for', async () => {
    const at = NOON - HOUR_MS;
    await write([
      point(1, at, { activePowerW: 100 }),
      point(1, at + MINUTE_MS, { activePowerW: 300 }),
      point(2, at, { activePowerW: 1_000 }),
      point(3, at, { activePowerW: 50_000 }),
      point(1, NOON, { activePowerW: 400 }),
    ]);
    expect(await telemetry.load({ meterIds: [1, 2], fromMs: at - HOUR_MS, toMs: NOON + HOUR_MS })).toEqual([
      { atMs: at, loadW: 1_200 },
      { atMs: NOON, loadW: 400 },
    ]);
  });

  test('what is older than the retention, or from next week, is refused and counted; its neighbours are kept', async () => {
    await write([
      point(1, NOON - 40 * DAY_MS, { activePowerW: 1 }),
      point(1, NOON, { activePowerW: 2 }),
      point(1, NOON + 7 * DAY_MS, { activePowerW: 3 }),
    ]);
    expect(telemetry.figures()).toMatchObject({ written: 1, refused: 2, queued: 0, storeDownSinceMs: undefined });
    expect(await store.count()).toBe(1);
  });

  test('more points than one batch holds are all written, in order, once', async () => {
    const count = 2 * BATCH_POINTS_MAX + 7;
    telemetry.write(Array.from({ length: count }, (_, index) => point(index + 1, NOON, { activePowerW: index })));
    await Promise.all([telemetry.settle(), telemetry.settle()]);
    expect(telemetry.figures()).toMatchObject({ written: count, queued: 0 });
    expect(await store.count()).toBe(count);
  });

  test('an empty store says so', async () => {
    expect(await telemetry.isEmpty()).toBe(true);
    await write([point(1, NOON, { activePowerW: 1 })]);
    expect(await telemetry.isEmpty()).toBe(false);
  });

  describe('while the store is down', () => {
    const rows = minutes(1, NOON - 5 * MINUTE_MS, 5);

    test('points wait on disk, and are written when it is back', async () => {
      await store.breakDown();
      telemetry.write(rows);
      await expect(telemetry.settle()).rejects.toThrow();
      expect(telemetry.figures()).toMatchObject({
        queued: 0,
        written: 0,
        dropped: 0,
        storeDownSinceMs: NOON,
        spool: { records: 1 },
      });
      await expect(telemetry.trend(ask({ step: 'raw' }))).rejects.toThrow(TelemetryAwayError);
      await store.mend();
      await telemetry.settle();
      expect(telemetry.figures()).toMatchObject({
        written: rows.length,
        storeDownSinceMs: undefined,
        spool: { records: 0 },
      });
      expect(await store.count()).toBe(rows.length);
    });

    test('a stop loses nothing, the next start writes it', async () => {
      await store.breakDown();
      telemetry.write(rows.slice(0, 3));
      await expect(telemetry.settle()).rejects.toThrow();
      telemetry.write(rows.slice(3));
      await restart();
      expect(telemetry.figures().spool?.records).toBe(2);
      await store.mend();
      await telemetry.settle();
      expect(await store.count()).toBe(rows.length);
      expectBuckets(await telemetry.trend(ask({})), bucketsOf(rows, 15 * MINUTE_MS));
    });

    test('what comes after the return is written beside what waits', async () => {
      await store.breakDown();
      telemetry.write(rows.slice(0, 3));
      await expect(telemetry.settle()).rejects.toThrow();
      await store.mend();
      telemetry.write(rows.slice(3));
      await telemetry.settle();
      expect(await store.count()).toBe(rows.length);
    });
  });
}
