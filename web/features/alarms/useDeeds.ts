import { computed, onScopeDispose, shallowReactive } from 'vue';
import type { Alarm } from '#contract/index.ts';
import type { RowOutcome } from './acting.ts';
import { useAlarmOutbox } from './outboxStore.ts';

/** Acting from a screen: what is under way, what became of each row, what waits for signal. Only inside setup functions. */
export function useDeeds(onAlarm: (alarm: Alarm) => void) {
  const outbox = useAlarmOutbox();
  /** Rows whose outcome is not the wanted one, until they are tried again. */
  const refused = shallowReactive(new Map<number, RowOutcome>());
  const stop = outbox.listen({
    alarm: onAlarm,
    outcomes(outcomes) {
      for (const [id, row] of outcomes) {
        if (row.outcome === 'done') refused.delete(id);
        else refused.set(id, row);
      }
    },
  });
  onScopeDispose(stop);
  return {
    perform: outbox.perform,
    refused,
    kept: computed(() => outbox.kept),
    isInFlight: outbox.isInFlight,
    putAway: outbox.putAway,
  };
}
