import type { DayList, TariffVersion } from '#contract/tariffs.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import { rateAt, SLOT_MS } from '#domain/tariff/dayTable.ts';
import type { Rate } from '#domain/tariff/types.ts';
import type { Span } from '../../charts/trendSeries.ts';

/** A longer span has more periods than a screen has room for; no plan is drawn behind it. */
export const PLAN_SPAN_MAX_MS = 31 * 86_400_000;

export interface PlanSpan extends Span {
  readonly rate: Rate;
}

/**
 * The periods of a time-of-use tariff within a span, each as long as its rate holds; by the version that was in force and
 * the property's own calendar. Nothing where another kind of tariff was in force. Pure.
 *
 * @param versions newest instant first, as the API gives them
 */
export function planOf(
  versions: readonly TariffVersion[],
  dayLists: readonly DayList[],
  calendar: ZonedCalendar,
  range: Span,
): readonly PlanSpan[] {
  if (range.toMs - range.fromMs > PLAN_SPAN_MAX_MS) return [];
  const lists = new Map(dayLists.map(({ name, days }) => [name, new Set(days)]));
  const published = versions
    .filter(({ state }) => state === 'published')
    .map(({ effectiveFrom, body }) => ({ fromMs: Date.parse(effectiveFrom), body }));
  const spans: { fromMs: number; toMs: number; rate: Rate }[] = [];
  let atMs = range.fromMs;
  while (atMs < range.toMs) {
    const toMs = Math.min(range.toMs, (Math.floor(atMs / SLOT_MS) + 1) * SLOT_MS);
    const body = published.find(({ fromMs }) => fromMs <= atMs)?.body;
    if (body?.kind === 'timeOfUse') {
      const rate = rateAt(body.days, lists, calendar, atMs);
      const last = spans.at(-1);
      if (last?.rate === rate && last.toMs === atMs) last.toMs = toMs;
      else spans.push({ fromMs: atMs, toMs, rate });
    }
    atMs = toMs;
  }
  return spans;
}
