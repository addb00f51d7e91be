// @vitest-environment node
import { describe, expect, test } from 'vitest';
import {
  bucketOf,
  coversRange,
  energyOfRange,
  energyPerBucket,
  gapsOf,
  summarise,
  type TrendSample,
  withGaps,
} from '../../../web/charts/trendSeries.ts';

const MINUTE_MS = 60_000;
const BUCKET_MS = 15 * MINUTE_MS;

/** Samples at these minutes; each value is given or counts up. */
const at = (minutes: readonly number[], value = (index: number) => index * 100): readonly TrendSample[] =>
  minutes.map((minute, index) => {
    const one = value(index);
    return { atMs: minute * MINUTE_MS, mean: one, min: one - 1, max: one + 1, last: one };
  });
const inMinutes = (spans: readonly { fromMs: number; toMs: number }[]) =>
  spans.map(({ fromMs, toMs }) => [fromMs / MINUTE_MS, toMs / MINUTE_MS]);

describe('a gap is drawn as a gap', () => {
  const points = (minutes: readonly number[]) => minutes.map((minute) => [minute * MINUTE_MS, 1] as const);
  const breaks = (minutes: readonly number[]) =>
    withGaps(points(minutes), BUCKET_MS)
      .filter(([, value]) => value === null)
      .map(([atMs]) => atMs / MINUTE_MS);

  test('a missing bucket breaks the line where the readings end', () => {
    expect(breaks([0, 15, 30, 60, 75])).toEqual([45]);
  });

  test('a stretch that was read every half hour is a line, not dots', () => {
    expect(breaks([0, 30, 60, 90, 105, 120])).toEqual([]);
  });

  test('readings further apart than the central reading are never one line, however regular', () => {
    expect(breaks([0, 180, 360])).toEqual([15, 195]);
  });
});

describe('the hatch covers what was not read', () => {
  const range = { fromMs: 0, toMs: 160 * MINUTE_MS };

  test('between, before and after the readings', () => {
    expect(inMinutes(gapsOf(at([30, 45, 75]), range, BUCKET_MS))).toEqual([
      [0, 30],
      [60, 75],
      [90, 160],
    ]);
  });

  test('a bucket that is still filling is no gap', () => {
    expect(gapsOf(at([0, 15, 30, 45, 60, 75, 90]), { fromMs: 0, toMs: 125 * MINUTE_MS }, BUCKET_MS)).toEqual([]);
  });

  test('a range without a single reading is one gap', () => {
    expect(gapsOf([], range, BUCKET_MS)).toEqual([range]);
  });
});

describe('energy from counters', () => {
  test('a bucket whose neighbour is missing has no known share: null, not zero and not the sum', () => {
    const samples = at([0, 15, 60, 75]);
    expect(energyPerBucket(samples, BUCKET_MS).map(({ wh }) => wh)).toEqual([100, null, 100]);
  });

  test('a counter that fell belongs to another meter: its step is unknown and left out of the sum', () => {
    const samples = at([0, 15, 30], (index) => [500, 10, 40][index] ?? 0);
    expect(energyPerBucket(samples, BUCKET_MS).map(({ wh }) => wh)).toEqual([null, 30]);
    expect(energyOfRange(samples)).toBe(30);
  });

  test('one reading says nothing about energy', () => {
    expect(energyOfRange(at([0]))).toBeNull();
  });

  test('half a period is not compared with a whole one', () => {
    const range = { fromMs: 0, toMs: 100 * MINUTE_MS };
    expect(coversRange(at([50, 100]), range)).toBe(false);
    expect(coversRange(at([5, 100]), range)).toBe(true);
  });
});

test('the summary takes the highest of the highest and the lowest of the lowest', () => {
  expect(summarise(at([0, 15, 30]))).toEqual({
    mean: 100,
    highest: { value: 201, atMs: 30 * MINUTE_MS },
    lowest: { value: -1, atMs: 0 },
    measured: 3,
  });
  expect(summarise([])).toBeUndefined();
});

test('the bucket of a raw answer is its usual distance, whatever the gaps', () => {
  expect(bucketOf(at([0, 1, 2, 3, 90, 91]), BUCKET_MS)).toBe(MINUTE_MS);
  expect(bucketOf(at([0]), BUCKET_MS)).toBe(BUCKET_MS);
});
