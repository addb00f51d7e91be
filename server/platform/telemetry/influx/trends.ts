import { bucketsOf, TREND_ROWS_MAX } from '../buckets.ts';
import { columnName } from '../columns.ts';
import type { MeterTrend, TrendBucket, TrendsQuery } from '../types.ts';
import { AGGREGATES, METER_TAG, QUARTER_SUFFIX } from './names.ts';
import { metersClause } from './rollUp.ts';
import { type TrendDeps, toBucket } from './trend.ts';

/**
 * The same buckets as `readTrend` for many meters at once: from the quarter hours, and from raw rows, made quarter hours
 * on the way, where those are not rolled up yet.
 */
export async function readTrends(deps: TrendDeps, query: TrendsQuery): Promise<readonly MeterTrend[]> {
  const { meterIds, fromMs, toMs } = query;
  const untilMs = Math.max(fromMs, Math.min(toMs, deps.dirty.firstQuarterMs(deps.nowMs())));
  const field = columnName(query.quantity);
  const rows = new Map<number, TrendBucket[]>();
  for (const [medium, ids] of Map.groupBy(meterIds, deps.mediumOf)) {
    const rolled = AGGREGATES.map((aggregate) => `"${field}_${aggregate}"`).join(', ');
    await addRows(
      deps,
      deps.rollUps,
      `SELECT ${rolled} FROM "${medium}${QUARTER_SUFFIX}"`,
      '',
      [fromMs, untilMs],
      ids,
      rows,
    );
    const raw = AGGREGATES.map((aggregate) => `${aggregate}("${field}")`).join(', ');
    await addRows(deps, deps.raw, `SELECT ${raw} FROM "${medium}"`, 'time(15m), ', [untilMs, toMs], ids, rows);
  }
  const toBuckets = bucketsOf(query);
  return meterIds.map((meterId) => ({ meterId, buckets: toBuckets(rows.get(meterId) ?? []) }));
}

async function addRows(
  { client }: TrendDeps,
  database: string,
  select: string,
  groups: string,
  [fromMs, toMs]: readonly [number, number],
  meterIds: readonly number[],
  rows: Map<number, TrendBucket[]>,
): Promise<void> {
  if (fromMs >= toMs) return;
  const fill = groups === '' ? '' : 'fill(none)';
  const series = await client.query(
    database,
    `${select} WHERE time >= ${fromMs}ms AND time < ${toMs}ms AND (${metersClause(meterIds)})
    GROUP BY ${groups}"${METER_TAG}" ${fill} LIMIT ${TREND_ROWS_MAX}`,
  );
  for (const { tags, values } of series) {
    const meterId = Number(tags?.[METER_TAG]);
    rows.set(meterId, [...(rows.get(meterId) ?? []), ...values.map(toBucket)]);
  }
}
