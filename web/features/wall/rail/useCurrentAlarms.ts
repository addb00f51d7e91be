import { onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import { type Alarm, listAlarms } from '#contract/alarms.ts';
import { useApi } from '../../../api/client.ts';
import { useLive } from '../../../live/liveClient.ts';
import { useMissed } from '../../../live/useMissed.ts';

/** As many as a rail shows; the page of alarms has them all. */
export const RAIL_ALARMS_MAX = 60;
/** Most that are held, so that others move up and one that comes again is found; beyond it they are asked for when needed. */
const HELD_ALARMS_MAX = 2_000;
const PAGE_ALARMS = 500;
const RETRY_MS = 5_000;
/** A rail that runs short is filled after this time: what empties it comes in bursts. */
const REFILL_MS = 500;

/** Whether an alarm still needs eyes: its condition holds, or nobody has acknowledged it. */
export function isCurrent(alarm: Alarm): boolean {
  return alarm.state === 'unacknowledged' || alarm.state === 'acknowledged' || alarm.state === 'returned';
}

/** By the last time that it was raised: one that went and came again is new. */
function newestFirst(a: Alarm, b: Alarm): number {
  if (a.lastRaisedAt !== b.lastRaisedAt) return a.lastRaisedAt < b.lastRaisedAt ? 1 : -1;
  return b.id - a.id;
}

/** The list with one alarm put in, replaced or, when it is over, taken out; newest first. */
export function withAlarm(alarms: readonly Alarm[], alarm: Alarm): readonly Alarm[] {
  const others = alarms.filter((one) => one.id !== alarm.id);
  return isCurrent(alarm) ? [...others, alarm].sort(newestFirst) : others;
}

/** Current alarms of some properties, newest first, kept up to date by the live feed; undefined until they were fetched. */
export function useCurrentAlarms(propertyIds: Ref<readonly number[]>) {
  const api = useApi();
  const live = useLive();
  const alarms = shallowRef<readonly Alarm[]>();
  /** The server has more than are held. */
  let more = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let generation = 0;
  /** Told while the list was asked for: newer than its answer. */
  let early: Alarm[] | undefined;

  const concerns = ({ propertyId }: Alarm) => propertyId === undefined || propertyIds.value.includes(propertyId);

  /** Pages until there are enough of those that a rail shows. */
  async function fetchAlarms(): Promise<{ found: readonly Alarm[]; more: boolean }> {
    const [only, second] = propertyIds.value;
    const ofOne = only === undefined || second !== undefined ? {} : { propertyId: only };
    const found: Alarm[] = [];
    let cursor: string | undefined;
    let asked = 0;
    do {
      const query = {
        state: 'current',
        limit: PAGE_ALARMS,
        ...ofOne,
        ...(cursor !== undefined && { cursor }),
      } as const;
      const answer = await api.call(listAlarms, { query });
      found.push(...answer.items.filter((alarm) => isCurrent(alarm) && concerns(alarm)));
      asked += PAGE_ALARMS;
      cursor = answer.nextCursor;
    } while (cursor !== undefined && found.length < RAIL_ALARMS_MAX && asked < HELD_ALARMS_MAX);
    return { found: found.sort(newestFirst), more: cursor !== undefined };
  }

  async function load(): Promise<void> {
    const mine = ++generation;
    early = [];
    clearTimeout(timer);
    timer = undefined;
    try {
      const answer = await fetchAlarms();
      if (mine !== generation) return;
      alarms.value = early.reduce(withAlarm, answer.found);
      more = answer.more;
      early = undefined;
    } catch {
      if (mine === generation) loadIn(RETRY_MS);
    }
  }

  function loadIn(ms: number): void {
    timer ??= setTimeout(() => void load(), ms);
  }

  const stop = live.onAlarm((alarm) => {
    if (!concerns(alarm)) return;
    early?.push(alarm);
    // What is not known yet comes with the answer.
    if (alarms.value === undefined) return;
    const next = withAlarm(alarms.value, alarm);
    more ||= next.length > HELD_ALARMS_MAX;
    // None held is not none there.
    alarms.value = next.length === 0 && more ? undefined : next.slice(0, HELD_ALARMS_MAX);
    if (more && next.length < RAIL_ALARMS_MAX) loadIn(REFILL_MS);
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
