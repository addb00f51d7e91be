import type { MeterModel } from '#drivers/core/index.ts';

/**
 * Acrel ADL300, three-phase meter without prepayment. Only its energy registers and its clock are documented in public;
 * live values are not known, so the wall shows its registers and no power.
 */
export const acrelAdl300: MeterModel = {
  id: 'acrel-adl300',
  maker: 'Acrel',
  name: 'ADL300',
  medium: 'electric',
  phases: 3,
  protocol: 'modbus',
  readFunction: 3,
  maxRegisters: 60,
  capabilities: { prepaid: false, relay: false, timeOfUse: true },
  spans: [{ start: 0, count: 10, serves: ['live', 'registers'] }],
  fields: [
    { quantity: 'energyWh', address: 0, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energySharpWh', address: 2, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyPeakWh', address: 4, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyFlatWh', address: 6, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyValleyWh', address: 8, type: 'u32', scale: 10, multiply: 'ct×pt' },
  ],
  sources: [
    'aggsoft.com, acrel-adl300: 2 sharp, 6 flat, 8 valley kWh (decimal)',
    'Total (0) and peak (4) complete the row as in the DDSY1352 manual, page 15, and the ADL3000-E list; scale 0.01 kWh from the same.',
  ],
};
