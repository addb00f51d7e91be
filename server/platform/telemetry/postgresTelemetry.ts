import sql from 'sql-template-tag';
import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '../db/index.ts';
import type { Log } from '../log.ts';
import { repeat } from '../repeat.ts';
import { Partitions } from './partitions.ts';
import { rollUp, type ZoneMeters } from './rollUp.ts';
import { readLoad, readTrend, readUsualPeaks } from './trend.ts';
import type { Telemetry } from './types.ts';
import { WriteQueue } from './writeQueue.ts';

const WRITE_EVERY_MS = 1_000;
const WRITE_RETRY_MS_MAX = 30_000;
const ROLL_EVERY_MS = 60_000;
const RETAIN_EVERY_MS = 3_600_000;

export interface PostgresTelemetryDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Days of raw values to keep. */
  readonly retentionDays: number;
  /** All meters by time zone, asked at each roll-up. */
  readonly zones: () => readonly ZoneMeters[];
}

/**
 * Telemetry in Postgres. Points wait in memory while Postgres is down (bounded and counted; a spool on disk is not
 * there yet: points of an outage are lost when the server is stopped during it).
 */
export function openPostgresTelemetry(deps: PostgresTelemetryDeps): Telemetry {
  const { db, clock, log } = deps;
  const partitions = new Partitions(db, deps.retentionDays);
  const queue = new WriteQueue(db, partitions);
  let failures = 0;
  let storeDownSinceMs: number | undefined;

  const writing = repeat(clock, {
    everyMs: WRITE_EVERY_MS,
    retryMsMax: WRITE_RETRY_MS_MAX,
    async work() {
      await queue.drain(clock.nowMs());
      storeDownSinceMs = undefined;
    },
    failed(error) {
      failures += 1;
      storeDownSinceMs ??= clock.nowMs();
      log.warn('telemetry waits, the store cannot be written', { reason: error.message, queued: queue.figures.queued });
    },
  });
  const rolling = repeat(clock, {
    everyMs: ROLL_EVERY_MS,
    work: () => rollUp(db, deps.zones(), clock.nowMs()),
    failed: (error) => log.warn('telemetry was not rolled up', { reason: error.message }),
  });
  const retaining = repeat(clock, {
    everyMs: RETAIN_EVERY_MS,
    startNow: true,
    async work() {
      await partitions.ensureAhead(clock.nowMs());
      const dropped = await partitions.retain(clock.nowMs());
      if (dropped.length > 0) log.info('old telemetry dropped', { tables: dropped.join(' ') });
    },
    failed: (error) => log.warn('telemetry partitions were not tended', { reason: error.message }),
  });

  return {
    write: (points) => queue.push(points),
    note() {
      // Postgres keeps the readings only; /metrics tells the rest.
    },
    trend: (query) => readTrend(db, query, clock.nowMs()),
    load: (query) => readLoad(db, query, clock.nowMs()),
    usualPeaksW: (sinceMs) => readUsualPeaks(db, sinceMs),
    async isEmpty() {
      const [row] = await db.query<{ filled: boolean }>(
        sql`select exists (select from telemetry_raw) or exists (select from telemetry_1d) as filled`,
      );
      return row?.filled !== true;
    },
    async settle() {
      await writing.runNow();
      await rolling.runNow();
    },
    figures: () => ({ ...queue.figures, failures, spool: undefined, storeDownSinceMs }),
    async close() {
      await Promise.all([rolling.stop(), retaining.stop()]);
      await writing.stop();
      await queue.drain(clock.nowMs()).catch((error: Error) => {
        log.error('telemetry was lost at the stop', { reason: error.message, points: queue.figures.queued });
      });
    },
  };
}
