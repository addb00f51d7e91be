/**
 * Every measured quantity the house knows, with its canonical unit (the last word of the name).
 *
 * kind  gauge    an instantaneous value, any finite number
 *       counter  a cumulative register: a whole number in its unit, never falls except by roll-over or replacement
 *       count    a small whole number kept by the meter (purchases, overload trips)
 *
 * Money is not here: a balance travels as `bigint` minor units beside the values (see `Reading.balanceMinor`).
 */
export const QUANTITIES = {
  voltageL1V: { kind: 'gauge', unit: 'V', decimals: 1, min: 0, max: 50_000 },
  voltageL2V: { kind: 'gauge', unit: 'V', decimals: 1, min: 0, max: 50_000 },
  voltageL3V: { kind: 'gauge', unit: 'V', decimals: 1, min: 0, max: 50_000 },
  currentL1A: { kind: 'gauge', unit: 'A', decimals: 2, min: 0, max: 20_000 },
  currentL2A: { kind: 'gauge', unit: 'A', decimals: 2, min: 0, max: 20_000 },
  currentL3A: { kind: 'gauge', unit: 'A', decimals: 2, min: 0, max: 20_000 },
  activePowerL1W: { kind: 'gauge', unit: 'W', decimals: 0, min: -20_000_000, max: 20_000_000 },
  activePowerL2W: { kind: 'gauge', unit: 'W', decimals: 0, min: -20_000_000, max: 20_000_000 },
  activePowerL3W: { kind: 'gauge', unit: 'W', decimals: 0, min: -20_000_000, max: 20_000_000 },
  activePowerW: { kind: 'gauge', unit: 'W', decimals: 0, min: -50_000_000, max: 50_000_000 },
  reactivePowerL1Var: { kind: 'gauge', unit: 'var', decimals: 0, min: -20_000_000, max: 20_000_000 },
  reactivePowerL2Var: { kind: 'gauge', unit: 'var', decimals: 0, min: -20_000_000, max: 20_000_000 },
  reactivePowerL3Var: { kind: 'gauge', unit: 'var', decimals: 0, min: -20_000_000, max: 20_000_000 },
  reactivePowerVar: { kind: 'gauge', unit: 'var', decimals: 0, min: -50_000_000, max: 50_000_000 },
  apparentPowerVa: { kind: 'gauge', unit: 'VA', decimals: 0, min: 0, max: 50_000_000 },
  powerFactorL1: { kind: 'gauge', unit: '', decimals: 3, min: -1, max: 1 },
  powerFactorL2: { kind: 'gauge', unit: '', decimals: 3, min: -1, max: 1 },
  powerFactorL3: { kind: 'gauge', unit: '', decimals: 3, min: -1, max: 1 },
  powerFactor: { kind: 'gauge', unit: '', decimals: 3, min: -1, max: 1 },
  frequencyHz: { kind: 'gauge', unit: 'Hz', decimals: 2, min: 40, max: 70 },
  energyWh: { kind: 'counter', unit: 'Wh', decimals: 0, min: 0, max: 9e14 },
  energySharpWh: { kind: 'counter', unit: 'Wh', decimals: 0, min: 0, max: 9e14 },
  energyPeakWh: { kind: 'counter', unit: 'Wh', decimals: 0, min: 0, max: 9e14 },
  energyFlatWh: { kind: 'counter', unit: 'Wh', decimals: 0, min: 0, max: 9e14 },
  energyValleyWh: { kind: 'counter', unit: 'Wh', decimals: 0, min: 0, max: 9e14 },
  energyDeepValleyWh: { kind: 'counter', unit: 'Wh', decimals: 0, min: 0, max: 9e14 },
  energyReverseWh: { kind: 'counter', unit: 'Wh', decimals: 0, min: 0, max: 9e14 },
  purchaseCount: { kind: 'count', unit: '', decimals: 0, min: 0, max: 65_535 },
  overloadTripCount: { kind: 'count', unit: '', decimals: 0, min: 0, max: 65_535 },
} as const satisfies Record<string, QuantityInfo>;

/** Shape of one row of `QUANTITIES`. `min`/`max` bound what a sane meter may say; outside is rejected. */
export interface QuantityInfo {
  readonly kind: 'gauge' | 'counter' | 'count';
  readonly unit: string;
  readonly decimals: number;
  readonly min: number;
  readonly max: number;
}

/** Name of a quantity; also the name of its column, its DTO field and its chart. */
export type Quantity = keyof typeof QUANTITIES;

/** Values of one reading. A missing key was not measured: absent is not zero. */
export type Values = Readonly<Partial<Record<Quantity, number>>>;

/** All names, in the table's order. */
export const QUANTITY_NAMES = Object.keys(QUANTITIES) as readonly Quantity[];

/** Names of the cumulative registers, the only values that money may rest on. */
export const COUNTERS = QUANTITY_NAMES.filter((name) => QUANTITIES[name].kind === 'counter');
