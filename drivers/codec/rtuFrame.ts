import { FrameError } from '#drivers/core/index.ts';
import { appendCrc, crcFits } from './crc16.ts';
import {
  decodeReplyPdu,
  decodeRequestPdu,
  encodeReplyPdu,
  encodeRequestPdu,
  type ModbusReply,
  type ModbusRequest,
  VENDOR_WRITE,
} from './pdu.ts';

/** Shortest and longest RTU frame in bytes (Modbus over serial line 1.02, 2.5.1). */
export const RTU_MIN_BYTES = 4;
export const RTU_MAX_BYTES = 256;

/** Address and CRC around a PDU. */
export const RTU_OVERHEAD_BYTES = 3;

/** Address, function, code and CRC of an exception. */
export const RTU_EXCEPTION_BYTES = 5;

/** One RTU frame taken apart. */
export interface RtuRequestFrame {
  readonly unit: number;
  readonly request: ModbusRequest;
}
export interface RtuReplyFrame {
  readonly unit: number;
  readonly reply: ModbusReply;
}

/** `unit | PDU | CRC`: an RTU frame ready for the wire. */
export function encodeRtuRequest(unit: number, request: ModbusRequest): Uint8Array {
  return wrap(unit, encodeRequestPdu(request));
}

/** `encodeRtuRequest` of a read of registers, which is nearly everything that is ever asked. */
export function encodeRtuRead(unit: number, code: 3 | 4, start: number, quantity: number): Uint8Array {
  const frame = new Uint8Array(8);
  frame[0] = unit;
  frame[1] = code;
  frame[2] = start >>> 8;
  frame[3] = start & 0xff;
  frame[4] = quantity >>> 8;
  frame[5] = quantity & 0xff;
  return appendCrc(frame);
}

/** The reply's counterpart of `encodeRtuRequest`. */
export function encodeRtuReply(unit: number, reply: ModbusReply): Uint8Array {
  return wrap(unit, encodeReplyPdu(reply));
}

/** One whole request frame. Throws FrameError on a wrong checksum (`crc`) or nonsense (`frame`). */
export function decodeRtuRequest(frame: Uint8Array): RtuRequestFrame {
  return { unit: frame[0] ?? 0, request: decodeRequestPdu(unwrap(frame)) };
}

/** One whole reply frame; data are views of `frame`. Throws FrameError like `decodeRtuRequest`. */
export function decodeRtuReply(frame: Uint8Array): RtuReplyFrame {
  return { unit: frame[0] ?? 0, reply: decodeReplyPdu(unwrap(frame)) };
}

/** What the maker's tool waits for after every vendor write, whatever its length; what is in it nobody says. */
const VENDOR_REPLY_BYTES = 15;

/**
 * Lengths in bytes that the RTU frame answering `request` may have. The vendor write's answer is laid out like that of
 * function 16, or has the 15 bytes that the maker's tool waits for, or repeats the data: hence several.
 */
export function rtuReplyLengths(request: ModbusRequest): readonly number[] {
  switch (request.kind) {
    case 'read':
      return [5 + (request.function <= 2 ? Math.ceil(request.quantity / 8) : request.quantity * 2)];
    case 'writeSingle':
    case 'writeCoils':
      return [8];
    case 'writeRegisters':
      return request.function === VENDOR_WRITE ? vendorReplyLengths(request.registers.length * 2) : [8];
  }
}

/**
 * Does `pdu` answer this write and no other? Start and register count must be its own; an answer that repeats data must
 * repeat just these. A vendor's answer of 15 bytes that repeats nothing we know is taken for what its function says.
 */
export function answersWrite(
  { function: code, start, registers }: Extract<ModbusRequest, { kind: 'writeRegisters' }>,
  pdu: Uint8Array,
): boolean {
  if (pdu[0] !== code) return false;
  const first = ((pdu[1] ?? 0) << 8) | (pdu[2] ?? 0);
  const second = ((pdu[3] ?? 0) << 8) | (pdu[4] ?? 0);
  if (pdu.length === 5) return first === start && second === registers.length;
  if (code !== VENDOR_WRITE) return false;
  const repeats = pdu[3] === pdu.length - 4;
  if (!repeats) return pdu.length === VENDOR_REPLY_BYTES - RTU_OVERHEAD_BYTES;
  return (
    first === start &&
    pdu.length - 4 === registers.length * 2 &&
    registers.every((register, index) => register === (((pdu[4 + index * 2] ?? 0) << 8) | (pdu[5 + index * 2] ?? 0)))
  );
}

/**
 * Length that the reply starting at `bytes[start]` gives itself; 0 when its function is unknown, undefined when the
 * byte that says so has not come yet. The vendor write does not say its own length and counts as unknown: see
 * `vendorReplyLengthAt`.
 */
export function rtuReplyLengthAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start < 2) return undefined;
  const code = bytes[start + 1] ?? 0;
  if (code >= 0x80) return RTU_EXCEPTION_BYTES;
  if (code >= 1 && code <= 4) return end - start < 3 ? undefined : 5 + (bytes[start + 2] ?? 0);
  return code === 5 || code === 6 || code === 15 || code === 16 ? 8 : 0;
}

function vendorReplyLengths(dataBytes: number): readonly number[] {
  const repeating = 7 + dataBytes;
  return repeating === VENDOR_REPLY_BYTES ? [8, VENDOR_REPLY_BYTES] : [8, VENDOR_REPLY_BYTES, repeating];
}

/** Length of the vendor's reply that is complete and whole at `bytes[start]`, by trying each that one can have; else 0. */
export function vendorReplyLengthAt(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start + 1] !== VENDOR_WRITE) return 0;
  const lengths = vendorReplyLengths(bytes[start + 4] ?? 0);
  return lengths.find((length) => end - start >= length && crcFits(bytes, start, start + length)) ?? 0;
}

/** The same for a request: what a gateway or meter must wait for. */
export function rtuRequestLengthAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start < 2) return undefined;
  const code = bytes[start + 1] ?? 0;
  if (code >= 1 && code <= 6) return 8;
  if (code === 15 || code === 16 || code === VENDOR_WRITE)
    return end - start < 7 ? undefined : 9 + (bytes[start + 6] ?? 0);
  return 0;
}

function wrap(unit: number, pdu: Uint8Array): Uint8Array {
  if (!Number.isInteger(unit) || unit < 0 || unit > 255) throw new RangeError(`unit ${unit} outside 0 to 255`);
  const frame = new Uint8Array(pdu.length + 3);
  frame[0] = unit;
  frame.set(pdu, 1);
  return appendCrc(frame);
}

function unwrap(frame: Uint8Array): Uint8Array {
  if (frame.length < RTU_MIN_BYTES || frame.length > RTU_MAX_BYTES) {
    throw new FrameError('frame', `${frame.length} bytes are no RTU frame (${RTU_MIN_BYTES} to ${RTU_MAX_BYTES})`);
  }
  if (!crcFits(frame, 0, frame.length)) throw new FrameError('crc', 'CRC-16 does not fit');
  return frame.subarray(1, frame.length - 2);
}
