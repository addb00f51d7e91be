// @vitest-environment node
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instantOf, localDayStart, timeTicks, wallClock, zoneOffsetMs } from '../../../web/charts/zoneTime.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const at = (text: string) => Date.parse(text);
const zones = ['Asia/Shanghai', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Kiritimati', 'UTC'] as const;

test('midnight is shown as hour 0 of the new day', () => {
  expect(wallClock(at('2026-12-03T16:00:00Z'), 'Asia/Shanghai')).toMatchObject({ day: 4, hour: 0 });
});

test('a zone with half hours keeps them', () => {
  expect(zoneOffsetMs(at('2026-01-15T12:34:56.789Z'), 'America/St_Johns')).toBe(-3.5 * HOUR_MS);
});

test('the start of a day is midnight by the clock of the property, on every day of every zone', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: at('2020-01-01'), max: at('2035-01-01') }),
      (zone, atMs) => {
        const start = localDayStart(atMs, zone);
        expect(start).toBeLessThanOrEqual(atMs);
        expect(atMs - start).toBeLessThan(25 * HOUR_MS);
        expect(wallClock(start, zone)).toMatchObject({ hour: 0, minute: 0, second: 0 });
      },
    ),
  );
});

describe('when the clock is set', () => {
  test('the day in spring has 23 hours, the day in autumn 25', () => {
    const length = (day: string) =>
      localDayStart(at(day), 'Europe/Berlin', 1) - localDayStart(at(day), 'Europe/Berlin');
    expect(length('2026-03-29T10:00:00Z')).toBe(23 * HOUR_MS);
    expect(length('2026-10-25T10:00:00Z')).toBe(25 * HOUR_MS);
  });

  test('of two equal times the first is meant', () => {
    expect(instantOf({ year: 2026, month: 10, day: 25, hour: 2 }, 'Europe/Berlin')).toBe(at('2026-10-25T00:00:00Z'));
  });
});

describe('ticks of the time axis', () => {
  test('a week has a tick at every midnight of the property', () => {
    const ticks = timeTicks(at('2026-11-27T08:30:00Z'), at('2026-12-04T08:30:00Z'), 'Asia/Shanghai');
    expect(ticks).toHaveLength(7);
    for (const tick of ticks) expect(wallClock(tick, 'Asia/Shanghai').hour).toBe(0);
  });

  test('a day has one every three hours, a year one on every first of a month', () => {
    expect(timeTicks(at('2026-12-03T16:00:00Z'), at('2026-12-04T15:59:00Z'), 'Asia/Shanghai')).toHaveLength(8);
    const months = timeTicks(at('2026-01-15T00:00:00Z'), at('2027-01-15T00:00:00Z'), 'Asia/Shanghai');
    expect(months).toHaveLength(12);
    for (const tick of months) expect(wallClock(tick, 'Asia/Shanghai')).toMatchObject({ day: 1, hour: 0 });
  });

  test('they rise, stay inside and never crowd', () => {
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 1, max: 400 }), (zone, days) => {
        const toMs = at('2026-12-04T08:30:00Z');
        const ticks = timeTicks(toMs - days * DAY_MS, toMs, zone);
        expect(ticks.length).toBeLessThanOrEqual(25);
        for (const [index, tick] of ticks.entries()) {
          expect(tick).toBeGreaterThanOrEqual(toMs - days * DAY_MS);
          expect(tick).toBeLessThanOrEqual(toMs);
          if (index > 0) expect(tick).toBeGreaterThan(ticks[index - 1] ?? 0);
        }
      }),
    );
  });
});
