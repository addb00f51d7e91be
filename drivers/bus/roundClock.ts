import type { PolledMeter } from './polledMeter.ts';

/**
 * Measures complete rounds: the time the line was busy from one visit of every meter that answers to the next. Waiting
 * for the period to pass is not counted, so the figure compares with the wire's limit.
 */
export class RoundClock {
  /** Busy time of the last complete round, ms. */
  lastMs: number | undefined;
  #round = 0;
  #visited = 0;
  #busyMs = 0;

  /** Time on the wire, and the pause after it, of one frame of a poll. */
  spent(ms: number): void {
    this.#busyMs += ms;
  }

  /** A poll of `polled` ended. `answering` is how many meters are not in back-off. */
  visited(polled: PolledMeter, answering: number): void {
    if (polled.round !== this.#round && !polled.failing) {
      polled.round = this.#round;
      this.#visited += 1;
    }
    if (this.#visited === 0 || this.#visited < answering) return;
    this.lastMs = this.#busyMs;
    this.#busyMs = 0;
    this.#visited = 0;
    this.#round += 1;
  }

  /** The line was down or its meters changed: what was measured so far is no round. */
  restart(): void {
    this.#busyMs = 0;
    this.#visited = 0;
    this.#round += 1;
  }
}
