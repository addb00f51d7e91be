import { computed, onScopeDispose, shallowRef } from 'vue';
import {
  type Alarm,
  getLineHealth,
  getMeter,
  getMeterNow,
  getRegisterSummary,
  listAlarms,
  listModels,
  type MeterNow,
  readMeter,
} from '#contract/index.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { useEstate } from '../../app/estate.ts';
import { useSession } from '../../app/session.ts';
import { useLive } from '../../live/liveClient.ts';
import { useMissed } from '../../live/useMissed.ts';

/** Alarms shown on a meter's page. */
export const ALARMS_SHOWN = 30;
const HEALTH_MS = 5_000;
const SUMMARY_MS = 60_000;
/** The live feed says nothing about this meter for so long: ask by HTTP, so that the page works without a socket. */
const FALLBACK_MS = 15_000;

/** Everything about one meter, fetched and kept fresh while the page is open. */
export function useMeterPage(meterId: number) {
  const api = useApi();
  const live = useLive();
  const estate = useEstate();
  const session = useSession();
  const params = { meterId };

  const meter = useResource((signal) => api.call(getMeter, { params }, { signal }));
  const models = useResource((signal) => api.call(listModels, {}, { signal }));
  const now = useResource((signal) => api.call(getMeterNow, { params }, { signal }));
  const summary = useResource((signal) => api.call(getRegisterSummary, { params }, { signal }), {
    everyMs: SUMMARY_MS,
  });
  const alarms = useResource(
    async (signal) =>
      session.may('alarm.view')
        ? (await api.call(listAlarms, { query: { meterId, state: 'all', limit: ALARMS_SHOWN } }, { signal })).items
        : [],
    { everyMs: SUMMARY_MS },
  );
  const lineId = computed(() => meter.data.value?.lineId);
  const health = useResource(
    async (signal) =>
      lineId.value === undefined || !session.may('line.view')
        ? undefined
        : api.call(getLineHealth, { params: { lineId: lineId.value } }, { signal }),
    { on: lineId, everyMs: HEALTH_MS },
  );

  let heardMs = live.nowMs();
  const stopMeter = live.watchMeter(meterId, (answer) => {
    heardMs = live.nowMs();
    now.set(answer);
  });
  const fallback = setInterval(() => {
    if (live.nowMs() - heardMs > FALLBACK_MS && !document.hidden) void now.reload();
  }, FALLBACK_MS);
  const stopAlarms = live.onAlarm((alarm) => takeAlarm(alarm));
  useMissed(alarms.reload, (propertyId) => propertyId === meter.data.value?.propertyId);
  onScopeDispose(() => {
    stopMeter();
    stopAlarms();
    clearInterval(fallback);
  });

  function takeAlarm(alarm: Alarm): void {
    if (alarm.source.kind !== 'meter' || alarm.source.id !== meterId) return;
    const others = (alarms.data.value ?? []).filter(({ id }) => id !== alarm.id);
    alarms.set([alarm, ...others].sort((a, b) => b.raisedAt.localeCompare(a.raisedAt)));
  }

  const reading = shallowRef(false);
  const readError = shallowRef<unknown>();
  /** Set for a moment after a good answer: how long it took, ms. */
  const answeredMs = shallowRef<number>();

  async function readNow(): Promise<void> {
    if (reading.value) return;
    reading.value = true;
    readError.value = undefined;
    answeredMs.value = undefined;
    const startedMs = performance.now();
    try {
      now.set(await api.call(readMeter, { params }));
      answeredMs.value = performance.now() - startedMs;
      void summary.reload();
    } catch (error) {
      readError.value = error;
    } finally {
      reading.value = false;
    }
  }

  const model = computed(() => models.data.value?.items.find(({ id }) => id === meter.data.value?.modelId));
  const path = computed(() => (meter.data.value ? estate.pathOf(meter.data.value.placeId) : []));
  const timeZone = computed(() => estate.timeZoneOf(meter.data.value?.propertyId));
  const currency = computed(() => estate.currencyOf(meter.data.value?.propertyId));
  const shownNow = computed<MeterNow | undefined>(() => now.data.value);
  return {
    meter,
    model,
    path,
    timeZone,
    currency,
    now: shownNow,
    nowError: now.error,
    summary,
    alarms,
    health,
    reading,
    readError,
    answeredMs,
    readNow,
    takeAlarm,
    may: session.may,
  };
}
