import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sql, { raw } from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '#server/platform/log.ts';
import { openSpool } from '#server/platform/spool/index.ts';
import { QUEUE_POINTS_MAX } from '#server/platform/telemetry/batchQueue.ts';
import { openPostgresTelemetry, type Telemetry } from '#server/platform/telemetry/index.ts';
import { type ManualClock, manualClock } from '../../support/manualClock.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { ask, DAY_MS, METER_IDS, MINUTE_MS, minutes, NOON, point, shanghai, telemetryLaws } from './laws.ts';

const SPOOL_BYTES = 1_000_000;
const clean = raw('truncate telemetry_raw, telemetry_15m, telemetry_1d, telemetry_dirty_15m, telemetry_dirty_1d');
const zones = () => [{ calendar: shanghai, meterIds: METER_IDS }];

describe('telemetry in Postgres', () => {
  telemetryLaws(async () => {
    const database = await createTestDatabase();
    const folder = mkdtempSync(join(tmpdir(), 'meterwall-telemetry-'));
    const { db, owner } = database;
    return {
      open: async (clock) => {
        const spool = await openSpool({ dir: join(folder, 'spool'), maxBytes: SPOOL_BYTES, log: silentLog });
        return openPostgresTelemetry({ db, clock, log: silentLog, retentionDays: 30, zones, spool });
      },
      async count() {
        const [row] = await db.query<{ count: number }>(sql`select count(*)::int as count from telemetry_raw`);
        return row?.count ?? 0;
      },
      async forgetRollUps() {
        await db.query(raw('truncate telemetry_15m, telemetry_1d'));
        await db.query(sql`
          insert into telemetry_dirty_15m (at)
          select distinct date_bin('15 minutes', at, 'epoch') from telemetry_raw on conflict do nothing`);
      },
      breakDown: async () => void (await owner.query(raw('alter table telemetry_raw rename to telemetry_away'))),
      mend: async () => void (await owner.query(raw('alter table telemetry_away rename to telemetry_raw'))),
      clear: async () => void (await db.query(clean)),
      async end() {
        await database.drop();
        rmSync(folder, { recursive: true });
      },
    };
  });
});

let database: TestDatabase;
let clock: ManualClock;
let telemetry: Telemetry;

const open = (retentionDays = 30): Telemetry =>
  openPostgresTelemetry({ db: database.db, clock, log: silentLog, retentionDays, zones });

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
  await database.db.query(clean);
});

describe('in Postgres', () => {
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

  describe('partitions', () => {
    const partitions = async (): Promise<string[]> =>
      (
        await database.db.query<{ name: string }>(sql`
          select relname::text as name from pg_inherits join pg_class on pg_class.oid = inhrelid
          where inhparent = 'telemetry_raw'::regclass order by relname`)
      ).map(({ name }) => name);
    const partitionOf = (daysFromNow: number): string =>
      `telemetry_raw_${new Date(NOON + daysFromNow * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}`;

    test('older than the retention are dropped, the days ahead are there before they come', async () => {
      telemetry.write([0, 1, 4, 5].map((days) => point(1, NOON - days * DAY_MS, { activePowerW: days })));
      await telemetry.settle();
      expect(await partitions()).toContain(partitionOf(-5));
      await telemetry.close();
      telemetry = open(4);
      await expect.poll(partitions).not.toContain(partitionOf(-5));
      expect(await partitions()).toEqual(expect.arrayContaining([partitionOf(-4), partitionOf(2)]));
      const kept = await telemetry.trend(ask({ step: 'raw', fromMs: NOON - 9 * DAY_MS }));
      expect(kept.map(({ last }) => last)).toEqual([4, 1, 0]);
    });
  });

  test('without a disk to wait on the queue in memory is bounded, the oldest go first and are counted', async () => {
    const excess = 3;
    await database.owner.query(raw('alter table telemetry_raw rename to telemetry_away'));
    telemetry.write(Array.from({ length: QUEUE_POINTS_MAX + excess }, (_, index) => point(index + 1, NOON, {})));
    expect(telemetry.figures()).toMatchObject({ queued: QUEUE_POINTS_MAX, dropped: excess });
    await expect(telemetry.settle()).rejects.toThrow();
    expect(telemetry.figures()).toMatchObject({ queued: QUEUE_POINTS_MAX, dropped: excess });
    await telemetry.close();
    await database.owner.query(raw('alter table telemetry_away rename to telemetry_raw'));
    telemetry = open();
  });
});
