import sql, { join, raw } from 'sql-template-tag';
import type { Db } from '../../db/index.ts';
import { COLUMNS, columnValue } from '../columns.ts';
import { quartersOf } from '../quarters.ts';
import type { TelemetryPoint } from '../types.ts';
import type { Partitions } from './partitions.ts';

/**
 * Writes points to `telemetry_raw`; one that is there already stays as it is. Resolves with the number refused: older or
 * newer than what is kept, or not to be stored at all. Rejects when Postgres cannot be written.
 */
export async function insertPoints(
  db: Db,
  partitions: Partitions,
  points: readonly TelemetryPoint[],
  nowMs: number,
): Promise<number> {
  const oldestMs = partitions.oldestMs(nowMs);
  const newestMs = partitions.newestMs(nowMs);
  const kept = points.filter(({ atMs }) => atMs >= oldestMs && atMs < newestMs);
  if (kept.length === 0) return points.length;
  try {
    await partitions.ensure(kept.map(({ atMs }) => atMs));
    await insertRaw(db, kept);
    return points.length - kept.length;
  } catch (error) {
    // Sent again, the same rows would be refused again and block the queue for ever.
    if (isDataError(error)) return points.length;
    throw error;
  }
}

/** One statement for the rows, one for their quarter hours: both or none, so that no row escapes its roll-up. */
async function insertRaw(db: Db, points: readonly TelemetryPoint[]): Promise<void> {
  // What none of them says is null by itself: most meters know about half of the quantities.
  const columns = COLUMNS.filter(({ quantity }) => points.some((point) => columnValue(point, quantity) !== null));
  const names = raw(['meter_id', 'at', ...columns.map(({ name }) => name)].join(', '));
  const arrays = join([
    sql`${points.map(({ meterId }) => meterId)}::int[]`,
    sql`${points.map(({ atMs }) => new Date(atMs))}::timestamptz[]`,
    ...columns.map(({ quantity }) => sql`${points.map((point) => columnValue(point, quantity))}::double precision[]`),
  ]);
  await db.tx(async (tx) => {
    await tx.query(sql`
      insert into telemetry_raw (${names}) select * from unnest(${arrays})
      on conflict (meter_id, at) do nothing`);
    await tx.query(sql`
      insert into telemetry_dirty_15m (at)
      select unnest(${[...quartersOf(points)].map((quarter) => new Date(quarter))}::timestamptz[])
      on conflict (at) do update set version = telemetry_dirty_15m.version + 1`);
  });
}

/** SQLSTATE classes 22 (data exception) and 23 (integrity): the rows are at fault, not the connection. */
function isDataError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('22') || code.startsWith('23');
}
