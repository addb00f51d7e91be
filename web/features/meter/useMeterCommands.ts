import { onScopeDispose, type Ref, watch } from 'vue';
import { type Command, listCommands, stopCommand } from '#contract/commands.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { useLive } from '../../live/liveClient.ts';
import { useMissed } from '../../live/useMissed.ts';
import { useSaving } from '../gateways/useSaving.ts';
import type { Newest } from './meterHistory.ts';

/** Commands shown on a meter's page. */
const COMMANDS_SHOWN = 30;
/** Without news, so that a feed that says nothing is not believed for ever. */
const CHECK_MS = 30_000;
/** News say the state; who and when is asked for so long after them. */
const ASK_AGAIN_MS = 500;

/** The last commands of a meter, followed by the feed of its property. */
export function useMeterCommands(meterId: number, propertyId: Ref<number | undefined>) {
  const api = useApi();
  const live = useLive();
  const stopping = useSaving();
  const list = useResource<Newest<Command>>(
    async (signal) => {
      const answer = await api.call(listCommands, { query: { meterId, limit: COMMANDS_SHOWN } }, { signal });
      return { items: answer.items, more: answer.nextCursor !== undefined };
    },
    { everyMs: CHECK_MS },
  );
  let timer: ReturnType<typeof setTimeout> | undefined;
  let leave: (() => void) | undefined;

  function askAgain(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void list.reload();
    }, ASK_AGAIN_MS);
  }

  const stopNews = live.onCommands((changes) => {
    const mine = changes.filter((change) => change.meterId === meterId);
    if (mine.length === 0) return;
    const now = list.data.value;
    if (now !== undefined)
      list.set({
        ...now,
        items: now.items.map((command) => {
          const news = mine.findLast((change) =>
            change.batchId === undefined ? change.commandId === command.id : change.batchId === command.batchId,
          );
          return news === undefined ? command : { ...command, state: news.state, why: [...news.why] };
        }),
      });
    askAgain();
  });
  // The news of commands go to whoever watches the property.
  watch(
    propertyId,
    (id) => {
      leave?.();
      leave = id === undefined ? undefined : live.watchProperty(id);
    },
    { immediate: true },
  );
  useMissed(askAgain, (id) => id === propertyId.value);
  onScopeDispose(() => {
    stopNews();
    leave?.();
    clearTimeout(timer);
  });

  return {
    list,
    reload: () => void list.reload(),
    /** Why the last attempt to take one back failed; empty after a good one. */
    fault: stopping.message,
    async stop(command: Command): Promise<void> {
      await stopping.run(() => api.call(stopCommand, { params: { commandId: command.id }, body: {} }));
      void list.reload();
    },
  };
}
