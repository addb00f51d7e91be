import type { DayList, TariffVersion } from '#contract/tariffs.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import { rateAt, SLOT_MS } from '#domain/tariff/dayTable.ts';
import { RATES, type Rate } from '#domain/tariff/types.ts';
import type { Span } from '../../charts/trendSeries.ts';

/** A longer span has more periods than a screen has room for: each day then stands for the dearest rate in it. */
export const PLAN_SPAN_MAX_MS = 31 * 86_400_000;

export interface PlanSpan extends Span {
  readonly rate: Rate;
}

/**
 * The periods of a time-of-use tariff within a span, each as long as its rate holds; by the version that was in force and
 * the property's own calendar. Beyond `PLAN_SPAN_MAX_MS` whole days, each with its dearest rate, so that the seasons show.
 * Nothing where another kind of tariff was in force. Pure.
 *
 * @param versions newest instant first, as the API gives them
 */
export function planOf(
  versions: readonly TariffVersion[],
  dayLists: readonly DayList[],
  calendar: ZonedCalendar,
  range: Span,
): readonly PlanSpan[] {
  const lists = new Map(dayLists.map(({ name, days }) => [name, new Set(days)]));
  const published = versions
    .filter(({ state }) => state === 'published')
    .map(({ effectiveFrom, body }) => ({ fromMs: Date.parse(effectiveFrom), body }));
  const rateOf = (atMs: number): Rate | undefined => {
    const body = published.find(({ fromMs }) => fromMs <= atMs)?.body;
    return body?.kind === 'timeOfUse' ? rateAt(body.days, lists, calendar, atMs) : undefined;
  };
  const isLong = range.toMs - range.fromMs > PLAN_SPAN_MAX_MS;
  const spans: { fromMs: number; toMs: number; rate: Rate }[] = [];
  for (let atMs = range.fromMs; atMs < range.toMs; ) {
    const endMs = isLong ? calendar.startOfDayAfter(atMs, 1) : slotAfter(atMs);
    const toMs = Math.min(range.toMs, endMs);
    const rate = isLong ? dearestOf(atMs, toMs, rateOf) : rateOf(atMs);
    const last = spans.at(-1);
    if (rate !== undefined && last?.rate === rate && last.toMs === atMs) last.toMs = toMs;
    else if (rate !== undefined) spans.push({ fromMs: atMs, toMs, rate });
    atMs = toMs;
  }
  return spans;
}

const slotAfter = (atMs: number): number => (Math.floor(atMs / SLOT_MS) + 1) * SLOT_MS;

/** The dearest of the rates that occur from `fromMs` to `toMs`; `RATES` begins with the dearest. */
function dearestOf(fromMs: number, toMs: number, rateOf: (atMs: number) => Rate | undefined): Rate | undefined {
  const found = new Set<Rate | undefined>();
  for (let atMs = fromMs; atMs < toMs; atMs = slotAfter(atMs)) found.add(rateOf(atMs));
  return RATES.find((rate) => found.has(rate));
}
