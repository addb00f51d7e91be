import type { ZonedCalendar } from '#domain/calendar.ts';
import { Bill, type BillLine, type ChargedLine } from '#domain/settlement/bill.ts';
import {
  nextMonth,
  type PricedSegment,
  type PriceSpan,
  priceSegments,
  type TierUse,
} from '#domain/settlement/pricing.ts';
import { modulusOf, type RegisterLimits, type RegisterPoint } from '#domain/settlement/register.ts';
import { cutSegments, type RefusedRead } from '#domain/settlement/segments.ts';
import type { DayLists } from '#domain/tariff/types.ts';
import type { ChargeReason, HoldCause, Stream } from './types.ts';

/** Registers of six digits before the point, as the displays of prepaid meters have. */
const REGISTER_DIGITS = 6;
/** Three phases of 80 A at 230 V: more than a meter without transformers carries. Multiplied by its ratios. */
export const METER_POWER_MAX_W = 55_200n;
/** A fifth above what it is made for. */
const POWER_MARGIN_PPT = 1_200n;
/** A read stands for an instant up to half an hour before it. */
export const READ_SLACK_MS = 30 * 60_000;

export function limitsOf({ multiplier }: Pick<Stream, 'multiplier'>): RegisterLimits {
  return {
    modulus: modulusOf(REGISTER_DIGITS, multiplier),
    maxPower: METER_POWER_MAX_W * multiplier,
    marginPpt: POWER_MARGIN_PPT,
  };
}

export interface StreamInput {
  readonly stream: Stream;
  /** Real reads after the cursor, in any order. */
  readonly reads: readonly RegisterPoint[];
  readonly spans: readonly PriceSpan[];
  readonly cutsMs: readonly number[];
  readonly lines: readonly BillLine[];
  readonly tiers: TierUse;
  readonly calendar: ZonedCalendar;
  readonly dayLists: DayLists;
}

export interface NewCharge {
  readonly stream: Stream;
  readonly fromMs: number;
  readonly toMs: number;
  readonly monthMs: number;
  readonly reason: ChargeReason;
  readonly quantity: bigint;
  readonly amountMinor: bigint;
  readonly lines: readonly ChargedLine[];
  /** Of `correction`: what was computed anew. */
  readonly correctionId?: bigint;
}

/** What becomes of a stream when its reads are charged. */
export interface StreamOutcome {
  readonly stream: Stream;
  readonly cursor: RegisterPoint;
  readonly chargedToMs: number;
  readonly unchargedWh: bigint;
  readonly closed: boolean;
  readonly hold: HoldCause | undefined;
  readonly segments: readonly PricedSegment[];
  readonly lines: readonly BillLine[];
  readonly charges: readonly NewCharge[];
  /** The read that cannot follow the last good one, where nothing later does either. */
  readonly refused: RefusedRead | undefined;
}

/**
 * Charges a stream from its cursor to its last believable read. Pure. In real time every month that got something is
 * charged; at the month's end those that are over; all of them when the stream has come to its end, or with `now`.
 */
export function chargeStream(input: StreamInput, now?: 'modeSwitch'): StreamOutcome {
  const { stream, reads, spans, cutsMs, calendar, dayLists, tiers } = input;
  const limits = limitsOf(stream);
  const points = stream.end === undefined ? reads : [...reads, stream.end];
  const cut = cutSegments({ from: stream.cursor, reads: points, cutsMs, limits, slackMs: READ_SLACK_MS });
  const { priced, unpriced } = priceSegments(cut.segments, { spans, calendar, dayLists, tiers, reads: cut.steps });
  const cursor = priced.at(-1)?.segment.to ?? stream.cursor;
  const last = cut.refused.at(-1);
  const refused =
    last !== undefined && last.read.atMs > (cut.segments.at(-1)?.to.atMs ?? stream.cursor.atMs) ? last : undefined;
  const ended = stream.end !== undefined && cursor.atMs >= stream.end.atMs;
  const bill = new Bill(input.lines);
  const charges = new Charges(stream, bill);
  // A new beginning may lie in another month: what was used before it is charged by itself.
  const passed =
    stream.mode === 'monthEnd' ? bill.months().filter((ms) => nextMonth(calendar, ms) <= stream.cursor.atMs) : [];
  for (const monthMs of passed) charges.make(monthMs, nextMonth(calendar, monthMs), 'monthEnd');
  for (const [monthMs, ofMonth] of Map.groupBy(priced, (segment) => segment.monthMs)) {
    for (const segment of ofMonth) {
      bill.add(segment);
      charges.used(segment.segment.delta);
    }
    const toMs = ofMonth.at(-1)?.segment.to.atMs ?? cursor.atMs;
    const over = toMs >= nextMonth(calendar, monthMs);
    if (stream.mode === 'realTime') charges.make(monthMs, toMs, 'reading');
    else if (over) charges.make(monthMs, toMs, 'monthEnd');
  }
  if (ended || now !== undefined) {
    for (const monthMs of bill.months()) charges.make(monthMs, cursor.atMs, now ?? 'closing');
  }
  return {
    stream,
    cursor: ended && stream.end !== undefined ? stream.end : cursor,
    chargedToMs: charges.toMs,
    unchargedWh: charges.openWh,
    closed: ended,
    hold: unpriced !== undefined ? 'noTariffVersion' : refused === undefined ? undefined : 'quarantine',
    segments: priced.filter(({ segment }) => segment.delta !== 0n),
    lines: bill.changed(),
    charges: charges.made,
    refused,
  };
}

/** Charges of one stream as they are made: each begins where the one before ended. */
class Charges {
  readonly made: NewCharge[] = [];
  readonly #stream: Stream;
  readonly #bill: Bill;
  toMs: number;
  openWh: bigint;

  constructor(stream: Stream, bill: Bill) {
    this.#stream = stream;
    this.#bill = bill;
    this.toMs = stream.chargedToMs;
    this.openWh = stream.unchargedWh;
  }

  used(delta: bigint): void {
    this.openWh += delta;
  }

  make(monthMs: number, toMs: number, reason: ChargeReason): void {
    const { amountMinor, lines } = this.#bill.charge(monthMs);
    if (amountMinor === 0n) return;
    const charge = { stream: this.#stream, fromMs: this.toMs, toMs, monthMs, reason };
    this.made.push({ ...charge, quantity: this.openWh, amountMinor, lines });
    this.toMs = toMs;
    this.openWh = 0n;
  }
}
