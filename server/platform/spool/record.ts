import { crc32 } from 'node:zlib';

/** Begins every record, so that the next one is found behind a damaged one. */
const MARK = Buffer.from('MWS1', 'latin1');
/** Mark, length, items, CRC of the payload, CRC of the header before this; all big-endian. */
export const HEADER_BYTES = 20;

export interface RecordHeader {
  /** Length of the payload in bytes. */
  readonly length: number;
  readonly items: number;
  readonly payloadCrc: number;
}

/** A payload as it stands in a segment. */
export function encodeRecord(payload: Uint8Array, items: number): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  MARK.copy(bytes);
  bytes.writeUInt32BE(payload.length, 4);
  bytes.writeUInt32BE(items, 8);
  bytes.writeUInt32BE(crc32(payload), 12);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 16)), 16);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** The header that begins at `at`; undefined when there is no whole one. */
export function readHeader(bytes: Buffer, at: number): RecordHeader | undefined {
  if (bytes.length - at < HEADER_BYTES) return undefined;
  if (bytes.readUInt32BE(at + 16) !== crc32(bytes.subarray(at, at + 16))) return undefined;
  if (!bytes.subarray(at, at + MARK.length).equals(MARK)) return undefined;
  return {
    length: bytes.readUInt32BE(at + 4),
    items: bytes.readUInt32BE(at + 8),
    payloadCrc: bytes.readUInt32BE(at + 12),
  };
}

/** Where the first whole header at or behind `from` begins; undefined when there is none. */
export function findHeader(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(MARK, from); at >= 0; at = bytes.indexOf(MARK, at + 1)) {
    if (readHeader(bytes, at) !== undefined) return at;
  }
  return undefined;
}

export function isWhole(payload: Uint8Array, header: RecordHeader): boolean {
  return payload.length === header.length && crc32(payload) === header.payloadCrc;
}
