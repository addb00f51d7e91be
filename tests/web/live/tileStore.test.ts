// @vitest-environment node
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LiveFrame, MeterChange } from '#contract/liveCodec.ts';
import { DISPLAY_STATES, displayState, MARKS, type MeterFacts, packFacts, unpackFacts } from '#domain/meterState.ts';
import { createTileStore, stateIndexOf } from '../../../web/live/tileStore.ts';

const AT_MS = 1_800_000_000_000;
const frame = (changes: readonly MeterChange[], seq = 1): LiveFrame => ({ propertyId: 1, seq, atMs: AT_MS, changes });
const facts = (over: Partial<MeterFacts> = {}): number =>
  packFacts({ money: 'normal', link: 'online', relay: 'closed', protection: 'none', ...over }, 0);
const rowOf = (key: string) => DISPLAY_STATES.findIndex((row) => row.key === key);
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

test('a meter of which nothing was heard is lost, never normal', () => {
  const store = createTileStore([5, 6]);
  expect(store.counts[rowOf('lost')]).toBe(2);
  expect(store.stateIndex[0]).toBe(rowOf('lost'));
  expect(store.loadW[0]).toBeNaN();
  expect(store.hasBalance[0]).toBe(0);
});

test('a snapshot replaces everything: who is not named is unknown again', () => {
  const store = createTileStore([5, 6]);
  store.applySnapshot(
    frame([
      { meterId: 5, packedFacts: facts(), loadW: 10 },
      { meterId: 6, packedFacts: facts() },
    ]),
  );
  store.applySnapshot(frame([{ meterId: 6, packedFacts: facts({ money: 'arrears' }), balanceMinor: -1_240n }]));
  expect(store.stateIndex[0]).toBe(rowOf('lost'));
  expect(store.loadW[0]).toBeNaN();
  expect(store.stateIndex[1]).toBe(rowOf('arrears'));
  expect(store.balanceMinor[1]).toBe(-1_240n);
});

test('a delta changes only the named fields', () => {
  const store = createTileStore([5]);
  store.applySnapshot(frame([{ meterId: 5, packedFacts: facts(), loadW: 900, balanceMinor: 100n, heardAgoS: 4 }]));
  store.applyDelta(frame([{ meterId: 5, loadW: 950 }], 2));
  expect(store.loadW[0]).toBe(950);
  expect(store.balanceMinor[0]).toBe(100n);
  expect(store.heardAtMs[0]).toBe(AT_MS - 4_000);
});

test('absent is not zero: a value that goes away is gone', () => {
  const store = createTileStore([5]);
  store.applySnapshot(frame([{ meterId: 5, packedFacts: facts(), loadW: 900, balanceMinor: 100n, heardAgoS: 4 }]));
  store.applyDelta(frame([{ meterId: 5, loadW: null, balanceMinor: null, heardAgoS: null }], 2));
  expect(store.loadW[0]).toBeNaN();
  expect(store.hasBalance[0]).toBe(0);
  expect(store.heardAtMs[0]).toBeNaN();
});

test('meters that the layout does not know are counted, not drawn', () => {
  const store = createTileStore([5]);
  store.applySnapshot(
    frame([
      { meterId: 5, packedFacts: facts() },
      { meterId: 9, packedFacts: facts() },
    ]),
  );
  expect(store.unknownMeters).toBe(1);
  expect(sum(store.counts)).toBe(1);
});

test('each changed slot is handed to the renderer once', () => {
  const store = createTileStore([5, 6, 7]);
  const taken = () => {
    const slots: number[] = [];
    store.takeChanges((slot) => slots.push(slot));
    return slots;
  };
  expect(taken()).toEqual([0, 1, 2]);
  store.applyDelta(frame([{ meterId: 7, loadW: 1 }], 1));
  store.applyDelta(
    frame(
      [
        { meterId: 7, loadW: 2 },
        { meterId: 5, loadW: 2 },
      ].toSorted((a, b) => a.meterId - b.meterId),
      2,
    ),
  );
  expect(taken()).toEqual([2, 0]);
  expect(taken()).toEqual([]);
});

test('the counts of the legend add up to all meters, whatever comes', () => {
  const change = fc.record({
    meterId: fc.integer({ min: 1, max: 12 }),
    packedFacts: fc.option(fc.nat(8_191), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.array(change, { maxLength: 6 })), { maxLength: 12 }), (frames) => {
      const store = createTileStore([1, 2, 3, 4, 5, 6, 7, 8]);
      for (const [isSnapshot, changes] of frames) {
        if (isSnapshot) store.applySnapshot(frame(changes));
        else store.applyDelta(frame(changes));
      }
      expect(sum(store.counts)).toBe(store.size);
      for (const [row, count] of store.counts.entries())
        expect([...store.stateIndex].filter((index) => index === row)).toHaveLength(count);
    }),
  );
});

test('the display state comes from the domain table and marks do not disturb it', () => {
  for (let packed = 0; packed < 512; packed++) {
    const key = displayState(unpackFacts(packed).facts);
    expect(DISPLAY_STATES[stateIndexOf(packed)]?.key).toBe(key);
    expect(stateIndexOf(packed | (MARKS.unacknowledgedAlarm << 9))).toBe(stateIndexOf(packed));
  }
});
