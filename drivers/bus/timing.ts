import { rtuReplyLengths } from '#drivers/codec/index.ts';
import type { SerialSettings } from '#drivers/core/index.ts';
import { type Call, isRead } from './framing.ts';

/** Bytes of a read request and of its reply on the serial side. */
export const READ_REQUEST_BYTES = 8;
export function readReplyBytes(registers: number): number {
  return 5 + registers * 2;
}

/** Bytes around the registers of a write: unit, function, start, register count, byte count, CRC. */
const WRITE_OVERHEAD_BYTES = 9;

/** Bytes of a call and of the longest reply to it on the serial side. */
export function callBytes(call: Call): number {
  if (isRead(call)) return READ_REQUEST_BYTES + readReplyBytes(call.count);
  return WRITE_OVERHEAD_BYTES + call.request.registers.length * 2 + Math.max(...rtuReplyLengths(call.request));
}

/** Start bit, eight data bits, parity if any, stop bits. */
export function characterBits({ parity, stopBits }: SerialSettings): number {
  return 9 + (parity === 'none' ? 0 : 1) + stopBits;
}

/** Time that `bytes` take on the wire, ms. */
export function transmitMs(bytes: number, serial: SerialSettings): number {
  return (bytes * characterBits(serial) * 1000) / serial.baud;
}

/** t3.5, the silence that ends a frame: 3.5 characters of 11 bits, fixed above 19200 baud (Modbus over serial line 1.02, 2.5.1.1). */
export function frameSilenceMs({ baud }: SerialSettings): number {
  return baud > 19_200 ? 1.75 : (3.5 * 11 * 1000) / baud;
}

/** The least that one read can take: both frames and the silence after each. */
export function readLimitMs(registers: number, serial: SerialSettings): number {
  return transmitMs(READ_REQUEST_BYTES + readReplyBytes(registers), serial) + 2 * frameSilenceMs(serial);
}
