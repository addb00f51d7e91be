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
  const statuses = new Statuses(model.status);
  return { model, decode: (blocks, fallback) => decodeBlocks(statuses, blocks, planOf(blocks), fallback) };
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
  statuses: Statuses,
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
  const status = statusWord === undefined ? NO_STATUS : statuses.of(statusWord, values.purchaseCount, balanceMinor);
  const { ctRatio, ptRatio } = ratios;
  return { values, balanceMinor, status, meterClockMs, ctRatio, ptRatio, rejected };
}

const NO_STATUS: MeterStatus = {};

/** Statuses that a model keeps; meters say few different ones. Of more they are made anew when needed. */
const MAX_STATUSES = 256;

/** What each status word of a model means, worked out when it is first seen. */
class Statuses {
  readonly #word: StatusWord | undefined;
  readonly #known = new Map<number, MeterStatus>();

  constructor(word: StatusWord | undefined) {
    this.#word = word;
  }

  of(bits: number, purchaseCount: number | undefined, balanceMinor: bigint | undefined): MeterStatus {
    if (this.#word === undefined) return NO_STATUS;
    const neverBought = purchaseCount === 0 && balanceMinor === 0n;
    const key = neverBought ? ~bits : bits;
    let status = this.#known.get(key);
    if (status === undefined) {
      status = readStatus(this.#word, bits, neverBought);
      if (this.#known.size >= MAX_STATUSES) this.#known.clear();
      this.#known.set(key, status);
    }
    return status;
  }
}

function ownRatios(blocks: readonly BlockData[], plans: readonly BlockPlan[], fallback: Ratios): Ratios {
  let { ctRatio, ptRatio } = fallback;
  for (let index = 0; index < plans.length; index += 1) {
    const data = blocks[index]?.data;
    if (data === undefined) continue;
    for (const step of plans[index]?.ratios ?? []) {
      const ratio = (decodeRegister(step.type, data, step.offset, step.wordOrder) * step.multiplier) / step.divisor;
      // A direct-connected meter says 0 or 1; zero would wipe out every value.
      if (ratio < 1 || !Number.isFinite(ratio)) continue;
      if (step.quantity === 'ctRatio') ctRatio = ratio;
      else ptRatio = ratio;
    }
  }
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

function readStatus(word: StatusWord, bits: number, neverBought: boolean): MeterStatus {
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
  // The fourth byte is the day of the week.
  const year = data[offset] ?? 0;
  const month = data[offset + 1] ?? 0;
  const day = data[offset + 2] ?? 0;
  const hour = data[offset + 4] ?? 0;
  const minute = data[offset + 5] ?? 0;
  const second = data[offset + 6] ?? 0;
  if (year > 99 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59)
    return undefined;
  return Date.UTC(2000 + year, month - 1, day, hour, minute, second);
}
