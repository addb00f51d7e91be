import type { MeterModel } from '#drivers/core/index.ts';

/** Eastron SDM630 Modbus, three-phase meter; every value is a 32-bit float in input registers, on the primary side. */
export const eastronSdm630: MeterModel = {
  id: 'eastron-sdm630',
  maker: 'Eastron',
  name: 'SDM630',
  medium: 'electric',
  phases: 3,
  protocol: 'modbus',
  readFunction: 4,
  // The maker allows 30 values of two registers in a request; some firmware answers more, none must.
  maxRegisters: 60,
  capabilities: { prepaid: false, relay: false, timeOfUse: false },
  spans: [
    { start: 0x0000, count: 36, serves: ['live'] },
    { start: 0x0034, count: 24, serves: ['live', 'registers'] },
  ],
  fields: [
    { quantity: 'voltageL1V', address: 0x0000, type: 'f32', scale: 1 },
    { quantity: 'voltageL2V', address: 0x0002, type: 'f32', scale: 1 },
    { quantity: 'voltageL3V', address: 0x0004, type: 'f32', scale: 1 },
    { quantity: 'currentL1A', address: 0x0006, type: 'f32', scale: 1 },
    { quantity: 'currentL2A', address: 0x0008, type: 'f32', scale: 1 },
    { quantity: 'currentL3A', address: 0x000a, type: 'f32', scale: 1 },
    { quantity: 'activePowerL1W', address: 0x000c, type: 'f32', scale: 1 },
    { quantity: 'activePowerL2W', address: 0x000e, type: 'f32', scale: 1 },
    { quantity: 'activePowerL3W', address: 0x0010, type: 'f32', scale: 1 },
    { quantity: 'reactivePowerL1Var', address: 0x0018, type: 'f32', scale: 1 },
    { quantity: 'reactivePowerL2Var', address: 0x001a, type: 'f32', scale: 1 },
    { quantity: 'reactivePowerL3Var', address: 0x001c, type: 'f32', scale: 1 },
    { quantity: 'powerFactorL1', address: 0x001e, type: 'f32', scale: 1 },
    { quantity: 'powerFactorL2', address: 0x0020, type: 'f32', scale: 1 },
    { quantity: 'powerFactorL3', address: 0x0022, type: 'f32', scale: 1 },
    { quantity: 'activePowerW', address: 0x0034, type: 'f32', scale: 1 },
    { quantity: 'apparentPowerVa', address: 0x0038, type: 'f32', scale: 1 },
    { quantity: 'reactivePowerVar', address: 0x003c, type: 'f32', scale: 1 },
    { quantity: 'powerFactor', address: 0x003e, type: 'f32', scale: 1 },
    { quantity: 'frequencyHz', address: 0x0046, type: 'f32', scale: 1 },
    { quantity: 'energyWh', address: 0x0048, type: 'f32', scale: 1_000 },
    { quantity: 'energyReverseWh', address: 0x004a, type: 'f32', scale: 1_000 },
  ],
  sources: [
    'volkszaehler/mbmd: meters/rs485/sdm.go (input registers of the SDM family)',
    'Eastron SDM630 and SDM72 register lists (ob121.com SDM630, easymanua.ls sdm72): 30 values in a request',
    'B+G e-tech SDM630 example frame, voltage L1 (wiki.marcluerssen.de, Projects:Modbus Meter)',
  ],
};
