/** The five rates of a time-of-use tariff: 尖 峰 平 谷 深谷. */
export const RATES = ['sharp', 'peak', 'flat', 'valley', 'deepValley'] as const;
export type Rate = (typeof RATES)[number];

/** Prices in 10⁻⁸ of the currency per kWh or m³ (see money/amount.ts). */
export type RatePrices = Readonly<Record<Rate, bigint>>;

/** One step of a stepped tariff; `upTo` is inclusive (the limit itself still costs this step), undefined: the last. */
export interface Step {
  /** Wh or litres since the start of the tier period. */
  readonly upTo: bigint | undefined;
  readonly price: bigint;
}

/**
 * What a kWh or m³ costs. A stepped tariff may stand on top of time-of-use prices: steps then hold what is *added*
 * (Guangzhou residential: +0.05, +0.30 on the month's total).
 */
export type TariffBody =
  | { readonly kind: 'single'; readonly price: bigint; readonly components?: readonly Component[] }
  | { readonly kind: 'timeOfUse'; readonly prices: RatePrices; readonly days: DayTables; readonly steps?: Steps }
  | { readonly kind: 'stepped'; readonly steps: Steps; readonly components?: readonly Component[] };

/** A part of the price with a line of its own on the bill (water, sewage …); together they are the price. */
export interface Component {
  readonly name: string;
  /** One for each step; a single price has one. */
  readonly prices: readonly bigint[];
}

export interface Steps {
  readonly period: 'month' | 'year';
  readonly steps: readonly Step[];
}

/** Which daily table holds on which day: the first rule that matches wins; the last must match every day. */
export interface DayTables {
  /** 96 rates each, one per quarter hour of the property's local day. */
  readonly tables: readonly (readonly Rate[])[];
  readonly rules: readonly DayRule[];
}

export interface DayRule {
  readonly table: number;
  /** 1–12; absent: every month. */
  readonly months?: readonly number[];
  /** 1 Monday … 7 Sunday; absent: every day. Extra workdays and holidays are told by `list`. */
  readonly weekdays?: readonly number[];
  /** Name of a day list of the property (`holiday`, `extraWorkday`, `hotDay` …): the day must be in it. */
  readonly list?: string;
}

/** Consumption of one segment: Wh (or litres) in all, and by rate where the meter counts by rate. */
export interface Consumption {
  readonly total: bigint;
  readonly byRate: Readonly<Partial<Record<Rate, bigint>>> | undefined;
}

/** Days (`2026-10-01`) of a property by the name of their list; a list that is not there holds no day. */
export type DayLists = ReadonlyMap<string, ReadonlySet<string>>;

/** One line of a bill: quantity × price, exact in parts and rounded once. */
export interface ChargeLine {
  readonly label: 'energy' | Rate | `step${number}`;
  /** Which part of the price it is, where the tariff names parts. */
  readonly component?: string;
  readonly quantity: bigint;
  readonly price: bigint;
  readonly parts: bigint;
  readonly amountMinor: bigint;
}
