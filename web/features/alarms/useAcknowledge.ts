import { shallowReactive, shallowRef } from 'vue';
import { type Alarm, acknowledgeAlarms } from '#contract/index.ts';
import { useApi } from '../../api/client.ts';
import { createAcknowledger, type RowOutcome } from './acknowledging.ts';

/** Acknowledging from a screen: what is under way, what became of each row. Only inside setup functions. */
export function useAcknowledge(onAlarm: (alarm: Alarm) => void) {
  const api = useApi();
  const busy = shallowReactive(new Set<number>());
  /** Rows whose outcome is not the wanted one, until they are tried again. */
  const refused = shallowReactive(new Map<number, RowOutcome>());
  const error = shallowRef<unknown>();
  const lastCount = shallowRef(0);

  const acknowledger = createAcknowledger({
    send: (ids, note) =>
      api.call(acknowledgeAlarms, { body: { ids: [...ids], ...(note !== undefined && note !== '' && { note }) } }),
    onAlarm,
  });

  /** Acknowledges; resolves with how many of them this call acknowledged. Never rejects. */
  async function acknowledge(ids: readonly number[], note?: string): Promise<number> {
    const fresh = ids.filter((id) => !acknowledger.isInFlight(id));
    for (const id of fresh) busy.add(id);
    const result = await acknowledger.acknowledge(fresh, note);
    let done = 0;
    for (const id of fresh) busy.delete(id);
    for (const [id, outcome] of result.outcomes) {
      if (outcome === 'done') {
        refused.delete(id);
        done += 1;
      } else refused.set(id, outcome);
    }
    error.value = result.error;
    lastCount.value = done;
    return done;
  }

  return { acknowledge, isInFlight: (id: number) => busy.has(id), refused, error, lastCount };
}
