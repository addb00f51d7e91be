import type { TelemetryBatch } from './store.ts';
import type { TelemetryPoint, TelemetryRecord } from './types.ts';

/** Readings in memory: those of the last second, or all that wait where there is no disk to put them on. */
export const QUEUE_POINTS_MAX = 200_000;
/** Figures beside them: ten minutes of three hundred lines. */
export const QUEUE_RECORDS_MAX = 20_000;
/** Readings in one batch: about a megabyte of line protocol, and what one statement of Postgres takes well. */
export const BATCH_POINTS_MAX = 2_000;

/** What was not handed on yet. Bounded: the oldest go first, counted. */
export class BatchQueue {
  #points: TelemetryPoint[] = [];
  #records: TelemetryRecord[] = [];
  #droppedPoints = 0;

  /** Readings that wait. */
  get points(): number {
    return this.#points.length;
  }

  get droppedPoints(): number {
    return this.#droppedPoints;
  }

  get isEmpty(): boolean {
    return this.#points.length === 0 && this.#records.length === 0;
  }

  push({ points, records }: TelemetryBatch): void {
    for (const point of points) this.#points.push(point);
    for (const record of records) this.#records.push(record);
    this.#bound();
  }

  /** The oldest batch; it is the caller's now. */
  take(): TelemetryBatch {
    return { points: this.#points.splice(0, BATCH_POINTS_MAX), records: this.#records.splice(0, BATCH_POINTS_MAX) };
  }

  /** Nobody took it after all. */
  putBack({ points, records }: TelemetryBatch): void {
    this.#points = [...points, ...this.#points];
    this.#records = [...records, ...this.#records];
    this.#bound();
  }

  #bound(): void {
    const excess = this.#points.length - QUEUE_POINTS_MAX;
    if (excess > 0) {
      this.#points.splice(0, excess);
      this.#droppedPoints += excess;
    }
    if (this.#records.length > QUEUE_RECORDS_MAX) this.#records.splice(0, this.#records.length - QUEUE_RECORDS_MAX);
  }
}
