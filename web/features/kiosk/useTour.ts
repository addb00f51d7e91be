import { computed, onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import type { KioskTour } from '#contract/kiosk.ts';
import { beginTour, nextTour, type Stop, type TourEvent } from './tour.ts';
import { useTourAlarms } from './useTourAlarms.ts';

const TICK_MS = 500;
const TOUCHES = ['pointerdown', 'pointermove', 'wheel', 'keydown'] as const;

/** The tour of a wall: time, alarms and hands move it. */
export function useTour(propertyIds: Ref<readonly number[]>, tour: Ref<KioskTour>) {
  const state = shallowRef(beginTour(propertyIds.value, tour.value, Date.now()));

  function feed(event: TourEvent): void {
    state.value = nextTour(state.value, event, {
      propertyIds: propertyIds.value,
      tour: tour.value,
      nowMs: Date.now(),
    });
  }

  useTourAlarms(propertyIds, (alarm) => feed({ kind: 'alarm', alarm }));
  const onTouch = () => feed({ kind: 'touch' });
  for (const touch of TOUCHES) addEventListener(touch, onTouch, { passive: true });
  const timer = setInterval(() => feed({ kind: 'tick' }), TICK_MS);
  watch([propertyIds, tour], () => {
    state.value = beginTour(propertyIds.value, tour.value, Date.now());
  });
  onScopeDispose(() => {
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
