import type { RegisterType } from '#drivers/core/index.ts';

/** Registers that a value of each type takes. */
export const REGISTER_COUNTS: Readonly<Record<RegisterType, 1 | 2 | 4>> = {
  u16: 1,
  i16: 1,
  u32: 2,
  i32: 2,
  f32: 2,
  u64: 4,
  i64: 4,
};

export type WordOrder = 'high-first' | 'low-first';

const TWO_32 = 0x1_0000_0000;
const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

/**
 * The value of `type` whose first data byte is `bytes[offset]`; words are big-endian (Modbus application protocol
 * 1.1b3, 4.2). 64-bit values beyond 2^53 are rounded; no meter counts so far. The caller has checked the length.
 */
export function decodeRegister(type: RegisterType, bytes: Uint8Array, offset: number, wordOrder: WordOrder): number {
  switch (type) {
    case 'u16':
      return word(bytes, offset);
    case 'i16':
      return (word(bytes, offset) << 16) >> 16;
    case 'u32':
      return bits32(bytes, offset, wordOrder) >>> 0;
    case 'i32':
      return bits32(bytes, offset, wordOrder) | 0;
    case 'f32':
      floatBits[0] = bits32(bytes, offset, wordOrder);
      return float[0] ?? 0;
    case 'u64':
    case 'i64': {
      const first = bits32(bytes, offset, wordOrder);
      const second = bits32(bytes, offset + 4, wordOrder);
      const high = wordOrder === 'high-first' ? first : second;
      const low = wordOrder === 'high-first' ? second : first;
      return (type === 'u64' ? high >>> 0 : high | 0) * TWO_32 + (low >>> 0);
    }
  }
}

/** Writes `raw` as registers from `words[index]`. Integers are clamped to the type's range, as meters' registers are. */
export function encodeRegister(
  type: RegisterType,
  raw: number,
  words: Uint16Array,
  index: number,
  wordOrder: WordOrder,
): void {
  switch (type) {
    case 'u16':
      words[index] = clamp(raw, 0, 0xffff);
      return;
    case 'i16':
      words[index] = clamp(raw, -0x8000, 0x7fff);
      return;
    case 'u32':
      writeBits32(words, index, clamp(raw, 0, TWO_32 - 1), wordOrder);
      return;
    case 'i32':
      writeBits32(words, index, clamp(raw, -TWO_32 / 2, TWO_32 / 2 - 1), wordOrder);
      return;
    case 'f32':
      float[0] = raw;
      writeBits32(words, index, floatBits[0] ?? 0, wordOrder);
      return;
    case 'u64':
    case 'i64': {
      const value = clamp(raw, type === 'u64' ? 0 : Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
      const high = Math.floor(value / TWO_32);
      const low = value - high * TWO_32;
      writeBits32(words, index, wordOrder === 'high-first' ? high : low, wordOrder);
      writeBits32(words, index + 2, wordOrder === 'high-first' ? low : high, wordOrder);
    }
  }
}

function word(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

function bits32(bytes: Uint8Array, offset: number, wordOrder: WordOrder): number {
  const first = word(bytes, offset);
  const second = word(bytes, offset + 2);
  return wordOrder === 'high-first' ? (first << 16) | second : (second << 16) | first;
}

function writeBits32(words: Uint16Array, index: number, bits: number, wordOrder: WordOrder): void {
  const high = (bits >>> 16) & 0xffff;
  const low = bits & 0xffff;
  words[index] = wordOrder === 'high-first' ? high : low;
  words[index + 1] = wordOrder === 'high-first' ? low : high;
}

function clamp(raw: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(raw)));
}
