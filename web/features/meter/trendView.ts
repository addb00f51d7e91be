import type { TrendLine, TrendModel } from '../../charts/trendOption.ts';
import {
  bucketOf,
  type ChartPoint,
  coversRange,
  energyOfRange,
  energyPerBucket,
  gapsOf,
  type RangeSummary,
  type Span,
  summarise,
  type TrendSample,
  withGaps,
} from '../../charts/trendSeries.ts';
import { timeTicks } from '../../charts/zoneTime.ts';
import { bucketMsOf, type TabName, TREND_TABS } from './trendRanges.ts';

/** One quantity over a range, as it came from the server. */
export interface FetchedSeries {
  readonly quantity: string;
  readonly resolution: string;
  readonly samples: readonly TrendSample[];
}

export interface FetchedTrend {
  readonly tab: TabName;
  readonly range: Span;
  readonly series: readonly FetchedSeries[];
  /** The first quantity in the period before; absent where the tab draws none. */
  readonly before: readonly TrendSample[] | undefined;
  /** Counters of the range and of the period before, for the energy figures. */
  readonly energy: readonly TrendSample[] | undefined;
  readonly energyBefore: readonly TrendSample[] | undefined;
  /** Nothing is missing before this instant: the meter did not exist yet. */
  readonly bornMs: number;
}

export interface TrendNames {
  /** Legend of a quantity. */
  readonly quantity: (quantity: string) => string;
  readonly before: string;
}

/** A row of the table behind the chart; values in the axis' unit, one per line of the chart; null = not measured. */
export interface TrendRow {
  readonly atMs: number;
  readonly values: readonly (number | null)[];
}

export interface TrendView {
  readonly model: TrendModel;
  readonly rows: readonly TrendRow[];
  readonly summary: RangeSummary | undefined;
  readonly energyWh: number | null;
  readonly energyBeforeWh: number | null;
  /** Buckets with a reading, of those that the range has. */
  readonly measured: number;
  readonly expected: number;
}

const AUTO_BUCKET_MS = 15 * 60_000;
const STYLES = ['main', 'second', 'third'] as const;

/** What the chart, its table and its summary line say about a fetched trend. Pure. */
export function trendView(
  fetched: FetchedTrend,
  options: {
    readonly timeZone: string;
    readonly unit: string;
    readonly limitW: number | undefined;
    readonly limitLabel: string;
  },
  names: TrendNames,
): TrendView {
  const tab = TREND_TABS[fetched.tab];
  const { range } = fetched;
  const first = fetched.series[0];
  const inRange = (first?.samples ?? []).filter(({ atMs }) => atMs >= range.fromMs - 1);
  const bucketMs = bucketMsOf(first?.resolution ?? '') ?? bucketOf(first?.samples ?? [], AUTO_BUCKET_MS);
  // History from before the meter was entered here is history all the same.
  const bornMs = Math.max(range.fromMs, Math.min(fetched.bornMs, inRange[0]?.atMs ?? range.toMs, range.toMs));
  const gaps = gapsOf(inRange, { fromMs: bornMs, toMs: range.toMs }, bucketMs);
  const lines = [...linesOf(fetched, bucketMs, names), ...lineBefore(fetched, bucketMs, names)];
  const limit = fetched.tab === 'power' && options.limitW !== undefined;
  return {
    model: {
      shape: tab.shape,
      unit: options.unit,
      range,
      bucketMs,
      lines,
      gaps,
      limit: limit ? { value: (options.limitW ?? 0) / tab.divisor, label: options.limitLabel } : undefined,
      fromZero: fetched.tab !== 'voltage',
      ticks: timeTicks(range.fromMs, range.toMs, options.timeZone),
    },
    rows: rowsOf(lines.filter(({ style }) => style !== 'previous')),
    summary: summarise(inRange),
    energyWh: fetched.energy ? energyOfRange(fetched.energy) : null,
    energyBeforeWh:
      fetched.energyBefore && coversRange(fetched.energyBefore, range) ? energyOfRange(fetched.energyBefore) : null,
    measured: inRange.length,
    expected: Math.max(inRange.length, Math.round((range.toMs - bornMs) / bucketMs)),
  };
}

/** Points of one series in the axis' unit: means, or energy per bucket where the tab draws bars. */
function pointsOf(tab: TabName, samples: readonly TrendSample[], bucketMs: number): readonly ChartPoint[] {
  const { divisor } = TREND_TABS[tab];
  if (tab === 'energy') {
    return energyPerBucket(samples, bucketMs).map(
      ({ atMs, wh }): ChartPoint => [atMs, wh === null ? null : wh / divisor],
    );
  }
  // A balance is what it was last, not a mean of what it was.
  const points = samples.map(({ atMs, mean, last }) => [atMs, (tab === 'balance' ? last : mean) / divisor] as const);
  return withGaps(points, bucketMs);
}

function linesOf(fetched: FetchedTrend, bucketMs: number, names: TrendNames): readonly TrendLine[] {
  return fetched.series.map(({ quantity, samples }, index) => ({
    name: names.quantity(quantity),
    style: STYLES[index] ?? 'third',
    points: pointsOf(fetched.tab, samples, bucketMs),
  }));
}

function lineBefore(fetched: FetchedTrend, bucketMs: number, names: TrendNames): readonly TrendLine[] {
  if (!fetched.before || fetched.before.length === 0) return [];
  const shiftMs = fetched.range.toMs - fetched.range.fromMs;
  const shifted = fetched.before.map((sample) => ({ ...sample, atMs: sample.atMs + shiftMs }));
  return [{ name: names.before, style: 'previous', points: pointsOf(fetched.tab, shifted, bucketMs) }];
}

function rowsOf(lines: readonly TrendLine[]): readonly TrendRow[] {
  const rows = new Map<number, (number | null)[]>();
  lines.forEach((line, index) => {
    for (const [atMs, value] of line.points) {
      const row = rows.get(atMs) ?? lines.map(() => null);
      row[index] = value;
      rows.set(atMs, row);
    }
  });
  return [...rows].sort(([a], [b]) => a - b).map(([atMs, values]) => ({ atMs, values }));
}

/** The table as text for a spreadsheet: tabs between cells, numbers plain, one line of headings. */
export function tableText(
  headings: readonly string[],
  rows: readonly TrendRow[],
  instant: (atMs: number) => string,
): string {
  const lines = rows.map(({ atMs, values }) => [
    instant(atMs),
    ...values.map((value) => (value === null ? '' : String(value))),
  ]);
  return [headings, ...lines].map((cells) => cells.join('\t')).join('\n');
}
