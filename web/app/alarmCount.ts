import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { countAlarms } from '#contract/alarms.ts';
import { useApi } from '../api/client.ts';
import { SEVERITIES, type Severity } from './alarmTone.ts';

/** Unacknowledged alarms of everything the session may see: the number beside "Alarms". */
export const useAlarmCount = defineStore('alarmCount', () => {
  const api = useApi();
  const unacknowledged = shallowRef<number>();
  const calling = shallowRef<Severity | 0>(0);
  return {
    unacknowledged,
    /** Gravest severity that nobody has acknowledged; 0 when nothing calls. */
    calling,
    /** Counts again; a failure leaves the last number standing, the live dot tells the rest. */
    async refresh(): Promise<void> {
      try {
        const counts = await api.call(countAlarms, {});
        unacknowledged.value = counts.unacknowledged;
        calling.value = SEVERITIES.find((severity) => severity === counts.calling) ?? 0;
      } catch {
        // The next alarm or the next minute counts again.
      }
    },
  };
});
