import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { listBatches, listCommands } from '#contract/commands.ts';
import { listVendBatches } from '#contract/jobs.ts';
import { useApi } from '../api/client.ts';
import { useSession } from './session.ts';

/** Requests that wait for a second person and that this session may decide: the number beside "Jobs". */
export const useWaitingCount = defineStore('waitingCount', () => {
  const api = useApi();
  const session = useSession();
  const count = shallowRef<number>();

  async function requests(): Promise<readonly { readonly givenById?: number }[]> {
    const lists = await Promise.all([
      ...(session.may('command.approve')
        ? [
            api.call(listBatches, { query: { waiting: true } }),
            api.call(listCommands, { query: { single: true, state: 'awaitingApproval' } }),
          ]
        : []),
      ...(session.may('vend.decide') && session.may('account.view')
        ? [api.call(listVendBatches, { query: { waiting: true } })]
        : []),
    ]);
    return lists.flatMap(({ items }): readonly { readonly givenById?: number }[] => items);
  }

  return {
    count,
    /** Counts again; a failure leaves the last number standing. */
    async refresh(): Promise<void> {
      if (!session.may('command.approve') && !session.may('vend.decide')) return;
      try {
        const waiting = await requests();
        count.value = waiting.filter(({ givenById }) => givenById !== session.session?.userId).length;
      } catch {
        // The next command or the next minute counts again.
      }
    },
  };
});
