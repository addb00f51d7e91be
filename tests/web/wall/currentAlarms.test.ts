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
