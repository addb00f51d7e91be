import type { MeterModel } from '#drivers/core/index.ts';

/**
 * Schneider Electric iEM3150, 3155, 3250, 3255, 3350 and 3355: the three-phase meters of the family with Modbus. Protocol addresses are the register numbers of the maker's list minus one. Values
 * are floats on the primary side; what a wiring does not have is NaN.
 */
export const schneiderIem3000: MeterModel = {
  id: 'schneider-iem3000',
  maker: 'Schneider Electric',
  name: 'iEM3000',
  medium: 'electric',
  phases: 3,
  protocol: 'modbus',
  readFunction: 3,
  maxRegisters: 125,
  capabilities: { prepaid: false, relay: false, timeOfUse: false },
  spans: [
    { start: 2999, count: 6, serves: ['live'] },
    { start: 3027, count: 6, serves: ['live'] },
    { start: 3053, count: 24, serves: ['live'] },
    { start: 3109, count: 2, serves: ['live'] },
    { start: 3203, count: 8, serves: ['live', 'registers'] },
  ],
  fields: [
    { quantity: 'currentL1A', address: 2999, type: 'f32', scale: 1, absentRaw: Number.NaN },
    { quantity: 'currentL2A', address: 3001, type: 'f32', scale: 1, absentRaw: Number.NaN },
    { quantity: 'currentL3A', address: 3003, type: 'f32', scale: 1, absentRaw: Number.NaN },
    { quantity: 'voltageL1V', address: 3027, type: 'f32', scale: 1, absentRaw: Number.NaN },
    { quantity: 'voltageL2V', address: 3029, type: 'f32', scale: 1, absentRaw: Number.NaN },
    { quantity: 'voltageL3V', address: 3031, type: 'f32', scale: 1, absentRaw: Number.NaN },
    { quantity: 'activePowerL1W', address: 3053, type: 'f32', scale: 1_000, absentRaw: Number.NaN },
    { quantity: 'activePowerL2W', address: 3055, type: 'f32', scale: 1_000, absentRaw: Number.NaN },
    { quantity: 'activePowerL3W', address: 3057, type: 'f32', scale: 1_000, absentRaw: Number.NaN },
    { quantity: 'activePowerW', address: 3059, type: 'f32', scale: 1_000, absentRaw: Number.NaN },
    { quantity: 'reactivePowerVar', address: 3067, type: 'f32', scale: 1_000, absentRaw: Number.NaN },
    { quantity: 'apparentPowerVa', address: 3075, type: 'f32', scale: 1_000, absentRaw: Number.NaN },
    { quantity: 'frequencyHz', address: 3109, type: 'f32', scale: 1, absentRaw: Number.NaN },
    { quantity: 'energyWh', address: 3203, type: 'i64', scale: 1 },
    { quantity: 'energyReverseWh', address: 3207, type: 'i64', scale: 1 },
  ],
  sources: [
    'DOCA0005EN-04, iEM3100/iEM3200/iEM3300 user manual, Modbus register list, p 52 and 61 (manualsonline, manualsdump)',
    'aggsoft.com, iem3100-iem3200: 3000 A, 3028 V, 3054 kW, 3060 total kW, 3068 kvar, 3076 kVA, 3204 and 3208 int64 Wh',
    'Register minus one is the protocol address: two public programs read voltage L1-N (register 3028) at 0x0BD3 = 3027.',
    'volkszaehler/mbmd: meters/rs485/iem3000.go has quite another map (0x5000, 0x6000); not followed, the manual is.',
    'The power factor (3084) folds the quadrant into its value and is left out.',
  ],
};
