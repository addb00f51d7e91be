// @vitest-environment node
import { expect, test } from 'vitest';
import { sparkBounds, sparkPath } from '../../../web/charts/sparkPath.ts';

const frame = { range: { fromMs: 0, toMs: 100 }, low: 0, high: 10, width: 100, height: 50 };

test('the pen is lifted over a gap', () => {
  const path = sparkPath(
    [
      [0, 0],
      [10, 10],
      [20, null],
      [50, 5],
    ],
    frame,
  );
  expect(path).toBe('M0.0 50.0L10.0 0.0M50.0 25.0');
});

test('the limit is always in the picture, and a flat line is not stretched to nothing', () => {
  const bounds = sparkBounds([[[0, 4]]], 16);
  expect(bounds.high).toBeGreaterThan(16);
  const flat = sparkBounds([[[0, 4]], []], undefined);
  expect(flat.high).toBeGreaterThan(flat.low);
});

test('loads never start below zero, debts do', () => {
  expect(
    sparkBounds(
      [
        [
          [0, 1],
          [1, 9],
        ],
      ],
      undefined,
    ).low,
  ).toBe(0);
  expect(
    sparkBounds(
      [
        [
          [0, -12.4],
          [1, 3],
        ],
      ],
      undefined,
    ).low,
  ).toBeLessThan(-12.4);
});
