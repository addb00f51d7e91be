import { PAY_METHODS, type PaymentMethod } from '#contract/common.ts';

/** Letters never belong to an amount, so in its field they choose how it is paid. */
export const METHOD_KEYS: Readonly<Record<PaymentMethod, string>> = {
  cash: 'C',
  wechat: 'W',
  alipay: 'A',
  bankCard: 'B',
  transfer: 'T',
};

/** Whole amounts that most people pay, in minor units; Shift with 1 … 4 takes them. */
export const QUICK_AMOUNTS: readonly bigint[] = [50_00n, 100_00n, 200_00n, 500_00n];

/** What a key in the amount's field asks for; by its place on the keyboard, since a Chinese input method hides its letter. */
export function keyMeans(
  event: Pick<KeyboardEvent, 'code' | 'shiftKey' | 'ctrlKey' | 'altKey' | 'metaKey'>,
):
  | { readonly kind: 'method'; readonly method: PaymentMethod }
  | { readonly kind: 'quick'; readonly minor: bigint }
  | { readonly kind: 'meter'; readonly step: 1 | -1 }
  | undefined {
  if (event.ctrlKey || event.altKey || event.metaKey) return undefined;
  if (event.code === 'ArrowDown') return { kind: 'meter', step: 1 };
  if (event.code === 'ArrowUp') return { kind: 'meter', step: -1 };
  const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
  if (digit !== undefined && event.shiftKey) {
    const minor = QUICK_AMOUNTS[Number(digit) - 1];
    return minor === undefined ? undefined : { kind: 'quick', minor };
  }
  const method = PAY_METHODS.find((one) => event.code === `Key${METHOD_KEYS[one]}`);
  return method === undefined ? undefined : { kind: 'method', method };
}
