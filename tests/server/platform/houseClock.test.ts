import { expect, test } from 'vitest';
import { createHouseClock } from '#server/platform/houseClock.ts';
import { requestCounts } from '#server/platform/http/requestCounts.ts';
import { manualClock } from '../../support/manualClock.ts';

const START_MS = Date.parse('2026-11-22T08:00:00Z');
const HOUR_MS = 3_600_000;

test.for([HOUR_MS, -HOUR_MS])(
  'a step of %i ms is taken over once, when it is asked for; until then time runs on',
  (byMs) => {
    const machine = manualClock(START_MS);
    const house = createHouseClock(machine);
    machine.advance(500);
    machine.setNow(machine.nowMs() + byMs);
    machine.advance(250);
    expect(house.nowMs()).toBe(START_MS + 750);
    expect(house.follow()).toBe(byMs);
    expect(house.nowMs()).toBe(machine.nowMs());
    expect(house.follow()).toBe(0);
  },
);

test('drift is followed without a word', () => {
  const machine = manualClock(START_MS);
  const house = createHouseClock(machine);
  for (let times = 0; times < 10; times += 1) {
    machine.setNow(machine.nowMs() + 400);
    expect(house.nowMs()).toBe(machine.nowMs());
    expect(house.follow()).toBe(0);
  }
});

test('requests are counted per address and window, and only those that asked last are remembered', () => {
  let nowMs = 0;
  const Counts = requestCounts(() => nowMs, 2);
  const counts = new Counts();
  const ask = (address: string): number => {
    let requests = Number.NaN;
    const told = (_error: Error | null, result?: { readonly current: number }): void => {
      requests = result?.current ?? Number.NaN;
    };
    counts.incr(address, told, 60_000);
    return requests;
  };
  expect([ask('a'), ask('a'), ask('b')]).toEqual([1, 2, 1]);
  nowMs = 59_999;
  expect(ask('a')).toBe(3);
  nowMs = 60_000;
  expect(ask('a')).toBe(1);
  ask('c');
  expect(ask('b'), 'forgotten').toBe(1);
});
