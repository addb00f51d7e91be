import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Alarm, getSession, listAlarms, listPlaces } from '#contract/index.ts';
import RailAlarms from '../../../web/features/wall/rail/RailAlarms.vue';
import { alarmWith } from '../alarms/alarmSamples.ts';
import { mountInApp, type Serve } from '../support/appHarness.ts';

enableAutoUnmount(afterEach);

/** What the server holds, the newest first. */
let current: readonly Alarm[];

const at = (minute: number) => new Date(Date.parse('2026-11-19T10:00:00Z') + minute * 60_000).toISOString();
const alarm = (id: number, over: Partial<Alarm> = {}): Alarm =>
  alarmWith({ id, raisedAt: at(id), lastRaisedAt: at(id), ...over });

const serve: Serve = [
  [getSession, () => ({ status: 401, body: { code: 'session.required', message: '' } })],
  [listPlaces, () => ({ body: { items: [] } })],
  [
    listAlarms,
    ({ query }) => {
      const limit = Number(query.get('limit'));
      const rest = current.filter(({ id }) => id < Number(query.get('cursor') ?? Number.POSITIVE_INFINITY));
      const items = rest.slice(0, limit);
      return { body: { items, ...(rest.length > limit && { nextCursor: String(items.at(-1)?.id) }) } };
    },
  ],
];

async function openRail(propertyIds: readonly number[] = [1]) {
  const rail = await mountInApp(RailAlarms, serve, { propertyIds });
  await flushPromises();
  const shown = () => rail.wrapper.findAll('[data-alarm]').map((row) => Number(row.attributes('data-alarm')));
  return { ...rail, shown };
}

beforeEach(() => {
  current = [];
});

test('what came and went while the feed was gone for a moment is there, and not there', async () => {
  current = [alarm(2), alarm(1)];
  const { shown, miss } = await openRail();
  expect(shown()).toEqual([2, 1]);
  current = [alarm(3), alarm(1)];
  miss();
  await expect.poll(shown).toEqual([3, 1]);
});

const closed = { state: 'closed', active: false } as const;
const upTo = (count: number) => Array.from({ length: count }, (_, index) => alarm(count - index));

test('alarms beyond those that the rail holds move up when it has room, and it never says that there are none', async () => {
  current = upTo(100);
  const { shown, say, wrapper } = await openRail();
  expect(shown()).toEqual(
    upTo(60 + 40)
      .slice(0, 60)
      .map(({ id }) => id),
  );
  const over = current.slice(0, 60);
  current = current.slice(60);
  for (const one of over) say({ ...one, ...closed });
  expect(wrapper.text()).not.toContain('No current alarms');
  await expect.poll(shown).toEqual(current.map(({ id }) => id));
});

test('a rail that held its share of a flood asks for the rest when it runs short', async () => {
  current = upTo(700);
  const { shown, say, wrapper } = await openRail();
  const over = current.slice(0, 600);
  current = current.slice(600);
  for (const one of over) say({ ...one, ...closed });
  await flushPromises();
  expect(wrapper.text()).not.toContain('No current alarms');
  await expect.poll(() => shown().length).toBe(60);
  expect(shown()[0]).toBe(100);
});

test('an alarm that went and came again stands by its last time, and so does its age', async () => {
  current = [alarm(3), alarm(2), alarm(1)];
  const { shown, say, wrapper } = await openRail();
  say(alarm(1, { lastRaisedAt: at(30), occurrences: 2 }));
  await flushPromises();
  expect(shown()).toEqual([1, 3, 2]);
  expect(wrapper.get('[data-alarm="1"] time').attributes('datetime')).toBe(at(30));
});

test('it also stands there when the rail is opened, however old its number is', async () => {
  current = [...upTo(300).slice(0, -1), alarm(1, { lastRaisedAt: at(400), occurrences: 2 })];
  const { shown } = await openRail();
  expect(shown()).toHaveLength(60);
  expect(shown().slice(0, 2)).toEqual([1, 300]);
});

test('what a person shelved, and what belongs to a property that is not on the wall, is not in the rail', async () => {
  current = [alarm(3), alarm(2, { state: 'shelved' }), alarm(1, { propertyId: 9 })];
  const { shown } = await openRail([1, 2]);
  expect(shown()).toEqual([3]);
});
