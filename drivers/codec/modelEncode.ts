import type { Field, Flag, MeterModel, MeterStatus, StatusWord, Values } from '#drivers/core/index.ts';
import { factorOf, type Ratios } from './modelCodec.ts';
import { CLOCK_BYTES, exactScale } from './modelPlan.ts';
import { encodeRegister, REGISTER_COUNTS } from './registers.ts';

/** Everything a simulated meter is, in canonical units on the primary side. */
export interface MeterImage extends Ratios {
  readonly values: Values;
  readonly balanceMinor: bigint | undefined;
  readonly status: MeterStatus;
  /** Local time as if UTC, ms. */
  readonly meterClockMs: number | undefined;
}

/**
 * The registers `start … start + count` as a meter of this model would hold them: the inverse of decoding through the
 * same table. Registers that the table does not name, and values the image lacks, are zero (or the field's `absentRaw`).
 */
export function encodeRegisters(model: MeterModel, image: MeterImage, start: number, count: number): Uint16Array {
  const words = new Uint16Array(count);
  for (const field of model.fields) {
    const index = field.address - start;
    if (index < 0 || index + REGISTER_COUNTS[field.type] > count) continue;
    encodeRegister(field.type, rawOf(field, image), words, index, field.wordOrder ?? 'high-first');
  }
  if (model.status !== undefined) {
    const index = model.status.address - start;
    if (index >= 0 && index < count) words[index] = encodeStatus(model.status, image.status);
  }
  if (model.clock !== undefined && image.meterClockMs !== undefined) {
    writeClock(words, (model.clock.spanStart - start) * 2 + model.clock.byteOffset, image.meterClockMs);
  }
  return words;
}

/** Registers as the data bytes of a read reply. */
export function bytesFromRegisters(words: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 2);
  words.forEach((word, index) => {
    bytes[index * 2] = word >>> 8;
    bytes[index * 2 + 1] = word & 0xff;
  });
  return bytes;
}

function rawOf(field: Field, image: MeterImage): number {
  const value = canonicalOf(field, image);
  if (value === undefined) return field.absentRaw ?? 0;
  const { multiplier, divisor } = exactScale(field.scale);
  return (value * divisor) / (multiplier * factorOf(field.multiply ?? 'none', image));
}

function canonicalOf(field: Field, image: MeterImage): number | undefined {
  switch (field.quantity) {
    case 'balanceMinor':
      return image.balanceMinor === undefined ? undefined : Number(image.balanceMinor);
    case 'ctRatio':
      return image.ctRatio;
    case 'ptRatio':
      return image.ptRatio;
    default:
      return image.values[field.quantity];
  }
}

/** The status word that says `status`; keys that are missing leave their bits at rest. */
export function encodeStatus(word: StatusWord, status: MeterStatus): number {
  let bits = 0;
  const raise = (flag: Flag | undefined): void => {
    if (flag !== undefined) bits = (bits & ~flag.mask) | (flag.equals ?? flag.mask);
  };
  if (status.relay === 'closed') raise(word.relayClosed);
  if (status.relay === 'open') raise(word.relayOpen);
  // Partial: the lowest contact only. A model with one contact cannot say it.
  if (status.relay === 'partial' && word.relayClosed !== undefined)
    bits |= word.relayClosed.mask & -word.relayClosed.mask;
  if (status.forced === 'closed' || status.forced === 'open') raise(word.forcedOn);
  if (status.forced === 'closed') raise(word.forcedClosed);
  if (status.money === 'arrears') raise(word.arrears);
  if (status.money === 'alarm2') raise(word.alarm2);
  if (status.money === 'alarm1') raise(word.alarm1);
  if (status.overLimit === true) raise(word.overLimit);
  if (status.fault === true) raise(word.fault);
  return bits;
}

function writeClock(words: Uint16Array, byteOffset: number, clockMs: number): void {
  if (byteOffset < 0 || byteOffset + CLOCK_BYTES > words.length * 2) return;
  const at = new Date(clockMs);
  // Sunday is 1: the maker's cloud frames count so; no source says it of this block.
  const parts = [
    at.getUTCFullYear() - 2000,
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCDay() + 1,
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
  ];
  parts.forEach((part, index) => {
    const byte = byteOffset + index;
    const word = words[byte >> 1] ?? 0;
    words[byte >> 1] = byte % 2 === 0 ? (word & 0x00ff) | (part << 8) : (word & 0xff00) | part;
  });
}
