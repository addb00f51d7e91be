import type { Clock } from '#drivers/core/index.ts';
import type { Log } from '../log.ts';
import { StoreBusyError } from './store.ts';

/** Pause after the first failure; it doubles with each further one. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;
/** A store may ask for more patience than we have, up to here. */
const RETRY_AFTER_MS_MAX = 300_000;

/** Whether the store could be written the last time, and when to try again. */
export class StoreHealth {
  readonly #clock: Clock;
  readonly #log: Log;
  #failures = 0;
  #pauseMs = 0;
  #retryAtMs = 0;
  #downSinceMs: number | undefined;
  #error: Error | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** All failures since start. */
  get failures(): number {
    return this.#failures;
  }

  get downSinceMs(): number | undefined {
    return this.#downSinceMs;
  }

  /** Why the store could not be written the last time. */
  get error(): Error | undefined {
    return this.#error;
  }

  get isUp(): boolean {
    return this.#downSinceMs === undefined;
  }

  /** False while it would only disturb. */
  get mayTry(): boolean {
    return this.#clock.monotonicMs() >= this.#retryAtMs;
  }

  succeeded(): void {
    if (this.#downSinceMs !== undefined) {
      const awayS = Math.round((this.#clock.nowMs() - this.#downSinceMs) / 1_000);
      this.#log.info('the telemetry store can be written again', { awayS });
    }
    this.#downSinceMs = undefined;
    this.#error = undefined;
    this.#pauseMs = 0;
    this.#retryAtMs = 0;
  }

  failed(error: Error): void {
    this.#failures += 1;
    if (this.#error?.message !== error.message) {
      this.#log.warn('telemetry waits, the store cannot be written', { reason: error.message });
    }
    this.#error = error;
    this.#downSinceMs ??= this.#clock.nowMs();
    this.#pauseMs = Math.min(Math.max(RETRY_MS, this.#pauseMs * 2), RETRY_MS_MAX);
    const askedMs = error instanceof StoreBusyError ? Math.min(error.retryAfterMs, RETRY_AFTER_MS_MAX) : 0;
    this.#retryAtMs = this.#clock.monotonicMs() + Math.max(this.#pauseMs, askedMs);
  }

  /** Takes long: as bad as down, but not to be asked again before it has answered. */
  slow(): void {
    this.#downSinceMs ??= this.#clock.nowMs();
  }

  /** The next try may be at once. */
  forgive(): void {
    this.#retryAtMs = 0;
  }
}
