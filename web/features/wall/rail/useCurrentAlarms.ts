import { onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import { type Alarm, listAlarms } from '#contract/alarms.ts';
import { useApi } from '../../../api/client.ts';
import { useLive } from '../../../live/liveClient.ts';
import { useMissed } from '../../../live/useMissed.ts';

/** As many as a rail can hold; the page of alarms has them all. */
const ALARMS_MAX = 60;
const RETRY_MS = 5_000;

/** Whether an alarm still needs eyes: its condition holds, or nobody has acknowledged it. */
export function isCurrent(alarm: Alarm): boolean {
  return alarm.state === 'unacknowledged' || alarm.state === 'acknowledged' || alarm.state === 'returned';
}

/** The list with one alarm put in, replaced or, when it is over, taken out; newest first. */
export function withAlarm(alarms: readonly Alarm[], alarm: Alarm): readonly Alarm[] {
  const others = alarms.filter((one) => one.id !== alarm.id);
  if (!isCurrent(alarm)) return others;
  return [...others, alarm]
    .toSorted((a, b) => b.raisedAt.localeCompare(a.raisedAt) || b.id - a.id)
    .slice(0, ALARMS_MAX);
}

/** Current alarms of some properties, kept up to date by the live feed; undefined until they were fetched. */
export function useCurrentAlarms(propertyIds: Ref<readonly number[]>) {
  const api = useApi();
  const live = useLive();
  const alarms = shallowRef<readonly Alarm[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let generation = 0;
  /** Told while the list was asked for: newer than its answer. */
  let early: Alarm[] | undefined;

  async function load(): Promise<void> {
    const mine = ++generation;
    early = [];
    clearTimeout(timer);
    try {
      const [only] = propertyIds.value;
      const query = {
        state: 'current',
        limit: ALARMS_MAX,
        ...(propertyIds.value.length === 1 && only !== undefined ? { propertyId: only } : {}),
      } as const;
      const answer = await api.call(listAlarms, { query });
      if (mine !== generation) return;
      alarms.value = (early ?? []).reduce(withAlarm, answer.items);
      early = undefined;
    } catch {
      if (mine === generation) timer = setTimeout(() => void load(), RETRY_MS);
    }
  }

  const stop = live.onAlarm((alarm) => {
    const concerns = alarm.propertyId === undefined || propertyIds.value.includes(alarm.propertyId);
    if (!concerns) return;
    early?.push(alarm);
    alarms.value = withAlarm(alarms.value ?? [], alarm);
  });
  watch(propertyIds, load, { immediate: true });
  useMissed(load, (propertyId) => propertyIds.value.includes(propertyId));
  onScopeDispose(() => {
    stop();
    clearTimeout(timer);
    generation++;
  });
  return alarms;
}
