import type { exportReadings, ReadingKind } from '#contract/exports.ts';
import type { BodyOf } from '#contract/route.ts';
import { type TabName, TREND_TABS } from './trendRanges.ts';

type QuantityName = NonNullable<BodyOf<typeof exportReadings>['quantities']>[number];

export interface TrendFile {
  readonly what: ReadingKind;
  /** For live quantities; registers come whole. */
  readonly quantities?: readonly QuantityName[];
}

/**
 * What a workbook holds of a chart: registers for energy and balance, means for the rest, in the nearest width that files
 * know, never a wider one than is drawn. Pure.
 *
 * @param resolution as drawn: `1m`, `15m`, `30m`, `1h`, `1d`, `raw`
 */
export function trendFileOf(tab: TabName, resolution: string, phases: number): TrendFile {
  if (tab === 'energy' || tab === 'balance') return { what: resolution === '1d' ? 'days' : 'halfHours' };
  const what = resolution === '1d' ? 'live1d' : resolution === '1h' ? 'live1h' : 'live15m';
  return { what, quantities: TREND_TABS[tab].quantities.slice(0, phases === 1 ? 1 : undefined) };
}
