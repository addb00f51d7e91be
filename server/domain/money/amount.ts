/**
 * Amounts. Whoever keeps money keeps whole minor units as `bigint`; a product of price and quantity is kept exactly, in
 * parts, until it is rounded once at a named place.
 *
 *   price     10⁻⁸ of the currency per kWh or m³ (published prices have up to eight decimals)
 *   quantity  Wh or litres (10⁻³ of what the price is for)
 *   parts     price × quantity = 10⁻¹¹ of the currency
 */

export const PRICE_DECIMALS = 8;
/** Parts of a minor unit of a currency with two decimals. */
export const PARTS_PER_MINOR = 1_000_000_000n;

/** Whole quotient, halves away from zero: how each printed line is rounded. `divisor` > 0. */
export function divideHalfUp(dividend: bigint, divisor: bigint): bigint {
  const magnitude = ((dividend < 0n ? -dividend : dividend) * 2n + divisor) / (divisor * 2n);
  return dividend < 0n ? -magnitude : magnitude;
}

/** Whole quotient towards zero: fees and shares, in favour of the customer. `divisor` > 0. */
export function divideDown(dividend: bigint, divisor: bigint): bigint {
  return dividend / divisor;
}

/** Whole quotient towards minus infinity. `divisor` > 0. */
export function divideFloor(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend < 0n && quotient * divisor !== dividend ? quotient - 1n : quotient;
}

/** Parts as minor units, halves away from zero. */
export function minorOfParts(parts: bigint): bigint {
  return divideHalfUp(parts, PARTS_PER_MINOR);
}

/** `"0.715686"` → 71568600n for eight decimals. Throws RangeError on what is no plain decimal or has more decimals. */
export function parseDecimal(text: string, decimals: number): bigint {
  const match = /^(-?)(\d{1,18})(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[3] ?? '';
  if (match === null || fraction.length > decimals)
    throw new RangeError(`${text} is no decimal number with at most ${decimals} decimals`);
  const digits = BigInt(`${match[2] ?? '0'}${fraction.padEnd(decimals, '0')}`);
  return match[1] === '-' ? -digits : digits;
}

/** 71568600n, 8 → `"0.71568600"`: always with all its decimals. */
export function formatDecimal(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const sign = value < 0n ? '-' : '';
  return decimals === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-decimals)}`;
}
