import type { Clock } from '#drivers/core/index.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Asia/Shanghai: UTC+8 all year since 1991 (IANA tz database), so local time is plain arithmetic. */
const LOCAL_OFFSET_MS = 8 * HOUR_MS;

/** Local midnight number `day` (days since 1970-01-01 local) as ms since epoch. */
export function dayStartMs(day: number): number {
  return day * DAY_MS - LOCAL_OFFSET_MS;
}

/** The local day of an instant, as days since 1970-01-01. */
export function localDay(atMs: number): number {
  return Math.floor((atMs + LOCAL_OFFSET_MS) / DAY_MS);
}

/** Local hour of the day, 0–23. */
export function localHour(atMs: number): number {
  return Math.floor((atMs + LOCAL_OFFSET_MS - localDay(atMs) * DAY_MS) / HOUR_MS);
}

/** Weekday of a local day: 0 is Sunday. 1970-01-01 was a Thursday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** Local wall time as if it were UTC, for a meter's clock bytes and for calendar fields. */
export function localDate(atMs: number): Date {
  return new Date(atMs + LOCAL_OFFSET_MS);
}

/** The plant's own time: wall time at speed 1, faster on request. Never falls, whatever the machine's clock does. */
export class PlantTime {
  readonly speed: number;
  readonly #clock: Clock;
  readonly #startWallMs: number;
  readonly #startPlantMs: number;
  #lastMs: number;

  /**
   * @param atLeastMs plant time reached before a restart: registers must not fall, so time must not either
   * @param speed plant seconds per second, > 0
   */
  constructor(clock: Clock, speed: number, atLeastMs: number) {
    if (!(speed > 0) || !Number.isFinite(speed)) throw new RangeError(`speed must be above 0, not ${speed}`);
    this.speed = speed;
    this.#clock = clock;
    this.#startWallMs = clock.nowMs();
    this.#startPlantMs = Math.max(this.#startWallMs, atLeastMs);
    this.#lastMs = this.#startPlantMs;
  }

  /** Plant time, whole ms since epoch. */
  nowMs(): number {
    const now = Math.floor(this.#startPlantMs + (this.#clock.nowMs() - this.#startWallMs) * this.speed);
    if (now > this.#lastMs) this.#lastMs = now;
    return this.#lastMs;
  }
}
