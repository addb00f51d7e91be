/** Wall-clock arithmetic in a property's time zone, by Intl alone: the browser's own zone never shows through. */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Largest distance between a zone's wall clock and UTC, with room to spare. */
const OFFSET_MAX_MS = 16 * 3_600_000;

export interface WallClock {
  readonly year: number;
  /** 1–12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function partsFormatter(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

/** Wall clock of an instant (ms, UTC) in `timeZone` (IANA name). Throws RangeError for an unknown zone. */
export function wallClock(atMs: number, timeZone: string): WallClock {
  const found: Record<string, number> = {};
  for (const part of partsFormatter(timeZone).formatToParts(atMs)) found[part.type] = Number(part.value);
  const of = (name: string) => found[name] ?? 0;
  return {
    year: of('year'),
    month: of('month'),
    day: of('day'),
    hour: of('hour'),
    minute: of('minute'),
    second: of('second'),
  };
}

/** How far the zone's wall clock is ahead of UTC at an instant, ms. */
export function zoneOffsetMs(atMs: number, timeZone: string): number {
  const wall = wallClock(atMs, timeZone);
  const asUtcMs = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
  return asUtcMs - Math.floor(atMs / 1_000) * 1_000;
}

/**
 * The instant at which the zone's clock shows this wall time; of two (clock set back) the first,
 * of none (clock set forward) the instant of the change.
 */
export function instantOf(wall: { year: number; month: number; day: number; hour?: number }, timeZone: string): number {
  const asUtcMs = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour ?? 0);
  const before = asUtcMs - zoneOffsetMs(asUtcMs - OFFSET_MAX_MS, timeZone);
  if (zoneOffsetMs(before, timeZone) === asUtcMs - before) return before;
  return asUtcMs - zoneOffsetMs(asUtcMs + OFFSET_MAX_MS, timeZone);
}

/** Start of the local day `dayShift` days away from the day of `atMs`. */
export function localDayStart(atMs: number, timeZone: string, dayShift = 0): number {
  const { year, month, day } = wallClock(atMs, timeZone);
  return instantOf({ year, month, day: day + dayShift }, timeZone);
}

export type TickStep = 'hours3' | 'day' | 'days' | 'month';

/** The step that keeps labels apart for a span of this length. */
export function tickStep(spanMs: number): TickStep {
  if (spanMs <= 2 * DAY_MS) return 'hours3';
  if (spanMs <= 10 * DAY_MS) return 'day';
  return spanMs <= 62 * DAY_MS ? 'days' : 'month';
}

/** Round instants of the zone's own clock between two instants (both ms): axis labels go there. */
export function timeTicks(fromMs: number, toMs: number, timeZone: string): readonly number[] {
  const step = tickStep(toMs - fromMs);
  const start = wallClock(fromMs, timeZone);
  const ticks: number[] = [];
  for (let index = 0; index < TICKS_MAX; index += 1) {
    const atMs = instantOf(tickWall(start, step, index), timeZone);
    if (atMs > toMs) break;
    if (atMs >= fromMs && atMs - (ticks.at(-1) ?? Number.NEGATIVE_INFINITY) >= MINUTE_MS) ticks.push(atMs);
  }
  return ticks;
}

/** More would be a mistake in the range, not a longer axis. */
const TICKS_MAX = 64;
/** Days between labels of a month's chart. */
const DAYS_STEP = 3;
const HOURS_STEP = 3;

function tickWall(start: WallClock, step: TickStep, index: number) {
  const { year, month, day } = start;
  switch (step) {
    case 'hours3':
      return { year, month, day, hour: index * HOURS_STEP };
    case 'day':
      return { year, month, day: day + index };
    case 'days':
      return { year, month, day: day + index * DAYS_STEP };
    case 'month':
      return { year, month: month + index, day: 1 };
  }
}
