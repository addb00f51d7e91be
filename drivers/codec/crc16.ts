/** Reflected polynomial of CRC-16/MODBUS (Modbus over serial line 1.02, 6.2.2). */
const POLYNOMIAL = 0xa001;

const TABLE = buildTable();

function buildTable(): Uint16Array {
  const table = new Uint16Array(256);
  for (let index = 0; index < 256; index += 1) {
    let crc = index;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    table[index] = crc;
  }
  return table;
}

/**
 * CRC-16/MODBUS of `bytes[start, end)`. On the wire it follows low byte first.
 * Source: Modbus over serial line 1.02, 6.2.2.
 */
export function crc16(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let crc = 0xffff;
  for (let index = start; index < end; index += 1) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[index] ?? 0)) & 0xff] ?? 0);
  }
  return crc;
}

/** True when the last two bytes of `bytes[start, end)` are the CRC of the bytes before them. */
export function crcFits(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 3) return false;
  const crc = crc16(bytes, start, end - 2);
  return bytes[end - 2] === (crc & 0xff) && bytes[end - 1] === crc >>> 8;
}

/** Writes the CRC of `bytes[0, length - 2)` into the last two bytes and returns `bytes`. */
export function appendCrc(bytes: Uint8Array): Uint8Array {
  const crc = crc16(bytes, 0, bytes.length - 2);
  bytes[bytes.length - 2] = crc & 0xff;
  bytes[bytes.length - 1] = crc >>> 8;
  return bytes;
}
