import { divideDown, divideHalfUp, PARTS_PER_MINOR } from '#domain/money/amount.ts';

/** Prices of resale are told with six decimals. */
const PUBLISHED_UNIT = 100n;
const PPM = 1_000_000n;

/** What the landlord paid to the grid and took from tenants in one period. Quantities in Wh, prices 10⁻⁸. */
export interface Resale {
  readonly gridBillMinor: bigint;
  readonly gridQuantity: bigint;
  readonly tenantMinor: bigint;
  readonly tenantPrice: bigint;
  /** Allowed above the average price of the grid, 10⁻⁶. */
  readonly floatPpm: number;
}

/**
 * The two ways in which resale is bounded by law: tenants together pay no more than the grid took, or each price stays
 * below the average price and an agreed float. Overs are 0n where the bound is kept.
 */
export interface ResaleCheck {
  readonly averagePrice: bigint;
  readonly noMarkup: { readonly ok: boolean; readonly overMinor: bigint };
  readonly float: { readonly ok: boolean; readonly capPrice: bigint; readonly overPrice: bigint };
}

/** Throws RangeError without a quantity: there is no average then. */
export function checkResale(resale: Resale): ResaleCheck {
  if (resale.gridQuantity <= 0n) throw new RangeError('nothing was bought from the grid');
  const paidParts = resale.gridBillMinor * PARTS_PER_MINOR;
  const averagePrice = divideHalfUp(paidParts, resale.gridQuantity * PUBLISHED_UNIT) * PUBLISHED_UNIT;
  // Of the exact average, not of the rounded one, and never above what is allowed.
  const capParts = paidParts * (PPM + BigInt(resale.floatPpm));
  const capPrice = divideDown(capParts, resale.gridQuantity * PPM * PUBLISHED_UNIT) * PUBLISHED_UNIT;
  const overMinor = above(resale.tenantMinor, resale.gridBillMinor);
  const overPrice = above(resale.tenantPrice, capPrice);
  return {
    averagePrice,
    noMarkup: { ok: overMinor === 0n, overMinor },
    float: { ok: overPrice === 0n, capPrice, overPrice },
  };
}

function above(value: bigint, limit: bigint): bigint {
  return value > limit ? value - limit : 0n;
}
