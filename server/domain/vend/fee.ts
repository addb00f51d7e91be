import { divideDown } from '#domain/money/amount.ts';

const PPM = 1_000_000n;

/** What a payment is made of. Invariant: fee + net = paid. */
export interface PaidSplit {
  readonly feeMinor: bigint;
  readonly netMinor: bigint;
}

/** Takes the service fee (a share of the payment in 10⁻⁶) out of what was paid, rounded in favour of the customer. */
export function splitPaid(paidMinor: bigint, feePpm: number): PaidSplit {
  const feeMinor = divideDown(paidMinor * BigInt(feePpm), PPM);
  return { feeMinor, netMinor: paidMinor - feeMinor };
}

/** Fee that comes back with a part of a sale, rounded down. `netMinor` > 0. */
export function feeShare(refundMinor: bigint, sale: { readonly netMinor: bigint; readonly feeMinor: bigint }): bigint {
  const part = refundMinor < sale.netMinor ? refundMinor : sale.netMinor;
  return divideDown(sale.feeMinor * part, sale.netMinor);
}
