import sql, { type Sql } from 'sql-template-tag';
import type { Db } from '../../db/index.ts';
import { TREND_ROWS_MAX, toBuckets } from '../buckets.ts';
import { codeOf, columnOf } from '../columns.ts';
import { startOfQuarter } from '../quarters.ts';
import type { LoadBucket, LoadQuery, TrendBucket, TrendQuery } from '../types.ts';

/** Instants come as ms: a Date for each of a year's quarter hours would cost as much as all its figures. */
const AT_MS = sql`round(date_part('epoch', at) * 1000) as "atMs"`;

/**
 * Buckets of one quantity of one meter, oldest first. Each part of the time comes from the coarsest table that has it:
 * days, then quarter hours of days not yet rolled up, then raw rows of quarter hours not yet rolled up.
 */
export async function readTrend(db: Db, query: TrendQuery, nowMs: number): Promise<readonly TrendBucket[]> {
  const { fromMs, toMs, step } = query;
  if (step === 'raw' || step === '1m') return toBuckets(await rawRows(db, query, fromMs, toMs), query);
  const quartersUntilMs = await firstDirtyMs(db, nowMs);
  const daysUntilMs = step === '1d' ? await firstDirtyDayMs(db, query, quartersUntilMs) : fromMs;
  const rows = [
    ...(step === '1d' ? await rollUpRows(db, query, 'telemetry_1d', fromMs, Math.min(toMs, daysUntilMs)) : []),
    ...(await rollUpRows(db, query, 'telemetry_15m', Math.max(fromMs, daysUntilMs), Math.min(toMs, quartersUntilMs))),
    ...(await rawRows(db, query, Math.max(fromMs, quartersUntilMs), toMs)),
  ];
  return toBuckets(rows, query);
}

/** The sum over meters of their mean load in each quarter of an hour, oldest first. */
export async function readLoad(db: Db, query: LoadQuery, nowMs: number): Promise<readonly LoadBucket[]> {
  const untilMs = Math.min(query.toMs, await firstDirtyMs(db, nowMs));
  const ids = query.meterIds;
  const code = codeOf('activePowerW');
  const rows = await db.query<{ at: Date; load_w: number }>(sql`
    select at, sum(mean_w) as load_w from (
      select at, sums[${code}::int] / nullif(counts[${code}::int], 0) as mean_w from telemetry_15m
      where meter_id = any(${ids}::int[]) and at >= ${new Date(query.fromMs)} and at < ${new Date(untilMs)}
      union all
      select date_bin('15 minutes', at, 'epoch'), avg(${columnOf('activePowerW')}) from telemetry_raw
      where meter_id = any(${ids}::int[])
        and at >= ${new Date(Math.max(query.fromMs, untilMs))} and at < ${new Date(query.toMs)}
      group by meter_id, date_bin('15 minutes', at, 'epoch')
    ) as meters where mean_w is not null group by at order by at`);
  return rows.map((row) => ({ atMs: row.at.getTime(), loadW: row.load_w }));
}

/** Mean of the daily peak loads per meter since an instant, W. */
export async function readUsualPeaks(db: Db, sinceMs: number): Promise<ReadonlyMap<number, number>> {
  const code = codeOf('activePowerW');
  const rows = await db.query<{ meter_id: number; peak_w: number }>(sql`
    select meter_id, avg(maxs[${code}::int]) as peak_w from telemetry_1d
    where at >= ${new Date(sinceMs)} and maxs[${code}::int] is not null group by meter_id`);
  return new Map(rows.map((row) => [row.meter_id, row.peak_w]));
}

/** Until here quarter hours are rolled up. */
export async function firstDirtyMs(db: Db, nowMs: number): Promise<number> {
  const [row] = await db.query<{ at: Date | null }>(sql`select min(at) as at from telemetry_dirty_15m`);
  return row?.at?.getTime() ?? startOfQuarter(nowMs);
}

async function firstDirtyDayMs(db: Db, query: TrendQuery, quartersUntilMs: number): Promise<number> {
  const { calendar } = query;
  const [row] = await db.query<{ at: Date | null }>(
    sql`select min(at) as at from telemetry_dirty_1d where time_zone = ${calendar.timeZone}`,
  );
  return Math.min(row?.at?.getTime() ?? Number.POSITIVE_INFINITY, calendar.startOfDay(quartersUntilMs));
}

async function rawRows(db: Db, query: TrendQuery, fromMs: number, toMs: number): Promise<readonly TrendBucket[]> {
  if (fromMs >= toMs) return [];
  const column = columnOf(query.quantity);
  const rows = await db.query<{ atMs: number; value: number }>(sql`
    select ${AT_MS}, ${column} as value from telemetry_raw
    where meter_id = ${query.meterId} and at >= ${new Date(fromMs)} and at < ${new Date(toMs)} and ${column} is not null
    order by at limit ${TREND_ROWS_MAX}`);
  return rows.map(({ atMs, value }) => ({ atMs, count: 1, sum: value, min: value, max: value, last: value }));
}

async function rollUpRows(
  db: Db,
  query: TrendQuery,
  table: 'telemetry_15m' | 'telemetry_1d',
  fromMs: number,
  toMs: number,
): Promise<readonly TrendBucket[]> {
  if (fromMs >= toMs) return [];
  const code = codeOf(query.quantity);
  const source: Sql = table === 'telemetry_15m' ? sql`telemetry_15m` : sql`telemetry_1d`;
  return db.query<TrendBucket>(sql`
    select ${AT_MS}, counts[${code}::int] as count, sums[${code}::int] as sum, mins[${code}::int] as min,
      maxs[${code}::int] as max, lasts[${code}::int] as last
    from ${source} where meter_id = ${query.meterId} and at >= ${new Date(fromMs)} and at < ${new Date(toMs)}
      and counts[${code}::int] > 0
    order by at limit ${TREND_ROWS_MAX}`);
}
