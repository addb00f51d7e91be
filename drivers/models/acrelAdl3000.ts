import type { MeterModel } from '#drivers/core/index.ts';

/**
 * Acrel ADL3000-E (also sold as DTSD1352), three-phase meter without prepayment. Energies stand at 0, the live values
 * at 97 to 119; everything is on the secondary side of the transformers.
 */
export const acrelAdl3000: MeterModel = {
  id: 'acrel-adl3000',
  maker: 'Acrel',
  name: 'ADL3000-E',
  medium: 'electric',
  phases: 3,
  protocol: 'modbus',
  readFunction: 3,
  maxRegisters: 60,
  highestBaud: 19200,
  capabilities: { prepaid: false, relay: false, timeOfUse: true },
  spans: [
    { start: 97, count: 23, serves: ['live'] },
    { start: 0, count: 22, serves: ['registers'] },
  ],
  fields: [
    { quantity: 'energySharpWh', address: 0x000c, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyPeakWh', address: 0x000e, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyFlatWh', address: 0x0010, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyValleyWh', address: 0x0012, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyWh', address: 0x000a, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyReverseWh', address: 0x0014, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'voltageL1V', address: 97, type: 'u16', scale: 0.1, multiply: 'pt' },
    { quantity: 'voltageL2V', address: 98, type: 'u16', scale: 0.1, multiply: 'pt' },
    { quantity: 'voltageL3V', address: 99, type: 'u16', scale: 0.1, multiply: 'pt' },
    { quantity: 'currentL1A', address: 100, type: 'u16', scale: 0.01, multiply: 'ct' },
    { quantity: 'currentL2A', address: 101, type: 'u16', scale: 0.01, multiply: 'ct' },
    { quantity: 'currentL3A', address: 102, type: 'u16', scale: 0.01, multiply: 'ct' },
    { quantity: 'activePowerL1W', address: 103, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'activePowerL2W', address: 104, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'activePowerL3W', address: 105, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'activePowerW', address: 106, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'reactivePowerL1Var', address: 107, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'reactivePowerL2Var', address: 108, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'reactivePowerL3Var', address: 109, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'reactivePowerVar', address: 110, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'apparentPowerVa', address: 114, type: 'u16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'powerFactorL1', address: 115, type: 'i16', scale: 0.001 },
    { quantity: 'powerFactorL2', address: 116, type: 'i16', scale: 0.001 },
    { quantity: 'powerFactorL3', address: 117, type: 'i16', scale: 0.001 },
    { quantity: 'powerFactor', address: 118, type: 'i16', scale: 0.001 },
    { quantity: 'frequencyHz', address: 119, type: 'u16', scale: 0.01 },
  ],
  sources: [
    'ADL3000-E manual, 9.1 ADDR list (easymanua.ls/acrel/adl3000-e, p 14): energies, E = data × PT × CT × 0.01 kWh',
    'aggsoft.com, acrel-adl3000: live registers 97 to 119 (decimal)',
    'Scales of the live registers follow the DDSY1352 manual, page 15 (0.1 V, 0.01 A, 0.001 kW); no list states them for this meter.',
    'Forward energy (0x000A) is taken for the bill, not the combined total (0x0000), which may count both directions.',
    'The same manual, 9: 1200 to 19200 baud',
  ],
};
