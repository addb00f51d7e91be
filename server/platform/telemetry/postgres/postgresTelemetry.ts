import sql from 'sql-template-tag';
import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '../../db/index.ts';
import type { Log } from '../../log.ts';
import { repeat } from '../../repeat.ts';
import type { Spool } from '../../spool/index.ts';
import type { ZoneMeters } from '../quarters.ts';
import type { TelemetryStore } from '../store.ts';
import { createTelemetry } from '../telemetry.ts';
import type { Telemetry } from '../types.ts';
import { insertPoints } from './insert.ts';
import { Partitions } from './partitions.ts';
import { rollUp } from './rollUp.ts';
import { readLoad, readTrend, readUsualPeaks } from './trend.ts';
import { readTrends } from './trends.ts';

const RETAIN_EVERY_MS = 3_600_000;

export interface PostgresTelemetryDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Days of raw values to keep. */
  readonly retentionDays: number;
  /** All meters by time zone, asked at each roll-up. */
  readonly zones: () => readonly ZoneMeters[];
  /** Where points wait while Postgres is down; without one they wait in memory. Closed with the telemetry. */
  readonly spool?: Spool | undefined;
}

/** Telemetry in Postgres. */
export function openPostgresTelemetry(deps: PostgresTelemetryDeps): Telemetry {
  const { clock, log, spool } = deps;
  return createTelemetry({ store: createPostgresStore(deps), spool, clock, log });
}

function createPostgresStore({ db, clock, log, retentionDays, zones }: PostgresTelemetryDeps): TelemetryStore {
  const partitions = new Partitions(db, retentionDays);
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
    keepsRecords: false,
    write: ({ points }) => insertPoints(db, partitions, points, clock.nowMs()),
    trend: (query) => readTrend(db, query, clock.nowMs()),
    trends: (query) => readTrends(db, query, clock.nowMs()),
    load: (query) => readLoad(db, query, clock.nowMs()),
    usualPeaksW: (sinceMs) => readUsualPeaks(db, sinceMs),
    async isEmpty() {
      const [row] = await db.query<{ filled: boolean }>(
        sql`select exists (select from telemetry_raw) or exists (select from telemetry_1d) as filled`,
      );
      return row?.filled !== true;
    },
    rollUp: () => rollUp(db, zones(), clock.nowMs()),
    close: () => retaining.stop(),
  };
}
