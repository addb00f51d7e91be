import sql, { join, raw } from 'sql-template-tag';
import type { Db } from '../db/index.ts';
import { COLUMNS, columnValue } from './columns.ts';
import type { Partitions } from './partitions.ts';
import { QUARTER_MS } from './rollUp.ts';
import type { TelemetryPoint } from './types.ts';

/** Points that wait while Postgres is down: about an hour of three thousand meters. Beyond it the oldest are dropped. */
export const QUEUE_POINTS_MAX = 200_000;
/** Points in one statement. */
export const BATCH_POINTS_MAX = 2_000;

/** A bounded queue in front of `telemetry_raw`. One batch at a time; a batch that failed stays first in line. */
export class WriteQueue {
  readonly #db: Db;
  readonly #partitions: Partitions;
  #points: TelemetryPoint[] = [];
  #written = 0;
  #dropped = 0;
  #refused = 0;

  constructor(db: Db, partitions: Partitions) {
    this.#db = db;
    this.#partitions = partitions;
  }

  get figures(): {
    readonly queued: number;
    readonly written: number;
    readonly dropped: number;
    readonly refused: number;
  } {
    return { queued: this.#points.length, written: this.#written, dropped: this.#dropped, refused: this.#refused };
  }

  push(points: readonly TelemetryPoint[]): void {
    for (const point of points) this.#points.push(point);
    const excess = this.#points.length - QUEUE_POINTS_MAX;
    if (excess <= 0) return;
    this.#points.splice(0, excess);
    this.#dropped += excess;
  }

  /** Writes everything that is queued. Rejects when Postgres cannot; what was not written stays queued. */
  async drain(nowMs: number): Promise<void> {
    while (this.#points.length > 0) {
      const batch = this.#points.slice(0, BATCH_POINTS_MAX);
      const kept = batch.filter((point) => this.#isKept(point, nowMs));
      const droppedBefore = this.#dropped;
      const refused = (await this.#insert(kept)) ? batch.length - kept.length : batch.length;
      // What was pushed out meanwhile was at the head, where this batch was.
      this.#points.splice(0, Math.max(0, batch.length - (this.#dropped - droppedBefore)));
      this.#refused += refused;
      this.#written += batch.length - refused;
    }
  }

  #isKept(point: TelemetryPoint, nowMs: number): boolean {
    return point.atMs >= this.#partitions.oldestMs(nowMs) && point.atMs < this.#partitions.newestMs(nowMs);
  }

  /** False when Postgres refuses the rows themselves: sending them again would block the queue for ever. */
  async #insert(points: readonly TelemetryPoint[]): Promise<boolean> {
    if (points.length === 0) return true;
    try {
      await this.#partitions.ensure(points.map(({ atMs }) => atMs));
      await insertRaw(this.#db, points);
      return true;
    } catch (error) {
      if (isDataError(error)) return false;
      throw error;
    }
  }
}

/** One statement for the rows, one for their quarter hours: both or none, so that no row escapes its roll-up. */
async function insertRaw(db: Db, points: readonly TelemetryPoint[]): Promise<void> {
  const names = raw(COLUMNS.map(({ name }) => name).join(', '));
  const arrays = COLUMNS.map(
    ({ quantity }) => sql`${points.map((point) => columnValue(point, quantity))}::double precision[]`,
  );
  const quarters = new Set(points.map(({ atMs }) => Math.floor(atMs / QUARTER_MS) * QUARTER_MS));
  await db.tx(async (tx) => {
    await tx.query(sql`
      insert into telemetry_raw (meter_id, at, ${names})
      select * from unnest(${points.map(({ meterId }) => meterId)}::int[],
        ${points.map(({ atMs }) => new Date(atMs))}::timestamptz[], ${join(arrays)})
      on conflict (meter_id, at) do nothing`);
    await tx.query(sql`
      insert into telemetry_dirty_15m (at)
      select unnest(${[...quarters].map((quarter) => new Date(quarter))}::timestamptz[])
      on conflict (at) do update set version = telemetry_dirty_15m.version + 1`);
  });
}

/** SQLSTATE classes 22 (data exception) and 23 (integrity): the rows are at fault, not the connection. */
function isDataError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('22') || code.startsWith('23');
}
