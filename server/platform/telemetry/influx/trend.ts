import { TREND_ROWS_MAX, toBuckets } from '../buckets.ts';
import { columnName } from '../columns.ts';
import type { LoadBucket, LoadQuery, TrendBucket, TrendQuery } from '../types.ts';
import type { InfluxClient, InfluxSeries } from './client.ts';
import type { DirtyTimes } from './dirtyTimes.ts';
import { AGGREGATES, DAY_SUFFIX, METER_TAG, type Medium, QUARTER_SUFFIX } from './names.ts';
import { metersClause } from './rollUp.ts';

/** Meters whose load is asked for in one question. */
const LOAD_METERS_A_QUERY = 500;

export interface TrendDeps {
  readonly client: InfluxClient;
  readonly dirty: DirtyTimes;
  readonly raw: string;
  readonly rollUps: string;
  readonly mediumOf: (meterId: number) => Medium;
  readonly nowMs: () => number;
}

/**
 * Buckets of one quantity of one meter, oldest first. Each part of the time comes from the coarsest roll-up that has
 * it: days, then quarter hours of days not yet rolled up, then raw rows of quarter hours not yet rolled up.
 */
export async function readTrend(deps: TrendDeps, query: TrendQuery): Promise<readonly TrendBucket[]> {
  const { fromMs, toMs, step, calendar } = query;
  if (step === 'raw' || step === '1m') return toBuckets(await rawRows(deps, query, fromMs, toMs), query);
  const quartersUntilMs = deps.dirty.firstQuarterMs(deps.nowMs());
  const daysUntilMs =
    step === '1d' ? Math.min(deps.dirty.firstDayMs(calendar.timeZone), calendar.startOfDay(quartersUntilMs)) : fromMs;
  const parts = await Promise.all([
    step === '1d' ? rollUpRows(deps, query, DAY_SUFFIX, fromMs, Math.min(toMs, daysUntilMs)) : [],
    rollUpRows(deps, query, QUARTER_SUFFIX, Math.max(fromMs, daysUntilMs), Math.min(toMs, quartersUntilMs)),
    rawRows(deps, query, Math.max(fromMs, quartersUntilMs), toMs),
  ]);
  return toBuckets(parts.flat(), query);
}

/** The sum over meters of their mean load in each quarter of an hour, oldest first. */
export async function readLoad(deps: TrendDeps, query: LoadQuery): Promise<readonly LoadBucket[]> {
  const { meterIds, fromMs, toMs } = query;
  const untilMs = Math.min(toMs, deps.dirty.firstQuarterMs(deps.nowMs()));
  const field = columnName('activePowerW');
  const loads = new Map<number, number>();
  for (let at = 0; at < meterIds.length; at += LOAD_METERS_A_QUERY) {
    const ids = meterIds.slice(at, at + LOAD_METERS_A_QUERY);
    const rolled = { database: deps.rollUps, from: `electric${QUARTER_SUFFIX}`, field: `${field}_mean` };
    await addLoads(deps, { ...rolled, fromMs, toMs: untilMs }, ids, loads);
    const raw = { database: deps.raw, from: 'electric', field };
    await addLoads(deps, { ...raw, fromMs: Math.max(fromMs, untilMs), toMs }, ids, loads);
  }
  return [...loads].toSorted(([a], [b]) => a - b).map(([atMs, loadW]) => ({ atMs, loadW }));
}

/** Mean of the daily peak loads per meter since an instant, W. */
export async function readUsualPeaks(deps: TrendDeps, sinceMs: number): Promise<ReadonlyMap<number, number>> {
  const series = await deps.client.query(
    deps.rollUps,
    `SELECT mean("${columnName('activePowerW')}_max") FROM "electric${DAY_SUFFIX}" WHERE time >= ${sinceMs}ms GROUP BY "${METER_TAG}"`,
  );
  return new Map(series.map(({ tags, values }) => [Number(tags?.[METER_TAG]), Number(values[0]?.[1])]));
}

interface LoadPart {
  readonly database: string;
  readonly from: string;
  readonly field: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A meter that was renamed within a quarter hour has two series then; its mean counts once all the same. */
async function addLoads(
  { client }: TrendDeps,
  { database, from, field, fromMs, toMs }: LoadPart,
  meterIds: readonly number[],
  loads: Map<number, number>,
): Promise<void> {
  if (fromMs >= toMs) return;
  const [series] = await client.query(
    database,
    `SELECT sum("w") FROM (SELECT mean("${field}") AS "w" FROM "${from}"
      WHERE time >= ${fromMs}ms AND time < ${toMs}ms AND (${metersClause(meterIds)})
      GROUP BY time(15m), "${METER_TAG}" fill(none))
    WHERE time >= ${fromMs}ms AND time < ${toMs}ms GROUP BY time(15m) fill(none)`,
  );
  for (const [atMs, loadW] of series?.values ?? []) {
    if (typeof loadW === 'number') loads.set(Number(atMs), (loads.get(Number(atMs)) ?? 0) + loadW);
  }
}

async function rawRows(deps: TrendDeps, query: TrendQuery, fromMs: number, toMs: number) {
  if (fromMs >= toMs) return [];
  const [series] = await deps.client.query(
    deps.raw,
    `SELECT "${columnName(query.quantity)}" FROM "${deps.mediumOf(query.meterId)}" ${where(query, fromMs, toMs)}`,
  );
  return (series?.values ?? []).map(([atMs, value]): TrendBucket => {
    const last = Number(value);
    return { atMs: Number(atMs), count: 1, sum: last, min: last, max: last, last };
  });
}

async function rollUpRows(deps: TrendDeps, query: TrendQuery, suffix: string, fromMs: number, toMs: number) {
  if (fromMs >= toMs) return [];
  const fields = AGGREGATES.map((aggregate) => `"${columnName(query.quantity)}_${aggregate}"`).join(', ');
  const [series] = await deps.client.query(
    deps.rollUps,
    `SELECT ${fields} FROM "${deps.mediumOf(query.meterId)}${suffix}" ${where(query, fromMs, toMs)}`,
  );
  return (series?.values ?? []).map(toBucket);
}

/** A row of time, count, mean, min, max and last, as AGGREGATES names them. */
export function toBucket([atMs, count, mean, min, max, last]: InfluxSeries['values'][number]): TrendBucket {
  const sum = Number(count) * Number(mean);
  return { atMs: Number(atMs), count: Number(count), sum, min: Number(min), max: Number(max), last: Number(last) };
}

function where({ meterId }: TrendQuery, fromMs: number, toMs: number): string {
  return `WHERE "${METER_TAG}"='${meterId}' AND time >= ${fromMs}ms AND time < ${toMs}ms LIMIT ${TREND_ROWS_MAX}`;
}
