/** What can be wrong with an amount as it was typed; catalogue keys under `desk.amount.fault`. */
export type AmountFault = 'empty' | 'notNumber' | 'tooManyDecimals' | 'notPositive' | 'tooLarge';

export type TypedAmount =
  | { readonly ok: true; readonly minor: bigint }
  | { readonly ok: false; readonly fault: AmountFault };

/** Twelve digits before the point: beyond any sale, far below what the ledger holds. */
const WHOLE_DIGITS_MAX = 12;

/**
 * Reads an amount as people type it: full-width digits of a Chinese input method, a currency sign, thin or comma
 * grouping. Two decimals at most; nothing is rounded or guessed.
 */
export function readAmount(text: string): TypedAmount {
  const plain = text
    .normalize('NFKC')
    .replaceAll('。', '.')
    .replace(/^\s*[¥€$£]/, '')
    .trim();
  if (plain === '') return { ok: false, fault: 'empty' };
  const match = /^(-?)(\d+|\d{1,3}(?:[, \u2009]\d{3})+)(?:\.(\d*))?$/.exec(plain);
  if (match === null) return { ok: false, fault: 'notNumber' };
  const [, sign = '', grouped = '', decimals = ''] = match;
  const whole = grouped.replaceAll(/\D/g, '').replace(/^0+(?=\d)/, '');
  if (decimals.length > 2) return { ok: false, fault: 'tooManyDecimals' };
  if (whole.length > WHOLE_DIGITS_MAX) return { ok: false, fault: 'tooLarge' };
  const minor = BigInt(`${whole}${decimals.padEnd(2, '0')}`);
  return sign === '-' || minor === 0n ? { ok: false, fault: 'notPositive' } : { ok: true, minor };
}
