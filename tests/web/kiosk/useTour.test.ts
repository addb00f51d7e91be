import { enableAutoUnmount } from '@vue/test-utils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { defineComponent, nextTick, ref, shallowRef } from 'vue';
import { type Alarm, listAlarms } from '#contract/alarms.ts';
import type { TourAlarm } from '../../../web/features/kiosk/tour.ts';
import { useSpotlight } from '../../../web/features/kiosk/useSpotlight.ts';
import { useTour } from '../../../web/features/kiosk/useTour.ts';
import { mountInApp, type Serve } from '../support/appHarness.ts';

enableAutoUnmount(afterEach);
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The harness' clock stands at 13:47:00. */
const alarm = (over: Partial<Alarm> = {}): Alarm => ({
  id: 1,
  propertyId: 7,
  kind: 'overload',
  severity: 2,
  state: 'unacknowledged',
  active: true,
  source: { kind: 'meter', id: 3 },
  path: [],
  raisedAt: '2026-11-19T13:46:50Z',
  lastRaisedAt: '2026-11-19T13:46:50Z',
  occurrences: 1,
  childCount: 0,
  ...over,
});

async function mountTour(serve: Serve = []) {
  const held: { tour?: ReturnType<typeof useTour> } = {};
  const host = defineComponent({
    setup() {
      held.tour = useTour(ref([7, 8]), ref({ dwellS: 0, alarmS: 5, touchS: 60 }));
      return () => null;
    },
  });
  const { say, miss } = await mountInApp(host, serve);
  const { tour } = held;
  if (tour === undefined) throw new Error('no tour');
  return { say, miss, tour };
}

test('an alarm that came again moves the wall again, told twice it does not', async () => {
  const { say, tour } = await mountTour();
  say(alarm());
  expect(tour.state.value).toMatchObject({ mode: 'alarm', alarm: { meterId: 3 } });
  vi.advanceTimersByTime(6_000);
  expect(tour.state.value.mode).toBe('round');
  say(alarm({ note: 'on my way' }));
  expect(tour.state.value.mode).toBe('round');
  say(alarm({ lastRaisedAt: '2026-11-19T13:46:58Z', occurrences: 2 }));
  expect(tour.state.value).toMatchObject({ mode: 'alarm', alarm: { meterId: 3 } });
});

test('what a gap swallowed moves the wall when it is over, the newest of it, even where the server has to be asked twice', async () => {
  const asked: (string | null)[] = [];
  const raisedInTheGap = [
    alarm({ id: 3, source: { kind: 'meter', id: 5 }, lastRaisedAt: '2026-11-19T13:46:59.500Z' }),
    alarm({ id: 2, source: { kind: 'meter', id: 4 }, lastRaisedAt: '2026-11-19T13:46:59Z' }),
  ];
  const { miss, say, tour } = await mountTour([
    [
      listAlarms,
      ({ query }) => {
        asked.push(query.get('from'));
        if (asked.length === 1) return { status: 503, body: { code: 'unavailable', message: 'Not yet.' } };
        return { body: { items: raisedInTheGap } };
      },
    ],
  ]);
  await vi.advanceTimersByTimeAsync(1_000);
  miss(7);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(tour.state.value.mode).toBe('round');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toEqual(['2026-11-19T13:46:58.000Z', '2026-11-19T13:46:58.000Z']);
  expect(tour.state.value).toMatchObject({ mode: 'alarm', alarm: { propertyId: 7, meterId: 5 } });
  await vi.advanceTimersByTimeAsync(6_000);
  for (const told of raisedInTheGap) say(told);
  expect(tour.state.value.mode, 'shown once').toBe('round');
});

test('a hand on the wall keeps the alarm that is looked at, with its property', async () => {
  const { say, tour } = await mountTour();
  say(alarm());
  const { alarm: shown } = tour.state.value;
  dispatchEvent(new Event('pointermove'));
  expect(tour.state.value.mode).toBe('touched');
  expect(tour.state.value.alarm).toBe(shown);
  expect(tour.shown.value).toEqual([7]);
  vi.advanceTimersByTime(61_000);
  expect(tour.state.value.alarm).toBeUndefined();
});

/** A wall that has a meter from its `from`-th question on; what was asked of it, in order. */
function spotlitWall(from: number) {
  const asked: string[] = [];
  const shown = shallowRef<TourAlarm>();
  const host = defineComponent({
    setup() {
      useSpotlight(shown, () => ({
        spotlight: (meterId) => asked.push(`light ${meterId}`) >= from,
        home: () => asked.push('home'),
      }));
      return () => null;
    },
  });
  return { asked, shown, host };
}

test('the light is put on the meter once the wall has it, and the wall goes home with the alarm', async () => {
  const { asked, shown, host } = spotlitWall(3);
  await mountInApp(host, []);
  shown.value = { propertyId: 7, meterId: 3 };
  await nextTick();
  vi.advanceTimersByTime(10_000);
  expect(asked).toEqual(['light 3', 'light 3', 'light 3']);
  shown.value = undefined;
  await nextTick();
  expect(asked.at(-1)).toBe('home');
});

test('a meter that never appears is not looked for for ever', async () => {
  const { asked, shown, host } = spotlitWall(Number.POSITIVE_INFINITY);
  await mountInApp(host, []);
  shown.value = { propertyId: 7, meterId: 3 };
  await nextTick();
  vi.advanceTimersByTime(3_600_000);
  expect(asked.length).toBeLessThanOrEqual(100);
  expect(asked.length).toBeGreaterThan(50);
  expect(vi.getTimerCount()).toBe(0);
});
