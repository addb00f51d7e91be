import sql from 'sql-template-tag';
import type { Db } from '../../db/index.ts';
import { bucketsOf } from '../buckets.ts';
import { codeOf, columnOf } from '../columns.ts';
import type { MeterTrend, TrendBucket, TrendsQuery } from '../types.ts';
import { firstDirtyMs } from './trend.ts';

/** The quarter hours of one meter as JSON, in any order: FIGURES numbers for each. */
interface MeterRow {
  readonly meterId: number;
  readonly figures: string;
}

/** Start (s since epoch), count, sum, min, max and last. */
const FIGURES = 6;

/**
 * The same buckets as `readTrend` for many meters at once: from the quarter hours, and from raw rows, made quarter hours
 * on the way, where those are not rolled up yet. One row a meter: fifty thousand rows cost this process more than all
 * their numbers in one text.
 */
export async function readTrends(db: Db, query: TrendsQuery, nowMs: number): Promise<readonly MeterTrend[]> {
  const untilMs = Math.max(query.fromMs, Math.min(query.toMs, await firstDirtyMs(db, nowMs)));
  const rows = [...(await rolledUp(db, query, untilMs)), ...(await notYetRolledUp(db, query, untilMs))];
  const byMeter = Map.groupBy(rows, ({ meterId }) => meterId);
  const toBuckets = bucketsOf(query);
  return query.meterIds.map((meterId) => ({
    meterId,
    // Sorted here, where they are nearly so: Postgres would sort all meters together, on disk.
    buckets: toBuckets((byMeter.get(meterId) ?? []).flatMap(quartersOf).toSorted((a, b) => a.atMs - b.atMs)),
  }));
}

function quartersOf({ figures }: MeterRow): readonly TrendBucket[] {
  const numbers: readonly number[] = JSON.parse(figures);
  const quarters: TrendBucket[] = [];
  for (let at = 0; at < numbers.length; at += FIGURES) {
    const [atS = 0, count = 0, sum = 0, min = 0, max = 0, last = 0] = numbers.slice(at, at + FIGURES);
    quarters.push({ atMs: atS * 1_000, count, sum, min, max, last });
  }
  return quarters;
}

function rolledUp(db: Db, { meterIds, quantity, fromMs }: TrendsQuery, untilMs: number): Promise<MeterRow[]> {
  if (fromMs >= untilMs) return Promise.resolve([]);
  const code = codeOf(quantity);
  return db.query<MeterRow>(sql`
    select meter_id as "meterId", '[' || string_agg(concat_ws(',', date_part('epoch', at), counts[${code}::int],
      sums[${code}::int], mins[${code}::int], maxs[${code}::int], lasts[${code}::int]), ',') || ']' as figures
    from telemetry_15m
    where meter_id = any(${meterIds}::int[]) and at >= ${new Date(fromMs)} and at < ${new Date(untilMs)}
      and counts[${code}::int] > 0
    group by meter_id`);
}

function notYetRolledUp(db: Db, { meterIds, quantity, toMs }: TrendsQuery, fromMs: number): Promise<MeterRow[]> {
  if (fromMs >= toMs) return Promise.resolve([]);
  const column = columnOf(quantity);
  return db.query<MeterRow>(sql`
    select meter_id as "meterId",
      '[' || string_agg(concat_ws(',', date_part('epoch', at), count, sum, min, max, last), ',') || ']' as figures
    from (
      select meter_id, date_bin('15 minutes', at, 'epoch') as at, count(*) as count, sum(${column}) as sum,
        min(${column}) as min, max(${column}) as max, (array_agg(${column} order by at desc))[1] as last
      from telemetry_raw
      where meter_id = any(${meterIds}::int[]) and at >= ${new Date(fromMs)} and at < ${new Date(toMs)}
        and ${column} is not null
      group by 1, 2) as quarters
    group by meter_id`);
}
