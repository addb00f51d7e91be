import type { MeterModel } from '#drivers/core/index.ts';
import { ACREL_PURSE } from './acrelPurse.ts';

/**
 * Acrel DDSY1352, single-phase prepaid DIN-rail meter. It answers the same block of 48 registers at 0x0200 as its
 * three-phase brother DTSY1352 and leaves what it has not at zero; only phase L1 and the totals are taken.
 */
export const acrelDdsy1352: MeterModel = {
  id: 'acrel-ddsy1352',
  maker: 'Acrel',
  name: 'DDSY1352',
  medium: 'electric',
  phases: 1,
  protocol: 'modbus',
  readFunction: 3,
  maxRegisters: 60,
  highestBaud: 38400,
  capabilities: { prepaid: true, relay: true, timeOfUse: true },
  spans: [{ start: 0x0200, count: 48, serves: ['live', 'registers'] }],
  fields: [
    { quantity: 'voltageL1V', address: 0x0201, type: 'u16', scale: 0.1, multiply: 'pt' },
    { quantity: 'currentL1A', address: 0x0204, type: 'u16', scale: 0.01, multiply: 'ct' },
    { quantity: 'activePowerL1W', address: 0x0207, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'activePowerW', address: 0x020a, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'reactivePowerL1Var', address: 0x020b, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'reactivePowerVar', address: 0x020e, type: 'i16', scale: 1, multiply: 'ct×pt' },
    { quantity: 'powerFactorL1', address: 0x020f, type: 'i16', scale: 0.001 },
    { quantity: 'powerFactor', address: 0x0212, type: 'i16', scale: 0.001 },
    { quantity: 'ptRatio', address: 0x0213, type: 'u16', scale: 1 },
    { quantity: 'ctRatio', address: 0x0214, type: 'u16', scale: 1 },
    { quantity: 'energyWh', address: 0x0215, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energySharpWh', address: 0x0217, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyPeakWh', address: 0x0219, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyFlatWh', address: 0x021b, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'energyValleyWh', address: 0x021d, type: 'u32', scale: 10, multiply: 'ct×pt' },
    { quantity: 'balanceMinor', address: 0x021f, type: 'i32', scale: 1 },
    { quantity: 'purchaseCount', address: 0x0221, type: 'u16', scale: 1 },
    { quantity: 'overloadTripCount', address: 0x0222, type: 'u16', scale: 1 },
  ],
  status: {
    address: 0x0224,
    // Bits 13 to 15 are the relays of L1 to L3. Only the first exists here; the others are not looked at.
    relayClosed: { mask: 0x2000 },
    relayOpen: { mask: 0x2000, equals: 0 },
    forcedOn: { mask: 0x0008 },
    forcedClosed: { mask: 0x0001 },
    overLimit: { mask: 0x0010 },
    arrears: { mask: 0x0020 },
    alarm1: { mask: 0x0040 },
    alarm2: { mask: 0x0080 },
    fault: { mask: 0x0100 },
  },
  clock: { spanStart: 0x0200, byteOffset: 80 },
  relayWrite: { address: 0x0057, forceClose: [1, 0], forceOpen: [1, 1], automatic: [0, 0] },
  purse: ACREL_PURSE,
  sources: [
    'malikdoksoz/ddsy-decmp: ADF400读取DIDO.cs (purchase 0x0100, money control 0x0200, clock 0x0354, byte by byte)',
    'Registers from 0x6000 on are ours: only the simulated meter has them (acrelPurse.ts).',
    'malikdoksoz/ddsy-decmp: Variable.cs, Modbus.cs (one live block 0x0200 for both families; model code 7 = DDSY1352)',
    'Acrel DDSY1352 manual T1.0 (2021-06-25), page 15: 9600 8N1, energies u32 × 0.01 kWh',
    'jerryxiaosa/ems4j: AcrelCutOffTranslator, AcrelRecoverTranslator (0x0057 payloads)',
    'Single-phase use of relay bit 13 and force bit 0 follows from L1 being the lowest bit; not confirmed by a capture.',
    'The same manual, 8: 1200 to 38400 baud',
  ],
};
