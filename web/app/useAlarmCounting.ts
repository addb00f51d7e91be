import { onBeforeUnmount, onMounted } from 'vue';
import { useLive } from '../live/liveClient.ts';
import { useAlarmCount } from './alarmCount.ts';

/** Alarms are counted anew so often even when nothing is heard. */
const COUNT_MS = 60_000;
/** A burst of alarms is one count. */
const BURST_MS = 500;

/** Keeps the number of unacknowledged alarms up to date, and what calls; only inside setup functions. */
export function useAlarmCounting(): void {
  const alarmCount = useAlarmCount();
  const live = useLive();
  let burst: ReturnType<typeof setTimeout> | undefined;
  const stop = live.onAlarm(() => {
    burst ??= setTimeout(() => {
      burst = undefined;
      void alarmCount.refresh();
    }, BURST_MS);
  });
  const timer = setInterval(() => void alarmCount.refresh(), COUNT_MS);
  onMounted(() => void alarmCount.refresh());
  onBeforeUnmount(() => {
    stop();
    clearInterval(timer);
    clearTimeout(burst);
  });
}
