import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { countAlarms } from '#contract/alarms.ts';
import { useApi } from '../api/client.ts';

/** Unacknowledged alarms of everything the session may see: the number beside "Alarms". */
export const useAlarmCount = defineStore('alarmCount', () => {
  const api = useApi();
  const unacknowledged = shallowRef<number>();
  return {
    unacknowledged,
    /** Counts again; a failure leaves the last number standing, the live dot tells the rest. */
    async refresh(): Promise<void> {
      try {
        unacknowledged.value = (await api.call(countAlarms, {})).unacknowledged;
      } catch {
        // The next alarm or the next minute counts again.
      }
    },
  };
});
