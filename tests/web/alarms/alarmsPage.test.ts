import { enableAutoUnmount, flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Alarm,
  acknowledgeAlarms,
  assignAlarms,
  getSession,
  LIVE_ROOMS_MAX,
  listAlarmAssignees,
  listAlarms,
  listOutOfService,
  listPlaces,
  PERMISSIONS,
  putInService,
} from '#contract/index.ts';
import { useEstate } from '../../../web/app/estate.ts';
import { useSession } from '../../../web/app/session.ts';
import AlarmsPage from '../../../web/features/alarms/AlarmsPage.vue';
import { mountInApp, type Serve } from '../support/appHarness.ts';
import { alarmWith } from './alarmSamples.ts';

enableAutoUnmount(afterEach);

const session = {
  userId: 1,
  user: 'z',
  displayName: 'Zhou Min',
  permissions: [...PERMISSIONS],
  grants: [],
  expiresAt: '2026-12-01T00:00:00Z',
  demo: false,
};
const property = {
  id: 1,
  kind: 'property',
  propertyId: 1,
  names: { en: 'Riverside' },
  position: 1,
  timeZone: 'Asia/Shanghai',
  currency: 'CNY',
};
const acknowledged = {
  state: 'acknowledged',
  acknowledgedAt: '2026-11-19T13:47:00Z',
  acknowledgedBy: 'Zhou Min',
} as const;

let known: Map<number, Alarm>;
let posts: unknown[];
/** Outages that were ended. */
let ended: (string | undefined)[];
let release: () => void;
let held: Promise<void>;

const outage = {
  id: 70,
  propertyId: 1,
  source: { kind: 'line', id: 7 },
  path: [{ en: 'Riverside' }, { en: 'Line 7' }],
  reason: 'rewiring',
  from: '2026-11-19T13:00:00Z',
  by: 'Chen Wei',
  heldAlarms: 3,
};
const serve: Serve = [
  [listOutOfService, () => ({ body: { items: [outage] } })],
  [
    putInService,
    ({ params }) => {
      ended.push(params['outageId']);
      return { body: outage };
    },
  ],
  [listAlarmAssignees, () => ({ body: { items: [{ userId: 9, name: 'Li Wei' }] } })],
  [
    assignAlarms,
    ({ body }) => {
      posts.push(body);
      const { ids, userId } = body as { ids: number[]; userId: number | null };
      const given = userId === null ? {} : { assigned: { userId, name: 'Li Wei' } };
      return { body: { items: ids.map((id) => ({ id, outcome: 'done', alarm: { ...alarmWith({ id }), ...given } })) } };
    },
  ],
  [getSession, () => ({ body: session })],
  [listPlaces, () => ({ body: { items: [property] } })],
  [listAlarms, () => ({ body: { items: [...known.values()] } })],
  [
    acknowledgeAlarms,
    async ({ body }) => {
      posts.push(body);
      await held;
      const ids = (body as { ids: number[] }).ids;
      return {
        body: {
          items: ids.map((id) =>
            id === 2
              ? { id, outcome: 'not-found' }
              : { id, outcome: 'done', alarm: { ...alarmWith({ id }), ...acknowledged } },
          ),
        },
      };
    },
  ],
];

async function openPage(answers = serve) {
  const page = await mountInApp(AlarmsPage, answers);
  await useSession().load();
  await useEstate().load();
  await flushPromises();
  return page;
}
const key = (name: string, more: KeyboardEventInit = {}) =>
  document.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, ...more }));

beforeEach(() => {
  known = new Map([1, 2, 3].map((id) => [id, alarmWith({ id, raisedAt: `2026-11-19T13:4${id}:00.000Z` })]));
  posts = [];
  ended = [];
  held = new Promise((resolve) => {
    release = resolve;
  });
});

test('an alarm is given to another person, and taken away again', async () => {
  const { wrapper } = await openPage();
  const hand = () => wrapper.get<HTMLSelectElement>('select[name=assignee]');
  await hand().setValue('9');
  await flushPromises();
  expect(posts).toMatchObject([{ ids: [3], userId: 9 }]);
  expect(hand().element.value).toBe('9');
  expect(wrapper.find('[data-alarm="3"]').text()).toContain('Li Wei');
  await hand().setValue('');
  await flushPromises();
  expect(posts).toMatchObject([{ userId: 9 }, { ids: [3], userId: null }]);
  expect(hand().element.value).toBe('');
});

describe('acknowledging', () => {
  test('pressing A again while the first is under way sends nothing', async () => {
    const { wrapper } = await openPage();
    key('a');
    key('a');
    await flushPromises();
    expect(posts).toMatchObject([{ ids: [3] }]);
    expect(posts).toHaveLength(1);
    expect(wrapper.find('[data-alarm="3"]').text()).toContain('sending');
    release();
    await flushPromises();
    expect(wrapper.find('[data-alarm="3"]').text()).toContain('Acknowledged');
  });

  test('what could not be done is said in its row, the rest is done', async () => {
    const { wrapper } = await openPage();
    await wrapper.find('thead input').trigger('change');
    key('a');
    release();
    await flushPromises();
    expect(posts).toMatchObject([{ ids: [3, 2, 1] }]);
    expect(wrapper.find('[data-alarm="2"]').text()).toContain('no longer there');
    expect(wrapper.find('.says').text()).toContain('2 done. 1 not');
  });
});

test('arrows move, shift takes along, Enter opens the meter', async () => {
  const { wrapper, router } = await openPage();
  key('ArrowDown', { shiftKey: true });
  await flushPromises();
  expect(wrapper.findAll('tr.row input:checked').length).toBe(2);
  expect(wrapper.find('tr.current').attributes('data-alarm')).toBe('2');
  key('Enter');
  await flushPromises();
  expect(router.currentRoute.value.name).toBe('meter');
});

test('a new alarm appears by itself, a closed one leaves', async () => {
  const { wrapper, say } = await openPage();
  say(alarmWith({ id: 9, severity: 3 }));
  say(alarmWith({ id: 1, ...acknowledged, state: 'closed' }));
  await flushPromises();
  expect(wrapper.findAll('tr.row').map((row) => row.attributes('data-alarm'))).toEqual(['9', '3', '2']);
});

test('what came and went while the feed was gone for a moment is there, and not there, without a reload', async () => {
  const { wrapper, miss } = await openPage();
  known = new Map([1, 2, 4].map((id) => [id, alarmWith({ id, raisedAt: `2026-11-19T13:4${id}:00.000Z` })]));
  miss();
  await expect
    .poll(() => wrapper.findAll('tr.row').map((row) => row.attributes('data-alarm')))
    .toEqual(['4', '2', '1']);
});

test('an alarm that is told while the list is asked for stands, whatever the answer did not know yet', async () => {
  let asked = 0;
  const answers: Serve = [
    [
      listAlarms,
      async () => {
        const items = [...known.values()];
        if (++asked > 1) await held;
        return { body: { items } };
      },
    ],
    ...serve,
  ];
  const { wrapper, say, miss } = await openPage(answers);
  miss();
  await expect.poll(() => asked).toBe(2);
  say(alarmWith({ id: 9, severity: 3 }));
  say(alarmWith({ id: 1, ...acknowledged, state: 'closed' }));
  release();
  await flushPromises();
  expect(wrapper.findAll('tr.row').map((row) => row.attributes('data-alarm'))).toEqual(['9', '3', '2']);
});

test('in a large group the property of the filter is always heard, and as many of the others as a screen may hear', async () => {
  const properties = Array.from({ length: 90 }, (_, index) => ({ ...property, id: index + 1, propertyId: index + 1 }));
  const building = { ...property, id: 500, kind: 'building', propertyId: 88, parentId: 88 };
  const group: Serve = [[listPlaces, () => ({ body: { items: [...properties, building] } })], ...serve];
  const { router, watched, wrapper } = await openPage(group);
  const all = watched.size;
  expect(all).toBeGreaterThan(32);
  // The frame watches one more, and so does a page that is opened before this one is gone.
  expect(all).toBeLessThanOrEqual(LIVE_ROOMS_MAX - 2);
  for (const [query, propertyId] of [
    [{ property: '90' }, 90],
    [{ place: '500' }, 88],
  ] as const) {
    await router.replace({ query });
    await flushPromises();
    expect([...watched.keys()]).toContain(propertyId);
    expect(watched.size).toBe(all);
  }
  wrapper.unmount();
  expect(watched.size).toBe(0);
});

test('back into service, where it was set with the line: says so before everything behind it comes back', async () => {
  known = new Map([[4, alarmWith({ id: 4, state: 'outOfService', outageId: 70 })]]);
  const { wrapper, router } = await openPage();
  await router.replace({ query: { tab: 'outOfService' } });
  await flushPromises();
  key('o');
  await flushPromises();
  const dialog = wrapper.get('[data-put-back]');
  expect(dialog.text()).toContain('with its line Riverside / Line 7');
  expect(dialog.text()).toContain('By Chen Wei');
  expect(dialog.text()).toContain('3 alarms');
  expect(ended).toEqual([]);
  await dialog.get('form').trigger('submit');
  await flushPromises();
  expect(ended).toEqual(['70']);
  expect(wrapper.find('[data-put-back]').exists()).toBe(false);
});

test('O does what its button does: one alarm, of something that can be taken out; else it says why', async () => {
  known.set(4, alarmWith({ id: 4, severity: 3, kind: 'networkLost', source: { kind: 'property', id: 1 } }));
  const { wrapper } = await openPage();
  const dialog = () => wrapper.find('dialog.ask');
  const button = () => wrapper.findAll('.actions button').find((one) => one.text().startsWith('O'));
  expect(button()?.attributes('disabled')).toBeDefined();
  key('o');
  await flushPromises();
  expect(dialog().exists()).toBe(false);
  expect(wrapper.get('.says').text()).toContain('Only a meter, line or gateway');
  for (const id of [3, 2]) await wrapper.get(`[data-alarm="${id}"] input`).trigger('click');
  key('o');
  await flushPromises();
  expect(dialog().exists()).toBe(false);
  expect(wrapper.get('.says').text()).toContain('one at a time');
  await wrapper.get('[data-alarm="2"] input').trigger('click');
  key('o');
  await flushPromises();
  expect(dialog().text()).toContain('1F-08');
});

test('all that match: what the filter has beyond the loaded rows is loaded and selected, and until then it is said', async () => {
  const pages = new Map([
    [null, { items: [6, 5].map((id) => alarmWith({ id, state: 'closed' })), nextCursor: 'older' }],
    ['older', { items: [4, 3].map((id) => alarmWith({ id, state: 'closed' })) }],
  ]);
  const paged: Serve = [[listAlarms, ({ query }) => ({ body: pages.get(query.get('cursor')) })], ...serve];
  const { wrapper, router, miss } = await openPage(paged);
  await router.replace({ query: { tab: 'closed' } });
  await flushPromises();
  key('a', { ctrlKey: true });
  await flushPromises();
  expect(wrapper.get('.bulk').text()).toContain('2 selected of 2 loaded; more match');
  await wrapper.get('[data-bulk=matching]').trigger('click');
  await flushPromises();
  expect(wrapper.get('.bulk').text()).toContain('4 of 4 selected');
  pages.set(null, { items: [7, 6, 5].map((id) => alarmWith({ id, state: 'closed' })), nextCursor: 'older' });
  miss();
  // What was opened stays open.
  await expect.poll(() => wrapper.findAll('tr.row').length).toBe(5);
  expect(wrapper.get('.bulk').text()).toContain('4 of 5 selected');
});

test('what is done to an alarm while something is under way with it comes after it, and is not lost', async () => {
  known = new Map([[1, alarmWith({ id: 1 })]]);
  await openPage();
  for (const name of ['a', 'a', 'm']) key(name);
  await flushPromises();
  expect(posts).toHaveLength(1);
  release();
  await flushPromises();
  expect(posts).toEqual([expect.objectContaining({ ids: [1] }), expect.objectContaining({ ids: [1], userId: 1 })]);
});

describe('the alarm that is looked at', () => {
  const current = (wrapper: Awaited<ReturnType<typeof openPage>>['wrapper']) =>
    wrapper.get('tr.current').attributes('data-alarm');
  const closed = { ...acknowledged, state: 'closed' } as const;
  const OLDEST = '2026-11-19T13:41:00.000Z';

  test('stays the same one when a graver one appears above it, and so does what a key does', async () => {
    const { wrapper, say } = await openPage();
    expect(current(wrapper)).toBe('3');
    say(alarmWith({ id: 9, severity: 3 }));
    key('a');
    await flushPromises();
    expect(posts).toMatchObject([{ ids: [3] }]);
    expect(wrapper.get('tr.row').attributes('data-alarm'), 'the graver one is first').toBe('9');
    release();
    await flushPromises();
    expect(current(wrapper), 'acknowledged, it sinks and is still looked at').toBe('3');
  });

  test('is its neighbour by position when it leaves the list, which is said', async () => {
    known.set(1, alarmWith({ id: 1, raisedAt: OLDEST, path: [{ en: 'Riverside' }, { en: 'Mall' }, { en: '1F-07' }] }));
    const { wrapper, say, router } = await openPage();
    key('ArrowDown');
    await flushPromises();
    say(alarmWith({ id: 9, severity: 3, path: [{ en: 'Riverside' }, { en: 'Tower' }, { en: '9F' }] }));
    say(alarmWith({ id: 2, ...closed }));
    await flushPromises();
    expect(current(wrapper)).toBe('1');
    expect(router.currentRoute.value.query['alarm']).toBe('1');
    expect(wrapper.get('.says').text()).toBe(
      'The alarm of Mall 1F-08 has left this list; now you are looking at Mall 1F-07.',
    );
    say(alarmWith({ id: 1, ...closed }));
    await flushPromises();
    expect(current(wrapper), 'the last row goes: the one above it').toBe('3');
    for (const id of [9, 3]) say(alarmWith({ id, ...closed }));
    await flushPromises();
    expect(wrapper.find('aside').exists()).toBe(false);
    expect(wrapper.get('.says').text()).toBe('The alarm of Mall 1F-08 has left this list.');
  });

  test('is not taken instead of what was selected and has left: a key does nothing until a person moves', async () => {
    const { wrapper, say } = await openPage();
    await wrapper.get('[data-alarm="2"] input').trigger('click');
    say(alarmWith({ id: 2, ...closed }));
    key('a');
    await flushPromises();
    key('a');
    await flushPromises();
    expect(posts).toEqual([]);
    expect(wrapper.get('.says').text()).toBe('What was selected has left this list: move or press Esc to go on.');
    key('Escape');
    key('a');
    await flushPromises();
    expect(posts).toMatchObject([{ ids: [3] }]);
  });

  test('is the first row again only of another list, or the one that the address names', async () => {
    const { wrapper, say, router } = await openPage();
    say(alarmWith({ id: 9, severity: 3 }));
    await router.replace({ query: { severity: '3' } });
    await flushPromises();
    expect(current(wrapper)).toBe('9');
    await router.replace({ query: { alarm: '2' } });
    await flushPromises();
    expect(current(wrapper), 'the address names it').toBe('2');
  });
});
