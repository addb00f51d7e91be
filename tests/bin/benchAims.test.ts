import { expect, test } from 'vitest';
import { aimText, holds, judgedText } from '../bench/support/bench.ts';

test('an aim holds only when its figure and all that is judged as well are within their bounds', () => {
  const cost = { of: 'value', most: 120 } as const;
  expect(holds(cost, { value: 120 })).toBe(true);
  expect(holds(cost, { value: 120.1 })).toBe(false);
  expect(holds({ of: 'ratio', least: 0.8 }, { value: 1 })).toBe(false);
  const frames = (value: number) => ({ what: 'frames a second', value, least: 59.5 });
  expect(holds(cost, { value: 80, also: [frames(60), frames(59.5)] })).toBe(true);
  expect(holds(cost, { value: 80, also: [frames(60), frames(59)] })).toBe(false);
  expect(holds(cost, { value: 80, also: [frames(Number.NaN)] })).toBe(false);
});

test('bounds are said with the figure, and what was missed is', () => {
  expect(aimText({ of: 'ratio', least: 0.5, most: 2 })).toBe('ratio ≥ 0.5, ≤ 2');
  expect(judgedText({ what: 'delay, ms', value: 41, most: 40 })).toBe('delay, ms: 41 (aim ≤ 40, missed)');
  expect(judgedText({ what: 'delay, ms', value: 17.123456, most: 40 })).toBe('delay, ms: 17.12 (aim ≤ 40)');
});
