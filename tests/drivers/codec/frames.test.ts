import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  crc16,
  decodeMbapReply,
  decodeMbapRequest,
  decodeRtuReply,
  decodeRtuRequest,
  encodeMbapReply,
  encodeMbapRequest,
  encodeRtuReply,
  encodeRtuRequest,
  hexFromBytes,
  type ModbusReply,
  type ModbusRequest,
  rtuReplyLengths,
  VENDOR_WRITE,
} from '#drivers/codec/index.ts';
import { FrameError } from '#drivers/core/index.ts';
import { decodeHex } from '#drivers/decode.ts';
import { frameCases, hex } from '../support/frames.ts';

const word = fc.integer({ min: 0, max: 0xffff });
const unit = fc.integer({ min: 0, max: 255 });
const request: fc.Arbitrary<ModbusRequest> = fc.oneof(
  fc.record({
    kind: fc.constant('read'),
    function: fc.constantFrom(1, 2),
    start: word,
    quantity: fc.integer({ min: 1, max: 2000 }),
  }),
  fc.record({
    kind: fc.constant('read'),
    function: fc.constantFrom(3, 4),
    start: word,
    quantity: fc.integer({ min: 1, max: 125 }),
  }),
  fc.record({ kind: fc.constant('writeSingle'), function: fc.constantFrom(5, 6), start: word, value: word }),
  fc.record({ start: word, quantity: fc.integer({ min: 1, max: 1968 }) }).map(({ start, quantity }) => ({
    kind: 'writeCoils' as const,
    function: 15 as const,
    start,
    quantity,
    data: new Uint8Array(Math.ceil(quantity / 8)).fill(0x5a),
  })),
  fc.record({
    kind: fc.constant('writeRegisters'),
    function: fc.constantFrom(16, VENDOR_WRITE),
    start: word,
    registers: fc.array(word, { minLength: 1, maxLength: 123 }),
  }),
);
const reply: fc.Arbitrary<ModbusReply> = fc.oneof(
  fc.record({
    kind: fc.constant('read'),
    function: fc.constantFrom(1, 2),
    data: fc.uint8Array({ minLength: 1, maxLength: 250 }),
  }),
  fc.array(word, { minLength: 1, maxLength: 125 }).map((words) => ({
    kind: 'read' as const,
    function: 3 as const,
    data: Uint8Array.from(words.flatMap((value) => [value >> 8, value & 0xff])),
  })),
  fc.record({ kind: fc.constant('writeSingle'), function: fc.constantFrom(5, 6), start: word, value: word }),
  fc.record({
    kind: fc.constant('write'),
    function: fc.constantFrom(15, 16),
    start: word,
    quantity: fc.integer({ min: 1, max: 0xffff }),
  }),
  fc.record({
    kind: fc.constant('vendorWrite'),
    function: fc.constant(VENDOR_WRITE),
    start: word,
    body: fc.uint8Array({ minLength: 2, maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('exception'),
    function: fc.integer({ min: 1, max: 127 }),
    code: fc.integer({ min: 1, max: 255 }),
  }),
);

describe('Modbus frames', () => {
  test('the checksum of the standard’s own example', () => {
    // Modbus over serial line 1.02, 6.2.2: 02 07 → 41 12.
    expect(crc16(hex('02 07'))).toBe(0x1241);
  });

  for (const { protocol, hex: text, meaning, expected } of frameCases()) {
    test(`${protocol}: ${meaning}`, () => {
      expect(said(decodeHex(protocol, text, { modelId: undefined, start: undefined }))).toMatchObject(expected);
    });
  }

  test('every request and reply survives the wire in both framings', () => {
    fc.assert(
      fc.property(unit, word, request, reply, (to, transactionId, asked, answered) => {
        expect(decodeRtuRequest(encodeRtuRequest(to, asked))).toEqual({ unit: to, request: asked });
        expect(decodeRtuReply(encodeRtuReply(to, answered))).toEqual({ unit: to, reply: answered });
        expect(decodeMbapRequest(encodeMbapRequest(transactionId, to, asked))).toEqual({
          transactionId,
          unit: to,
          request: asked,
        });
        expect(decodeMbapReply(encodeMbapReply(transactionId, to, answered))).toEqual({
          transactionId,
          unit: to,
          reply: answered,
        });
      }),
    );
  });

  test('a frame with any bit changed is refused', () => {
    fc.assert(
      fc.property(request, fc.nat(), fc.integer({ min: 0, max: 7 }), (asked, place, bit) => {
        const frame = encodeRtuRequest(1, asked);
        const index = place % frame.length;
        frame[index] = (frame[index] ?? 0) ^ (1 << bit);
        expect(() => decodeRtuRequest(frame)).toThrow(FrameError);
      }),
    );
  });

  test('the length of an answer is known from the question', () => {
    expect(rtuReplyLengths({ kind: 'read', function: 3, start: 0x200, quantity: 48 })).toEqual([101]);
    expect(rtuReplyLengths({ kind: 'read', function: 1, start: 0, quantity: 9 })).toEqual([7]);
    expect(rtuReplyLengths({ kind: 'writeRegisters', function: 16, start: 0x57, registers: [1, 1] })).toEqual([8]);
    // The maker's tool waits for 15 bytes after a purchase; other firmware may answer as function 16 does.
    expect(
      rtuReplyLengths({ kind: 'writeRegisters', function: VENDOR_WRITE, start: 0x100, registers: [0, 10000, 5, 0] }),
    ).toEqual([8, 15]);
  });

  test('what Modbus cannot say is refused before it reaches a wire', () => {
    expect(() => encodeRtuRequest(1, { kind: 'read', function: 3, start: 0, quantity: 126 })).toThrow(RangeError);
    expect(() => encodeRtuRequest(1, { kind: 'writeRegisters', function: 16, start: 0, registers: [] })).toThrow(
      RangeError,
    );
    expect(() => encodeRtuRequest(256, { kind: 'read', function: 3, start: 0, quantity: 1 })).toThrow(RangeError);
  });

  test('hex is printed as it is written', () => {
    expect(hexFromBytes(hex('0x01, 0xAB:cd'), ' ')).toBe('01 ab cd');
  });
});

/** The one thing that a frame says, or how it is bad. */
function said(result: ReturnType<typeof decodeHex>): object {
  if ('reason' in result) return { error: result.reason.split(':')[0] };
  const { meanings } = result.json as { readonly meanings: readonly object[] };
  return meanings.length === 1 ? (meanings[0] ?? {}) : meanings;
}
