import {
  type Field,
  type MeterModel,
  QUANTITIES,
  type Quantity,
  type RegisterType,
  type Values,
} from '#drivers/core/index.ts';
import { REGISTER_COUNTS, type WordOrder } from './registers.ts';

/** Which of the meter's own ratios a secondary-side value is multiplied by. */
export type RatioKind = 'none' | 'ct' | 'pt' | 'ct×pt';

/** One field made ready for a block: what `Field` says in a form that needs no thought per reading. */
export interface FieldStep {
  readonly quantity: Field['quantity'];
  readonly type: RegisterType;
  readonly wordOrder: WordOrder;
  /** Offset in bytes from the block's first data byte. */
  readonly offset: number;
  /** canonical = raw × multiplier × ratio ÷ divisor. One of both is 1, so that one exact division makes 230.1 of 2301. */
  readonly multiplier: number;
  readonly divisor: number;
  readonly ratio: RatioKind;
  readonly absentRaw: number | undefined;
  readonly min: number;
  readonly max: number;
  /** Steps per unit that a rounded value keeps; 0 leaves it as it is. */
  readonly roundTo: number;
}

/** A step whose result is one of the reading's values. */
export interface ValueStep extends FieldStep {
  readonly quantity: Quantity;
}

/** What can be read out of one block of registers. */
export interface BlockPlan {
  readonly start: number;
  readonly count: number;
  readonly ratios: readonly FieldStep[];
  readonly values: readonly ValueStep[];
  readonly balance: FieldStep | undefined;
  /** Byte offsets, undefined when not in the block. */
  readonly statusOffset: number | undefined;
  readonly clockOffset: number | undefined;
}

/** The plan of the block of `count` registers at `start`; fields that are only partly inside are left out. */
export function planBlock(model: MeterModel, start: number, count: number): BlockPlan {
  const inside = model.fields.filter(
    (field) => field.address >= start && field.address + REGISTER_COUNTS[field.type] <= start + count,
  );
  const steps = inside.map((field) => stepOf(field, start));
  const statusOffset = model.status === undefined ? undefined : (model.status.address - start) * 2;
  const clockOffset =
    model.clock === undefined ? undefined : (model.clock.spanStart - start) * 2 + model.clock.byteOffset;
  const fits = (offset: number | undefined, bytes: number) =>
    offset !== undefined && offset >= 0 && offset + bytes <= count * 2;
  return {
    start,
    count,
    ratios: steps.filter(({ quantity }) => quantity === 'ctRatio' || quantity === 'ptRatio'),
    values: steps.filter(isValueStep),
    balance: steps.find(({ quantity }) => quantity === 'balanceMinor'),
    statusOffset: fits(statusOffset, 2) ? statusOffset : undefined,
    clockOffset: fits(clockOffset, CLOCK_BYTES) ? clockOffset : undefined,
  };
}

/** The values that all of `plans` can bring, to be copied and filled. */
export function blankValues(plans: readonly BlockPlan[]): Values {
  const names = new Set(plans.flatMap(({ values }) => values.map(({ quantity }) => quantity)));
  // Not built key by key: an object that grows by computed keys becomes a slow dictionary after a dozen of them, and
  // so would every reading. Any fraction does as a placeholder; it tells the engine that these are no small integers.
  const blank: Values = JSON.parse(`{${[...names].map((name) => `"${name}":0.5`).join(',')}}`);
  return blank;
}

/** YY MM DD weekday hh mm ss, one binary byte each. */
export const CLOCK_BYTES = 7;

/** The scale as one exact integer factor: 0.01 is a division by 100. */
export function exactScale(scale: number): { readonly multiplier: number; readonly divisor: number } {
  return scale >= 1 ? { multiplier: scale, divisor: 1 } : { multiplier: 1, divisor: Math.round(1 / scale) };
}

function isValueStep(step: FieldStep): step is ValueStep {
  return isMeasured(step.quantity);
}

function isMeasured(quantity: Field['quantity']): quantity is Quantity {
  return quantity in QUANTITIES;
}

function stepOf(field: Field, start: number): FieldStep {
  const { quantity } = field;
  const named = isMeasured(quantity) ? QUANTITIES[quantity] : undefined;
  return {
    quantity,
    type: field.type,
    wordOrder: field.wordOrder ?? 'high-first',
    offset: (field.address - start) * 2,
    ...exactScale(field.scale),
    ratio: field.multiply ?? 'none',
    absentRaw: field.absentRaw,
    min: named?.min ?? Number.NEGATIVE_INFINITY,
    max: named?.max ?? Number.POSITIVE_INFINITY,
    roundTo: roundingOf(field, named),
  };
}

/** Counters are whole; a 32-bit float carries noise below its 24 bits, so it keeps one digit more than is shown. */
function roundingOf(field: Field, named: (typeof QUANTITIES)[keyof typeof QUANTITIES] | undefined): number {
  if (named === undefined) return 0;
  if (named.kind !== 'gauge') return 1;
  return field.type === 'f32' ? 10 ** (named.decimals + 1) : 0;
}
