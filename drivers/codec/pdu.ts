import { FrameError } from '#drivers/core/index.ts';

/** Acrel's vendor write: laid out as function 16, accepted by the meter's purchase and parameter windows. */
export const VENDOR_WRITE = 0x20;

/** Most registers of one read (Modbus application protocol 1.1b3, 6.3) and of one write (6.12). */
export const MAX_READ_REGISTERS = 125;
export const MAX_WRITE_REGISTERS = 123;
/** Most coils of one read (6.1) and of one write (6.11). */
export const MAX_READ_COILS = 2000;
export const MAX_WRITE_COILS = 1968;

/** What a master asks. Addresses are zero-based protocol addresses. */
export type ModbusRequest =
  | { readonly kind: 'read'; readonly function: 1 | 2 | 3 | 4; readonly start: number; readonly quantity: number }
  | { readonly kind: 'writeSingle'; readonly function: 5 | 6; readonly start: number; readonly value: number }
  | {
      readonly kind: 'writeCoils';
      readonly function: 15;
      readonly start: number;
      readonly quantity: number;
      readonly data: Uint8Array;
    }
  | {
      readonly kind: 'writeRegisters';
      readonly function: 16 | typeof VENDOR_WRITE;
      readonly start: number;
      readonly registers: readonly number[];
    };

/** What a meter answers. `data` of a read is a view of the received bytes: two bytes a register, high byte first. */
export type ModbusReply =
  | { readonly kind: 'read'; readonly function: 1 | 2 | 3 | 4; readonly data: Uint8Array }
  | { readonly kind: 'writeSingle'; readonly function: 5 | 6; readonly start: number; readonly value: number }
  | { readonly kind: 'write'; readonly function: 15 | 16; readonly start: number; readonly quantity: number }
  /** Not documented: either the quantity follows the start, as with function 16, or a byte count and the data again. */
  | {
      readonly kind: 'vendorWrite';
      readonly function: typeof VENDOR_WRITE;
      readonly start: number;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'exception'; readonly function: number; readonly code: number };

/** Exception codes (Modbus application protocol 1.1b3, 7). */
export const EXCEPTION_NAMES: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'device failure',
  5: 'acknowledge',
  6: 'device busy',
  8: 'memory parity error',
  10: 'gateway path unavailable',
  11: 'gateway target did not respond',
};

/** PDU bytes of a request (function code first, no address, no checksum). Throws RangeError on what Modbus cannot say. */
export function encodeRequestPdu(request: ModbusRequest): Uint8Array {
  switch (request.kind) {
    case 'read': {
      const most = request.function <= 2 ? MAX_READ_COILS : MAX_READ_REGISTERS;
      return head(request.function, request.start, inRange(request.quantity, 1, most, 'quantity'), 5);
    }
    case 'writeSingle':
      return head(request.function, request.start, inRange(request.value, 0, 0xffff, 'value'), 5);
    case 'writeCoils': {
      const quantity = inRange(request.quantity, 1, MAX_WRITE_COILS, 'quantity');
      inRange(request.data.length, Math.ceil(quantity / 8), Math.ceil(quantity / 8), 'data length');
      const pdu = head(request.function, request.start, quantity, 6 + request.data.length);
      pdu[5] = request.data.length;
      pdu.set(request.data, 6);
      return pdu;
    }
    case 'writeRegisters': {
      const count = inRange(request.registers.length, 1, MAX_WRITE_REGISTERS, 'register count');
      const pdu = head(request.function, request.start, count, 6 + count * 2);
      pdu[5] = count * 2;
      for (const [index, register] of request.registers.entries()) {
        writeWord(pdu, 6 + index * 2, inRange(register, 0, 0xffff, 'register'));
      }
      return pdu;
    }
  }
}

/** The request that `pdu` says. Throws FrameError when it says none. */
export function decodeRequestPdu(pdu: Uint8Array): ModbusRequest {
  const code = byteAt(pdu, 0);
  const start = wordAt(pdu, 1);
  const second = wordAt(pdu, 3);
  switch (code) {
    case 1:
    case 2:
    case 3:
    case 4:
      expectLength(pdu, 5);
      expectQuantity(second, code <= 2 ? MAX_READ_COILS : MAX_READ_REGISTERS);
      return { kind: 'read', function: code, start, quantity: second };
    case 5:
    case 6:
      expectLength(pdu, 5);
      return { kind: 'writeSingle', function: code, start, value: second };
    case 15:
      expectQuantity(second, MAX_WRITE_COILS);
      expectLength(pdu, 6 + Math.ceil(second / 8));
      expectByteCount(pdu, 5);
      return { kind: 'writeCoils', function: code, start, quantity: second, data: pdu.subarray(6) };
    case 16:
    case VENDOR_WRITE: {
      expectQuantity(second, MAX_WRITE_REGISTERS);
      expectLength(pdu, 6 + second * 2);
      expectByteCount(pdu, 5);
      return {
        kind: 'writeRegisters',
        function: code,
        start,
        registers: Array.from({ length: second }, (_, index) => wordAt(pdu, 6 + index * 2)),
      };
    }
    default:
      throw new FrameError('frame', `function ${code} is no request this driver knows`);
  }
}

/** PDU bytes of a reply. Throws RangeError on what Modbus cannot say. */
export function encodeReplyPdu(reply: ModbusReply): Uint8Array {
  switch (reply.kind) {
    case 'read': {
      const pdu = new Uint8Array(2 + inRange(reply.data.length, 1, 250, 'data length'));
      pdu[0] = reply.function;
      pdu[1] = reply.data.length;
      pdu.set(reply.data, 2);
      return pdu;
    }
    case 'writeSingle':
      return head(reply.function, reply.start, inRange(reply.value, 0, 0xffff, 'value'), 5);
    case 'write':
      return head(reply.function, reply.start, inRange(reply.quantity, 1, 0xffff, 'quantity'), 5);
    case 'vendorWrite': {
      const pdu = new Uint8Array(3 + reply.body.length);
      pdu[0] = reply.function;
      writeWord(pdu, 1, inRange(reply.start, 0, 0xffff, 'start'));
      pdu.set(reply.body, 3);
      return pdu;
    }
    case 'exception':
      return Uint8Array.of(inRange(reply.function, 1, 0x7f, 'function') | 0x80, inRange(reply.code, 1, 0xff, 'code'));
  }
}

/** The reply that `pdu` says; `data` and `body` are views of it. Throws FrameError when it says none. */
export function decodeReplyPdu(pdu: Uint8Array): ModbusReply {
  const code = byteAt(pdu, 0);
  if (code >= 0x80) {
    expectLength(pdu, 2);
    return { kind: 'exception', function: code & 0x7f, code: byteAt(pdu, 1) };
  }
  switch (code) {
    case 1:
    case 2:
    case 3:
    case 4:
      expectByteCount(pdu, 1);
      if (code >= 3 && pdu.length % 2 !== 0) throw new FrameError('frame', 'half a register');
      return { kind: 'read', function: code, data: pdu.subarray(2) };
    case 5:
    case 6:
      expectLength(pdu, 5);
      return { kind: 'writeSingle', function: code, start: wordAt(pdu, 1), value: wordAt(pdu, 3) };
    case 15:
    case 16:
      expectLength(pdu, 5);
      return { kind: 'write', function: code, start: wordAt(pdu, 1), quantity: wordAt(pdu, 3) };
    case VENDOR_WRITE:
      if (pdu.length !== 5) expectByteCount(pdu, 3);
      return { kind: 'vendorWrite', function: code, start: wordAt(pdu, 1), body: pdu.subarray(3) };
    default:
      throw new FrameError('frame', `function ${code} is no reply this driver knows`);
  }
}

function head(code: number, start: number, second: number, length: number): Uint8Array {
  const pdu = new Uint8Array(length);
  pdu[0] = code;
  writeWord(pdu, 1, inRange(start, 0, 0xffff, 'start'));
  writeWord(pdu, 3, second);
  return pdu;
}

function writeWord(bytes: Uint8Array, offset: number, word: number): void {
  bytes[offset] = word >>> 8;
  bytes[offset + 1] = word & 0xff;
}

function byteAt(pdu: Uint8Array, offset: number): number {
  const byte = pdu[offset];
  if (byte === undefined) throw new FrameError('frame', 'frame too short');
  return byte;
}

function wordAt(pdu: Uint8Array, offset: number): number {
  return (byteAt(pdu, offset) << 8) | byteAt(pdu, offset + 1);
}

function expectLength(pdu: Uint8Array, length: number): void {
  if (pdu.length !== length) throw new FrameError('frame', `PDU of ${pdu.length} bytes where ${length} belong`);
}

function expectQuantity(quantity: number, most: number): void {
  if (quantity < 1 || quantity > most) throw new FrameError('frame', `quantity ${quantity} outside 1 to ${most}`);
}

/** The byte at `offset` counts exactly the bytes after it, and there is at least one. */
function expectByteCount(pdu: Uint8Array, offset: number): void {
  const count = byteAt(pdu, offset);
  if (count === 0 || pdu.length !== offset + 1 + count) {
    throw new FrameError('frame', `byte count ${count} where ${pdu.length - offset - 1} bytes follow`);
  }
}

function inRange(value: number, least: number, most: number, name: string): number {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`${name} ${value} outside ${least} to ${most}`);
  return value;
}
