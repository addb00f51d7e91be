import { rateConsumption } from '../tariff/rate.ts';
import { startOfTierPeriod } from '../tariff/steps.ts';
import type { ChargeLine, TariffBody } from '../tariff/types.ts';
import { type PricedLine, type PricedSegment, type PriceSpan, type Pricing, priceSegments } from './pricing.ts';
import { type RegisterLimits, type RegisterPoint, registerDelta } from './register.ts';
import { cutSegments } from './segments.ts';

/** What is held now to have been used between two instants, and at which prices. */
export interface HeldSegment extends Pick<PricedSegment, 'monthMs' | 'versionId' | 'lines'> {
  readonly fromMs: number;
  readonly delta: bigint;
}

/** By how much one line of a month's bill was wrong. */
export interface LineDifference extends PricedLine {
  readonly monthMs: number;
  readonly versionId: number;
}

export interface Correcting extends Omit<Pricing, 'reads'> {
  /** Real reads that segments begin and end at, so that nothing outside of them changes. */
  readonly from: RegisterPoint;
  readonly to: RegisterPoint;
  /** Register at `to` when it was charged; another one than `to` where that read itself was corrected. */
  readonly toValueBefore: bigint;
  /** Real reads in between, as they are known now. One that does not fit is passed over … */
  readonly reads: readonly RegisterPoint[];
  /** … but not this one: what a person says is taken or refused. */
  readonly saidAtMs: number | undefined;
  readonly before: readonly HeldSegment[];
  readonly cutsMs: readonly number[];
  readonly limits: RegisterLimits;
  readonly slackMs: number;
}

export type Correction =
  | { readonly kind: 'unchanged' }
  /** Nothing follows from these reads: they cannot lie between the two ends, or a price of then is no longer known. */
  | { readonly kind: 'unbelievable' | 'unpriced' }
  | {
      readonly kind: 'corrected';
      /** What takes the place of `before`. */
      readonly segments: readonly PricedSegment[];
      /** New lines less old ones. */
      readonly lines: readonly LineDifference[];
      /** Wh by month. */
      readonly deltas: ReadonlyMap<number, bigint>;
    };

/**
 * What was charged between two reads, computed anew from the reads known now. A line is corrected by the difference of its
 * quantities, so that what is posted is its new rounded total less the old one, never the difference of prices times kWh.
 *
 * What depends on steps is a question of sums alone, over all meters of an account: what a tier period has more or less is
 * priced at its upper end, as if it had been used last. Adds to `tiers` what changes there.
 */
export function correctSegments(correcting: Correcting): Correction {
  const { from, to, before, cutsMs, limits, slackMs, spans } = correcting;
  const held = before.reduce((sum, { delta }) => sum + delta, 0n);
  const expected = (correcting.toValueBefore - from.value + limits.modulus) % limits.modulus;
  // A new beginning in between, told by a person: registers do not say what flowed there.
  if (held !== expected) return { kind: 'unbelievable' };
  const said = correcting.reads.filter(({ atMs }) => atMs === correcting.saidAtMs && atMs < to.atMs);
  const cut = cutSegments({ from, reads: [...fittingReads(correcting), to], cutsMs, limits, slackMs });
  const reads = cut.steps.map(({ point }) => point);
  if (said.some((read) => !reads.includes(read))) return { kind: 'unbelievable' };
  if (to.atMs > from.atMs && cut.segments.at(-1)?.to.atMs !== to.atMs) return { kind: 'unbelievable' };
  if (before.some(({ versionId }) => !spans.some((span) => span.versionId === versionId))) return { kind: 'unpriced' };
  const flat = spans.map(withoutSteps);
  const { priced, unpriced } = priceSegments(cut.segments, { ...correcting, spans: flat, reads: cut.steps });
  if (unpriced !== undefined) return { kind: 'unpriced' };
  const segments = priced.map((segment) => ({ ...segment, lines: exactLines(segment, spans) }));
  const differences = [
    ...before.flatMap((segment) => exactLines(segment, spans).map((line) => ofMonth(segment, negated(line)))),
    ...segments.flatMap((segment) => segment.lines.map((line) => ofMonth(segment, line))),
    ...stepDifferences(correcting, segments),
  ];
  const lines = merged(differences);
  if (lines.length === 0) return { kind: 'unchanged' };
  return { kind: 'corrected', segments, lines, deltas: deltasByMonth(before, segments) };
}

/** Reads that lie between both ends: one that does not was wrong, whoever believed it would lose the end. */
function fittingReads({ from, to, reads, limits, slackMs }: Correcting): readonly RegisterPoint[] {
  const flowed = (a: RegisterPoint, b: RegisterPoint): bigint | undefined => {
    const found = registerDelta(a.value, b.value, limits, b.atMs - a.atMs + slackMs);
    return 'delta' in found ? found.delta : undefined;
  };
  const whole = flowed(from, to);
  return reads.filter((read) => {
    if (read.atMs <= from.atMs || read.atMs >= to.atMs) return false;
    const [first, second] = [flowed(from, read), flowed(read, to)];
    return whole !== undefined && first !== undefined && second !== undefined && first + second === whole;
  });
}

/** A price by steps is priced by sums; a segment carries only what is its own. */
function withoutSteps(span: PriceSpan): PriceSpan {
  const { body } = span;
  if (body.kind === 'single') return span;
  if (body.kind === 'stepped') return { ...span, body: { kind: 'single', price: 0n } };
  return { ...span, body: { kind: 'timeOfUse', prices: body.prices, days: body.days } };
}

function exactLines(
  { versionId, lines }: Pick<PricedSegment, 'versionId' | 'lines'>,
  spans: readonly PriceSpan[],
): readonly PricedLine[] {
  const body = spans.find((span) => span.versionId === versionId)?.body;
  return body?.kind === 'stepped' ? [] : lines.filter(({ label }) => !label.startsWith('step'));
}

interface StepGroup {
  readonly monthMs: number;
  readonly versionId: number;
  readonly span: PriceSpan;
  readonly tierStartMs: number;
  delta: bigint;
}

function stepDifferences({ spans, calendar, before, tiers }: Correcting, after: readonly PricedSegment[]) {
  const groups = new Map<string, StepGroup>();
  const add = ({ monthMs, versionId }: HeldSegmentKey, fromMs: number, delta: bigint): void => {
    const span = spans.find((one) => one.versionId === versionId);
    const steps = span === undefined ? undefined : stepsOf(span.body);
    if (span === undefined || steps === undefined) return;
    const tierStartMs = startOfTierPeriod(calendar, steps.period, fromMs);
    const key = `${monthMs}/${versionId}/${tierStartMs}`;
    const group = groups.get(key) ?? { monthMs, versionId, span, tierStartMs, delta: 0n };
    groups.set(key, group);
    group.delta += delta;
  };
  for (const segment of before) add(segment, segment.fromMs, -segment.delta);
  for (const segment of after) add(segment, segment.segment.from.atMs, segment.segment.delta);
  // What falls away first: what a period only moves from one month to the next then costs the same in both.
  const ordered = [...groups.values()].toSorted((a, b) => (a.delta < b.delta ? -1 : a.delta > b.delta ? 1 : 0));
  return ordered.flatMap((group) => stepLines(group, tiers).map((line) => ofMonth(group, line)));
}

type HeldSegmentKey = Pick<HeldSegment, 'monthMs' | 'versionId'>;

function stepLines({ span, tierStartMs, delta }: StepGroup, tiers: Correcting['tiers']): readonly PricedLine[] {
  const { body, tariffId } = span;
  const steps = stepsOf(body);
  if (steps === undefined || delta === 0n) return [];
  const used = tiers.used(tariffId, steps.period, tierStartMs);
  const total = delta < 0n ? -delta : delta;
  const below = delta < 0n ? used - total : used;
  const ladder: TariffBody = body.kind === 'stepped' ? body : { kind: 'stepped', steps };
  const lines = rateConsumption(ladder, { total, byRate: undefined }, below < 0n ? 0n : below);
  tiers.add(tariffId, steps.period, tierStartMs, used + delta < 0n ? -used : delta);
  const own = body.kind === 'stepped' ? lines : lines.filter(({ price }) => price !== 0n);
  return own.map((line) => (delta < 0n ? negated(toLine(line)) : toLine(line)));
}

function stepsOf(body: TariffBody) {
  return body.kind === 'single' ? undefined : body.steps;
}

/** As `priceSegments` names lines of a bill. */
function toLine({ label, component, price, quantity, parts }: ChargeLine): PricedLine {
  return { label: component === undefined ? label : 'energy', component: component ?? '', price, quantity, parts };
}

function negated(line: PricedLine): PricedLine {
  return { ...line, quantity: -line.quantity, parts: -line.parts };
}

function ofMonth({ monthMs, versionId }: HeldSegmentKey, line: PricedLine): LineDifference {
  return { ...line, monthMs, versionId };
}

function merged(lines: readonly LineDifference[]): readonly LineDifference[] {
  const byKey = Map.groupBy(lines, (line) =>
    [line.monthMs, line.versionId, line.label, line.component, line.price].join('/'),
  );
  return [...byKey.values()].flatMap((same) => {
    const [first] = same;
    const quantity = same.reduce((sum, line) => sum + line.quantity, 0n);
    if (first === undefined || quantity === 0n) return [];
    return [{ ...first, quantity, parts: same.reduce((sum, line) => sum + line.parts, 0n) }];
  });
}

function deltasByMonth(before: readonly HeldSegment[], after: readonly PricedSegment[]): ReadonlyMap<number, bigint> {
  const deltas = new Map<number, bigint>();
  const add = (monthMs: number, delta: bigint) => deltas.set(monthMs, (deltas.get(monthMs) ?? 0n) + delta);
  for (const { monthMs, delta } of before) add(monthMs, -delta);
  for (const { monthMs, segment } of after) add(monthMs, segment.delta);
  return deltas;
}
