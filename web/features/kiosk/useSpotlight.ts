import { onScopeDispose, type Ref, watch } from 'vue';
import type { TourAlarm } from './tour.ts';

/** A wall that was just entered has no tiles yet. */
const RETRY_MS = 300;
/** Half a minute: a meter that no wall has shown by then is not on it. */
const TRIES_MAX = 100;

/** The wall, as far as a tour moves it. */
export interface SpotlightView {
  /** Shows a meter with its card; false while it is not on the wall. */
  spotlight(meterId: number): boolean;
  home(): void;
}

/** Puts the meter of the tour's alarm into the light as soon as the wall has it, and goes home when no alarm is shown any more. */
export function useSpotlight(alarm: Ref<TourAlarm | undefined>, view: () => SpotlightView | null): void {
  let retry: ReturnType<typeof setInterval> | undefined;
  watch(alarm, (shown) => {
    clearInterval(retry);
    const meterId = shown?.meterId;
    if (meterId === undefined) {
      view()?.home();
      return;
    }
    let left = TRIES_MAX;
    retry = setInterval(() => {
      left--;
      if (left <= 0 || view()?.spotlight(meterId) === true) clearInterval(retry);
    }, RETRY_MS);
  });
  onScopeDispose(() => clearInterval(retry));
}
