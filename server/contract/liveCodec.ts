/**
 * The wall's compact frames: a header, then the changed fields of the changed meters, sorted by id.
 *
 * header   varint propertyId, varint seq, varint atMs, varint count
 * record   varint (id − previous id), byte mask, then in this order what the mask names:
 *          1 facts    varint of `packFacts`
 *          2 load     zigzag varint, W
 *          4 balance  zigzag varint, minor units
 *          8 heard    varint, whole seconds before atMs of the last answer
 *         16 load is absent now       32 balance is absent now       64 never heard
 */
export const FIELD = {
  facts: 1,
  loadW: 2,
  balanceMinor: 4,
  heardAgo: 8,
  noLoad: 16,
  noBalance: 32,
  neverHeard: 64,
} as const;

/** Changed fields of one meter. `undefined` = unchanged, `null` = now absent. */
export interface MeterChange {
  readonly meterId: number;
  readonly packedFacts?: number | undefined;
  readonly loadW?: number | null | undefined;
  readonly balanceMinor?: bigint | null | undefined;
  /** Seconds since the last answer, at `atMs`; null = never. */
  readonly heardAgoS?: number | null | undefined;
}

export interface LiveFrame {
  readonly propertyId: number;
  readonly seq: number;
  readonly atMs: number;
  readonly changes: readonly MeterChange[];
}

const INITIAL_BYTES = 1_024;
const RECORD_BYTES_MAX = 5 + 1 + 5 + 10 + 10 + 5;

/** Encodes a frame; `changes` must be sorted by `meterId`, each id once. Throws RangeError otherwise. */
export function encodeFrame(frame: LiveFrame): Uint8Array {
  const writer = new ByteWriter(Math.max(INITIAL_BYTES, 40 + frame.changes.length * 12));
  writer.varint(frame.propertyId);
  writer.varint(frame.seq);
  writer.varint(frame.atMs);
  writer.varint(frame.changes.length);
  let previousId = 0;
  for (const change of frame.changes) {
    if (change.meterId <= previousId) throw new RangeError('changes must be sorted by meterId, each once');
    writer.reserve(RECORD_BYTES_MAX);
    writer.varint(change.meterId - previousId);
    previousId = change.meterId;
    writeRecord(writer, change);
  }
  return writer.bytes();
}

function writeRecord(writer: ByteWriter, change: MeterChange): void {
  let mask = 0;
  if (change.packedFacts !== undefined) mask |= FIELD.facts;
  if (change.loadW === null) mask |= FIELD.noLoad;
  else if (change.loadW !== undefined) mask |= FIELD.loadW;
  if (change.balanceMinor === null) mask |= FIELD.noBalance;
  else if (change.balanceMinor !== undefined) mask |= FIELD.balanceMinor;
  if (change.heardAgoS === null) mask |= FIELD.neverHeard;
  else if (change.heardAgoS !== undefined) mask |= FIELD.heardAgo;
  writer.byte(mask);
  if (change.packedFacts !== undefined) writer.varint(change.packedFacts);
  if (change.loadW !== undefined && change.loadW !== null) writer.zigzag(Math.round(change.loadW));
  if (change.balanceMinor !== undefined && change.balanceMinor !== null) writer.zigzagBig(change.balanceMinor);
  if (change.heardAgoS !== undefined && change.heardAgoS !== null)
    writer.varint(Math.max(0, Math.round(change.heardAgoS)));
}

/** Decodes a frame. Throws RangeError on truncated bytes. */
export function decodeFrame(bytes: Uint8Array): LiveFrame {
  const reader = new ByteReader(bytes);
  const propertyId = reader.varint();
  const seq = reader.varint();
  const atMs = reader.varint();
  const count = reader.varint();
  if (count > bytes.length) throw new RangeError('count exceeds the frame');
  const changes: MeterChange[] = [];
  let meterId = 0;
  for (let index = 0; index < count; index++) {
    meterId += reader.varint();
    const mask = reader.byte();
    changes.push({
      meterId,
      packedFacts: mask & FIELD.facts ? reader.varint() : undefined,
      loadW: mask & FIELD.noLoad ? null : mask & FIELD.loadW ? reader.zigzag() : undefined,
      balanceMinor: mask & FIELD.noBalance ? null : mask & FIELD.balanceMinor ? reader.zigzagBig() : undefined,
      heardAgoS: mask & FIELD.neverHeard ? null : mask & FIELD.heardAgo ? reader.varint() : undefined,
    });
  }
  return { propertyId, seq, atMs, changes };
}

class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }
  reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
  byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }
  /** Unsigned, up to 2^53. Arithmetic, not shifts: shifts stop at 32 bits. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }
  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }
  zigzagBig(value: bigint): void {
    let rest = value >= 0n ? value * 2n : -value * 2n - 1n;
    while (rest >= 128n) {
      this.byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

class ByteReader {
  #bytes: Uint8Array;
  #offset = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  byte(): number {
    const value = this.#bytes[this.#offset++];
    if (value === undefined) throw new RangeError('frame is truncated');
    return value;
  }
  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
      if (factor > 2 ** 53) throw new RangeError('number is too long');
    }
  }
  zigzag(): number {
    const raw = this.varint();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }
  zigzagBig(): bigint {
    let raw = 0n;
    for (let shift = 0n; shift <= 70n; shift += 7n) {
      const byte = this.byte();
      raw |= BigInt(byte & 127) << shift;
      if (byte < 128) return raw % 2n === 0n ? raw / 2n : -(raw + 1n) / 2n;
    }
    throw new RangeError('number is too long');
  }
}
