import { onScopeDispose, type Ref } from 'vue';
import { type Alarm, listAlarms } from '#contract/alarms.ts';
import { useApi } from '../../api/client.ts';
import { useLive } from '../../live/liveClient.ts';
import { useMissed } from '../../live/useMissed.ts';
import type { TourAlarm } from './tour.ts';

/** An alarm of the past that is told again (a note, a new owner) is not new. */
const FRESH_MS = 60_000;
/** Low alarms come all day; a wall that jumped to each would show nothing else. */
const SEVERITY_MIN = 2;
/** Alarms that were shown are remembered up to so many. */
const SEEN_MAX = 500;
/** The newest that are asked for after a gap: a wall can show only the last of them. */
const MISSED_ALARMS = 50;
/** An alarm is told a little later than it was raised: after other news that was heard. */
const TOLD_WITHIN_MS = 2_000;
const HEARD_EVERY_MS = 500;
const RETRY_MS = 5_000;

/**
 * Whether an alarm is worth a jump: raised since then (for the first time, or again), unacknowledged, not low, of some
 * property. One that comes and goes too often would drag the wall along each time: it waits until it rests.
 */
export function tourAlarmOf(alarm: Alarm, sinceMs: number): TourAlarm | undefined {
  const fresh = alarm.state === 'unacknowledged' && Date.parse(alarm.lastRaisedAt) >= sinceMs;
  const calls = fresh && alarm.active && alarm.chatteringSince === undefined && alarm.severity >= SEVERITY_MIN;
  if (alarm.propertyId === undefined || !calls) return undefined;
  const { source } = alarm;
  return { propertyId: alarm.propertyId, ...(source.kind === 'meter' ? { meterId: source.id } : {}) };
}

/** New alarms that are worth a jump, each once: as they are told, and after a gap those that it swallowed. */
export function useTourAlarms(propertyIds: Ref<readonly number[]>, found: (alarm: TourAlarm) => void): void {
  const api = useApi();
  const live = useLive();
  /** When each alarm was raised that was shown: raised again, it is shown again. */
  const seen = new Map<number, string>();
  /** Server time until which nothing of a property can have been missed, ms. */
  const heardMs = new Map<number, number>();
  /** Properties whose alarms are to be asked for, each with the time since which it may have missed some. */
  const missedSinceMs = new Map<number, number>();
  let retry: ReturnType<typeof setTimeout> | undefined;

  function take(alarm: Alarm, sinceMs: number): void {
    const worth = tourAlarmOf(alarm, sinceMs);
    if (worth === undefined || seen.get(alarm.id) === alarm.lastRaisedAt) return;
    if (seen.size >= SEEN_MAX) seen.clear();
    seen.set(alarm.id, alarm.lastRaisedAt);
    found(worth);
  }

  async function askFor(propertyId: number, sinceMs: number): Promise<void> {
    const from = new Date(sinceMs).toISOString();
    const query = { propertyId, state: 'unacknowledged', from, limit: MISSED_ALARMS } as const;
    const { items } = await api.call(listAlarms, { query });
    if (missedSinceMs.get(propertyId) === sinceMs) missedSinceMs.delete(propertyId);
    // In their order, so that the newest is the one that stays on the wall.
    const inOrder = items.toSorted((a, b) => Date.parse(a.lastRaisedAt) - Date.parse(b.lastRaisedAt));
    for (const alarm of inOrder) take(alarm, sinceMs);
  }

  async function askForMissed(): Promise<void> {
    clearTimeout(retry);
    const asked = [...missedSinceMs].map(([propertyId, sinceMs]) => askFor(propertyId, sinceMs));
    const answers = await Promise.allSettled(asked);
    if (answers.some(({ status }) => status === 'rejected')) retry = setTimeout(() => void askForMissed(), RETRY_MS);
  }

  const stopAlarms = live.onAlarm((alarm) => take(alarm, live.nowMs() - FRESH_MS));
  // Told before anything was heard anew: what stands in `heardMs` is from before the gap.
  const stopMissed = live.onMissed((propertyId) => {
    if (!propertyIds.value.includes(propertyId) || missedSinceMs.has(propertyId)) return;
    missedSinceMs.set(propertyId, heardMs.get(propertyId) ?? live.nowMs() - FRESH_MS);
  });
  useMissed(askForMissed, (propertyId) => propertyIds.value.includes(propertyId));
  const timer = setInterval(() => {
    for (const id of propertyIds.value) {
      const { state, ageMs } = live.healthOf(id);
      if (state === 'live') heardMs.set(id, live.nowMs() - ageMs - TOLD_WITHIN_MS);
    }
  }, HEARD_EVERY_MS);
  onScopeDispose(() => {
    stopAlarms();
    stopMissed();
    clearInterval(timer);
    clearTimeout(retry);
  });
}
