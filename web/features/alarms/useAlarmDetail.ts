import { computed, type Ref } from 'vue';
import { type Alarm, getAlarm, getMeter, getMeterNow, getTrend, listModels, type Trend } from '#contract/index.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { bucketOf, type ChartPoint, gapsOf, type Span, type TrendSample, withGaps } from '../../charts/trendSeries.ts';
import { useLive } from '../../live/liveClient.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const REFRESH_MS = 15_000;
const BUCKET_MS = 60_000;

/** What the last hour looked like, in kW or in the currency's main unit. */
export interface LastHour {
  readonly quantity: 'activePowerW' | 'balanceMinor';
  readonly range: Span;
  readonly points: readonly ChartPoint[];
  readonly before: readonly ChartPoint[];
  readonly gaps: readonly Span[];
}

const samplesOf = (trend: Trend): readonly TrendSample[] =>
  trend.points.map(({ at, mean, min, max, last }) => ({ atMs: Date.parse(at), mean, min, max, last }));

/** The meter behind an alarm with its state and its last hour; nothing for gateways and lines. */
export function useAlarmDetail(alarm: Ref<Alarm>) {
  const api = useApi();
  const live = useLive();
  const meterId = computed(() => (alarm.value.source.kind === 'meter' ? alarm.value.source.id : undefined));

  // Whatever changed the alarm left an event.
  const life = useResource((signal) => api.call(getAlarm, { params: { alarmId: alarm.value.id } }, { signal }), {
    on: () => JSON.stringify(alarm.value),
    keep: true,
  });
  const models = useResource((signal) => api.call(listModels, {}, { signal }));
  const meter = useResource(
    async (signal) =>
      meterId.value === undefined ? undefined : api.call(getMeter, { params: { meterId: meterId.value } }, { signal }),
    { on: meterId },
  );
  const now = useResource(
    async (signal) =>
      meterId.value === undefined
        ? undefined
        : api.call(getMeterNow, { params: { meterId: meterId.value } }, { signal }),
    { on: meterId, everyMs: REFRESH_MS },
  );

  async function lastHour(signal: AbortSignal): Promise<LastHour | undefined> {
    const id = meterId.value;
    if (id === undefined) return undefined;
    const quantity = ['balanceLow1', 'balanceLow2', 'arrears'].includes(alarm.value.kind)
      ? 'balanceMinor'
      : 'activePowerW';
    const divisor = quantity === 'balanceMinor' ? 100 : 1_000;
    const range = { fromMs: live.nowMs() - HOUR_MS, toMs: live.nowMs() };
    const fetched = async ({ fromMs, toMs }: Span) => {
      const query = {
        quantity,
        from: new Date(fromMs).toISOString(),
        to: new Date(toMs).toISOString(),
        resolution: '1m' as const,
      };
      return samplesOf(await api.call(getTrend, { params: { meterId: id }, query }, { signal }));
    };
    const [samples, before] = await Promise.all([
      fetched(range),
      fetched({ fromMs: range.fromMs - DAY_MS, toMs: range.toMs - DAY_MS }),
    ]);
    const bucketMs = Math.max(BUCKET_MS, bucketOf(samples, BUCKET_MS));
    const line = (of: readonly TrendSample[], shiftMs: number) =>
      withGaps(
        of.map(({ atMs, mean }) => [atMs + shiftMs, mean / divisor] as const),
        bucketMs,
      );
    return {
      quantity,
      range,
      points: line(samples, 0),
      before: line(before, DAY_MS),
      gaps: gapsOf(samples, range, bucketMs * 2),
    };
  }
  const hour = useResource(lastHour, { on: meterId, everyMs: REFRESH_MS * 4 });
  const model = computed(() => models.data.value?.items.find(({ id }) => id === meter.data.value?.modelId));
  return { life, meter, model, now, hour };
}
