import { minorOfParts } from '../money/amount.ts';

/** One line of a month's bill as it grows: everything at one price of one tariff version, of one meter epoch. */
export interface LineTotal {
  /** Wh or litres so far. */
  readonly quantity: bigint;
  /** Exact, 10⁻¹¹ of the currency. */
  readonly parts: bigint;
  readonly chargedMinor: bigint;
}

export const EMPTY_LINE: LineTotal = { quantity: 0n, parts: 0n, chargedMinor: 0n };

/**
 * Adds to a line and says what is to be charged now: the line rounded once, less what was charged before. However often it
 * is charged, Σ charges is the printed line, and |exact − charged| stays within half a minor unit.
 */
export function addToLine(
  line: LineTotal,
  added: { readonly quantity: bigint; readonly parts: bigint },
): { readonly line: LineTotal; readonly amountMinor: bigint } {
  const parts = line.parts + added.parts;
  const chargedMinor = minorOfParts(parts);
  return {
    line: { quantity: line.quantity + added.quantity, parts, chargedMinor },
    amountMinor: chargedMinor - line.chargedMinor,
  };
}
