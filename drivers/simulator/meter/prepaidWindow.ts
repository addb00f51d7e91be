import { encodeRegister } from '#drivers/codec/index.ts';
import type { SimulatedMeter } from './simulatedMeter.ts';
import { PRICES } from './tariff.ts';

/** The prepaid configuration block of Acrel's DDSY/DTSY meters, read by function 3 (malikdoksoz/ddsy-decmp). */
export const PREPAID_WINDOW = { start: 0x0046, count: 28 } as const;

/**
 * The block as the meter holds it: thresholds, purchase count, balance, forced mode, prices, overload limit. Amounts in
 * 0.01, prices in 0.0001 of the currency. Zero words for a meter without a purse.
 */
export function prepaidRegisters(meter: SimulatedMeter, atMs: number): Uint16Array {
  const words = new Uint16Array(PREPAID_WINDOW.count);
  const { purse } = meter.spec;
  if (purse === undefined) return words;
  meter.advance(atMs);
  const put = (type: 'u16' | 'u32' | 'i32', address: number, raw: number): void =>
    encodeRegister(type, raw, words, address - PREPAID_WINDOW.start, 'high-first');
  const { forced, purchaseCount } = meter.path;
  put('u32', 0x0046, Number(purse.alarm1Minor));
  put('u32', 0x0048, Number(purse.alarm2Minor));
  put('u32', 0x004a, Number(-purse.cutLineMinor));
  put('u16', 0x004e, purchaseCount);
  put('i32', 0x004f, Number(meter.balanceMinorAt(atMs)));
  put('u16', 0x0057, forced === 'none' ? 0 : 1);
  put('u16', 0x0058, forced === 'open' ? 1 : 0);
  for (const [band, price] of PRICES[purse.tariff].entries()) put('u32', 0x0059 + band * 2, price);
  put('u16', 0x0061, meter.spec.meter.overloadLimitW ?? 0);
  return words;
}
