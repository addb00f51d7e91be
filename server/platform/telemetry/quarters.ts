import type { ZonedCalendar } from '#domain/calendar.ts';

export const QUARTER_MS = 15 * 60_000;
export const DAY_MS = 86_400_000;
/** A quarter hour is rolled up so long after its end, a day so long after its last quarter hour. */
export const ROLL_AFTER_MS = 30_000;
export const DAY_AFTER_MS = 60_000;
/** What claims to be from later than this many days ahead is refused: a clock that went wrong, not a reading. */
export const DAYS_AHEAD = 2;

/** Meters of one time zone, whose days begin at the same instant. */
export interface ZoneMeters {
  readonly calendar: ZonedCalendar;
  readonly meterIds: readonly number[];
}

export function startOfQuarter(atMs: number): number {
  return Math.floor(atMs / QUARTER_MS) * QUARTER_MS;
}

/** The quarter hours that points fall into, each once. */
export function quartersOf(points: readonly { readonly atMs: number }[]): ReadonlySet<number> {
  return new Set(points.map(({ atMs }) => startOfQuarter(atMs)));
}
