import { computed, onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import type { Alarm } from '#contract/alarms.ts';
import type { KioskTour } from '#contract/kiosk.ts';
import { useLive } from '../../live/liveClient.ts';
import { beginTour, nextTour, type Stop, type TourAlarm, type TourEvent } from './tour.ts';

const TICK_MS = 500;
/** An alarm of the past that is told again (a note, a new owner) is not new. */
const FRESH_MS = 60_000;
/** Low alarms come all day; a wall that jumped to each would show nothing else. */
const SEVERITY_MIN = 2;
const TOUCHES = ['pointerdown', 'pointermove', 'wheel', 'keydown'] as const;
/** Alarms that were shown are remembered up to so many. */
const SEEN_MAX = 500;

/**
 * Whether an alarm is worth a jump: raised a moment ago (for the first time, or again), unacknowledged, not low, of some
 * property. One that comes and goes too often would drag the wall along each time: it waits until it rests.
 */
export function tourAlarmOf(alarm: Alarm, nowMs: number): TourAlarm | undefined {
  const fresh = alarm.state === 'unacknowledged' && nowMs - Date.parse(alarm.lastRaisedAt) < FRESH_MS;
  const calls = fresh && alarm.active && alarm.chatteringSince === undefined && alarm.severity >= SEVERITY_MIN;
  if (alarm.propertyId === undefined || !calls) return undefined;
  const { source } = alarm;
  return { propertyId: alarm.propertyId, ...(source.kind === 'meter' ? { meterId: source.id } : {}) };
}

/** The tour of a wall: time, alarms and hands move it. */
export function useTour(propertyIds: Ref<readonly number[]>, tour: Ref<KioskTour>) {
  const live = useLive();
  const state = shallowRef(beginTour(propertyIds.value, tour.value, Date.now()));
  /** When each alarm was raised that was shown: raised again, it is shown again. */
  const seen = new Map<number, string>();

  function feed(event: TourEvent): void {
    state.value = nextTour(state.value, event, {
      propertyIds: propertyIds.value,
      tour: tour.value,
      nowMs: Date.now(),
    });
  }

  const stopAlarms = live.onAlarm((alarm) => {
    const worth = tourAlarmOf(alarm, live.nowMs());
    if (worth === undefined || seen.get(alarm.id) === alarm.lastRaisedAt) return;
    if (seen.size >= SEEN_MAX) seen.clear();
    seen.set(alarm.id, alarm.lastRaisedAt);
    feed({ kind: 'alarm', alarm: worth });
  });
  const onTouch = () => feed({ kind: 'touch' });
  for (const touch of TOUCHES) addEventListener(touch, onTouch, { passive: true });
  const timer = setInterval(() => feed({ kind: 'tick' }), TICK_MS);
  watch([propertyIds, tour], () => {
    state.value = beginTour(propertyIds.value, tour.value, Date.now());
  });
  onScopeDispose(() => {
    stopAlarms();
    clearInterval(timer);
    for (const touch of TOUCHES) removeEventListener(touch, onTouch);
  });

  const shown = computed<readonly number[]>((before) => {
    const { mode, alarm, stop } = state.value;
    const at = mode === 'alarm' ? (alarm?.propertyId ?? stop) : stop;
    const next = at === 'all' ? propertyIds.value : [at];
    return before !== undefined && before.join() === next.join() ? before : next;
  });
  return {
    state,
    shown,
    go: (stop: Stop) => feed({ kind: 'go', stop }),
  };
}
