import type { ZonedCalendar } from '#domain/calendar.ts';
import type { MonthNames } from './chargeStore.ts';

/** `2026-11-22`: the local day that holds this instant. */
export function localDay(calendar: ZonedCalendar, atMs: number): string {
  return new Date(atMs + calendar.offsetMs(atMs)).toISOString().slice(0, 10);
}

/** Months of a property by the first day's name, as Postgres keeps them. */
export function monthNames(calendar: ZonedCalendar): MonthNames {
  const starts = new Map<string, number>();
  const names = new Map<number, string>();
  return {
    nameOf(monthMs) {
      const known = names.get(monthMs) ?? `${localDay(calendar, monthMs).slice(0, 7)}-01`;
      names.set(monthMs, known);
      return known;
    },
    startOf(name) {
      // Noon in Greenwich on the first lies in the same month everywhere.
      const known = starts.get(name) ?? calendar.startOfMonth(Date.parse(`${name}T12:00:00Z`));
      starts.set(name, known);
      return known;
    },
  };
}
