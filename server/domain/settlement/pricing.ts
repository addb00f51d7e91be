import type { ZonedCalendar } from '../calendar.ts';
import { splitByTime, timeByRate } from '../tariff/dayTable.ts';
import { rateConsumption } from '../tariff/rate.ts';
import { startOfTierPeriod } from '../tariff/steps.ts';
import {
  type Consumption,
  type DayLists,
  type DayTables,
  RATES,
  type Steps,
  type TariffBody,
} from '../tariff/types.ts';
import type { Segment, SegmentQuality, Step } from './segments.ts';

/** One tariff version while it holds: [fromMs, toMs). */
export interface PriceSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly tariffId: number;
  readonly versionId: number;
  readonly body: TariffBody;
}

/** A part of a segment at one price, exact. */
export interface PricedLine {
  readonly label: string;
  /** Empty where the price has no components. */
  readonly component: string;
  /** 10⁻⁸ of the currency per kWh or m³. */
  readonly price: bigint;
  readonly quantity: bigint;
  /** 10⁻¹¹ of the currency. */
  readonly parts: bigint;
}

export interface PricedSegment {
  readonly segment: Segment;
  readonly quality: SegmentQuality;
  readonly versionId: number;
  /** Start of the local month that it is billed in. */
  readonly monthMs: number;
  readonly lines: readonly PricedLine[];
}

/** What was used in the tier periods of one account: shared by its meters, and by the versions of a tariff. */
export interface TierUse {
  used(tariffId: number, period: Steps['period'], startMs: number): bigint;
  add(tariffId: number, period: Steps['period'], startMs: number, quantity: bigint): void;
}

export interface Pricing {
  readonly spans: readonly PriceSpan[];
  readonly calendar: ZonedCalendar;
  readonly dayLists: DayLists;
  readonly tiers: TierUse;
  /** The good reads that the segments rest upon: what was used when, for prices that depend on the hour. */
  readonly reads: readonly Pick<Step, 'point' | 'flowed'>[];
}

/** Every instant between the two at which a segment must end: another price, or another month. */
export function cutsBetween(
  spans: readonly PriceSpan[],
  calendar: ZonedCalendar,
  fromMs: number,
  toMs: number,
): number[] {
  const cuts = new Set(spans.flatMap((span) => [span.fromMs, span.toMs]));
  for (let atMs = nextMonth(calendar, fromMs); atMs < toMs; atMs = nextMonth(calendar, atMs)) cuts.add(atMs);
  return [...cuts].filter((atMs) => atMs > fromMs && atMs < toMs).toSorted((a, b) => a - b);
}

/** Start of the local month after the one that holds `atMs`. */
export function nextMonth(calendar: ZonedCalendar, atMs: number): number {
  return calendar.startOfMonth(calendar.startOfDayAfter(calendar.startOfMonth(atMs), 31));
}

/**
 * Prices segments in the order of time. It ends before the first one for which nobody published a price: nothing is ever
 * charged at a price that no longer, or does not yet, hold. Segments must have been cut by `cutsBetween`, and follow each
 * other from the first of the reads on.
 */
export function priceSegments(
  segments: readonly Segment[],
  pricing: Pricing,
): { readonly priced: readonly PricedSegment[]; readonly unpriced: Segment | undefined } {
  const priced: PricedSegment[] = [];
  let flowed = 0n;
  for (const segment of segments) {
    const span = pricing.spans.find(({ fromMs, toMs }) => fromMs <= segment.from.atMs && segment.to.atMs <= toMs);
    if (span === undefined) return { priced, unpriced: segment };
    priced.push(priceSegment(segment, span, pricing, flowed));
    flowed += segment.delta;
  }
  return { priced, unpriced: undefined };
}

/** `flowedBefore`: before the segment, since the first of the reads. */
function priceSegment(segment: Segment, span: PriceSpan, pricing: Pricing, flowedBefore: bigint): PricedSegment {
  const { calendar, tiers } = pricing;
  const { body, tariffId, versionId } = span;
  const rated = body.kind === 'timeOfUse' ? ratesOf(segment, body.days, pricing, flowedBefore) : undefined;
  const steps = body.kind === 'single' ? undefined : body.steps;
  const tierStartMs = steps === undefined ? 0 : startOfTierPeriod(calendar, steps.period, segment.from.atMs);
  const usedBefore = steps === undefined ? 0n : tiers.used(tariffId, steps.period, tierStartMs);
  const lines = rateConsumption(body, { total: segment.delta, byRate: rated?.byRate }, usedBefore);
  if (steps !== undefined) tiers.add(tariffId, steps.period, tierStartMs, segment.delta);
  return {
    segment,
    quality: rated?.prorated === true ? 'prorated' : segment.quality,
    versionId,
    monthMs: calendar.startOfMonth(segment.from.atMs),
    // What costs the same in several steps is one line of the month, however it was used up.
    lines: lines.map(({ label, price, quantity, parts, component }) => ({
      label: component === undefined ? label : 'energy',
      component: component ?? '',
      price,
      quantity,
      parts,
    })),
  };
}

/**
 * What was used at each rate, from the reads within the segment. Between two reads that more than one rate lies between,
 * use is shared by time and flagged. The published table decides, not the table in the meter, which knows no holidays.
 */
function ratesOf(
  segment: Segment,
  days: DayTables,
  { calendar, dayLists, reads }: Pricing,
  flowedBefore: bigint,
): { byRate: NonNullable<Consumption['byRate']>; prorated: boolean } {
  const byRate = { sharp: 0n, peak: 0n, flat: 0n, valley: 0n, deepValley: 0n };
  let prorated = false;
  let last = { atMs: segment.from.atMs, flowed: flowedBefore };
  const inside = reads
    .map(({ point, flowed }) => ({ atMs: point.atMs, flowed }))
    .filter(({ atMs }) => atMs > segment.from.atMs && atMs < segment.to.atMs);
  for (const read of [...inside, { atMs: segment.to.atMs, flowed: flowedBefore + segment.delta }]) {
    const used = read.flowed - last.flowed;
    const span = { fromMs: last.atMs, toMs: read.atMs };
    const shares = splitByTime(days, dayLists, calendar, span, used);
    for (const rate of RATES) byRate[rate] += shares[rate];
    if (used > 0n && spansRates(days, dayLists, calendar, span)) prorated = true;
    last = read;
  }
  return { byRate, prorated };
}

function spansRates(
  days: DayTables,
  lists: DayLists,
  calendar: ZonedCalendar,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): boolean {
  const held = timeByRate(days, lists, calendar, fromMs, toMs);
  return RATES.filter((rate) => held[rate] > 0).length > 1;
}
