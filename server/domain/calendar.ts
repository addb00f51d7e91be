/** Registers are held at every half hour of the property's clock. */
export const BILLING_INTERVAL_MS = 30 * 60_000;

const DAY_MS = 86_400_000;
/** Zones change their offset on quarter hours of UTC, so that one look serves a quarter of an hour. */
const OFFSET_HOLDS_MS = 15 * 60_000;
/** Offsets remembered for each zone: bills ask for the same starts of days and months again and again. */
const OFFSETS_KEPT_MAX = 4_096;

/** Days, months and billing instants as the clock on a property's wall shows them. Instants are ms since epoch, UTC. */
export interface ZonedCalendar {
  readonly timeZone: string;
  /** Local time minus UTC at an instant, ms. */
  offsetMs(atMs: number): number;
  /** First instant of the local day that holds `atMs`. Where midnight is skipped, the first instant after the gap. */
  startOfDay(atMs: number): number;
  /** First instant of the local month that holds `atMs`. */
  startOfMonth(atMs: number): number;
  /** Start of the local day `days` after (before, when negative) the one that holds `atMs`; 23, 24 or 25 hours each. */
  startOfDayAfter(atMs: number, days: number): number;
  /** The last full or half hour of the local clock at or before `atMs`. */
  billingInstant(atMs: number): number;
}

/** The calendar of an IANA time zone. Throws RangeError for a name that the runtime does not know. */
export function zonedCalendar(timeZone: string): ZonedCalendar {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const known = new Map<number, number>();

  function offsetMs(atMs: number): number {
    const quarterMs = Math.floor(atMs / OFFSET_HOLDS_MS) * OFFSET_HOLDS_MS;
    const found = known.get(quarterMs);
    if (found !== undefined) return found;
    if (known.size >= OFFSETS_KEPT_MAX) known.clear();
    const offset = localAsUtcMs(format, quarterMs) - quarterMs;
    known.set(quarterMs, offset);
    return offset;
  }

  /** The instant at which the local clock shows midnight of a date given as if it were UTC. */
  function midnight(dateAsUtcMs: number): number {
    const before = dateAsUtcMs - offsetMs(dateAsUtcMs - DAY_MS);
    const after = dateAsUtcMs - offsetMs(dateAsUtcMs + DAY_MS);
    const shown = [before, after].filter((instant) => instant + offsetMs(instant) === dateAsUtcMs);
    // Shown twice (clocks went back over midnight): the day began the first time. Never shown: after the gap.
    return shown.length > 0 ? Math.min(...shown) : before;
  }

  function localDate(atMs: number): Date {
    return new Date(atMs + offsetMs(atMs));
  }

  function startOfDayAfter(atMs: number, days: number): number {
    const local = localDate(atMs);
    return midnight(Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate() + days));
  }

  return {
    timeZone,
    offsetMs,
    startOfDayAfter,
    startOfDay: (atMs) => startOfDayAfter(atMs, 0),
    startOfMonth(atMs) {
      const local = localDate(atMs);
      return midnight(Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), 1));
    },
    billingInstant(atMs) {
      const offset = offsetMs(atMs);
      return Math.floor((atMs + offset) / BILLING_INTERVAL_MS) * BILLING_INTERVAL_MS - offset;
    },
  };
}

function localAsUtcMs(format: Intl.DateTimeFormat, atMs: number): number {
  const part = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
  const field = (name: Intl.DateTimeFormatPartTypes): number => part.get(name) ?? 0;
  return Date.UTC(field('year'), field('month') - 1, field('day'), field('hour'), field('minute'), field('second'));
}

/** Calendars by zone, made once each: a formatter costs more than a thousand look-ups. */
export function createCalendars(): (timeZone: string) => ZonedCalendar {
  const calendars = new Map<string, ZonedCalendar>();
  return (timeZone) => {
    const known = calendars.get(timeZone);
    if (known !== undefined) return known;
    const made = zonedCalendar(timeZone);
    calendars.set(timeZone, made);
    return made;
  };
}
