import { divideDown } from '#domain/money/amount.ts';

const PPM = 1_000_000n;

/**
 * Takes the service fee out of what was paid: rounded down, in favour of the customer; fee + net = paid. `ppm` is the
 * ratio in 10⁻⁶. Throws RangeError when nothing would be left for the meter.
 */
export function splitServiceFee(
  paidMinor: bigint,
  ppm: number,
): { readonly feeMinor: bigint; readonly netMinor: bigint } {
  const feeMinor = divideDown(paidMinor * BigInt(ppm), PPM);
  const netMinor = paidMinor - feeMinor;
  if (netMinor <= 0n || feeMinor < 0n) throw new RangeError('nothing would be left after the service fee');
  return { feeMinor, netMinor };
}
