import { expect, test } from 'vitest';
import { createPeaks } from '#server/modules/metering/wall.ts';

const HOUR_MS = 3_600_000;

/** A store that answers when the test says so. */
function slowStore() {
  const waiting: { answer(peakW: number): void; fail(): void }[] = [];
  let ms = 0;
  const clock = { nowMs: () => ms, monotonicMs: () => ms };
  const store = {
    usualPeaksW: () =>
      new Promise<ReadonlyMap<number, number>>((resolve, reject) =>
        waiting.push({ answer: (peakW) => resolve(new Map([[1, peakW]])), fail: () => reject(new Error('away')) }),
      ),
  };
  const pass = (byMs: number) => {
    ms += byMs;
  };
  return { peaks: createPeaks(store, clock), waiting, pass };
}

test('the first who ask wait for one answer, and get the same', async () => {
  const { peaks, waiting } = slowStore();
  const both = Promise.all([peaks.peaksW(), peaks.peaksW()]);
  expect(waiting).toHaveLength(1);
  waiting[0]?.answer(100);
  const [one, other] = await both;
  expect(one.get(1)).toBe(100);
  expect(other).toBe(one);
});

test('an hour later nobody waits: the last ones are given until the new ones are there', async () => {
  const { peaks, waiting, pass } = slowStore();
  const first = peaks.peaksW();
  waiting[0]?.answer(100);
  await first;
  pass(HOUR_MS);
  expect((await peaks.peaksW()).get(1)).toBe(100);
  expect(waiting).toHaveLength(2);
  waiting[1]?.answer(200);
  await expect.poll(async () => (await peaks.peaksW()).get(1)).toBe(200);
});

test('a store that is away leaves what was known, and is asked again after a minute, not by every wall', async () => {
  const { peaks, waiting, pass } = slowStore();
  const first = peaks.peaksW();
  waiting[0]?.fail();
  expect((await first).size).toBe(0);
  expect((await peaks.peaksW()).size).toBe(0);
  expect(waiting).toHaveLength(1);
  pass(60_000);
  const again = peaks.peaksW();
  expect(waiting).toHaveLength(2);
  waiting[1]?.answer(100);
  expect((await again).get(1)).toBe(100);
});

test('an answer that was asked for before new history came does not count', async () => {
  const { peaks, waiting } = slowStore();
  const before = peaks.peaksW();
  peaks.forget();
  const after = peaks.peaksW();
  expect(waiting).toHaveLength(2);
  waiting[0]?.answer(100);
  await before;
  waiting[1]?.answer(200);
  expect((await after).get(1)).toBe(200);
});
