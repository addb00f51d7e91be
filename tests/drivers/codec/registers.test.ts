import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesFromRegisters,
  compileModel,
  decodeRegister,
  encodeRegister,
  REGISTER_COUNTS,
} from '#drivers/codec/index.ts';
import type { MeterModel, RegisterType } from '#drivers/core/index.ts';
import { hex } from '../support/frames.ts';

describe('registers', () => {
  const cases: readonly (readonly [RegisterType, string, 'high-first' | 'low-first', number])[] = [
    ['u16', 'ffff', 'high-first', 65_535],
    ['i16', 'fffe', 'high-first', -2],
    ['u32', 'ffff fffe', 'high-first', 4_294_967_294],
    ['u32', '0001 0002', 'low-first', 131_073],
    ['i32', 'ffff f60a', 'high-first', -2_550],
    ['f32', '4366 3334', 'high-first', 230.20001220703125],
    ['f32', '3334 4366', 'low-first', 230.20001220703125],
    ['u64', '0000 0002 dfdc 1c35', 'high-first', 12_345_678_901],
    ['i64', 'ffff ffff ffff fffe', 'high-first', -2],
    ['i64', '1c35 dfdc 0002 0000', 'low-first', 12_345_678_901],
  ];
  for (const [type, bytes, order, value] of cases) {
    test(`${type} ${order} ${bytes} is ${value}, both ways`, () => {
      expect(decodeRegister(type, hex(bytes), 0, order)).toBe(value);
      const words = new Uint16Array(REGISTER_COUNTS[type]);
      encodeRegister(type, value, words, 0, order);
      expect(bytesFromRegisters(words)).toEqual(hex(bytes));
    });
  }

  test('a register that is too small holds what it can', () => {
    const words = new Uint16Array(1);
    encodeRegister('u16', 70_000, words, 0, 'high-first');
    expect(words[0]).toBe(65_535);
    encodeRegister('i16', -40_000, words, 0, 'high-first');
    expect(words[0]).toBe(0x8000);
  });
});

describe('compileModel', () => {
  const model: MeterModel = {
    id: 'test-meter',
    maker: 'Test',
    name: 'Meter',
    medium: 'electric',
    phases: 1,
    protocol: 'modbus',
    readFunction: 3,
    maxRegisters: 10,
    capabilities: { prepaid: false, relay: false, timeOfUse: false },
    spans: [{ start: 0, count: 4, serves: ['live', 'registers'] }],
    fields: [
      { quantity: 'voltageL1V', address: 0, type: 'u16', scale: 0.1, multiply: 'pt', absentRaw: 0xffff },
      { quantity: 'currentL1A', address: 1, type: 'u16', scale: 0.01, multiply: 'ct' },
      { quantity: 'energyWh', address: 2, type: 'u32', scale: 10, multiply: 'ct×pt' },
    ],
    sources: ['test'],
  };
  const { decode } = compileModel(model);
  const block = (text: string) => [{ start: 0, count: 4, data: hex(text) }];

  test('scales are exact in decimal: 2301 tenths are 230.1, whatever the ratio', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xfffe }),
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 1, max: 30 }),
        (volts, amperes, ctRatio) => {
          const data = bytesFromRegisters(Uint16Array.of(volts, amperes, 0, 0));
          const { values } = decode([{ start: 0, count: 4, data }], { ctRatio, ptRatio: 1 });
          expect(values.voltageL1V).toBe(Number(`${volts}e-1`));
          expect(values.currentL1A).toBe(Number(`${amperes * ctRatio}e-2`));
        },
      ),
    );
  });

  test('absent is not zero', () => {
    expect(decode(block('ffff 0001 0000 0001'), { ctRatio: 1, ptRatio: 1 }).values).toEqual({
      currentL1A: 0.01,
      energyWh: 10,
    });
  });

  test('a direct-connected meter that says ratio 0 does not wipe out its values', () => {
    const own: MeterModel = {
      ...model,
      fields: [...model.fields.slice(0, 1), { quantity: 'ptRatio', address: 1, type: 'u16', scale: 1 }],
    };
    const said = compileModel(own).decode(block('0901 0000 0000 0000'), { ctRatio: 1, ptRatio: 1 });
    expect(said).toMatchObject({ values: { voltageL1V: 230.5 }, ptRatio: 1 });
  });

  test('what is only partly in a block is not guessed', () => {
    const { values } = decode([{ start: 0, count: 3, data: hex('0901 0001 0000') }], { ctRatio: 1, ptRatio: 1 });
    expect(values).toEqual({ voltageL1V: 230.5, currentL1A: 0.01 });
  });

  test('blocks of one visit are read together', () => {
    const blocks = [
      { start: 0, count: 2, data: hex('0901 0001') },
      { start: 2, count: 2, data: hex('0001 0000') },
    ];
    expect(decode(blocks, { ctRatio: 2, ptRatio: 3 }).values).toEqual({
      voltageL1V: 691.5,
      currentL1A: 0.02,
      energyWh: 3_932_160,
    });
  });
});
