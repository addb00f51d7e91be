import { computed, onScopeDispose, type Ref, shallowRef, triggerRef, watch } from 'vue';
import { type Alarm, listAlarms, listOutOfService, type OutOfService } from '#contract/index.ts';
import { useApi } from '../../api/client.ts';
import { useEstate } from '../../app/estate.ts';
import { useSession } from '../../app/session.ts';
import { useLive } from '../../live/liveClient.ts';
import {
  ALARM_PAGE_SIZE,
  type AlarmFilter,
  belongs,
  countAlarms,
  isJudgedThere,
  queryOfFilter,
  visibleAlarms,
} from './alarmFilter.ts';
import { useAlarmKeeping } from './useAlarmKeeping.ts';
import { useHeardProperties } from './useHeardProperties.ts';

/** Most current alarms that are loaded by themselves; beyond it the list says so and loads on demand. */
export const CURRENT_ALARMS_MAX = 2_000;
/** Live alarms that only the server can judge are asked for together. */
const REASK_MS = 1_000;

/** The alarms of a filter, paged from the server and kept current by the live feed. Only inside setup functions. */
export function useAlarmList(filter: Ref<AlarmFilter>) {
  const api = useApi();
  const live = useLive();
  const estate = useEstate();
  const session = useSession();
  const me = computed(() => session.session?.userId ?? 0);
  const timeZone = computed(() => estate.timeZoneOf(filter.value.propertyId ?? estate.properties[0]?.id));
  const alarms = shallowRef(new Map<number, Alarm>());
  const nextCursor = shallowRef<string>();
  const loading = shallowRef(false);
  const error = shallowRef<unknown>();
  let asked: AbortController | undefined;
  /** Told while the list is asked for: newer than its answer. */
  let early: Alarm[] | undefined;

  const queryText = () => JSON.stringify(queryOfFilter(filter.value, timeZone.value));
  const isHeard = useHeardProperties(() => {
    const { propertyId, placeId } = filter.value;
    return propertyId ?? (placeId === undefined ? undefined : estate.byId(placeId)?.propertyId);
  });
  const keeping = useAlarmKeeping({
    isHeard,
    query: queryText,
    userId: () => me.value,
    alarms: () => [...alarms.value.values()],
    show: (items) => {
      alarms.value = new Map(items.map((alarm) => [alarm.id, alarm]));
    },
    refresh: () => void load(undefined, new Map(), alarms.value.size),
  });

  /** One page, added to those in `into`, which are shown then. */
  async function loadPage(
    question: AbortController,
    cursor: string | undefined,
    into: Map<number, Alarm>,
  ): Promise<void> {
    const query = { ...queryOfFilter(filter.value, timeZone.value), ...(cursor !== undefined && { cursor }) };
    const answer = await api.call(listAlarms, { query }, { signal: question.signal });
    if (asked !== question) return;
    for (const alarm of answer.items) into.set(alarm.id, alarm);
    nextCursor.value = answer.nextCursor;
    alarms.value = into;
    for (const alarm of early ?? []) put(alarm);
    triggerRef(alarms);
  }

  /** `open`: rows of an endless list that are to be there again. */
  async function load(from: string | undefined, into = alarms.value, open = 0): Promise<void> {
    asked?.abort();
    const question = new AbortController();
    asked = question;
    early = [];
    loading.value = true;
    error.value = undefined;
    try {
      await loadPage(question, from, into);
      const wanted = Math.max(open, filter.value.tab === 'closed' ? 0 : CURRENT_ALARMS_MAX);
      while (asked === question && nextCursor.value !== undefined && alarms.value.size < wanted) {
        await loadPage(question, nextCursor.value, into);
      }
      if (asked === question) keeping.answered();
    } catch (cause) {
      if (asked === question && !keeping.standIn(cause)) error.value = cause;
    } finally {
      if (asked === question) {
        loading.value = false;
        early = undefined;
      }
    }
  }

  function reload(): Promise<void> {
    keeping.forget();
    alarms.value = new Map();
    nextCursor.value = undefined;
    return load(undefined);
  }

  /** False where only the server can tell whether the alarm belongs here. */
  function put(alarm: Alarm): boolean {
    const known = alarms.value.has(alarm.id);
    if (!belongs(alarm, filter.value)) {
      if (alarms.value.delete(alarm.id)) triggerRef(alarms);
      return true;
    }
    if (!known && isJudgedThere(filter.value)) return false;
    alarms.value.set(alarm.id, alarm);
    triggerRef(alarms);
    return true;
  }

  let reaskTimer: ReturnType<typeof setTimeout> | undefined;
  /** Takes an alarm that was raised, changed or acknowledged. */
  function take(alarm: Alarm): void {
    early?.push(alarm);
    if (put(alarm)) return;
    reaskTimer ??= setTimeout(() => {
      reaskTimer = undefined;
      void load(undefined);
    }, REASK_MS);
  }

  // Tabs of the current alarms and their severities are told apart here; only what the server filters asks it again.
  watch(queryText, reload, { immediate: true });
  const stopAlarms = live.onAlarm(take);
  onScopeDispose(() => {
    stopAlarms();
    clearTimeout(reaskTimer);
    asked?.abort();
    asked = undefined;
  });

  /** What was taken out of service and holds an alarm back; undefined when nothing does any more. */
  async function outageOf({ outageId, propertyId }: Alarm): Promise<OutOfService | undefined> {
    let cursor: string | undefined;
    do {
      const query = { ...(propertyId !== undefined && { propertyId }), ...(cursor !== undefined && { cursor }) };
      const answer = await api.call(listOutOfService, { query: { ...query, limit: ALARM_PAGE_SIZE } });
      const found = answer.items.find(({ id }) => id === outageId);
      if (found !== undefined) return found;
      cursor = answer.nextCursor;
    } while (cursor !== undefined);
    return undefined;
  }

  return {
    outageOf,
    asOfMs: keeping.asOfMs,
    /** The zone of the days in the filter. */
    timeZone,
    me,
    visible: computed(() => visibleAlarms(alarms.value.values(), filter.value, me.value)),
    counts: computed(() => countAlarms(alarms.value.values(), filter.value, me.value)),
    byId: (id: number) => alarms.value.get(id),
    more: computed(() => nextCursor.value !== undefined),
    loading,
    error,
    take,
    reload,
    loadMore: () => (nextCursor.value === undefined || loading.value ? Promise.resolve() : load(nextCursor.value)),
  };
}
