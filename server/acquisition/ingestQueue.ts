import type { LineSink } from '#drivers/core/index.ts';
import type { IngestBatch, LineNews, MeterNews } from './types.ts';

/** News of meters that may wait for the next tick: five seconds of ten thousand readings each. */
export const INGEST_QUEUE_MAX = 50_000;
/** When the queue is full, so many of the oldest go at once, so that dropping costs less than reading. */
const DROP_AT_ONCE = 1_000;

/** What the lines say, until the next tick. Bounded: what is too much is dropped, oldest first, and counted. */
export class IngestQueue implements LineSink {
  #lines: LineNews[] = [];
  #meters: MeterNews[] = [];
  #readings = 0;
  #failures = 0;
  #dropped = 0;

  reading(reading: Parameters<LineSink['reading']>[0]): void {
    this.#readings += 1;
    this.#push({ kind: 'reading', reading });
  }

  meterFailed(meterId: number, _error: unknown, consecutive: number, atMs: number): void {
    this.#failures += 1;
    this.#push({ kind: 'failed', meterId, failures: consecutive, atMs });
  }

  lineLink(lineId: number, up: boolean, reason: string, atMs: number): void {
    this.line({ lineId, path: up ? 'up' : 'down', reason, atMs });
  }

  /** News of a line; as many as there are lines that change, so that they need no bound. */
  line(news: LineNews): void {
    this.#lines.push(news);
  }

  /** Everything since the last call. */
  take(): IngestBatch {
    const batch = { lines: this.#lines, meters: this.#meters };
    this.#lines = [];
    this.#meters = [];
    return batch;
  }

  get figures(): {
    readonly depth: number;
    readonly readings: number;
    readonly failures: number;
    readonly dropped: number;
  } {
    return {
      depth: this.#meters.length,
      readings: this.#readings,
      failures: this.#failures,
      dropped: this.#dropped,
    };
  }

  #push(news: MeterNews): void {
    if (this.#meters.length >= INGEST_QUEUE_MAX) {
      this.#meters.splice(0, DROP_AT_ONCE);
      this.#dropped += DROP_AT_ONCE;
    }
    this.#meters.push(news);
  }
}
