import type { PolledMeter } from './polledMeter.ts';

/**
 * Whose turn it is: live polls before registers, then whoever has been due for longest. Who has just been visited is
 * due last, so a line that is too slow still turns to everybody. The due times stand side by side, for they are looked
 * through before every frame.
 */
export class Rotation {
  /** Meters in back-off. */
  failing = 0;
  #meters: readonly PolledMeter[] = [];
  #liveMs = new Float64Array(0);
  /** Infinity: in back-off, where one frame is for everything. */
  #registersMs = new Float64Array(0);

  get meters(): readonly PolledMeter[] {
    return this.#meters;
  }

  replace(meters: readonly PolledMeter[]): void {
    for (const polled of this.#meters) polled.place = -1;
    this.#meters = meters;
    this.#liveMs = new Float64Array(meters.length);
    this.#registersMs = new Float64Array(meters.length);
    this.failing = 0;
    meters.forEach((polled, place) => {
      polled.place = place;
      this.moved(polled);
    });
  }

  /** To be told whenever a meter's due times or its back-off have changed. */
  moved(polled: PolledMeter): void {
    const { place } = polled;
    // Taken off the line while a visit to it was under way.
    if (place < 0) return;
    if (this.#registersMs[place] === Number.POSITIVE_INFINITY) this.failing -= 1;
    if (polled.failing) this.failing += 1;
    this.#liveMs[place] = polled.failing ? polled.backoffUntilMs : polled.live.dueMs;
    this.#registersMs[place] = polled.failing ? Number.POSITIVE_INFINITY : polled.registers.dueMs;
  }

  /** The meter to visit now; undefined when nobody is due. */
  next(nowMs: number): PolledMeter | undefined {
    return this.#meters[earliest(this.#liveMs, nowMs)] ?? this.#meters[earliest(this.#registersMs, nowMs)];
  }

  /** When somebody will be due; undefined without meters. */
  wakeMs(): number | undefined {
    if (this.#meters.length === 0) return undefined;
    const live = this.#liveMs[earliest(this.#liveMs, Number.POSITIVE_INFINITY)] ?? Number.POSITIVE_INFINITY;
    const registers = this.#registersMs[earliest(this.#registersMs, Number.MAX_VALUE)] ?? Number.POSITIVE_INFINITY;
    return Math.min(live, registers);
  }

  /** Meters that are due. */
  dueCount(nowMs: number): number {
    let count = 0;
    this.#meters.forEach((_, place) => {
      const dueMs = Math.min(this.#liveMs[place] ?? Number.NaN, this.#registersMs[place] ?? Number.NaN);
      if (dueMs <= nowMs) count += 1;
    });
    return count;
  }
}

/** Place of the earliest time that is not after `limitMs`; -1 when there is none. */
function earliest(timesMs: Float64Array, limitMs: number): number {
  let place = -1;
  let bestMs = limitMs;
  for (let index = 0; index < timesMs.length; index += 1) {
    const timeMs = timesMs[index] ?? Number.NaN;
    if (timeMs < bestMs || (place < 0 && timeMs <= bestMs)) {
      place = index;
      bestMs = timeMs;
    }
  }
  return place;
}
