import { FrameError } from '#drivers/core/index.ts';
import {
  decodeReplyPdu,
  decodeRequestPdu,
  encodeReplyPdu,
  encodeRequestPdu,
  type ModbusReply,
  type ModbusRequest,
} from './pdu.ts';

/** Transaction, protocol, length and unit (Modbus messaging on TCP/IP 1.0b, 3.1.3). */
export const MBAP_HEADER_BYTES = 7;
/** Unit and the longest PDU of 253 bytes. */
export const MBAP_MAX_LENGTH = 254;
export const MBAP_MAX_BYTES = 6 + MBAP_MAX_LENGTH;

/** One Modbus TCP frame, its PDU not yet read. `pdu` is a view of the received bytes. */
export interface MbapFrame {
  readonly transactionId: number;
  readonly unit: number;
  readonly pdu: Uint8Array;
}

/** Header and PDU as one frame ready for the socket. */
export function encodeMbap(transactionId: number, unit: number, pdu: Uint8Array): Uint8Array {
  const frame = new Uint8Array(MBAP_HEADER_BYTES + pdu.length);
  frame[0] = (transactionId >>> 8) & 0xff;
  frame[1] = transactionId & 0xff;
  frame[4] = (pdu.length + 1) >>> 8;
  frame[5] = (pdu.length + 1) & 0xff;
  frame[6] = unit;
  frame.set(pdu, MBAP_HEADER_BYTES);
  return frame;
}

/** A request as one Modbus TCP frame. */
export function encodeMbapRequest(transactionId: number, unit: number, request: ModbusRequest): Uint8Array {
  return encodeMbap(transactionId, unit, encodeRequestPdu(request));
}

/** A reply as one Modbus TCP frame. */
export function encodeMbapReply(transactionId: number, unit: number, reply: ModbusReply): Uint8Array {
  return encodeMbap(transactionId, unit, encodeReplyPdu(reply));
}

/** One whole frame. Throws FrameError when the header is not MBAP or its length is not the bytes'. */
export function decodeMbap(frame: Uint8Array): MbapFrame {
  const length = mbapLengthAt(frame, 0, frame.length);
  if (length === undefined || length !== frame.length) {
    throw new FrameError('frame', `${frame.length} bytes where the MBAP header asks for ${length ?? 'at least 7'}`);
  }
  return mbapFrameAt(frame, 0, length);
}

/** One whole request. Throws FrameError. */
export function decodeMbapRequest(frame: Uint8Array): {
  readonly transactionId: number;
  readonly unit: number;
  readonly request: ModbusRequest;
} {
  const { transactionId, unit, pdu } = decodeMbap(frame);
  return { transactionId, unit, request: decodeRequestPdu(pdu) };
}

/** One whole reply; data are views of `frame`. Throws FrameError. */
export function decodeMbapReply(frame: Uint8Array): {
  readonly transactionId: number;
  readonly unit: number;
  readonly reply: ModbusReply;
} {
  const { transactionId, unit, pdu } = decodeMbap(frame);
  return { transactionId, unit, reply: decodeReplyPdu(pdu) };
}

/**
 * Bytes of the frame that starts at `start`, undefined while its header is incomplete. Throws FrameError when the
 * header cannot be one: then nothing later in the stream can be trusted, for MBAP has no checksum to find the way back.
 */
export function mbapLengthAt(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start < MBAP_HEADER_BYTES) return undefined;
  const protocol = ((bytes[start + 2] ?? 0) << 8) | (bytes[start + 3] ?? 0);
  const length = ((bytes[start + 4] ?? 0) << 8) | (bytes[start + 5] ?? 0);
  if (protocol !== 0) throw new FrameError('frame', `MBAP protocol ${protocol}, only 0 is Modbus`);
  if (length < 2 || length > MBAP_MAX_LENGTH)
    throw new FrameError('frame', `MBAP length ${length} outside 2 to ${MBAP_MAX_LENGTH}`);
  return 6 + length;
}

/** The frame of `length` bytes at `start`, whose header `mbapLengthAt` has checked. */
export function mbapFrameAt(bytes: Uint8Array, start: number, length: number): MbapFrame {
  return {
    transactionId: ((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0),
    unit: bytes[start + 6] ?? 0,
    pdu: bytes.subarray(start + MBAP_HEADER_BYTES, start + length),
  };
}
