import type { ZonedCalendar } from './calendar.ts';

/** Hours in which supply may be cut, local time of the property. `toMinute` is exclusive; 1440 is midnight. */
export interface CutWindow {
  /** 1 Monday … 7 Sunday. */
  readonly weekdays: readonly number[];
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** When a property lets supply be cut. */
export interface CutHours {
  /** Empty: at any hour of a day that is no holiday. */
  readonly cutAllowed: readonly CutWindow[];
  /** Local dates (`2026-10-01`) on which nothing is cut, whatever the windows say. */
  readonly holidays: readonly string[];
  /** Saturdays and Sundays that are worked: they have the hours of the week's first day that has any. */
  readonly extraWorkdays: readonly string[];
}

/** A property that allows no hour within so many days allows none. */
export const CUT_SEARCH_DAYS_MAX = 400;

/** A time without cuts that began longer ago counts as begun then. */
export const NO_CUT_LOOK_BACK_MS = 31 * 86_400_000;

const MINUTE_MS = 60_000;
const QUARTER_HOUR_MS = 15 * MINUTE_MS;
const DAY_MINUTES = 1_440;

/** May supply be cut at this instant? */
export function mayCutAt(hours: CutHours, calendar: ZonedCalendar, atMs: number): boolean {
  const localMs = atMs + calendar.offsetMs(atMs);
  const minute = Math.floor(localMs / MINUTE_MS) % DAY_MINUTES;
  return windowsOf(hours, localMs).some(({ fromMinute, toMinute }) => fromMinute <= minute && minute < toMinute);
}

/** The first instant at or after `fromMs` at which supply may be cut; undefined when there is none in a year. */
export function nextCutMs(hours: CutHours, calendar: ZonedCalendar, fromMs: number): number | undefined {
  if (mayCutAt(hours, calendar, fromMs)) return fromMs;
  let dayMs = calendar.startOfDay(fromMs);
  for (let day = 0; day <= CUT_SEARCH_DAYS_MAX; day += 1) {
    const nextDayMs = calendar.startOfDayAfter(dayMs, 1);
    const starts = startsWithin(hours, calendar, dayMs, nextDayMs).filter(
      (atMs) => atMs > fromMs && mayCutAt(hours, calendar, atMs),
    );
    if (starts.length > 0) return Math.min(...starts);
    dayMs = nextDayMs;
  }
  return undefined;
}

/** A time in which supply may not be cut; `untilMs` is exclusive. */
export interface NoCutPeriod {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * The time without cuts that runs at `nowMs`, or the first one that begins within `leadMs` after it. Undefined where there is
 * none, and where it never ends: nothing can be given an end then.
 */
export function noCutPeriod(
  hours: CutHours,
  calendar: ZonedCalendar,
  nowMs: number,
  leadMs: number,
): NoCutPeriod | undefined {
  const thisMinuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const runs = !mayCutAt(hours, calendar, nowMs);
  const fromMs = runs
    ? startOfPeriod(hours, calendar, thisMinuteMs)
    : firstWithout(hours, calendar, thisMinuteMs, nowMs + leadMs);
  if (fromMs === undefined) return undefined;
  const untilMs = nextCutMs(hours, calendar, Math.max(fromMs, nowMs));
  return untilMs === undefined ? undefined : { fromMs, untilMs };
}

/** The first minute of the time without cuts that holds this minute. */
function startOfPeriod(hours: CutHours, calendar: ZonedCalendar, minuteMs: number): number {
  const earliestMs = minuteMs - NO_CUT_LOOK_BACK_MS;
  let fromMs = minuteMs;
  while (fromMs > earliestMs && !mayCutAt(hours, calendar, fromMs - MINUTE_MS)) fromMs -= MINUTE_MS;
  return fromMs;
}

function firstWithout(hours: CutHours, calendar: ZonedCalendar, minuteMs: number, untilMs: number): number | undefined {
  for (let atMs = minuteMs + MINUTE_MS; atMs <= untilMs; atMs += MINUTE_MS) {
    if (!mayCutAt(hours, calendar, atMs)) return atMs;
  }
  return undefined;
}

/** Instants of a day at which a window may begin: where the clock shows its first minute, and where the clock jumps. */
function startsWithin(hours: CutHours, calendar: ZonedCalendar, dayMs: number, nextDayMs: number): readonly number[] {
  const firstOffsetMs = calendar.offsetMs(dayMs);
  const lastOffsetMs = calendar.offsetMs(nextDayMs - 1);
  const localMs = dayMs + firstOffsetMs;
  const dateMs = localMs - (localMs % (DAY_MINUTES * MINUTE_MS));
  const shown = windowsOf(hours, localMs).flatMap(({ fromMinute }) =>
    [firstOffsetMs, lastOffsetMs].map((offsetMs) => dateMs + fromMinute * MINUTE_MS - offsetMs),
  );
  const jumps: number[] = [];
  if (firstOffsetMs !== lastOffsetMs) {
    for (let atMs = dayMs; atMs < nextDayMs; atMs += QUARTER_HOUR_MS) jumps.push(atMs);
  }
  return [dayMs, ...shown, ...jumps].filter((atMs) => atMs >= dayMs && atMs < nextDayMs);
}

const ALL_DAY: readonly Pick<CutWindow, 'fromMinute' | 'toMinute'>[] = [{ fromMinute: 0, toMinute: DAY_MINUTES }];

/** Windows of the local day that holds `localMs` (local time as if it were UTC). */
function windowsOf(hours: CutHours, localMs: number): readonly Pick<CutWindow, 'fromMinute' | 'toMinute'>[] {
  const local = new Date(localMs);
  const date = local.toISOString().slice(0, 10);
  if (hours.holidays.includes(date)) return [];
  if (hours.cutAllowed.length === 0) return ALL_DAY;
  const weekday = hours.extraWorkdays.includes(date) ? firstWeekday(hours.cutAllowed) : local.getUTCDay() || 7;
  return hours.cutAllowed.filter(({ weekdays }) => weekdays.includes(weekday));
}

function firstWeekday(windows: readonly CutWindow[]): number {
  return Math.min(...windows.flatMap(({ weekdays }) => weekdays));
}
