import { divideFloor } from './amount.ts';

/**
 * Shares `amount` out by weights so that the shares add up to it: each gets its exact share rounded down, and the units
 * left over go to the largest remainders, ties to the first. A negative amount is the mirror of its positive one. Throws
 * RangeError when a weight is negative, or when there is something to share and nobody has a weight.
 */
export function shareOut(amount: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.some((weight) => weight < 0n)) throw new RangeError('weights must not be negative');
  if (amount < 0n) return shareOut(-amount, weights).map((share) => -share);
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  if (amount === 0n) return weights.map(() => 0n);
  if (sum === 0n) throw new RangeError('nobody has a weight');
  const shares = weights.map((weight) => divideFloor(amount * weight, sum));
  const left = amount - shares.reduce((total, share) => total + share, 0n);
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (amount * weight) % sum }))
    .toSorted((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  // What is left is less than one for each that has a remainder.
  for (const { index } of byRemainder.slice(0, Number(left))) shares[index] = (shares[index] ?? 0n) + 1n;
  return shares;
}
