/** When something periodic is due, in monotonic ms. Due at once when made, then on its own phase of the period. */
export class Slot {
  dueMs: number;
  #periodMs: number;
  #phaseMs: number;

  /** `phase` in [0, 1) places the slot within the period, so that a line's meters do not all come due together. */
  constructor(periodMs: number, phase: number, nowMs: number) {
    this.#periodMs = Math.max(1, periodMs);
    this.#phaseMs = phase * this.#periodMs;
    this.dueMs = nowMs;
  }

  /** Takes the slot at `nowMs` and moves on to the next. Returns how many whole periods it came too late. */
  take(nowMs: number): number {
    const missed = Math.max(0, Math.floor((nowMs - this.dueMs) / this.#periodMs));
    this.dueMs = this.#phaseMs + (Math.floor((nowMs - this.#phaseMs) / this.#periodMs) + 1) * this.#periodMs;
    return missed;
  }

  /** Due now: after an outage of the line everybody is, and nobody is to blame. */
  restart(nowMs: number): void {
    this.dueMs = nowMs;
  }
}
