import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLog } from '#server/platform/log.ts';
import { createStoreQueue, type StoreQueue } from '#server/platform/spool/index.ts';
import { type ManualClock, manualClock } from '../../support/manualClock.ts';

type Behaviour = 'takes' | 'fails' | 'hangs';

/** A store in the test's hand, and queues in front of it on one folder. */
function storeInHand() {
  const dir = mkdtempSync(join(tmpdir(), 'meterwall-queue-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const clock = manualClock(0);
  const got: string[] = [];
  const hanging: (() => void)[] = [];
  const store = { behaviour: 'takes' as Behaviour, refused: new Set<string>() };
  const newQueue = (): StoreQueue<string> => {
    const queue = createStoreQueue<string>({
      what: 'things',
      dir,
      maxBytes: 100_000,
      itemsMax: 100,
      batchMax: 10,
      everyMs: 1_000,
      clock,
      log: silentLog,
      async store(items) {
        if (store.behaviour === 'fails') throw new Error('away');
        if (store.behaviour === 'hangs') await new Promise<void>((resolve) => hanging.push(resolve));
        if (items.some((item) => store.refused.has(item))) throw new TypeError('bad item');
        got.push(...items);
      },
      refuses: (error) => error instanceof TypeError,
    });
    // Also those that were killed: a file handle that nobody closes is an error one day.
    onTestFinished(() => queue.close());
    return queue;
  };
  const goOn = (): void => {
    for (const resolve of hanging.splice(0)) resolve();
  };
  return { clock, got, store, newQueue, goOn };
}

/** Lets time pass until it is so. */
const passUntil = (clock: ManualClock, check: () => void) =>
  vi.waitFor(() => {
    clock.advance(500);
    check();
  }, 10_000);
const letters = (text: string): readonly string[] => text.split('');
function pushAll(queue: StoreQueue<string>, text: string): void {
  for (const letter of text) queue.push(letter);
}

test('things go to the store in order, in memory all the way', async () => {
  const { got, newQueue } = storeInHand();
  const queue = newQueue();
  await queue.open();
  pushAll(queue, 'abcdefghijklmnop');
  await queue.flush();
  expect(got).toEqual(letters('abcdefghijklmnop'));
  expect(queue.figures()).toMatchObject({ waiting: 0, dropped: 0, refused: 0, spool: { items: 0 } });
});

test('while the store is away things are on the disk, and come first when it is back', async () => {
  const { clock, got, store, newQueue } = storeInHand();
  const queue = newQueue();
  await queue.open();
  store.behaviour = 'fails';
  pushAll(queue, 'abc');
  await passUntil(clock, () => expect(queue.figures().spool?.items).toBe(3));
  pushAll(queue, 'de');
  store.behaviour = 'takes';
  await passUntil(clock, () => expect(got).toEqual(letters('abcde')));
  await passUntil(clock, () => expect(queue.figures().waiting).toBe(0));
});

test('a process that is killed in the outage leaves its things to the next one', async () => {
  const { clock, got, store, newQueue } = storeInHand();
  const killed = newQueue();
  await killed.open();
  store.behaviour = 'fails';
  pushAll(killed, 'abc');
  await passUntil(clock, () => expect(killed.figures().spool?.items).toBe(3));
  const next = newQueue();
  await next.open();
  expect(next.figures().waiting).toBe(3);
  pushAll(next, 'de');
  store.behaviour = 'takes';
  await next.flush();
  expect(got).toEqual(letters('abcde'));
});

test('what waits at the start is stored before the start goes on', async () => {
  const { got, store, newQueue } = storeInHand();
  const first = newQueue();
  await first.open();
  store.behaviour = 'fails';
  pushAll(first, 'abc');
  await first.close();
  store.behaviour = 'takes';
  const next = newQueue();
  await next.open();
  expect(got).toEqual(letters('abc'));
});

test('a store that hangs holds nothing up: the disk takes what it was given too, and all arrives in order', async () => {
  const { clock, got, store, newQueue, goOn } = storeInHand();
  const queue = newQueue();
  await queue.open();
  store.behaviour = 'hangs';
  pushAll(queue, 'abc');
  await passUntil(clock, () => expect(queue.figures().spool?.items).toBe(3));
  pushAll(queue, 'de');
  store.behaviour = 'takes';
  goOn();
  await passUntil(clock, () => expect(queue.figures().waiting).toBe(0));
  // Once more, as the store must allow: those that were under way when they went to the disk.
  expect(got).toEqual(letters('abcabcde'));
});

test('a stop does not wait for a store that hangs', async () => {
  const { clock, got, store, newQueue } = storeInHand();
  const queue = newQueue();
  await queue.open();
  store.behaviour = 'hangs';
  pushAll(queue, 'abc');
  clock.advance(1_000);
  const closed = queue.close();
  const stopping = { done: false };
  void closed.then(() => (stopping.done = true));
  await passUntil(clock, () => expect(stopping.done).toBe(true));
  store.behaviour = 'takes';
  const next = newQueue();
  await next.open();
  expect(got).toEqual(letters('abc'));
});

test('one that the store refuses is left out and counted, from memory and from the disk', async () => {
  const { clock, got, store, newQueue } = storeInHand();
  store.refused.add('b').add('g');
  const queue = newQueue();
  await queue.open();
  pushAll(queue, 'abc');
  await queue.flush();
  store.behaviour = 'fails';
  pushAll(queue, 'fgh');
  await passUntil(clock, () => expect(queue.figures().spool?.items).toBe(3));
  store.behaviour = 'takes';
  await queue.flush();
  expect(got).toEqual(letters('acfh'));
  expect(queue.figures()).toMatchObject({ waiting: 0, refused: 2 });
});

test('a flush rejects while the store is away, and nothing is lost by it', async () => {
  const { got, store, newQueue } = storeInHand();
  const queue = newQueue();
  await queue.open();
  store.behaviour = 'fails';
  pushAll(queue, 'ab');
  await expect(queue.flush()).rejects.toThrow('away');
  store.behaviour = 'takes';
  await queue.flush();
  expect(got).toEqual(letters('ab'));
});

test('the bound in memory holds while the disk takes nothing either', async () => {
  const { got, newQueue } = storeInHand();
  const queue = newQueue();
  for (let index = 0; index < 103; index += 1) queue.push(String(index));
  expect(queue.figures()).toMatchObject({ waiting: 100, dropped: 3 });
  await queue.open();
  expect([got[0], got.at(-1)]).toEqual(['3', '102']);
});
