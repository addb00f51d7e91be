// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { ALARM_IDS_MAX, type Alarm } from '#contract/index.ts';
import { ApiError } from '../../../web/api/client.ts';
import { createActing } from '../../../web/features/alarms/acting.ts';
import { type Deed, shelvesFor, whyNot } from '../../../web/features/alarms/deeds.ts';
import { createOutbox, WAITING_MAX } from '../../../web/features/alarms/outbox.ts';
import { alarmWith } from './alarmSamples.ts';

const NO_SIGNAL = new ApiError({ code: 'network.unreachable', status: 0, message: 'The server cannot be reached.' });
const FORBIDDEN = new ApiError({ code: 'permission.missing', status: 403, message: 'No.' });

/** A browser's store, and a server that answers when told to, or cannot be reached. */
function bench() {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, text: string) => void kept.set(key, text),
  };
  const outbox = (userId = 1) => createOutbox(storage, userId);
  const sent: Deed[] = [];
  const heard: Alarm[] = [];
  const state: { fault: Error | undefined; held: Promise<void>; nowMs: number } = {
    fault: undefined,
    held: Promise.resolve(),
    nowMs: Date.parse('2026-11-19T13:48:00Z'),
  };
  let ids = 0;
  const acting = createActing({
    send: async (deed) => {
      sent.push(deed);
      await state.held;
      if (state.fault) throw state.fault;
      return deed.ids.map((id) =>
        id === 2
          ? { id, outcome: 'refused' as const, why: 'raised-again' as const }
          : { id, outcome: 'done' as const, alarm: alarmWith({ id }) },
      );
    },
    outbox,
    onAlarm: (alarm) => heard.push(alarm),
    newId: () => `request-${++ids}`,
    nowMs: () => state.nowMs,
    errorText: String,
  });
  return { acting, outbox, sent, heard, state };
}
const acknowledge = { kind: 'acknowledge' } as const;

test('what is under way is not sent again, what is new is', async () => {
  const { acting, sent, state } = bench();
  let release = () => {};
  state.held = new Promise((resolve) => {
    release = resolve;
  });
  const first = acting.perform(acknowledge, [1, 4], 'Mall');
  const second = acting.perform(acknowledge, [4, 3, 3], 'Mall');
  expect(sent.map(({ ids }) => ids)).toEqual([[1, 4], [3]]);
  expect(acting.isInFlight(4)).toBe(true);
  release();
  expect([...(await first).outcomes.keys()]).toEqual([1, 4]);
  expect([...(await second).outcomes.keys()]).toEqual([3]);
  expect(acting.isInFlight(4)).toBe(false);
});

test('a flood is sent in pieces that the contract allows, each row with its outcome', async () => {
  const { acting, sent, heard } = bench();
  const ids = Array.from({ length: ALARM_IDS_MAX + 3 }, (_, index) => index + 1);
  const { outcomes } = await acting.perform(acknowledge, ids, 'Mall');
  expect(sent.map((one) => one.ids.length)).toEqual([ALARM_IDS_MAX, 3]);
  expect(outcomes.get(2)).toEqual({ outcome: 'refused', why: 'raised-again' });
  expect(heard).toHaveLength(ids.length - 1);
});

describe('without signal', () => {
  test('actions wait with their time and id, go out in their order, and what is refused says why', async () => {
    const { acting, outbox, sent, heard, state } = bench();
    state.fault = NO_SIGNAL;
    expect((await acting.perform(acknowledge, [2], 'Mall')).outcomes.get(2)).toEqual({ outcome: 'kept' });
    state.nowMs += 60_000;
    await acting.perform({ kind: 'note', note: 'fryer moved' }, [1], 'Tower');
    expect(heard).toEqual([]);
    await acting.flush();
    expect(
      outbox()
        .all()
        .map(({ state: one }) => one),
    ).toEqual(['waiting', 'waiting']);

    sent.length = 0;
    state.fault = undefined;
    state.nowMs += 600_000;
    await acting.flush();
    expect(sent).toMatchObject([
      { kind: 'acknowledge', requestId: 'request-1', doneAt: '2026-11-19T13:48:00.000Z' },
      { kind: 'note', requestId: 'request-2', doneAt: '2026-11-19T13:49:00.000Z', note: 'fryer moved' },
    ]);
    expect(outbox().all()).toMatchObject([
      { state: 'refused', why: 'alarms.why.raised-again', place: 'Mall' },
      { state: 'sent', place: 'Tower' },
    ]);
    sent.length = 0;
    await acting.flush();
    expect(sent).toEqual([]);
    outbox().putAway();
    expect(outbox().all()).toEqual([]);
  });

  test('what is done while others wait does not overtake them', async () => {
    const { acting, sent, state } = bench();
    state.fault = NO_SIGNAL;
    await acting.perform(acknowledge, [1], 'Mall');
    state.fault = undefined;
    sent.length = 0;
    await acting.perform({ kind: 'clear' }, [1], 'Mall');
    expect(sent).toEqual([]);
    await acting.flush();
    expect(sent.map(({ kind }) => kind)).toEqual(['acknowledge', 'clear']);
  });

  test('a refusal of the whole request is told and blocks nothing behind it', async () => {
    const { acting, outbox, state } = bench();
    state.fault = NO_SIGNAL;
    await acting.perform(acknowledge, [1], 'Mall');
    state.fault = FORBIDDEN;
    await acting.flush();
    expect(outbox().all()).toMatchObject([{ state: 'refused', why: 'ApiError: No.' }]);
  });

  test('the box is bounded, each user has their own, and nonsense in it is as if it were empty', async () => {
    const { acting, outbox, state } = bench();
    state.fault = NO_SIGNAL;
    for (let count = 0; count < WAITING_MAX; count += 1) await acting.perform(acknowledge, [1], 'Mall');
    const { outcomes, error } = await acting.perform(acknowledge, [1], 'Mall');
    expect(outcomes.get(1)).toEqual({ outcome: 'unsent' });
    expect(error).toBe(NO_SIGNAL);
    expect(outbox(2).all()).toEqual([]);
    for (const text of ['{', '{}', '[null, 7, {"deed": 1}]']) {
      expect(createOutbox({ getItem: () => text, setItem: () => {} }, 1).all()).toEqual([]);
    }
  });
});

test('an answer that is no answer is not kept, and can be tried again', async () => {
  const { acting, outbox, sent, state } = bench();
  state.fault = FORBIDDEN;
  const { outcomes, error } = await acting.perform(acknowledge, [1], 'Mall');
  expect(outcomes.get(1)).toEqual({ outcome: 'unsent' });
  expect(error).toBe(FORBIDDEN);
  expect(outbox().all()).toEqual([]);
  await acting.perform(acknowledge, [1], 'Mall');
  expect(sent).toHaveLength(2);
});

test("what cannot be done says why, by the server's own table", () => {
  expect(whyNot(alarmWith(), 'clear')).toBe('still-holds');
  expect(whyNot(alarmWith({ kind: 'downloadFailed' }), 'clear')).toBeUndefined();
  expect(whyNot(alarmWith({ state: 'returned', active: false }), 'clear')).toBeUndefined();
  expect(whyNot(alarmWith({ state: 'acknowledged' }), 'acknowledge')).toBe('already');
  expect(whyNot(alarmWith({ state: 'shelved' }), 'acknowledge')).toBe('shelved');
  expect(whyNot(alarmWith(), 'unshelve')).toBe('not-shelved');
  expect(whyNot(alarmWith({ state: 'closed' }), 'note')).toBeUndefined();
});

test('the gravest of several alarms bounds their shelf', () => {
  const hours = (...severities: (1 | 2 | 3)[]) =>
    Math.max(...shelvesFor(severities.map((severity) => alarmWith({ severity })))) / 3_600_000;
  expect([hours(1), hours(2, 1), hours(1, 2, 3)]).toEqual([720, 168, 12]);
});
