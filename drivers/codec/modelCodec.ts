import type {
  Flag,
  MeterModel,
  MeterMoney,
  MeterStatus,
  Quantity,
  Rejection,
  StatusWord,
  Values,
} from '#drivers/core/index.ts';
import { type BlockPlan, blankValues, type FieldStep, planBlock, type ValueStep } from './modelPlan.ts';
import { decodeRegister } from './registers.ts';

/** A run of registers that one request asks for. */
export interface Block {
  readonly start: number;
  readonly count: number;
}

/** A block with what the meter answered: two bytes a register, high byte first. May be a view of a receive buffer. */
export interface BlockData extends Block {
  readonly data: Uint8Array;
}

/** Transformer ratios for secondary-side values, both at least 1. */
export interface Ratios {
  readonly ctRatio: number;
  readonly ptRatio: number;
}

/** What registers say through a model. Values of the wrong range or no numbers are in `rejected` and nowhere else. */
export interface Decoded {
  readonly values: Partial<Record<Quantity, number>>;
  readonly balanceMinor: bigint | undefined;
  readonly status: MeterStatus;
  /** Local time as if UTC, ms; undefined where the blocks carry none or an impossible one. */
  readonly meterClockMs: number | undefined;
  /** The ratios used: the meter's own where it says them, else those given. */
  readonly ctRatio: number;
  readonly ptRatio: number;
  readonly rejected: Rejection[];
}

/** A model made ready: decodes blocks into a reading's values in a few microseconds. */
export interface CompiledModel {
  readonly model: MeterModel;
  /** Decodes all blocks of one visit together; `fallback` serves where the meter does not say its own ratios. */
  decode(blocks: readonly BlockData[], fallback: Ratios): Decoded;
}

/** The plans of the blocks of one visit. */
interface VisitPlan {
  readonly plans: readonly BlockPlan[];
  readonly blank: Values;
}

/** Plans that a model keeps: ways to ask for its spans that were seen. Of more the oldest is made anew when needed. */
const MAX_VISIT_PLANS = 64;

/** Compiles a model once. The plans of its visits are made when first seen and kept. */
export function compileModel(model: MeterModel): CompiledModel {
  const known: VisitPlan[] = [];
  const planOf = (blocks: readonly Block[]): VisitPlan => {
    for (const visit of known) if (isFor(visit, blocks)) return visit;
    const plans = blocks.map(({ start, count }) => planBlock(model, start, count));
    const visit = { plans, blank: blankValues(plans) };
    known.push(visit);
    if (known.length > MAX_VISIT_PLANS) known.shift();
    return visit;
  };
  return { model, decode: (blocks, fallback) => decodeBlocks(model, blocks, planOf(blocks), fallback) };
}

function isFor({ plans }: VisitPlan, blocks: readonly Block[]): boolean {
  if (plans.length !== blocks.length) return false;
  for (let index = 0; index < plans.length; index += 1) {
    const plan = plans[index];
    const block = blocks[index];
    if (plan?.start !== block?.start || plan?.count !== block?.count) return false;
  }
  return true;
}

function decodeBlocks(
  model: MeterModel,
  blocks: readonly BlockData[],
  { plans, blank }: VisitPlan,
  fallback: Ratios,
): Decoded {
  const values: Partial<Record<Quantity, number>> = { ...blank };
  const rejected: Rejection[] = [];
  const ratios = ownRatios(blocks, plans, fallback);
  let balanceMinor: bigint | undefined;
  let statusWord: number | undefined;
  let meterClockMs: number | undefined;
  for (let index = 0; index < plans.length; index += 1) {
    const plan = plans[index];
    const data = blocks[index]?.data;
    if (plan === undefined || data === undefined) continue;
    for (const step of plan.values) readValue(step, data, ratios, values, rejected);
    if (plan.balance !== undefined) balanceMinor = readBalance(plan.balance, data, rejected);
    if (plan.statusOffset !== undefined) statusWord = decodeRegister('u16', data, plan.statusOffset, 'high-first');
    if (plan.clockOffset !== undefined) meterClockMs = readClock(data, plan.clockOffset);
  }
  const status =
    model.status === undefined || statusWord === undefined
      ? {}
      : readStatus(model.status, statusWord, values.purchaseCount, balanceMinor);
  return { values, balanceMinor, status, meterClockMs, ...ratios, rejected };
}

function ownRatios(blocks: readonly BlockData[], plans: readonly BlockPlan[], fallback: Ratios): Ratios {
  let { ctRatio, ptRatio } = fallback;
  plans.forEach((plan, index) => {
    const data = blocks[index]?.data;
    if (data === undefined) return;
    for (const step of plan.ratios) {
      const ratio = (decodeRegister(step.type, data, step.offset, step.wordOrder) * step.multiplier) / step.divisor;
      // A direct-connected meter says 0 or 1; zero would wipe out every value.
      if (ratio < 1 || !Number.isFinite(ratio)) continue;
      if (step.quantity === 'ctRatio') ctRatio = ratio;
      else ptRatio = ratio;
    }
  });
  return { ctRatio, ptRatio };
}

function readValue(
  step: ValueStep,
  data: Uint8Array,
  ratios: Ratios,
  values: Partial<Record<Quantity, number>>,
  rejected: Rejection[],
): void {
  const { quantity } = step;
  const raw = decodeRegister(step.type, data, step.offset, step.wordOrder);
  if (step.absentRaw !== undefined && Object.is(raw, step.absentRaw)) {
    delete values[quantity];
    return;
  }
  if (!Number.isFinite(raw)) {
    delete values[quantity];
    rejected.push({ quantity, raw, reason: 'not-a-number' });
    return;
  }
  let value = raw * step.multiplier;
  if (step.ratio !== 'none') value *= factorOf(step.ratio, ratios);
  if (step.divisor !== 1) value /= step.divisor;
  // Adding zero turns the float -0 into 0.
  if (step.roundTo !== 0) value = Math.round(value * step.roundTo) / step.roundTo + 0;
  if (value >= step.min && value <= step.max) values[quantity] = value;
  else {
    delete values[quantity];
    rejected.push({ quantity, raw, reason: 'range' });
  }
}

/** The factor between secondary and primary side. */
export function factorOf(ratio: FieldStep['ratio'], { ctRatio, ptRatio }: Ratios): number {
  switch (ratio) {
    case 'none':
      return 1;
    case 'ct':
      return ctRatio;
    case 'pt':
      return ptRatio;
    case 'ct×pt':
      return ctRatio * ptRatio;
  }
}

function readBalance(step: FieldStep, data: Uint8Array, rejected: Rejection[]): bigint | undefined {
  const raw = decodeRegister(step.type, data, step.offset, step.wordOrder);
  if (step.absentRaw !== undefined && Object.is(raw, step.absentRaw)) return undefined;
  if (Number.isFinite(raw)) return BigInt(Math.round((raw * step.multiplier) / step.divisor));
  rejected.push({ quantity: 'balanceMinor', raw, reason: 'not-a-number' });
  return undefined;
}

function readStatus(
  word: StatusWord,
  bits: number,
  purchaseCount: number | undefined,
  balanceMinor: bigint | undefined,
): MeterStatus {
  const neverBought = purchaseCount === 0 && balanceMinor === 0n;
  return {
    ...relayOf(word, bits),
    ...(word.forcedOn === undefined ? {} : { forced: forcedOf(word, bits) }),
    ...(word.arrears === undefined ? {} : { money: neverBought ? 'notOpened' : moneyOf(word, bits) }),
    ...(word.overLimit === undefined ? {} : { overLimit: holds(word.overLimit, bits) }),
    ...(word.fault === undefined ? {} : { fault: holds(word.fault, bits) }),
  };
}

function relayOf(word: StatusWord, bits: number): MeterStatus {
  if (word.relayClosed === undefined || word.relayOpen === undefined) return {};
  if (holds(word.relayClosed, bits)) return { relay: 'closed' };
  return { relay: holds(word.relayOpen, bits) ? 'open' : 'partial' };
}

function forcedOf(word: StatusWord, bits: number): 'none' | 'closed' | 'open' {
  if (!holds(word.forcedOn, bits)) return 'none';
  return holds(word.forcedClosed, bits) ? 'closed' : 'open';
}

/** The worst flag wins: a meter in arrears also keeps its alarms up. */
function moneyOf(word: StatusWord, bits: number): MeterMoney {
  if (holds(word.arrears, bits)) return 'arrears';
  if (holds(word.alarm2, bits)) return 'alarm2';
  return holds(word.alarm1, bits) ? 'alarm1' : 'normal';
}

function holds(flag: Flag | undefined, bits: number): boolean {
  return flag !== undefined && (bits & flag.mask) === (flag.equals ?? flag.mask);
}

function readClock(data: Uint8Array, offset: number): number | undefined {
  const at = (index: number): number => data[offset + index] ?? 0;
  const [year, month, day, hour, minute, second] = [at(0), at(1), at(2), at(4), at(5), at(6)];
  if (year > 99 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59)
    return undefined;
  return Date.UTC(2000 + year, month - 1, day, hour, minute, second);
}
