import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { listBatches } from '#contract/commands.ts';
import { useApi } from '../api/client.ts';
import { useSession } from './session.ts';

/** Requests that wait for a second person and that this session may decide: the number beside "Jobs". */
export const useWaitingCount = defineStore('waitingCount', () => {
  const api = useApi();
  const session = useSession();
  const count = shallowRef<number>();
  return {
    count,
    /** Counts again; a failure leaves the last number standing. */
    async refresh(): Promise<void> {
      if (!session.may('command.approve')) return;
      try {
        const { items } = await api.call(listBatches, { query: { waiting: true } });
        count.value = items.filter(({ givenById }) => givenById !== session.session?.userId).length;
      } catch {
        // The next command or the next minute counts again.
      }
    },
  };
});
