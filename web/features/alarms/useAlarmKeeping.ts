import { computed, onScopeDispose, shallowRef } from 'vue';
import type { Alarm } from '#contract/index.ts';
import { ApiError } from '../../api/client.ts';
import { useLive } from '../../live/liveClient.ts';
import { useMissed } from '../../live/useMissed.ts';
import { keepAlarms, keptAlarms } from './keptAlarms.ts';

/** How often the list is kept anew while it is known to be right, and asked for while it is not, ms. */
const KEEP_MS = 15_000;

export interface AlarmKeepingDeps {
  /** The question that the list answers. */
  readonly query: () => string;
  readonly userId: () => number;
  /** What it shows now. */
  readonly alarms: () => readonly Alarm[];
  readonly show: (alarms: readonly Alarm[]) => void;
  /** Whether the feed tells every alarm of the list; else it is asked for again and again. */
  readonly isHeard: () => boolean;
  /** Asks for the list anew without emptying it first. */
  readonly refresh: () => void;
}

/**
 * Keeps the list for a reload without signal and says how old it is when nobody can know better. Where
 * alarms may have been missed the list is asked for again. Only inside setup functions.
 */
export function useAlarmKeeping({ query, userId, alarms, show, isHeard, refresh }: AlarmKeepingDeps) {
  const live = useLive();
  /** Set while the list is what was kept. */
  const keptAsOfMs = shallowRef<number>();
  /** The question that the server has answered. */
  let answered: string | undefined;

  function keep(): void {
    if (answered === query()) keepAlarms(userId(), { query: answered, asOfMs: live.nowMs(), items: alarms() });
  }
  const keepIfRight = () => live.health.value.state === 'live' && keptAsOfMs.value === undefined && keep();
  const timer = setInterval(() => (keptAsOfMs.value === undefined && isHeard() ? keepIfRight() : refresh()), KEEP_MS);
  window.addEventListener('pagehide', keepIfRight);
  onScopeDispose(() => {
    clearInterval(timer);
    window.removeEventListener('pagehide', keepIfRight);
  });
  useMissed(refresh);

  return {
    /** Since when nothing is known of the alarms, ms; undefined while the list is right. */
    asOfMs: computed(() => {
      const { state, ageMs } = live.health.value;
      return keptAsOfMs.value ?? (state === 'stale' ? live.nowMs() - ageMs : undefined);
    }),
    /** The server has answered. */
    answered(): void {
      keptAsOfMs.value = undefined;
      answered = query();
      keep();
    },
    /** The server has not: true when what was kept stands in, so that the failure need not be shown. */
    standIn(cause: unknown): boolean {
      if (!(cause instanceof ApiError) || cause.code !== 'network.unreachable') return false;
      if (keptAsOfMs.value !== undefined) return true;
      const kept = alarms().length === 0 ? keptAlarms(userId(), query()) : undefined;
      if (kept === undefined) return false;
      keptAsOfMs.value = kept.asOfMs;
      show(kept.items);
      return true;
    },
    /** Another question is asked. */
    forget(): void {
      keptAsOfMs.value = undefined;
      answered = undefined;
    },
  };
}
