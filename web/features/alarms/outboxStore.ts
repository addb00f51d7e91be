import { defineStore } from 'pinia';
import { shallowReactive, shallowRef, watch } from 'vue';
import type { Alarm } from '#contract/index.ts';
import { ApiError, useApi } from '../../api/client.ts';
import { useSession } from '../../app/session.ts';
import { useLive } from '../../live/liveClient.ts';
import { newId } from '../desk/newId.ts';
import { createActing, type RowOutcome } from './acting.ts';
import { type DeedKind, sendDeed, type Wish } from './deeds.ts';
import { createOutbox, type KeptDeed } from './outbox.ts';

/** Told what became of the rows of a deed, the alarms as they are now among them. */
export interface DeedListener {
  alarm(alarm: Alarm): void;
  outcomes(outcomes: ReadonlyMap<number, RowOutcome>): void;
}

/** What a person does to alarms, and what of it waits for signal: one for the whole app, whatever page is open. */
export const useAlarmOutbox = defineStore('alarmOutbox', () => {
  const api = useApi();
  const live = useLive();
  const session = useSession();
  /** What is under way with an alarm, and the end of it; what is done to it next comes after. */
  const busy = shallowReactive(new Map<number, { readonly kind: DeedKind; readonly ended: Promise<void> }>());
  const listeners = new Set<DeedListener>();
  const outbox = () => createOutbox(localStorage, session.session?.userId ?? 0);
  const kept = shallowRef<readonly KeptDeed[]>(outbox().all());
  const reread = () => {
    kept.value = outbox().all();
  };
  watch(() => session.session?.userId, reread);
  const acting = createActing({
    send: (deed) => sendDeed(api, deed),
    outbox,
    onAlarm: (alarm) => {
      for (const listener of listeners) listener.alarm(alarm);
    },
    newId,
    nowMs: live.nowMs,
    errorText: (error) => (error instanceof ApiError ? `error.${error.code}` : 'error.unknown'),
  });
  function tell(outcomes: ReadonlyMap<number, RowOutcome>): void {
    reread();
    for (const listener of listeners) listener.outcomes(outcomes);
  }

  return {
    kept,
    /** Whether something is under way with it, or this very thing: a key that was pressed twice. */
    isInFlight: (id: number, kind?: DeedKind) => (kind === undefined ? busy.has(id) : busy.get(id)?.kind === kind),
    /**
     * Does it, after what is under way with these alarms: the list may show what came of that before its answer is here, and
     * who goes on at once has not pressed in vain. Resolves with the outcome of each that this is not under way with already.
     * Never rejects.
     */
    async perform(wish: Wish, ids: readonly number[], place: string) {
      const fresh = ids.filter((id) => busy.get(id)?.kind !== wish.kind);
      const before = Promise.all(fresh.map(async (id) => busy.get(id)?.ended));
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      const mine = { kind: wish.kind, ended };
      for (const id of fresh) busy.set(id, mine);
      await before;
      const result = await acting.perform(wish, fresh, place);
      for (const id of fresh) if (busy.get(id) === mine) busy.delete(id);
      end();
      tell(result.outcomes);
      return result;
    },
    /** Sends what waits, oldest first, until there is no signal again. Never rejects. */
    async flush(): Promise<void> {
      if (session.session === undefined) return;
      reread();
      if (!kept.value.some(({ state }) => state === 'waiting')) return;
      tell(await acting.flush());
    },
    /** Forgets what was sent or refused. */
    putAway(): void {
      outbox().putAway();
      reread();
    },
    /** Until the returned function is called. */
    listen(listener: DeedListener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
});
