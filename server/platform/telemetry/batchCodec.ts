import { COLUMNS, columnValue, quantityOf } from './columns.ts';
import type { TelemetryBatch } from './store.ts';
import type { TelemetryPoint, TelemetryQuantity, TelemetryRecord } from './types.ts';

/**
 * A batch as it waits on disk, the same for every store, so that another store may be set while something waits:
 * version u8, points u32, then for each point meter u32, instant f64 (ms), values u8, and for each value its column's
 * code u8 and f64; the records follow as JSON. Little endian, about 190 bytes a reading.
 */
const VERSION = 1;
const HEADER_BYTES = 5;
const POINT_BYTES = 13;
const VALUE_BYTES = 9;

export function encodeBatch({ points, records }: TelemetryBatch): Uint8Array {
  const tail = records.length === 0 ? Buffer.alloc(0) : Buffer.from(JSON.stringify(records));
  const bytes = Buffer.allocUnsafe(
    HEADER_BYTES + points.length * (POINT_BYTES + COLUMNS.length * VALUE_BYTES) + tail.length,
  );
  bytes.writeUInt8(VERSION, 0);
  bytes.writeUInt32LE(points.length, 1);
  let at = HEADER_BYTES;
  for (const point of points) at = writePoint(bytes, at, point);
  at += tail.copy(bytes, at);
  return bytes.subarray(0, at);
}

/** Undefined for what this program did not write, or what another version of it wrote otherwise. */
export function decodeBatch(record: Uint8Array): TelemetryBatch | undefined {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  if (bytes[0] !== VERSION) return undefined;
  try {
    const points: TelemetryPoint[] = [];
    const count = bytes.readUInt32LE(1);
    let at = HEADER_BYTES;
    for (let index = 0; index < count; index++) {
      points.push(readPoint(bytes, at));
      at += POINT_BYTES + bytes.readUInt8(at + 12) * VALUE_BYTES;
    }
    const records: readonly TelemetryRecord[] = at === bytes.length ? [] : JSON.parse(bytes.toString('utf8', at));
    return { points, records };
  } catch {
    return undefined;
  }
}

function writePoint(bytes: Buffer, start: number, point: TelemetryPoint): number {
  bytes.writeUInt32LE(point.meterId, start);
  bytes.writeDoubleLE(point.atMs, start + 4);
  let at = start + POINT_BYTES;
  let values = 0;
  for (const { quantity, code } of COLUMNS) {
    const value = columnValue(point, quantity);
    if (value === null) continue;
    bytes.writeUInt8(code, at);
    bytes.writeDoubleLE(value, at + 1);
    at += VALUE_BYTES;
    values += 1;
  }
  bytes.writeUInt8(values, start + 12);
  return at;
}

function readPoint(bytes: Buffer, start: number): TelemetryPoint {
  const values: Partial<Record<Exclude<TelemetryQuantity, 'balanceMinor'>, number>> = {};
  let balanceMinor: bigint | undefined;
  const end = start + POINT_BYTES + bytes.readUInt8(start + 12) * VALUE_BYTES;
  for (let at = start + POINT_BYTES; at < end; at += VALUE_BYTES) {
    const quantity = quantityOf(bytes.readUInt8(at));
    const value = bytes.readDoubleLE(at + 1);
    if (quantity === 'balanceMinor') balanceMinor = BigInt(value);
    else if (quantity !== undefined) values[quantity] = value;
  }
  return { meterId: bytes.readUInt32LE(start), atMs: bytes.readDoubleLE(start + 4), values, balanceMinor };
}
