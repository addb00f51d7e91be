import type { Resolution, Trend } from '#contract/index.ts';
import type { Span, TrendSample } from '../../charts/trendSeries.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** As long as values of a day are kept at least. */
const YEARS = 5;

/** What can be asked of a trend: `auto` lets the server choose. */
export type ResolutionChoice = Resolution | 'auto';

/** Ranges of the chart, shortest first; the first resolution is the one that is drawn unless another is chosen. */
export const TREND_RANGES = {
  hour: { spanMs: HOUR_MS, resolutions: ['1m', 'raw', '15m'] },
  day: { spanMs: DAY_MS, resolutions: ['15m', '1m', '30m', '1h'] },
  week: { spanMs: 7 * DAY_MS, resolutions: ['30m', '15m', '1h', '1d'] },
  month: { spanMs: 31 * DAY_MS, resolutions: ['1h', '1d'] },
  year: { spanMs: 365 * DAY_MS, resolutions: ['1d'] },
  years: { spanMs: YEARS * 365 * DAY_MS, resolutions: ['1d'] },
} as const satisfies Record<string, { spanMs: number; resolutions: readonly ResolutionChoice[] }>;
export type RangeName = keyof typeof TREND_RANGES;

/** Energy is read as bars, so its buckets are wider than a line's. */
export const ENERGY_RESOLUTIONS = {
  hour: ['15m'],
  day: ['1h', '30m', '15m'],
  week: ['1d', '1h'],
  month: ['1d', '1h'],
  year: ['1d'],
  years: ['1d'],
} as const satisfies Record<RangeName, readonly ResolutionChoice[]>;

const BUCKET_MS: Readonly<Record<string, number>> = {
  '1m': 60_000,
  '15m': 15 * 60_000,
  '30m': 30 * 60_000,
  '1h': HOUR_MS,
  '1d': DAY_MS,
};

/** Length of a resolution's bucket, ms; undefined for `raw`, whose distances are the poll's. */
export const bucketMsOf = (resolution: string): number | undefined => BUCKET_MS[resolution];

/** Tabs of the chart: which quantities they ask for and how they are drawn. */
export const TREND_TABS = {
  power: { quantities: ['activePowerW'], unit: 'kW', divisor: 1_000, decimals: 2, shape: 'line' },
  energy: { quantities: ['energyWh'], unit: 'kWh', divisor: 1_000, decimals: 2, shape: 'bar' },
  balance: { quantities: ['balanceMinor'], unit: '', divisor: 100, decimals: 2, shape: 'line' },
  voltage: {
    quantities: ['voltageL1V', 'voltageL2V', 'voltageL3V'],
    unit: 'V',
    divisor: 1,
    decimals: 1,
    shape: 'line',
  },
  current: {
    quantities: ['currentL1A', 'currentL2A', 'currentL3A'],
    unit: 'A',
    divisor: 1,
    decimals: 2,
    shape: 'line',
  },
} as const satisfies Record<string, TrendTab>;
export type TabName = keyof typeof TREND_TABS;

interface TrendTab {
  readonly quantities: readonly string[];
  /** Unit of the axis; balances take the property's currency. */
  readonly unit: string;
  /** Values divided by this are in `unit`. */
  readonly divisor: number;
  readonly decimals: number;
  readonly shape: 'line' | 'bar';
}

/** The tabs that this model can fill, by the quantities its driver reads. */
export function tabsFor(quantities: readonly string[], prepaid: boolean): readonly TabName[] {
  const names: readonly TabName[] = ['power', 'energy', 'balance', 'voltage', 'current'];
  return names.filter((name) =>
    name === 'balance' ? prepaid : TREND_TABS[name].quantities.some((quantity) => quantities.includes(quantity)),
  );
}

/** Resolutions offered for a tab and range, the default first. */
export function resolutionsFor(tab: TabName, range: RangeName): readonly ResolutionChoice[] {
  return tab === 'energy' ? ENERGY_RESOLUTIONS[range] : TREND_RANGES[range].resolutions;
}

/** The span that ends now. */
export function rangeEndingAt(nowMs: number, range: RangeName): Span {
  return { fromMs: nowMs - TREND_RANGES[range].spanMs, toMs: nowMs };
}

/** Points of an answer with their instants as ms. */
export function samplesOf(trend: Trend): readonly TrendSample[] {
  return trend.points.map(({ at, mean, min, max, last }) => ({ atMs: Date.parse(at), mean, min, max, last }));
}
