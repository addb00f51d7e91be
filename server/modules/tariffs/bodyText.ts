import type { TariffBodyText, TariffComposition } from '#contract/index.ts';
import { parseDecimal } from '#domain/money/amount.ts';
import { type Composition, RATIO_DECIMALS } from '#domain/tariff/composition.ts';
import { RATES, type Rate, type RatePrices, type Steps, type TariffBody } from '#domain/tariff/types.ts';
import { type Fault, PRICE_ADVICE, parsePrice } from '#domain/tariff/validate.ts';

/** kWh and m³ are counted in Wh and litres. */
export const QUANTITY_DECIMALS = 3;
const QUANTITY_ADVICE = `must be a quantity of 0 or more with at most ${QUANTITY_DECIMALS} decimals, like 120.5`;
const RATIO_ADVICE = `must be a ratio of 0 or more with at most ${RATIO_DECIMALS} decimals, like 1.7`;

/** What could be read, and what is wrong with the rest; the value counts only without faults. */
export interface Parsed<T> {
  readonly value: T;
  readonly faults: readonly Fault[];
}

/** Texts of a body as numbers. Field names begin behind `body.`. */
export function parseBody(text: TariffBodyText): Parsed<TariffBody> {
  const reader = createReader();
  return { value: readBody(text, reader), faults: reader.faults };
}

export function parseComposition({ components, ratios = {} }: TariffComposition): Parsed<Composition> {
  const reader = createReader();
  const value: Composition = {
    components: components.map(({ price, ...rest }, index) => ({
      ...rest,
      price: reader.price(price, `components.${index}.price`),
    })),
    ratios: Object.fromEntries(
      Object.entries(ratios).map(([rate, ratio]) => [rate, reader.ratio(ratio, `ratios.${rate}`)]),
    ),
  };
  return { value, faults: reader.faults };
}

/** kWh or m³ as Wh or litres. */
export function parseQuantity(text: string, field: string): Parsed<bigint> {
  const reader = createReader();
  return { value: reader.quantity(text, field), faults: reader.faults };
}

type Reader = ReturnType<typeof createReader>;

/** Reads numbers and notes what is none; 0 stands for it until the faults are told. */
function createReader() {
  const faults: Fault[] = [];
  const read = (value: bigint | undefined, field: string, message: string) => {
    if (value === undefined) faults.push({ field, message });
    return value ?? 0n;
  };
  return {
    faults,
    price: (text: string, field: string) => read(parsePrice(text), field, PRICE_ADVICE),
    quantity: (text: string, field: string) => read(parsePlain(text, 12, QUANTITY_DECIMALS), field, QUANTITY_ADVICE),
    ratio: (text: string, field: string) => read(parsePlain(text, 4, RATIO_DECIMALS), field, RATIO_ADVICE),
  };
}

function readBody(text: TariffBodyText, reader: Reader): TariffBody {
  switch (text.kind) {
    case 'single':
      return { kind: 'single', price: reader.price(text.price, 'price'), ...readComponents(text, reader) };
    case 'stepped':
      return { kind: 'stepped', steps: readSteps(text.steps, reader), ...readComponents(text, reader) };
    case 'timeOfUse': {
      const { prices, days, steps } = text;
      return {
        kind: 'timeOfUse',
        prices: ratePrices((rate) => reader.price(prices[rate], `prices.${rate}`)),
        days,
        ...(steps === undefined ? {} : { steps: readSteps(steps, reader) }),
      };
    }
  }
}

function ratePrices(priceOf: (rate: Rate) => bigint): RatePrices {
  const [sharp = 0n, peak = 0n, flat = 0n, valley = 0n, deepValley = 0n] = RATES.map(priceOf);
  return { sharp, peak, flat, valley, deepValley };
}

type StepsText = Extract<TariffBodyText, { kind: 'stepped' }>['steps'];

function readSteps({ period, steps }: StepsText, reader: Reader): Steps {
  return {
    period,
    steps: steps.map(({ upTo, price }, index) => ({
      upTo: upTo === undefined ? undefined : reader.quantity(upTo, `steps.steps.${index}.upTo`),
      price: reader.price(price, `steps.steps.${index}.price`),
    })),
  };
}

function readComponents({ components }: Extract<TariffBodyText, { components?: unknown }>, reader: Reader) {
  if (components === undefined) return {};
  return {
    components: components.map(({ name, prices }, index) => ({
      name,
      prices: prices.map((price, step) => reader.price(price, `components.${index}.prices.${step}`)),
    })),
  };
}

function parsePlain(text: string, wholeDigits: number, decimals: number): bigint | undefined {
  const shape = new RegExp(`^\\d{1,${wholeDigits}}(\\.\\d{1,${decimals}})?$`);
  return shape.test(text) ? parseDecimal(text, decimals) : undefined;
}
