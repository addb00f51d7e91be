import { expect, test } from 'vitest';
import { alignedBefore, periodBefore } from '#domain/periodBefore.ts';

const HOUR_MS = 3_600_000;
const period = { fromMs: 100 * HOUR_MS, toMs: 104 * HOUR_MS };
const hours = (...of: readonly number[]) => of.map((hour) => hour * HOUR_MS);

test('the period before ends where this one begins', () => {
  expect(periodBefore(period)).toEqual({ fromMs: 96 * HOUR_MS, toMs: 100 * HOUR_MS });
});

test('an hour stands beside the hour at the same position; one that this period lacks stands alone', () => {
  expect(alignedBefore(hours(100, 102, 103), hours(96, 97, 98, 99), period, HOUR_MS)).toEqual([0, undefined, 1, 2]);
});

test('a day that begins an hour off, by the change of clocks, stands beside its day', () => {
  const days = { fromMs: 0, toMs: 72 * HOUR_MS };
  expect(alignedBefore(hours(0, 24, 48), hours(-72, -47, -23), days, 24 * HOUR_MS)).toEqual([0, 1, 2]);
});

test('polls that are not in step are given once each', () => {
  const present = hours(100.1, 101.2, 102.1);
  expect(alignedBefore(present, hours(96, 97, 98.3), period, HOUR_MS)).toEqual([0, 1, 2]);
  expect(alignedBefore(hours(100), hours(96, 96.2), period, HOUR_MS)).toEqual([0, undefined]);
});
