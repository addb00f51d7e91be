import { computed, type Ref } from 'vue';
import { getTrend, type Meter } from '#contract/index.ts';
import { periodBefore } from '#domain/periodBefore.ts';
import { useApi } from '../../api/client.ts';
import { type Resource, useResource } from '../../api/useResource.ts';
import type { Span, TrendSample } from '../../charts/trendSeries.ts';
import { useLive } from '../../live/liveClient.ts';
import {
  bucketMsOf,
  type RangeName,
  type ResolutionChoice,
  rangeEndingAt,
  samplesOf,
  type TabName,
  TREND_TABS,
} from './trendRanges.ts';
import type { FetchedTrend } from './trendView.ts';

/** What the reader chose to see. */
export interface TrendChoice {
  readonly tab: TabName;
  readonly range: RangeName;
  readonly resolution: ResolutionChoice;
  /** Whether the period before stands beside it. */
  readonly before: boolean;
}

/** A chart follows the present without anybody asking for it. */
const REFRESH_MS = 60_000;

/** Fetches what the chosen chart shows, anew on every choice and once a minute. */
export function useTrend(meter: Ref<Meter>, phases: Ref<number>, choice: Ref<TrendChoice>): Resource<FetchedTrend> {
  const api = useApi();
  const live = useLive();

  async function samples(quantity: string, span: Span, resolution: ResolutionChoice, signal: AbortSignal) {
    const query = {
      quantity,
      from: new Date(span.fromMs).toISOString(),
      to: new Date(span.toMs).toISOString(),
      resolution,
    };
    const answer = await api.call(getTrend, { params: { meterId: meter.value.id }, query }, { signal });
    return { quantity, resolution: answer.resolution, samples: samplesOf(answer) };
  }

  async function load(signal: AbortSignal): Promise<FetchedTrend> {
    const { tab, range: rangeName, resolution } = choice.value;
    const range = rangeEndingAt(live.nowMs(), rangeName);
    const before = periodBefore(range);
    // Energy of the first bucket needs the counter of the bucket before it.
    const leadMs = tab === 'energy' ? (bucketMsOf(resolution) ?? 0) : 0;
    const lead = ({ fromMs, toMs }: Span): Span => ({ fromMs: fromMs - leadMs, toMs });
    const quantities = TREND_TABS[tab].quantities.slice(0, phases.value === 1 ? 1 : undefined);
    const counters = (span: Span): Promise<readonly TrendSample[] | undefined> =>
      tab === 'power'
        ? samples('energyWh', span, 'auto', signal).then((series) => series.samples)
        : Promise.resolve(undefined);
    const all = (span: Span) =>
      Promise.all(quantities.map((quantity) => samples(quantity, lead(span), resolution, signal)));
    const [series, previous, energy, energyBefore] = await Promise.all([
      all(range),
      all(before),
      counters(range),
      counters(before),
    ]);
    const ofEnergyTab = tab === 'energy';
    return {
      tab,
      range,
      series,
      before: previous,
      energy: ofEnergyTab ? series[0]?.samples : energy,
      energyBefore: ofEnergyTab ? previous[0]?.samples : energyBefore,
      bornMs: Date.parse(meter.value.createdAt),
    };
  }

  const key = computed(() => `${meter.value.id} ${choice.value.tab} ${choice.value.range} ${choice.value.resolution}`);
  return useResource(load, { on: key, keep: true, everyMs: REFRESH_MS });
}
