import { onScopeDispose, shallowReactive, shallowRef } from 'vue';
import type { Alarm } from '#contract/index.ts';
import { useApi } from '../../api/client.ts';
import { useErrorText } from '../../api/errorText.ts';
import { useSession } from '../../app/session.ts';
import { useLive } from '../../live/liveClient.ts';
import { newId } from '../desk/newId.ts';
import { createActing, type RowOutcome } from './acting.ts';
import { sendDeed, type Wish } from './deeds.ts';
import { createOutbox, type KeptDeed } from './outbox.ts';

/** How often what waits is tried; the browser also says when it believes in a signal again, ms. */
const TRY_MS = 5_000;

/** Acting from a screen: what is under way, what became of each row, what waits for signal. Only inside setup functions. */
export function useDeeds(onAlarm: (alarm: Alarm) => void, onSent: () => void) {
  const api = useApi();
  const live = useLive();
  const session = useSession();
  const errorText = useErrorText();
  const busy = shallowReactive(new Set<number>());
  /** Rows whose outcome is not the wanted one, until they are tried again. */
  const refused = shallowReactive(new Map<number, RowOutcome>());
  const outbox = () => createOutbox(localStorage, session.session?.userId ?? 0);
  const kept = shallowRef<readonly KeptDeed[]>(outbox().all());
  const acting = createActing({
    send: (deed) => sendDeed(api, deed),
    outbox,
    onAlarm,
    newId,
    nowMs: live.nowMs,
    errorText,
  });

  function take(outcomes: ReadonlyMap<number, RowOutcome>): void {
    for (const [id, row] of outcomes) {
      if (row.outcome === 'done') refused.delete(id);
      else refused.set(id, row);
    }
    kept.value = outbox().all();
  }

  /** Does it; resolves with the outcome of each alarm that was not under way already. Never rejects. */
  async function perform(wish: Wish, ids: readonly number[], place: string) {
    const fresh = ids.filter((id) => !busy.has(id));
    for (const id of fresh) busy.add(id);
    const result = await acting.perform(wish, fresh, place);
    for (const id of fresh) busy.delete(id);
    take(result.outcomes);
    return result;
  }

  async function flush(): Promise<void> {
    kept.value = outbox().all();
    if (!kept.value.some(({ state }) => state === 'waiting')) return;
    const outcomes = await acting.flush();
    take(outcomes);
    if (outcomes.size > 0) onSent();
  }
  const timer = setInterval(() => void flush(), TRY_MS);
  const flushNow = () => void flush();
  window.addEventListener('online', flushNow);
  onScopeDispose(() => {
    clearInterval(timer);
    window.removeEventListener('online', flushNow);
  });
  void flush();

  return {
    perform,
    refused,
    kept,
    isInFlight: (id: number) => busy.has(id),
    putAway: () => {
      outbox().putAway();
      kept.value = outbox().all();
    },
  };
}
