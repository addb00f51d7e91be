// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Alarm } from '#contract/index.ts';
import { ACKNOWLEDGE_IDS_MAX, createAcknowledger } from '../../../web/features/alarms/acknowledging.ts';
import { alarmWith } from './alarmSamples.ts';

/** A server that answers when told to. */
function heldServer() {
  const sent: { ids: readonly number[]; answer: () => void; fail: () => void }[] = [];
  const heard: Alarm[] = [];
  const acknowledger = createAcknowledger({
    send: (ids) =>
      new Promise((resolve, reject) => {
        const items = ids.map((id) => ({ id, outcome: 'done' as const, alarm: alarmWith({ id }) }));
        sent.push({ ids, answer: () => resolve({ items }), fail: () => reject(new Error('no signal')) });
      }),
    onAlarm: (alarm) => heard.push(alarm),
  });
  return { sent, heard, acknowledger };
}

describe('a second click cannot acknowledge twice', () => {
  test('what is under way is not sent again, what is new is', async () => {
    const { sent, acknowledger } = heldServer();
    const first = acknowledger.acknowledge([1, 2], undefined);
    const second = acknowledger.acknowledge([2, 3, 3], undefined);
    expect(sent.map(({ ids }) => ids)).toEqual([[1, 2], [3]]);
    expect(acknowledger.isInFlight(2)).toBe(true);
    for (const { answer } of sent) answer();
    expect([...(await first).outcomes.keys()]).toEqual([1, 2]);
    expect([...(await second).outcomes.keys()]).toEqual([3]);
    expect(acknowledger.isInFlight(2)).toBe(false);
  });
});

test('nothing is shown as acknowledged before the server said so', async () => {
  const { sent, heard, acknowledger } = heldServer();
  const done = acknowledger.acknowledge([1], 'note');
  expect(heard).toEqual([]);
  sent[0]?.answer();
  await done;
  expect(heard.map(({ id }) => id)).toEqual([1]);
});

test('what was not sent says so and can be tried again', async () => {
  const { sent, acknowledger } = heldServer();
  const first = acknowledger.acknowledge([1], undefined);
  sent[0]?.fail();
  const { outcomes, error } = await first;
  expect(outcomes.get(1)).toBe('unsent');
  expect(error).toBeInstanceOf(Error);
  void acknowledger.acknowledge([1], undefined);
  expect(sent).toHaveLength(2);
});

test('a flood is sent in pieces that the contract allows, each row with its outcome', async () => {
  const { sent, acknowledger } = heldServer();
  const ids = Array.from({ length: ACKNOWLEDGE_IDS_MAX + 3 }, (_, index) => index + 1);
  const done = acknowledger.acknowledge(ids, undefined);
  sent[0]?.answer();
  await new Promise((resolve) => setTimeout(resolve));
  sent[1]?.answer();
  const { outcomes } = await done;
  expect(sent.map((one) => one.ids.length)).toEqual([ACKNOWLEDGE_IDS_MAX, 3]);
  expect(outcomes.size).toBe(ids.length);
});
