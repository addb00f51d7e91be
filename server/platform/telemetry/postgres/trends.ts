import sql from 'sql-template-tag';
import type { Db } from '../../db/index.ts';
import { bucketsOf, TREND_ROWS_MAX } from '../buckets.ts';
import { codeOf, columnOf } from '../columns.ts';
import type { MeterTrend, TrendBucket, TrendsQuery } from '../types.ts';
import { AT_MS, firstDirtyMs } from './trend.ts';

interface QuarterRow extends TrendBucket {
  readonly meterId: number;
}

/**
 * The same buckets as `readTrend` for many meters at once: from the quarter hours, and from raw rows, made quarter hours
 * on the way, where those are not rolled up yet.
 */
export async function readTrends(db: Db, query: TrendsQuery, nowMs: number): Promise<readonly MeterTrend[]> {
  const untilMs = Math.max(query.fromMs, Math.min(query.toMs, await firstDirtyMs(db, nowMs)));
  const rows = [...(await rolledUp(db, query, untilMs)), ...(await notYetRolledUp(db, query, untilMs))];
  const byMeter = Map.groupBy(rows, ({ meterId }) => meterId);
  const toBuckets = bucketsOf(query);
  return query.meterIds.map((meterId) => ({ meterId, buckets: toBuckets(byMeter.get(meterId) ?? []) }));
}

function rolledUp(db: Db, { meterIds, quantity, fromMs }: TrendsQuery, untilMs: number): Promise<QuarterRow[]> {
  if (fromMs >= untilMs) return Promise.resolve([]);
  const code = codeOf(quantity);
  return db.query<QuarterRow>(sql`
    select meter_id as "meterId", ${AT_MS}, counts[${code}::int] as count,
      sums[${code}::int] as sum, mins[${code}::int] as min, maxs[${code}::int] as max, lasts[${code}::int] as last
    from telemetry_15m
    where meter_id = any(${meterIds}::int[]) and at >= ${new Date(fromMs)} and at < ${new Date(untilMs)}
      and counts[${code}::int] > 0
    order by meter_id, at limit ${TREND_ROWS_MAX}`);
}

function notYetRolledUp(db: Db, { meterIds, quantity, toMs }: TrendsQuery, fromMs: number): Promise<QuarterRow[]> {
  if (fromMs >= toMs) return Promise.resolve([]);
  const column = columnOf(quantity);
  return db.query<QuarterRow>(sql`
    select meter_id as "meterId", (extract(epoch from date_bin('15 minutes', at, 'epoch')) * 1000)::float8 as "atMs",
      count(*)::int as count, sum(${column}) as sum, min(${column}) as min, max(${column}) as max,
      (array_agg(${column} order by at desc))[1] as last
    from telemetry_raw
    where meter_id = any(${meterIds}::int[]) and at >= ${new Date(fromMs)} and at < ${new Date(toMs)}
      and ${column} is not null
    group by meter_id, date_bin('15 minutes', at, 'epoch')
    order by 1, 2 limit ${TREND_ROWS_MAX}`);
}
