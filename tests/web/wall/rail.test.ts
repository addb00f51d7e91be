import { mount } from '@vue/test-utils';
import { expect, test } from 'vitest';
import { createI18n } from 'vue-i18n';
import type { Alarm } from '#contract/alarms.ts';
import type { Load } from '#contract/metering.ts';
import { DISPLAY_STATES } from '#domain/meterState.ts';
import { loadAt, pathOf, sumLoads } from '../../../web/features/wall/rail/loadSeries.ts';
import RailStates from '../../../web/features/wall/rail/RailStates.vue';
import { withAlarm } from '../../../web/features/wall/rail/useCurrentAlarms.ts';
import { catalogueOf } from '../../../web/i18n/index.ts';

const rowOf = (key: string) => DISPLAY_STATES.findIndex((row) => row.key === key);
const alarm = (id: number, over: Partial<Alarm> = {}): Alarm => ({
  id,
  propertyId: 1,
  kind: 'meterLost',
  severity: 2,
  state: 'unacknowledged',
  active: true,
  source: { kind: 'meter', id },
  path: [],
  raisedAt: `2026-11-22T10:0${id}:00Z`,
  lastRaisedAt: `2026-11-22T10:0${id}:00Z`,
  occurrences: 1,
  childCount: 0,
  ...over,
});

function legend(shown?: ReadonlySet<number>) {
  const i18n = createI18n({ legacy: false, locale: 'en', messages: { en: catalogueOf('en') } });
  return mount(RailStates, {
    props: { counts: DISPLAY_STATES.map((_, index) => index + 1), shown },
    global: { plugins: [i18n] },
  });
}

test('the legend shows every state of the domain once, and its counts add up to all', () => {
  const wrapper = legend();
  const figures = wrapper.findAll('li b').map((cell) => Number(cell.text()));
  const shown = wrapper.findAll('[data-state]').map((row) => row.attributes('data-state') ?? '');
  expect(new Set(shown)).toEqual(new Set(DISPLAY_STATES.map((row) => row.key)));
  expect(shown).toHaveLength(DISPLAY_STATES.length);
  expect(figures.reduce((sum, figure) => sum + figure, 0)).toBe(21);
});

test('while nothing is known no state has a count, and what is awaited has', async () => {
  const wrapper = legend();
  await wrapper.setProps({ counts: DISPLAY_STATES.map(() => 0), awaited: 12 });
  expect(wrapper.findAll('[data-state] b').map((cell) => cell.text())).toEqual(DISPLAY_STATES.map(() => '–'));
  expect(wrapper.get('li.awaited').text()).toContain('12');
});

test('the legend is the filter: one touch shows a state alone, the next adds, the last shows all', async () => {
  const wrapper = legend();
  await wrapper.get('[data-state=arrears]').trigger('click');
  expect(wrapper.emitted('shown')?.at(-1)).toEqual([new Set([rowOf('arrears')])]);
  await wrapper.setProps({ shown: new Set([rowOf('arrears')]) });
  await wrapper.get('[data-state=lost]').trigger('click');
  expect(wrapper.emitted('shown')?.at(-1)).toEqual([new Set([rowOf('arrears'), rowOf('lost')])]);
  await wrapper.get('[data-state=arrears]').trigger('click');
  expect(wrapper.emitted('shown')?.at(-1)).toEqual([undefined]);
});

test('an alarm that is over leaves the rail; one that only returned stays until somebody has seen it', () => {
  const list = withAlarm(withAlarm([], alarm(1)), alarm(2));
  expect(list.map((one) => one.id)).toEqual([2, 1]);
  expect(withAlarm(list, alarm(1, { state: 'returned' })).map((one) => one.id)).toEqual([2, 1]);
  expect(
    withAlarm(list, alarm(1, { state: 'closed', acknowledgedAt: '2026-11-22T10:10:00Z' })).map((one) => one.id),
  ).toEqual([2]);
  expect(withAlarm(list, alarm(1, { state: 'closed' })).map((one) => one.id)).toEqual([2]);
});

test('the load of several properties counts only buckets that all of them have', () => {
  const load = (propertyId: number, minutes: readonly number[]): Load => ({
    propertyId,
    resolution: '15m',
    yesterday: [],
    lastWeek: [],
    today: minutes.map((minute) => ({ at: `m${minute}`, loadW: 10 })),
  });
  const days = sumLoads([load(1, [0, 15, 30]), load(2, [0, 30])], (at) => Number(at.slice(1)));
  expect(days.today).toEqual([
    { minute: 0, loadW: 20 },
    { minute: 30, loadW: 20 },
  ]);
});

test('a gap in the load is a gap in the line, and is not compared with', () => {
  const day = [0, 15, 30, 120].map((minute) => ({ minute, loadW: 100 }));
  expect(pathOf(day, { width: 1_440, height: 100, mostW: 100 }).match(/M/g)).toHaveLength(2);
  expect(loadAt(day, 40)).toBe(100);
  expect(loadAt(day, 90)).toBeUndefined();
});
