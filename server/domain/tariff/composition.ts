import { divideHalfUp } from '#domain/money/amount.ts';
import { RATES, type Rate, type TariffBody } from './types.ts';

/** Ratios have four decimals. */
export const RATIO_DECIMALS = 4;
const RATIO_ONE = 10n ** BigInt(RATIO_DECIMALS);
/** Agencies publish six decimals; what they compute is rounded to them. */
const PUBLISHED_UNIT = 100n;

/** What a published price is said to be made of: agency price, line loss, transmission, system operation, funds. */
export interface Composition {
  readonly components: readonly {
    readonly name: string;
    readonly price: bigint;
    /** True for what the ratios multiply. */
    readonly floats: boolean;
  }[];
  /** Of a rate to flat, 10⁻⁴; rates without one do not follow from their parts. */
  readonly ratios: Readonly<Partial<Record<Rate, bigint>>>;
}

export interface SumMismatch {
  readonly code: 'COMPONENT_SUM_MISMATCH';
  readonly rate: Rate;
  readonly published: bigint;
  readonly computed: bigint;
}

/** Price of a rate by its parts before anybody rounds it, 10⁻¹²; undefined without a ratio. Flat has ratio 1. */
export function exactPrice(composition: Composition, rate: Rate): bigint | undefined {
  const ratio = rate === 'flat' ? RATIO_ONE : composition.ratios[rate];
  if (ratio === undefined) return undefined;
  const { floating, fixed } = sumsOf(composition);
  return floating * ratio + fixed * RATIO_ONE;
}

/** Price of a rate by its parts, rounded to six decimals as agencies do; undefined without a ratio. */
export function computedPrice(composition: Composition, rate: Rate): bigint | undefined {
  const exact = exactPrice(composition, rate);
  return exact === undefined ? undefined : divideHalfUp(exact, RATIO_ONE * PUBLISHED_UNIT) * PUBLISHED_UNIT;
}

/** The ratio that a published price implies, 10⁻⁴; undefined where nothing floats. */
export function impliedRatio(composition: Composition, published: bigint): bigint | undefined {
  const { floating, fixed } = sumsOf(composition);
  return floating === 0n ? undefined : divideHalfUp((published - fixed) * RATIO_ONE, floating);
}

/**
 * Where the published prices are not the sum of their parts. It is a warning and nothing more: published tables have slips,
 * and what was published is what holds. Steps have no such parts.
 */
export function checkComposition(body: TariffBody, composition: Composition): readonly SumMismatch[] {
  const published = publishedPrices(body);
  return RATES.flatMap((rate) => {
    const price = published[rate];
    const computed = computedPrice(composition, rate);
    if (price === undefined || computed === undefined || price === computed) return [];
    return [{ code: 'COMPONENT_SUM_MISMATCH', rate, published: price, computed }];
  });
}

function publishedPrices(body: TariffBody): Readonly<Partial<Record<Rate, bigint>>> {
  if (body.kind === 'timeOfUse') return body.prices;
  return body.kind === 'single' ? { flat: body.price } : {};
}

function sumsOf({ components }: Composition): { readonly floating: bigint; readonly fixed: bigint } {
  const sum = (wanted: boolean) =>
    components.reduce((total, { price, floats }) => (floats === wanted ? total + price : total), 0n);
  return { floating: sum(true), fixed: sum(false) };
}
