// @vitest-environment node
import { expect, test } from 'vitest';
import { extendTo, keepVisible, NOTHING_CHOSEN, neighbour, toggle } from '../../../web/features/alarms/selection.ts';

const order = [11, 12, 13, 14, 15];

test('shift takes the rows between, in either direction', () => {
  const from = toggle(NOTHING_CHOSEN, 14);
  expect([...extendTo(from, 12, order).chosen].sort((a, b) => a - b)).toEqual([12, 13, 14]);
  expect([...extendTo(from, 15, order).chosen].sort((a, b) => a - b)).toEqual([14, 15]);
});

test('shift without a beginning takes the row alone', () => {
  expect([...extendTo(NOTHING_CHOSEN, 12, order).chosen]).toEqual([12]);
});

test('nobody acts on rows that have left the list', () => {
  const two = toggle(toggle(NOTHING_CHOSEN, 11), 12);
  expect([...keepVisible(two, [12, 13]).chosen]).toEqual([12]);
  expect(keepVisible(two, order)).toBe(two);
});

test('arrows stop at the ends and begin at the top', () => {
  expect(neighbour(order, 11, -1)).toBe(11);
  expect(neighbour(order, 15, 1)).toBe(15);
  expect(neighbour(order, undefined, 1)).toBe(11);
  expect(neighbour([], 11, 1)).toBeUndefined();
});
