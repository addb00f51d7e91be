import { describe, expect, test } from 'vitest';
import { zonedCalendar } from '#domain/calendar.ts';

const at = (text: string): number => Date.parse(text);
const iso = (ms: number): string => new Date(ms).toISOString();
const HOUR_MS = 3_600_000;

describe('the day of a property begins at its own midnight', () => {
  test.each([
    ['Asia/Shanghai', '2026-11-22T15:59:59Z', '2026-11-21T16:00:00.000Z'],
    ['Asia/Shanghai', '2026-11-22T16:00:00Z', '2026-11-22T16:00:00.000Z'],
    ['Asia/Kathmandu', '2026-11-22T12:00:00Z', '2026-11-21T18:15:00.000Z'],
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-28T23:00:00.000Z'],
    ['Europe/Berlin', '2026-03-30T12:00:00Z', '2026-03-29T22:00:00.000Z'],
    ['America/New_York', '2026-11-01T23:00:00Z', '2026-11-01T04:00:00.000Z'],
    ['UTC', '2026-11-22T00:00:00Z', '2026-11-22T00:00:00.000Z'],
  ])('%s at %s', (zone, instant, start) => {
    expect(iso(zonedCalendar(zone).startOfDay(at(instant)))).toBe(start);
  });

  test('a day whose midnight the clocks skip begins after the gap', () => {
    // Cairo 2024-04-26: 00:00 became 01:00.
    expect(iso(zonedCalendar('Africa/Cairo').startOfDay(at('2024-04-26T12:00:00Z')))).toBe('2024-04-25T22:00:00.000Z');
  });

  test('a day whose midnight is shown twice begins the first time', () => {
    // Havana 2026-11-01: 01:00 became 00:00.
    expect(iso(zonedCalendar('America/Havana').startOfDay(at('2026-11-01T12:00:00Z')))).toBe(
      '2026-11-01T04:00:00.000Z',
    );
  });
});

test('days are 23, 24 or 25 hours long', () => {
  const berlin = zonedCalendar('Europe/Berlin');
  const lengthH = (noon: string): number =>
    (berlin.startOfDayAfter(at(noon), 1) - berlin.startOfDay(at(noon))) / HOUR_MS;
  expect(lengthH('2026-03-29T12:00:00Z')).toBe(23);
  expect(lengthH('2026-06-01T12:00:00Z')).toBe(24);
  expect(lengthH('2026-10-25T12:00:00Z')).toBe(25);
});

test.each([
  ['Asia/Shanghai', '2026-10-31T15:59:59Z', '2026-09-30T16:00:00.000Z'],
  ['Asia/Shanghai', '2026-10-31T16:00:00Z', '2026-10-31T16:00:00.000Z'],
  ['Europe/Berlin', '2026-03-31T21:59:59Z', '2026-02-28T23:00:00.000Z'],
  ['Europe/Berlin', '2026-03-31T22:00:00Z', '2026-03-31T22:00:00.000Z'],
])('the month in %s that holds %s begins at %s', (zone, instant, start) => {
  expect(iso(zonedCalendar(zone).startOfMonth(at(instant)))).toBe(start);
});

test.each([
  ['Asia/Shanghai', '2026-11-22T10:29:59.999Z', '2026-11-22T10:00:00.000Z'],
  ['Asia/Shanghai', '2026-11-22T10:30:00.000Z', '2026-11-22T10:30:00.000Z'],
  ['Asia/Kathmandu', '2026-11-22T10:30:00.000Z', '2026-11-22T10:15:00.000Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:45:00.000Z', '2026-10-03T15:30:00.000Z'],
])('in %s the billing instant at %s is %s', (zone, instant, held) => {
  expect(iso(zonedCalendar(zone).billingInstant(at(instant)))).toBe(held);
});

test('every instant of two years belongs to the local date that its day began with', () => {
  const calendar = zonedCalendar('America/Havana');
  const localDay = (ms: number): number => Math.floor((ms + calendar.offsetMs(ms)) / (24 * HOUR_MS));
  for (let ms = at('2025-01-01T05:00:00Z'); ms < at('2027-01-01T05:00:00Z'); ms += 1.75 * HOUR_MS) {
    const start = calendar.startOfDay(ms);
    expect(start).toBeLessThanOrEqual(ms);
    if (localDay(start) !== localDay(ms) || localDay(start - 1) === localDay(ms)) throw new Error(iso(ms));
  }
});

test('an unknown zone is refused', () => {
  expect(() => zonedCalendar('Mars/Olympus')).toThrow(RangeError);
});
