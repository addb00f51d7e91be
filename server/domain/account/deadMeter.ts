import { divideHalfUp, minorOfParts } from '../money/amount.ts';

/** What a meter last told of itself, both values from one read. */
export interface LastKnown {
  readonly balanceMinor: bigint;
  /** Wh on the primary side. */
  readonly energyWh: bigint;
}

/**
 * What a dead meter still held: its last balance less what ran through it since at a single price, the use rounded once. The
 * price is in 10⁻⁸ of the currency per kWh. Undefined when the register on its face is below the last one that was read.
 */
export function estimateBalance(last: LastKnown, finalEnergyWh: bigint, price: bigint): bigint | undefined {
  const usedWh = finalEnergyWh - last.energyWh;
  return usedWh < 0n ? undefined : last.balanceMinor - minorOfParts(usedWh * price);
}

/**
 * A register as it would read with other transformer ratios: the counter in the meter stays where it is, only what one of its
 * steps stands for is another. Consumption is never computed across it.
 */
export function registerAtRatio(energyWh: bigint, before: bigint, after: bigint): bigint {
  return divideHalfUp(energyWh * after, before);
}
