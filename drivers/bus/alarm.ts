import type { Clock, TimerHandle } from '#drivers/core/index.ts';

/**
 * A timer that is moved often and fires rarely, as deadlines do. It leaves the running timer alone when the moment is
 * put off and looks again when that one fires: a frame's deadline costs an assignment, not a timer.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #callback: () => void;
  #targetMs: number | undefined;
  #timer: TimerHandle | undefined;
  #firesMs = 0;

  constructor(clock: Clock, callback: () => void) {
    this.#clock = clock;
    this.#callback = callback;
  }

  /** Calls back once at `atMs` of monotonic time; replaces an earlier moment. */
  set(atMs: number): void {
    this.#targetMs = atMs;
    if (this.#timer !== undefined && this.#firesMs <= atMs) return;
    this.#arm(atMs);
  }

  /** Forgets the moment. The timer may still wake once, for nothing. */
  clear(): void {
    this.#targetMs = undefined;
  }

  /** Forgets the moment and the timer: nothing is left that keeps a process alive. */
  stop(): void {
    this.#targetMs = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(atMs: number): void {
    this.#timer?.cancel();
    this.#firesMs = atMs;
    // Whole milliseconds, rounded up: timers know no others, and one that fires a hair early only costs another.
    const delayMs = Math.ceil(Math.max(0, atMs - this.#clock.monotonicMs()));
    this.#timer = this.#clock.after(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    if (this.#targetMs === undefined) return;
    if (this.#clock.monotonicMs() < this.#targetMs) {
      this.#arm(this.#targetMs);
      return;
    }
    this.#targetMs = undefined;
    this.#callback();
  }
}
