import { describe, expect, test } from 'vitest';
import { zonedCalendar } from '#domain/calendar.ts';
import { localDay, rateAt, ruleOfDay, tableOfDay, timeByRate } from '#domain/tariff/dayTable.ts';
import type { DayTables, Rate } from '#domain/tariff/types.ts';

const HOUR_MS = 3_600_000;
/** Whole hours from–to of one rate, the rest valley. */
const hours = (...spans: readonly (readonly [from: number, to: number, rate: Rate])[]): Rate[] =>
  Array.from({ length: 96 }, (_, slot) => {
    const held = spans.find(([from, to]) => slot >= from * 4 && slot < to * 4);
    return held?.[2] ?? 'valley';
  });

/** Hubei: sharp 18–20, in July and August 20–22; holidays have a deep valley at noon; hot days are sharper. */
const HUBEI: DayTables = {
  tables: [
    hours([18, 20, 'sharp'], [16, 18, 'peak'], [20, 24, 'peak'], [6, 12, 'flat'], [14, 16, 'flat']),
    hours([20, 22, 'sharp'], [16, 20, 'peak'], [22, 24, 'peak'], [6, 12, 'flat'], [14, 16, 'flat']),
    hours([10, 14, 'deepValley'], [18, 20, 'peak']),
    hours([11, 12, 'sharp'], [20, 22, 'sharp']),
  ],
  rules: [
    { table: 2, list: 'holiday' },
    { table: 3, months: [7, 8], list: 'hotDay' },
    { table: 1, months: [7, 8] },
    { table: 0 },
  ],
};
const LISTS = new Map([
  ['holiday', new Set(['2026-10-01'])],
  ['hotDay', new Set(['2026-07-15', '2026-05-01'])],
]);
const shanghai = zonedCalendar('Asia/Shanghai');
const rate = (local: string) => rateAt(HUBEI, LISTS, shanghai, Date.parse(`${local}+08:00`));

describe('the first rule that matches a day holds', () => {
  test.each([
    ['2026-11-22T17:59:59', 'peak'],
    ['2026-11-22T18:00:00', 'sharp'],
    ['2026-11-22T19:59:59.999', 'sharp'],
    ['2026-11-22T20:00:00', 'peak'],
    ['2026-07-01T18:00:00', 'peak'],
    ['2026-07-01T20:00:00', 'sharp'],
    ['2026-10-01T11:00:00', 'deepValley'],
    ['2026-10-02T11:00:00', 'flat'],
    ['2026-07-15T11:30:00', 'sharp'],
    // A hot day in May is no rule's day.
    ['2026-05-01T11:30:00', 'flat'],
    ['2026-11-22T00:00:00', 'valley'],
  ])('%s is %s', (local, expected) => {
    expect(rate(local)).toBe(expected);
  });

  test('weekdays count from Monday; a list that is not there holds no day', () => {
    const days: DayTables = {
      ...HUBEI,
      rules: [{ table: 1, weekdays: [7] }, { table: 2, list: 'gone' }, { table: 0 }],
    };
    const ruleOf = (date: string) => {
      const day = localDay(date);
      return day === undefined ? undefined : ruleOfDay(days, LISTS, day);
    };
    expect(ruleOf('2026-11-22')).toBe(0);
    expect(ruleOf('2026-11-23')).toBe(2);
  });

  test('a day that no rule matches has no table', () => {
    const day = { date: '2026-11-22', month: 11, weekday: 7 };
    expect(() => tableOfDay({ tables: [], rules: [] }, LISTS, day)).toThrow(RangeError);
  });
});

describe('days when the clocks change', () => {
  const days: DayTables = { tables: [hours([2, 3, 'sharp'], [1, 2, 'peak'])], rules: [{ table: 0 }] };
  const held = (zone: string, from: string, to: string) =>
    timeByRate(days, LISTS, zonedCalendar(zone), Date.parse(from), Date.parse(to));

  test('an hour that is skipped does not count', () => {
    // New York, 8 March 2026: 02:00 becomes 03:00; the day has 23 hours.
    expect(held('America/New_York', '2026-03-08T05:00:00Z', '2026-03-09T04:00:00Z')).toEqual({
      sharp: 0,
      peak: HOUR_MS,
      flat: 0,
      valley: 22 * HOUR_MS,
      deepValley: 0,
    });
  });

  test('an hour that is shown twice counts twice', () => {
    // New York, 1 November 2026: 02:00 becomes 01:00; the day has 25 hours.
    expect(held('America/New_York', '2026-11-01T04:00:00Z', '2026-11-02T05:00:00Z')).toMatchObject({
      sharp: HOUR_MS,
      peak: 2 * HOUR_MS,
      valley: 22 * HOUR_MS,
    });
  });

  test('half an hour that is shown twice counts as half an hour more', () => {
    // Lord Howe, 5 April 2026: 02:00 becomes 01:30.
    expect(held('Australia/Lord_Howe', '2026-04-04T13:00:00Z', '2026-04-05T13:30:00Z')).toMatchObject({
      sharp: HOUR_MS,
      peak: 1.5 * HOUR_MS,
    });
  });

  test('slots are those of the local clock where the offset is no whole hour', () => {
    // Kathmandu is 5:45 ahead: 02:00 there is 20:15 the day before.
    expect(held('Asia/Kathmandu', '2026-11-21T20:15:00Z', '2026-11-21T20:30:00Z')).toMatchObject({ sharp: 900_000 });
  });
});

test.each(['2026-02-29', '2026-13-01', '2026-1-1', 'today', '', '2026-02-30', '02026-01-01'])(
  '%s is no day',
  (text) => {
    expect(localDay(text)).toBeUndefined();
  },
);
