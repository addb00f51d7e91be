// @vitest-environment node
import { expect, test } from 'vitest';
import { outlookOf } from '../../../web/features/meter/daysLeft.ts';

const HOUR_MS = 3_600_000;
const samples = (lasts: readonly number[]) =>
  lasts.map((last, hour) => ({ atMs: hour * HOUR_MS, mean: last, min: last, max: last, last }));
const falling = (hours: number, perHour: number) =>
  samples(Array.from({ length: hours }, (_, hour) => 100_000 - hour * perHour));

test('a balance lasts as long as it fell', () => {
  // 1.00 an hour: 24.00 a day; 48.00 above the cut line are two days.
  expect(outlookOf(falling(25, 100), 4_800n, 0n)).toEqual({ perDayMinor: 2_400n, days: 2 });
  expect(outlookOf(falling(25, 100), 2_800n, -2_000n)).toEqual({ perDayMinor: 2_400n, days: 2 });
});

test('money that comes in counts neither as use nor as time', () => {
  const before = samples(Array.from({ length: 13 }, (_, hour) => 5_000 - hour * 100));
  const after = samples(Array.from({ length: 13 }, (_, hour) => 23_800 - hour * 100)).map((sample) => ({
    ...sample,
    atMs: sample.atMs + 13 * HOUR_MS,
  }));
  expect(outlookOf([...before, ...after], 2_400n, 0n)).toEqual({ perDayMinor: 2_400n, days: 1 });
});

test('too little seen, nothing used: nothing is said; below the cut line nothing is left', () => {
  expect(outlookOf(falling(6, 100), 4_800n, 0n)).toBeUndefined();
  expect(outlookOf(falling(25, 0), 4_800n, 0n)).toBeUndefined();
  expect(outlookOf([], 4_800n, 0n)).toBeUndefined();
  expect(outlookOf(falling(25, 100), -1n, 0n)?.days).toBe(0);
});
