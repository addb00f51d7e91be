/** The four rates of a time-of-use tariff in the order of the meters' registers: 尖 峰 平 谷. */
export const BANDS = ['sharp', 'peak', 'flat', 'valley'] as const;
export type Band = 0 | 1 | 2 | 3;
export const SHARP: Band = 0;
export const PEAK: Band = 1;
export const FLAT: Band = 2;
export const VALLEY: Band = 3;

/** Rate of each local hour, as commonly published for southern provinces: sharp at the noon and afternoon peaks. */
const BAND_OF_HOUR: readonly Band[] = [
  ...Array<Band>(8).fill(VALLEY),
  FLAT,
  FLAT,
  PEAK,
  SHARP,
  FLAT,
  FLAT,
  PEAK,
  SHARP,
  SHARP,
  PEAK,
  PEAK,
  ...Array<Band>(5).fill(FLAT),
];

/** Rate in force in a local hour 0–23. */
export function bandOfHour(hour: number): Band {
  return BAND_OF_HOUR[hour] ?? FLAT;
}

/** Price of a kWh in each rate, in 0.0001 of the currency (the habit of DL/T 645 price registers). */
export type Prices = readonly [sharp: number, peak: number, flat: number, valley: number];

export const PRICES = {
  retail: [11340, 9310, 7357, 5169],
  catering: [10820, 8990, 7120, 4980],
  office: [10650, 8870, 6985, 4760],
  dormitory: [5880, 5880, 5880, 5880],
} as const satisfies Record<string, Prices>;
export type TariffName = keyof typeof PRICES;

/** Energy by rate, µWh on the meter's secondary side. */
export type BandEnergy = readonly [number, number, number, number];

/**
 * Money is kept in parts: one part is µWh × 0.0001 currency/kWh = 1e-11 minor units, so that price × energy is a whole
 * number of parts and nothing is ever rounded away.
 */
export const PARTS_PER_MINOR = 100_000_000_000n;

/** What the energy costs, in parts. `ratio` is CT × PT: a meter behind transformers charges the primary side. */
export function costParts(energy: BandEnergy, prices: Prices, ratio: number): bigint {
  let parts = 0n;
  for (let band = 0; band < 4; band++) parts += BigInt(energy[band] ?? 0) * BigInt(prices[band] ?? 0);
  return parts * BigInt(ratio);
}

/** Whole minor units of an amount in parts, rounded down: a meter shows 0.00 only when nothing is left. */
export function partsToMinor(parts: bigint): bigint {
  const whole = parts / PARTS_PER_MINOR;
  return parts < 0n && parts % PARTS_PER_MINOR !== 0n ? whole - 1n : whole;
}
