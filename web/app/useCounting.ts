import { onBeforeUnmount, onMounted } from 'vue';
import { useLive } from '../live/liveClient.ts';
import { useMissed } from '../live/useMissed.ts';
import { useAlarmCount } from './alarmCount.ts';

/** Counted anew so often even when nothing is heard. */
const COUNT_MS = 60_000;
/** A burst of news is one count. */
const BURST_MS = 500;

/**
 * Keeps a number up to date: counted at once, a moment after news of it, where some may have been
 * missed, and every minute. Only inside setup functions.
 */
export function useCounting(count: () => Promise<void>, listen: (news: () => void) => () => void): void {
  let burst: ReturnType<typeof setTimeout> | undefined;
  const stop = listen(() => {
    burst ??= setTimeout(() => {
      burst = undefined;
      void count();
    }, BURST_MS);
  });
  useMissed(count);
  const timer = setInterval(() => void count(), COUNT_MS);
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
  useCounting(alarmCount.refresh, live.onAlarm);
}
