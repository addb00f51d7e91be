import { alignedBefore } from '#domain/periodBefore.ts';
import { isPrevious, type TrendLine, type TrendModel } from '../../charts/trendOption.ts';
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
  /** The same quantities in the period before, in their order. */
  readonly before: readonly FetchedSeries[];
  /** Counters of the range and of the period before, for the energy figures. */
  readonly energy: readonly TrendSample[] | undefined;
  readonly energyBefore: readonly TrendSample[] | undefined;
  /** Nothing is missing before this instant: the meter did not exist yet. */
  readonly bornMs: number;
}

export interface TrendNames {
  /** Legend of a quantity. */
  readonly quantity: (quantity: string) => string;
  /** Legend of a quantity in the period before. */
  readonly before: (quantity: string) => string;
}

/** A row of the table behind the chart; values in the axis' unit, one per line of the chart; null = not measured. */
export interface TrendRow {
  readonly atMs: number;
  readonly values: readonly (number | null)[];
}

export interface TrendView {
  readonly model: TrendModel;
  readonly rows: readonly TrendRow[];
  /** Whether anything was read in the period before. */
  readonly hasBefore: boolean;
  readonly summary: RangeSummary | undefined;
  readonly energyWh: number | null;
  readonly energyBeforeWh: number | null;
  /** Buckets with a reading, of those that the range has. */
  readonly measured: number;
  readonly expected: number;
}

const AUTO_BUCKET_MS = 15 * 60_000;
const STYLES = ['main', 'second', 'third'] as const;
const STYLES_BEFORE = ['previous', 'previousSecond', 'previousThird'] as const;

/** What the chart, its table and its summary line say about a fetched trend. Pure. */
export function trendView(
  fetched: FetchedTrend,
  options: {
    readonly timeZone: string;
    readonly unit: string;
    readonly limitW: number | undefined;
    readonly limitLabel: string;
    /** Whether the period before is shown. */
    readonly before: boolean;
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
  const lines = [
    ...linesOf(fetched, bucketMs, names),
    ...(options.before ? linesBefore(fetched, bucketMs, names) : []),
  ];
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
    hasBefore: fetched.before.some(({ samples }) => samples.length > 0),
    rows: rowsOf(lines, range, bucketMs),
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

/** The period before, moved under the present one; a quantity that had no readings then has no line. */
function linesBefore(fetched: FetchedTrend, bucketMs: number, names: TrendNames): readonly TrendLine[] {
  const shiftMs = fetched.range.toMs - fetched.range.fromMs;
  return fetched.before.flatMap(({ quantity, samples }, index) => {
    if (samples.length === 0) return [];
    const shifted = samples.map((sample) => ({ ...sample, atMs: sample.atMs + shiftMs }));
    const points = pointsOf(fetched.tab, shifted, bucketMs);
    return [{ name: names.before(quantity), style: STYLES_BEFORE[index] ?? 'previousThird', points }];
  });
}

/** One row an instant; what was before stands in the row of the same position, where there is one. */
function rowsOf(lines: readonly TrendLine[], range: Span, bucketMs: number): readonly TrendRow[] {
  const rows = new Map<number, (number | null)[]>();
  const put = (atMs: number, index: number, value: number | null) => {
    const row = rows.get(atMs) ?? lines.map(() => null);
    row[index] = value;
    rows.set(atMs, row);
  };
  lines.forEach(({ style, points }, index) => {
    if (!isPrevious(style)) for (const [atMs, value] of points) put(atMs, index, value);
  });
  const present = [...rows.keys()].sort((a, b) => a - b);
  lines.forEach(({ style, points }, index) => {
    if (!isPrevious(style)) return;
    const known = points.filter(([, value]) => value !== null);
    const spanMs = range.toMs - range.fromMs;
    const instants = known.map(([atMs]) => atMs - spanMs);
    const beside = alignedBefore(present, instants, range, bucketMs);
    for (const [at, [atMs, value]] of known.entries()) put(present[beside[at] ?? -1] ?? atMs, index, value);
  });
  return [...rows].sort(([a], [b]) => a - b).map(([atMs, values]) => ({ atMs, values }));
}

/** The table as text for a spreadsheet: tabs between cells, numbers plain, one line of headings; words of a row last. */
export function tableText(
  headings: readonly string[],
  rows: readonly TrendRow[],
  instant: (atMs: number) => string,
  words?: (atMs: number) => string,
): string {
  const lines = rows.map(({ atMs, values }) => [
    instant(atMs),
    ...values.map((value) => (value === null ? '' : String(value))),
    ...(words === undefined ? [] : [words(atMs)]),
  ]);
  return [headings, ...lines].map((cells) => cells.join('\t')).join('\n');
}
