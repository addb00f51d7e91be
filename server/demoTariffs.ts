import type { TariffBodyText } from '#contract/tariffs.ts';
import { formatDecimal } from '#domain/money/amount.ts';
import type { Rate } from '#domain/tariff/types.ts';
import type { MeterPrices } from '#drivers/core/index.ts';

/** Decimals of a price in the meter. */
const METER_DECIMALS = 4;
const QUARTERS_OF_AN_HOUR = 4;

/** How many hours of the day each rate lasts, from midnight: that by which the simulated meters count. */
const DAY: readonly (readonly [hours: number, rate: Rate])[] = [
  [8, 'valley'],
  [2, 'flat'],
  [1, 'peak'],
  [1, 'sharp'],
  [2, 'flat'],
  [1, 'peak'],
  [2, 'sharp'],
  [2, 'peak'],
  [5, 'flat'],
];

export interface DemoTariff {
  readonly name: string;
  readonly body: TariffBodyText;
}

/** The tariff that a simulated meter charges by already: its own prices, so that opening an account changes none. */
export function tariffOfMeter(prices: MeterPrices): DemoTariff {
  const { sharp, peak, flat, valley } = prices;
  if (new Set([sharp, peak, flat, valley]).size === 1)
    return { name: `居民合表 Residential ${text(flat)}`, body: { kind: 'single', price: text(flat) } };
  const table = DAY.flatMap(([hours, rate]) => Array<Rate>(hours * QUARTERS_OF_AN_HOUR).fill(rate));
  return {
    name: `分时电价 Time of use ${text(flat)}`,
    body: {
      kind: 'timeOfUse',
      prices: {
        sharp: text(sharp),
        peak: text(peak),
        flat: text(flat),
        valley: text(valley),
        deepValley: text(prices.deepValley ?? valley),
      },
      days: { tables: [table], rules: [{ table: 0 }] },
    },
  };
}

/** Homes whose balance the platform keeps: steps by the month, which no meter can charge. */
export const STEPPED: DemoTariff = {
  name: '居民阶梯 Residential steps',
  body: {
    kind: 'stepped',
    steps: {
      period: 'month',
      steps: [{ upTo: '200', price: '0.588' }, { upTo: '400', price: '0.638' }, { price: '0.888' }],
    },
  },
};

function text(price: number): string {
  return formatDecimal(BigInt(price), METER_DECIMALS);
}
