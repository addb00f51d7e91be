import type { ZonedCalendar } from '#domain/calendar.ts';
import { rateAt, SLOT_MS } from './dayTable.ts';
import { type DayTables, RATES, type Rate } from './types.ts';

/** A longer span has more periods than a screen has room for: each day then stands for the dearest rate in it. */
export const PLAN_SPAN_MAX_MS = 31 * 86_400_000;

/** A version of a tariff as the API gives it, as far as a plan is made of it. */
export interface PlanVersion {
  readonly state: string;
  readonly effectiveFrom: string;
  readonly body:
    | { readonly kind: 'timeOfUse'; readonly days: DayTables; readonly prices: Readonly<Record<Rate, string>> }
    | { readonly kind: 'single' | 'stepped' };
}

/** What is in force at an instant. */
interface PlanRate {
  readonly rate: Rate;
  /** As it was published, per kWh. */
  readonly price: string;
}

export interface PlanSpan extends PlanRate {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The periods of a time-of-use tariff within a span, each as long as its rate and price hold; by the version that was in
 * force and the property's own calendar. Beyond `PLAN_SPAN_MAX_MS` whole days, each with its dearest rate, so that the
 * seasons show. Nothing where another kind of tariff was in force. Pure.
 *
 * @param versions newest instant first, as the API gives them
 */
export function planOf(
  versions: readonly PlanVersion[],
  dayLists: readonly { readonly name: string; readonly days: readonly string[] }[],
  calendar: ZonedCalendar,
  range: { readonly fromMs: number; readonly toMs: number },
): readonly PlanSpan[] {
  const lists = new Map(dayLists.map(({ name, days }) => [name, new Set(days)]));
  const published = versions
    .filter(({ state }) => state === 'published')
    .map(({ effectiveFrom, body }) => ({ fromMs: Date.parse(effectiveFrom), body }));
  const planAt = (atMs: number): PlanRate | undefined => {
    const body = published.find(({ fromMs }) => fromMs <= atMs)?.body;
    if (body?.kind !== 'timeOfUse') return undefined;
    const rate = rateAt(body.days, lists, calendar, atMs);
    return { rate, price: body.prices[rate] };
  };
  const isLong = range.toMs - range.fromMs > PLAN_SPAN_MAX_MS;
  const spans: { fromMs: number; toMs: number; rate: Rate; price: string }[] = [];
  for (let atMs = range.fromMs; atMs < range.toMs; ) {
    const endMs = isLong ? calendar.startOfDayAfter(atMs, 1) : slotAfter(atMs);
    const toMs = Math.min(range.toMs, endMs);
    const found = isLong ? dearestOf(atMs, toMs, planAt) : planAt(atMs);
    const last = spans.at(-1);
    const goesOn = found !== undefined && last?.toMs === atMs && last.rate === found.rate && last.price === found.price;
    if (goesOn) last.toMs = toMs;
    else if (found !== undefined) spans.push({ fromMs: atMs, toMs, ...found });
    atMs = toMs;
  }
  return spans;
}

/** What is in force within a bucket, in the order of time, each once. */
export function planWithin(spans: readonly PlanSpan[], fromMs: number, toMs: number): readonly PlanRate[] {
  const found = new Map<string, PlanRate>();
  for (const span of spans) {
    if (span.fromMs >= toMs) break;
    if (span.toMs > fromMs) found.set(`${span.rate} ${span.price}`, span);
  }
  return [...found.values()].map(({ rate, price }) => ({ rate, price }));
}

const slotAfter = (atMs: number): number => (Math.floor(atMs / SLOT_MS) + 1) * SLOT_MS;

/** The dearest of the rates that occur from `fromMs` to `toMs`; `RATES` begins with the dearest. */
function dearestOf(fromMs: number, toMs: number, planAt: (atMs: number) => PlanRate | undefined): PlanRate | undefined {
  const found = new Map<Rate, PlanRate>();
  for (let atMs = fromMs; atMs < toMs; atMs = slotAfter(atMs)) {
    const plan = planAt(atMs);
    if (plan !== undefined) found.set(plan.rate, plan);
  }
  const dearest = RATES.find((rate) => found.has(rate));
  return dearest && found.get(dearest);
}
