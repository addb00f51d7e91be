import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { silentLog } from '#server/platform/log.ts';
import { openSpool } from '#server/platform/spool/index.ts';
import { BATCH_POINTS_MAX } from '#server/platform/telemetry/batchQueue.ts';
import {
  type InfluxSettings,
  type MeterDescription,
  openInfluxTelemetry,
  type Telemetry,
} from '#server/platform/telemetry/index.ts';
import { type Influx, type InfluxOptions, startInflux } from '../../support/influx.ts';
import { type ManualClock, manualClock } from '../../support/manualClock.ts';
import { describeReal, realInflux } from '../../support/realParts.ts';
import { ask, HOUR_MS, METER_IDS, MINUTE_MS, minutes, NOON, point, shanghai, telemetryLaws } from './laws.ts';

const SPOOL_BYTES = 1_000_000;
const SECRET = 'only-in-tests';
const PATIENT = { timeout: 10_000, interval: 20 };

type V1 = Extract<InfluxSettings, { version: 1 }>;

/** Telemetry on an InfluxDB of its own, with what its meters are called. */
class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'meterwall-telemetry-'));
  readonly influx: Influx;
  version = 1;
  describe: (meterId: number) => MeterDescription | undefined = () => undefined;

  constructor(influx: Influx) {
    this.influx = influx;
  }

  async open(clock: ManualClock, change: Partial<V1> = {}, retentionDays = 30): Promise<Telemetry> {
    const { folder } = this;
    const spool = await openSpool({ dir: join(folder, 'spool'), maxBytes: SPOOL_BYTES, log: silentLog });
    return openInfluxTelemetry({
      settings: {
        version: 1,
        url: this.influx.url,
        name: 'meterwall',
        user: undefined,
        password: undefined,
        ...change,
      },
      clock,
      log: silentLog,
      retentionDays,
      zones: () => [{ calendar: shanghai, meterIds: METER_IDS }],
      describe: (meterId) => this.describe(meterId),
      descriptionsVersion: () => this.version,
      folder,
      spool,
    }).catch(async (error: unknown) => {
      await spool.close();
      throw error;
    });
  }

  /** Raw readings of all meters: each has one of these fields. */
  async count(): Promise<number> {
    const [series] = await this.influx.query('SELECT count("active_power_w") FROM "electric"', 'meterwall');
    return Number(series?.values[0]?.[1] ?? 0);
  }

  async clear(): Promise<void> {
    await this.influx.query('DROP DATABASE "meterwall"');
    await this.influx.query('DROP DATABASE "meterwall_rollup"');
    rmSync(this.folder, { recursive: true });
  }
}

async function startBench(options?: InfluxOptions): Promise<Bench> {
  const influx = await startInflux(options);
  onTestFinished(() => influx.stop());
  return new Bench(influx);
}

describeReal('InfluxDB', realInflux, () => {
  describe('telemetry in InfluxDB', () => {
    telemetryLaws(async () => {
      const influx = await startInflux();
      const bench = new Bench(influx);
      return {
        open: (clock) => bench.open(clock),
        count: () => bench.count(),
        async forgetRollUps() {
          await influx.query('DROP DATABASE "meterwall_rollup"');
          rmSync(join(bench.folder, 'influx-rollups.json'));
        },
        breakDown: () => influx.kill(),
        mend: () => influx.restart(),
        clear: () => bench.clear(),
        end: () => influx.stop(),
      };
    });
  });

  describe('lines in InfluxDB', () => {
    let bench: Bench;
    let clock: ManualClock;
    let telemetry: Telemetry;
    beforeAll(async () => {
      bench = new Bench(await startInflux());
      return async () => bench.influx.stop();
    });
    beforeEach(async () => {
      clock = manualClock(NOON);
      telemetry = await bench.open(clock);
      return async () => {
        await telemetry.close();
        await bench.clear();
      };
    });

    test('carry names that people give, whatever they hold, and no empty ones', async () => {
      const names = {
        property: '东苑, "East" = A\\',
        room: 'line\nbreak',
        building: undefined,
        role: ' ',
        gateway: 'GW-1',
      };
      bench.describe = () => ({ medium: 'electric', tags: names });
      telemetry.write([point(7, NOON, { activePowerW: 5, energyWh: 9_007_199_254_740_991 }, -12n)]);
      await telemetry.settle();
      const [series] = await bench.influx.query('SELECT * FROM "electric" GROUP BY *', 'meterwall');
      expect(series?.tags).toEqual({
        gateway: 'GW-1',
        meter_id: '7',
        property: '东苑, "East" = A',
        room: 'line break',
      });
      expect(Object.fromEntries(series?.columns.map((name, at) => [name, series.values[0]?.[at]]) ?? [])).toEqual({
        time: NOON,
        active_power_w: 5,
        energy_wh: 9_007_199_254_740_991,
        balance_minor: -12,
      });
    });

    test('follow a change of the estate; the quarter hour of a renaming counts each reading once', async () => {
      const rows = minutes(1, NOON - HOUR_MS, 15);
      bench.describe = () => ({ medium: 'electric', tags: { room: 'before' } });
      telemetry.write(rows.slice(0, 5));
      await telemetry.settle();
      bench.describe = () => ({ medium: 'electric', tags: { room: 'after' } });
      bench.version += 1;
      telemetry.write(rows.slice(5));
      await telemetry.settle();
      const tags = await bench.influx.query('SHOW TAG VALUES FROM "electric" WITH KEY = "room"', 'meterwall');
      expect(tags[0]?.values.map(([, value]) => value)).toEqual(['after', 'before']);
      const [bucket, ...more] = await telemetry.trend(ask({}));
      expect(more).toEqual([]);
      expect(bucket).toMatchObject({ count: 15, min: 1_000, max: 1_094 });
      const [load] = await telemetry.load({ meterIds: [1], fromMs: NOON - HOUR_MS, toMs: NOON });
      expect(load?.loadW).toBeLessThan(1_095);
    });

    test('of figures have their own measurement', async () => {
      telemetry.note([
        {
          measurement: 'line',
          atMs: NOON,
          tags: { line: '4', gateway: 'GW 1' },
          fields: { cycle_ms: 810.5, up: 1, broken: Number.NaN },
        },
      ]);
      await telemetry.settle();
      const [series] = await bench.influx.query('SELECT * FROM "line" GROUP BY *', 'meterwall');
      expect(series).toMatchObject({ tags: { line: '4', gateway: 'GW 1' }, columns: ['time', 'cycle_ms', 'up'] });
    });

    test('of roll-ups carry the names of the readings, and a second computing changes nothing', async () => {
      bench.describe = () => ({ medium: 'electric', tags: { property: 'East Court' } });
      const rows = minutes(1, NOON - 30 * MINUTE_MS, 15);
      telemetry.write(rows);
      await telemetry.settle();
      const rolled = () => bench.influx.query('SELECT * FROM "electric_15m" GROUP BY *', 'meterwall_rollup');
      const once = await rolled();
      expect(once).toHaveLength(1);
      expect(once[0]?.tags).toEqual({ meter_id: '1', property: 'East Court' });
      expect(once[0]?.columns).toEqual(
        expect.arrayContaining(['active_power_w_count', 'active_power_w_mean', 'energy_wh_last']),
      );
      telemetry.write(rows);
      await telemetry.settle();
      expect(await rolled()).toEqual(once);
    });
  });

  describe('setting up', () => {
    test('keeps raw readings for the days asked for, roll-ups for ever, and follows a change', async () => {
      const bench = await startBench();
      const kept = async (name: string) => {
        const [series] = await bench.influx.query(`SHOW RETENTION POLICIES ON "${name}"`);
        return series?.values[0]?.[series.columns.indexOf('duration')];
      };
      await (await bench.open(manualClock(NOON))).close();
      expect([await kept('meterwall'), await kept('meterwall_rollup')]).toEqual(['720h0m0s', '0s']);
      await (await bench.open(manualClock(NOON), {}, 90)).close();
      expect([await kept('meterwall'), await kept('meterwall_rollup')]).toEqual(['2160h0m0s', '0s']);
    });

    test('leaves the retention of a database that others write into', async () => {
      const bench = await startBench();
      await bench.influx.query('CREATE DATABASE "shared"');
      const write = (line: string) => fetch(`${bench.influx.url}/write?db=shared`, { method: 'POST', body: line });
      expect((await write('cpu value=1')).status).toBe(204);
      await (await bench.open(manualClock(NOON), { name: 'shared' })).close();
      const [series] = await bench.influx.query('SHOW RETENTION POLICIES ON "shared"');
      expect(series?.values[0]?.[1]).toBe('0s');
    });

    test('happens as soon as InfluxDB is there, when it was not at the start', async () => {
      const bench = await startBench();
      await bench.influx.kill();
      const telemetry = await bench.open(manualClock(NOON));
      telemetry.write(minutes(1, NOON - 5 * MINUTE_MS, 5));
      await expect(telemetry.settle()).rejects.toThrow();
      await bench.influx.restart();
      await telemetry.settle();
      expect(await bench.count()).toBe(5);
      await telemetry.close();
    });

    test('happens again when somebody dropped the database', async () => {
      const bench = await startBench();
      const telemetry = await bench.open(manualClock(NOON));
      await bench.influx.query('DROP DATABASE "meterwall"');
      telemetry.write(minutes(1, NOON - 5 * MINUTE_MS, 5));
      await expect(telemetry.settle(), 'which is how it comes out').rejects.toThrow('404');
      await telemetry.settle();
      expect(await bench.count()).toBe(5);
      await telemetry.close();
    });

    test('with a user of its own; a wrong password stops the start with a sentence', async () => {
      const bench = await startBench({ user: 'wall', password: SECRET });
      const telemetry = await bench.open(manualClock(NOON), { user: 'wall', password: SECRET });
      telemetry.write(minutes(1, NOON - 40 * MINUTE_MS, 5));
      await telemetry.settle();
      expect(await bench.count()).toBe(5);
      expect((await telemetry.trend(ask({})))[0]?.count).toBe(5);
      await telemetry.close();
      await expect(bench.open(manualClock(NOON), { user: 'wall', password: 'wrong' })).rejects.toThrow(
        /^INFLUX_USER with INFLUX_PASSWORD is not accepted by .*\.$/,
      );
      await expect(bench.open(manualClock(NOON))).rejects.toThrow(/INFLUX_USER/);
    });

    test('with a user who may only read and write, on databases that are there', async () => {
      const bench = await startBench({ user: 'wall', password: SECRET });
      await bench.influx.query(`CREATE USER "clerk" WITH PASSWORD '${SECRET}'`);
      const clerk = { user: 'clerk', password: SECRET };
      await expect(bench.open(manualClock(NOON), clerk)).rejects.toThrow(/may not make "meterwall": .*\.$/);
      for (const name of ['meterwall', 'meterwall_rollup']) {
        await bench.influx.query(`CREATE DATABASE "${name}"`);
        await bench.influx.query(`GRANT ALL ON "${name}" TO "clerk"`);
      }
      const telemetry = await bench.open(manualClock(NOON), clerk);
      telemetry.write(minutes(1, NOON - 40 * MINUTE_MS, 5));
      await telemetry.settle();
      expect((await telemetry.trend(ask({})))[0]?.count).toBe(5);
      await telemetry.close();
    });

    test('of another generation than the settings say stops the start with a sentence', async () => {
      const bench = await startBench();
      const settings = { version: 2, url: bench.influx.url, name: 'meterwall', org: 'acme', token: SECRET } as const;
      const opening = openInfluxTelemetry({
        settings,
        clock: manualClock(NOON),
        log: silentLog,
        retentionDays: 30,
        zones: () => [],
        describe: () => undefined,
        descriptionsVersion: () => 1,
        folder: bench.folder,
      });
      await expect(opening).rejects.toThrow(/^INFLUX_URL=\S+ is InfluxDB 1\.6\.7\S* and the settings .*\.$/);
    });
  });

  describe('what InfluxDB does not take', () => {
    test('points of another type than before are refused and counted, their neighbours are kept', async () => {
      const bench = await startBench();
      const telemetry = await bench.open(manualClock(NOON));
      const body = `electric,meter_id=2 active_power_w="text" ${NOON - MINUTE_MS}`;
      const seeded = await fetch(`${bench.influx.url}/write?db=meterwall&precision=ms`, { method: 'POST', body });
      expect(seeded.status).toBe(204);
      telemetry.write([point(1, NOON, { activePowerW: 1 }), point(1, NOON, { energyWh: 2 })]);
      await telemetry.settle();
      expect(telemetry.figures()).toMatchObject({ written: 1, refused: 1, queued: 0 });
      await telemetry.close();
    });

    test('a batch that is too large is sent in parts', async () => {
      const bench = await startBench({ bodyBytesMax: 20_000 });
      const telemetry = await bench.open(manualClock(NOON));
      telemetry.write(
        Array.from({ length: BATCH_POINTS_MAX }, (_, index) => point(index + 1, NOON, { activePowerW: index })),
      );
      await telemetry.settle();
      expect(telemetry.figures()).toMatchObject({ written: BATCH_POINTS_MAX, refused: 0 });
      expect(await bench.count()).toBe(BATCH_POINTS_MAX);
      await telemetry.close();
    });
  });

  test('while InfluxDB hangs, readings are on disk within two seconds', async () => {
    const bench = await startBench();
    const clock = manualClock(NOON);
    const telemetry = await bench.open(clock);
    telemetry.write(minutes(1, NOON - 10 * MINUTE_MS, 5));
    await telemetry.settle();
    bench.influx.freeze();
    telemetry.write(minutes(1, NOON - 5 * MINUTE_MS, 5));
    const pass = async (ms: number) => {
      await nextTurn();
      clock.advance(ms);
    };
    const onDisk = async (records: number) => {
      await expect.poll(() => telemetry.figures().spool?.records, PATIENT).toBe(records);
    };
    await pass(1_000);
    await pass(1_000);
    await onDisk(1);
    telemetry.write(minutes(2, NOON - 5 * MINUTE_MS, 5));
    await pass(1_000);
    await onDisk(2);
    expect(telemetry.figures()).toMatchObject({ queued: 0, dropped: 0 });
    expect(telemetry.figures().storeDownSinceMs).toBeDefined();
    bench.influx.thaw();
    await expect.poll(() => telemetry.figures().storeDownSinceMs, PATIENT).toBeUndefined();
    await pass(1_000);
    await onDisk(0);
    expect(await bench.count()).toBe(15);
    expect(telemetry.figures()).toMatchObject({ written: 15, storeDownSinceMs: undefined });
    await telemetry.close();
  });
});
