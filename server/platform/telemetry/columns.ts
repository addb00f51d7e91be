import { raw, type Sql } from 'sql-template-tag';
import type { TelemetryPoint, TelemetryQuantity } from './types.ts';

/**
 * Quantity → [code, column]. The code is the place in the roll-up arrays (from 1) and is stored: new quantities go to
 * the end, numbers are never used again.
 */
const COLUMN_TABLE = {
  voltageL1V: [1, 'voltage_l1_v'],
  voltageL2V: [2, 'voltage_l2_v'],
  voltageL3V: [3, 'voltage_l3_v'],
  currentL1A: [4, 'current_l1_a'],
  currentL2A: [5, 'current_l2_a'],
  currentL3A: [6, 'current_l3_a'],
  activePowerL1W: [7, 'active_power_l1_w'],
  activePowerL2W: [8, 'active_power_l2_w'],
  activePowerL3W: [9, 'active_power_l3_w'],
  activePowerW: [10, 'active_power_w'],
  reactivePowerL1Var: [11, 'reactive_power_l1_var'],
  reactivePowerL2Var: [12, 'reactive_power_l2_var'],
  reactivePowerL3Var: [13, 'reactive_power_l3_var'],
  reactivePowerVar: [14, 'reactive_power_var'],
  apparentPowerVa: [15, 'apparent_power_va'],
  powerFactorL1: [16, 'power_factor_l1'],
  powerFactorL2: [17, 'power_factor_l2'],
  powerFactorL3: [18, 'power_factor_l3'],
  powerFactor: [19, 'power_factor'],
  frequencyHz: [20, 'frequency_hz'],
  energyWh: [21, 'energy_wh'],
  energySharpWh: [22, 'energy_sharp_wh'],
  energyPeakWh: [23, 'energy_peak_wh'],
  energyFlatWh: [24, 'energy_flat_wh'],
  energyValleyWh: [25, 'energy_valley_wh'],
  energyDeepValleyWh: [26, 'energy_deep_valley_wh'],
  energyReverseWh: [27, 'energy_reverse_wh'],
  purchaseCount: [28, 'purchase_count'],
  overloadTripCount: [29, 'overload_trip_count'],
  balanceMinor: [30, 'balance_minor'],
} as const satisfies Record<TelemetryQuantity, readonly [number, string]>;

interface Column {
  readonly quantity: TelemetryQuantity;
  readonly code: number;
  readonly name: string;
}

/** All columns in the order of their codes. */
export const COLUMNS: readonly Column[] = (Object.keys(COLUMN_TABLE) as TelemetryQuantity[])
  .map((quantity) => ({ quantity, code: COLUMN_TABLE[quantity][0], name: COLUMN_TABLE[quantity][1] }))
  .toSorted((a, b) => a.code - b.code);

/** Place of a quantity in the roll-up arrays, counted from 1 as Postgres does. */
export function codeOf(quantity: TelemetryQuantity): number {
  return COLUMN_TABLE[quantity][0];
}

/** The quantity of a code; undefined for one that this release does not know. */
export function quantityOf(code: number): TelemetryQuantity | undefined {
  return COLUMNS[code - 1]?.quantity;
}

/** Name of a quantity's column, or field. */
export function columnName(quantity: TelemetryQuantity): string {
  return COLUMN_TABLE[quantity][1];
}

/** Column of a quantity in `telemetry_raw`, ready to stand in a statement. */
export function columnOf(quantity: TelemetryQuantity): Sql {
  return raw(COLUMN_TABLE[quantity][1]);
}

/** The value of one column of a point; null where it was not measured. */
export function columnValue(point: TelemetryPoint, quantity: TelemetryQuantity): number | null {
  if (quantity === 'balanceMinor') return point.balanceMinor === undefined ? null : Number(point.balanceMinor);
  return point.values[quantity] ?? null;
}

/** True for the name of something that telemetry keeps. */
export function isTelemetryQuantity(name: string): name is TelemetryQuantity {
  return Object.hasOwn(COLUMN_TABLE, name);
}
