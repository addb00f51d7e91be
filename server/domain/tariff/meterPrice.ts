import { divideHalfUp, minorOfParts, PRICE_DECIMALS } from '#domain/money/amount.ts';
import type { MeterPrices } from '#drivers/core/command.ts';
import { type ChargeLine, RATES, type Rate, type TariffBody } from './types.ts';

/** Decimals of a price register (DL/T 645-2007, 040501FF). */
export const METER_PRICE_DECIMALS = 4;
const METER_UNIT = 10n ** BigInt(PRICE_DECIMALS - METER_PRICE_DECIMALS);

/** The published price as the meter holds it, 10⁻⁴ of the currency; halves away from zero. */
export function meterPriceOf(price: bigint): bigint {
  return divideHalfUp(price, METER_UNIT);
}

/** What the meter deducts more (less, when negative) than is published, 10⁻⁸ of the currency for each kWh. */
export function driftOf(price: bigint): bigint {
  return meterPriceOf(price) * METER_UNIT - price;
}

/**
 * Prices to write into a meter; undefined for steps, which the meters' price registers cannot hold. A meter would deduct
 * the wrong amounts, so that such a tariff is for balances kept by the platform.
 */
export function meterPricesOf(body: TariffBody): MeterPrices | undefined {
  if (body.kind === 'stepped' || (body.kind === 'timeOfUse' && body.steps !== undefined)) return undefined;
  const priceOf = (rate: Rate) => Number(meterPriceOf(body.kind === 'single' ? body.price : body.prices[rate]));
  const [sharp = 0, peak = 0, flat = 0, valley = 0, deepValley = 0] = RATES.map(priceOf);
  return { sharp, peak, flat, valley, deepValley };
}

/** What a meter with its four decimals makes of these lines, minor units, each rounded as a line. */
export function meterAmountOf(lines: readonly ChargeLine[]): bigint {
  return lines.reduce(
    (sum, { quantity, price }) => sum + minorOfParts(quantity * meterPriceOf(price) * METER_UNIT),
    0n,
  );
}
