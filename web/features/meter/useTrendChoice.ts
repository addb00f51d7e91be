import { computed, type Ref } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import {
  type RangeName,
  type ResolutionChoice,
  resolutionsFor,
  type TabName,
  TREND_RANGES,
  TREND_TABS,
} from './trendRanges.ts';
import type { TrendChoice } from './useTrend.ts';

export interface TrendChange {
  readonly tab?: TabName;
  readonly range?: RangeName;
  readonly resolution?: ResolutionChoice;
  readonly before?: boolean;
}

const RANGE_NAMES = Object.keys(TREND_RANGES) as readonly RangeName[];

/** What the chart shows, kept in the address so that it can be sent to a colleague. */
export function useTrendChoice(tabs: Ref<readonly TabName[]>) {
  const route = useRoute();
  const router = useRouter();

  const choice = computed<TrendChoice>(() => {
    const tab = tabs.value.find((name) => name === route.query['trend']) ?? tabs.value[0] ?? 'power';
    const range = RANGE_NAMES.find((name) => name === route.query['range']) ?? 'day';
    const offered = resolutionsFor(tab, range);
    const resolution = offered.find((name) => name === route.query['per']) ?? offered[0] ?? 'auto';
    const asked = route.query['before'];
    // Three phases and what they were before are six lines: drawn when somebody asks for them.
    const before = asked === undefined ? TREND_TABS[tab].quantities.length === 1 : asked === '1';
    return { tab, range, resolution, before };
  });
  const showTable = computed({
    get: () => route.query['table'] === '1',
    set: (shown) => replace({ table: shown ? '1' : undefined }),
  });

  function replace(change: Readonly<Record<string, string | undefined>>): void {
    void router.replace({ query: { ...route.query, ...change } });
  }

  /** A new tab or range starts at its own usual resolution. */
  function choose(change: TrendChange): void {
    const { tab, range } = choice.value;
    if (change.before !== undefined) replace({ before: change.before ? '1' : '0' });
    else replace({ trend: change.tab ?? tab, range: change.range ?? range, per: change.resolution });
  }

  return { choice, showTable, choose };
}
