import { onBeforeUnmount, onMounted } from 'vue';
import { useLive } from '../live/liveClient.ts';
import { useMissed } from '../live/useMissed.ts';
import { useAlarmCount } from './alarmCount.ts';
import { useEstate } from './estate.ts';

/** Counted anew so often even when nothing is heard. */
const COUNT_MS = 60_000;
/**
 * And so often where some of it is not heard at all: a page joins the property that it shows, since each room brings every
 * change of its meters; what happens in the others is seen, and sounds, so much later.
 */
const UNHEARD_COUNT_MS = 15_000;
/** A burst of news is one count. */
const BURST_MS = 500;

/**
 * Keeps a number up to date: counted at once, a moment after news of it, where some may have been
 * missed, and every minute; four times a minute while `isHeard` says that not all news come. Only inside setup functions.
 */
export function useCounting(
  count: () => Promise<void>,
  listen: (news: () => void) => () => void,
  isHeard = () => true,
): void {
  let burst: ReturnType<typeof setTimeout> | undefined;
  const stop = listen(() => {
    burst ??= setTimeout(() => {
      burst = undefined;
      void count();
    }, BURST_MS);
  });
  useMissed(count);
  let uncountedMs = 0;
  const timer = setInterval(() => {
    uncountedMs += UNHEARD_COUNT_MS;
    if (isHeard() && uncountedMs < COUNT_MS) return;
    uncountedMs = 0;
    void count();
  }, UNHEARD_COUNT_MS);
  onMounted(() => void count());
  onBeforeUnmount(() => {
    stop();
    clearInterval(timer);
    clearTimeout(burst);
  });
}

/** Keeps the number of unacknowledged alarms, and what calls. Only inside setup functions. */
export function useAlarmCounting(): void {
  const alarmCount = useAlarmCount();
  const live = useLive();
  const estate = useEstate();
  useCounting(alarmCount.refresh, live.onAlarm, () => estate.properties.every(({ id }) => live.pulses.has(id)));
}
