import { PARTS_PER_MINOR, PRICE_DECIMALS } from '#domain/money/amount.ts';
import type { MeterPrices, PurseRead } from '#drivers/core/index.ts';
import type { Evidence, VendFacts } from './types.ts';

/** What the meter says of a vend's purchase count, and why nobody can tell where nobody can. */
export interface Finding {
  readonly evidence: Evidence;
  /** Amount that came with the count, where it is known. */
  readonly amountMinor: bigint | undefined;
  readonly cause: FindingCause | undefined;
}
export type FindingCause =
  | 'countBehind'
  | 'balanceRose'
  | 'balanceContradicts'
  | 'cumulativeContradicts'
  | 'countPassed'
  | 'amountUnknown';

/** The amount that uses up a count. */
export const FENCE_MINOR = { zero: 0n, cent: 1n, quiet: 0n } as const;
/** The energy register and the balance do not move at the same instant. */
const ENERGY_MARGIN_WH = 20n;
const METER_PRICE_DECIMALS = 4;

/** Compares a read-back with a bound vend. The vend must be bound. */
export function findingOf(facts: VendFacts, purse: PurseRead): Finding {
  const bound = facts.bound;
  if (bound === undefined) throw new RangeError('a vend without a purchase count proves nothing');
  if (purse.count < bound.seq - 1) return contradiction('countBehind');
  if (purse.count === bound.seq - 1) return notYet(facts, purse, bound);
  const amount = amountAtCount(facts, purse, bound);
  if (typeof amount !== 'bigint') return amount;
  // In this order: where both amounts are the same, the meter has what was paid for, once.
  if (amount === facts.amountMinor) return { evidence: 'ours', amountMinor: amount, cause: undefined };
  const fenced = amount === FENCE_MINOR[facts.fence];
  return { evidence: fenced ? 'fenced' : 'foreign', amountMinor: amount, cause: undefined };
}

type Bound = NonNullable<VendFacts['bound']>;

function contradiction(cause: FindingCause, amountMinor?: bigint): Finding {
  return { evidence: 'contradiction', amountMinor, cause };
}

/** The count stands where it stood; so must the sums. */
function notYet({ amountMinor }: VendFacts, purse: PurseRead, bound: Bound): Finding {
  const { cumulativeMinor } = purse;
  if (cumulativeMinor !== undefined && bound.cumulativeMinor !== undefined && cumulativeMinor !== bound.cumulativeMinor)
    return contradiction('cumulativeContradicts');
  if (amountMinor > 1n && purse.balanceMinor - bound.balanceMinor > amountMinor / 2n)
    return contradiction('balanceRose');
  return { evidence: 'notYet', amountMinor: undefined, cause: undefined };
}

/** What came with our count: as the meter remembers it, else by its sum, else by its balance. */
function amountAtCount(facts: VendFacts, purse: PurseRead, bound: Bound): bigint | Finding {
  // What is set is no purchase: neither records nor sums know of it.
  if (facts.path === 'absolute')
    return purse.count === bound.seq ? amountByBalance(facts, purse, bound) : contradiction('countPassed');
  const recorded = purse.records?.find(({ count }) => count === bound.seq)?.amountMinor;
  const alone = purse.count === bound.seq;
  const bySum =
    alone && purse.cumulativeMinor !== undefined && bound.cumulativeMinor !== undefined
      ? purse.cumulativeMinor - bound.cumulativeMinor
      : undefined;
  if (recorded !== undefined) {
    if (bySum !== undefined && bySum !== recorded) return contradiction('cumulativeContradicts', recorded);
    if (alone && appliedTwice(facts, purse, bound, recorded)) return contradiction('balanceContradicts', recorded);
    return recorded;
  }
  if (bySum !== undefined) return bySum;
  return alone ? amountByBalance(facts, purse, bound) : contradiction('countPassed');
}

/** A meter that does not look at the count remembers one purchase and holds two. */
function appliedTwice({ path }: VendFacts, purse: PurseRead, bound: Bound, amount: bigint): boolean {
  return path === 'writeOnce' && amount > 1n && purse.balanceMinor - bound.balanceMinor > amount + amount / 2n;
}

/** Which of the amounts that we sent explains the balance, given what can have been consumed meanwhile. */
function amountByBalance(facts: VendFacts, purse: PurseRead, bound: Bound): bigint | Finding {
  const moved = purse.balanceMinor - bound.balanceMinor;
  const consumedMax = consumptionMax(purse, bound);
  const explains = (amount: bigint) => moved <= amount && moved >= amount - consumedMax;
  const candidates = [facts.amountMinor, FENCE_MINOR[facts.fence]].filter(explains);
  const [only] = candidates;
  return candidates.length === 1 && only !== undefined ? only : contradiction('amountUnknown');
}

/** Minor units that the energy since the binding can have cost at most; 0 where energy or prices are not read. */
function consumptionMax({ energyWh, prices }: PurseRead, bound: Bound): bigint {
  if (energyWh === undefined || bound.energyWh === undefined || prices === undefined) return 0n;
  const price = BigInt(highestPrice(prices)) * 10n ** BigInt(PRICE_DECIMALS - METER_PRICE_DECIMALS);
  const parts = (energyWh - bound.energyWh + ENERGY_MARGIN_WH) * price;
  return parts <= 0n ? 0n : (parts + PARTS_PER_MINOR - 1n) / PARTS_PER_MINOR;
}

function highestPrice({ sharp, peak, flat, valley, deepValley = 0 }: MeterPrices): number {
  return Math.max(sharp, peak, flat, valley, deepValley);
}
