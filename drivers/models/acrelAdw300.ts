import type { MeterModel } from '#drivers/core/index.ts';

/** Acrel ADW300, three-phase wireless and RS485 meter. Values are on the primary side: it knows its own transformers. */
export const acrelAdw300: MeterModel = {
  id: 'acrel-adw300',
  maker: 'Acrel',
  name: 'ADW300',
  medium: 'electric',
  phases: 3,
  protocol: 'modbus',
  readFunction: 3,
  maxRegisters: 60,
  highestBaud: 38400,
  capabilities: { prepaid: false, relay: false, timeOfUse: false },
  spans: [
    { start: 20, count: 18, serves: ['live'] },
    { start: 62, count: 4, serves: ['live', 'registers'] },
  ],
  fields: [
    { quantity: 'voltageL1V', address: 20, type: 'u16', scale: 0.1 },
    { quantity: 'voltageL2V', address: 21, type: 'u16', scale: 0.1 },
    { quantity: 'voltageL3V', address: 22, type: 'u16', scale: 0.1 },
    { quantity: 'currentL1A', address: 26, type: 'u16', scale: 0.01 },
    { quantity: 'currentL2A', address: 27, type: 'u16', scale: 0.01 },
    { quantity: 'currentL3A', address: 28, type: 'u16', scale: 0.01 },
    { quantity: 'activePowerL1W', address: 30, type: 'i32', scale: 1 },
    { quantity: 'activePowerL2W', address: 32, type: 'i32', scale: 1 },
    { quantity: 'activePowerL3W', address: 34, type: 'i32', scale: 1 },
    { quantity: 'activePowerW', address: 36, type: 'i32', scale: 1 },
    { quantity: 'energyWh', address: 62, type: 'u32', scale: 10 },
    { quantity: 'energyReverseWh', address: 64, type: 'u32', scale: 10 },
  ],
  sources: [
    'evcc-io/evcc: templates/definition/meter/acrel-adw300.yaml (addresses decimal, types and scales; energy × 0.01 kWh)',
    'The template applies no transformer ratio; check the first CT-connected meter against its display.',
    'ADW310 manual, 6.2, register 0x1001: 1200 to 38400 baud; taken for the ADW300 of the same family',
  ],
};
