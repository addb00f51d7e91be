import type {
  MeterPrices,
  MeterSettings,
  PurchaseRecord,
  PurseField,
  PurseRead,
  PurseTable,
} from '#drivers/core/index.ts';
import type { BlockData } from './modelCodec.ts';
import type { PurseValues } from './purseWrite.ts';
import { decodeRegister, encodeRegister, REGISTER_COUNTS } from './registers.ts';

const MINUTE_MS = 60_000;
/** Registers of one purchase record: count and amount. */
const RECORD_REGISTERS = 3;
const NO_COUNT = 0xffff;
const ALL_ONES: Readonly<Record<PurseField['type'], number>> = { u16: 0xffff, u32: 0xffff_ffff, i32: -1, i64: -1 };

/** What the purse says, without the times and the energy of the visit; undefined when count or balance are missing. */
export function decodePurse(
  table: PurseTable,
  blocks: readonly BlockData[],
): Omit<PurseRead, 'atMs' | 'receivedMs' | 'energyWh'> | undefined {
  const values = valuesOf(table, blocks);
  const { count, balanceMinor, cumulativeMinor } = values;
  if (count === undefined || balanceMinor === undefined) return undefined;
  return {
    count,
    balanceMinor: BigInt(balanceMinor),
    records: recordsOf(table, blocks),
    cumulativeMinor: minor(cumulativeMinor),
    settings: settingsOf(values),
    prices: pricesOf(values.sharp, values.peak, values.flat, values.valley, values.deepValley),
    backup: backupOf(values),
  };
}

/** Values by name: of a value that stands in several places the first of the table that was read. */
function valuesOf({ fields }: PurseTable, blocks: readonly BlockData[]): PurseValues {
  const values: PurseValues = {};
  for (const { value, address, type, absentWhenOnes } of fields) {
    if (values[value] !== undefined) continue;
    const found = blockWith(blocks, address, REGISTER_COUNTS[type]);
    if (found === undefined) continue;
    const raw = decodeRegister(type, found.data, (address - found.start) * 2, 'high-first');
    if (absentWhenOnes === true && raw === ALL_ONES[type]) continue;
    values[value] = raw;
  }
  return values;
}

function recordsOf({ records }: PurseTable, blocks: readonly BlockData[]): readonly PurchaseRecord[] | undefined {
  if (records === undefined) return undefined;
  const found = blockWith(blocks, records.address, records.entries * RECORD_REGISTERS);
  if (found === undefined) return undefined;
  const first = (records.address - found.start) * 2;
  const word = (entry: number): number =>
    decodeRegister('u16', found.data, first + entry * RECORD_REGISTERS * 2, 'high-first');
  const amount = (entry: number): number =>
    decodeRegister('i32', found.data, first + entry * RECORD_REGISTERS * 2 + 2, 'high-first');
  const entries = Array.from({ length: records.entries }, (_, entry) => entry);
  // All ones all over: the meter has the window but keeps no records. An empty list has zero counts and zero amounts.
  if (entries.every((entry) => word(entry) === NO_COUNT && amount(entry) === -1)) return undefined;
  return entries
    .filter((entry) => word(entry) !== NO_COUNT)
    .map((entry) => ({ count: word(entry), amountMinor: BigInt(amount(entry)) }));
}

function blockWith(blocks: readonly BlockData[], address: number, registers: number): BlockData | undefined {
  return blocks.find(({ start, count }) => address >= start && address + registers <= start + count);
}

function settingsOf(values: PurseValues): MeterSettings | undefined {
  const { alarm1Minor, alarm2Minor, overdraftMinor, hoardingLimitMinor, overloadLimitW } = values;
  if (alarm1Minor === undefined && overdraftMinor === undefined) return undefined;
  return {
    ...(alarm1Minor === undefined ? {} : { alarm1Minor: BigInt(alarm1Minor) }),
    ...(alarm2Minor === undefined ? {} : { alarm2Minor: BigInt(alarm2Minor) }),
    ...(overdraftMinor === undefined ? {} : { overdraftMinor: BigInt(overdraftMinor) }),
    ...(hoardingLimitMinor === undefined ? {} : { hoardingLimitMinor: BigInt(hoardingLimitMinor) }),
    ...(overloadLimitW === undefined ? {} : { overloadLimitW }),
  };
}

function pricesOf(
  sharp: number | undefined,
  peak: number | undefined,
  flat: number | undefined,
  valley: number | undefined,
  deepValley: number | undefined,
): MeterPrices | undefined {
  if (sharp === undefined || peak === undefined || flat === undefined || valley === undefined) return undefined;
  return { sharp, peak, flat, valley, ...(deepValley === undefined ? {} : { deepValley }) };
}

function backupOf(values: PurseValues): PurseRead['backup'] {
  const { backupSharp, backupPeak, backupFlat, backupValley, backupDeepValley, switchMinute } = values;
  const prices = pricesOf(backupSharp, backupPeak, backupFlat, backupValley, backupDeepValley);
  if (prices === undefined || switchMinute === undefined || switchMinute === 0) return undefined;
  return { prices, switchAtMs: switchMinute * MINUTE_MS };
}

function minor(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}

/** What a simulated meter of this table holds: values by name, and its records, undefined where it keeps none. */
export interface PurseImage {
  readonly values: PurseValues;
  readonly records: readonly PurchaseRecord[] | undefined;
}

/** The registers of one of the table's blocks: the inverse of `decodePurse`. A value that is not there reads all ones. */
export function encodePurse(
  { fields, records }: PurseTable,
  image: PurseImage,
  start: number,
  count: number,
): Uint16Array {
  const words = new Uint16Array(count);
  const inside = (address: number, registers: number): boolean =>
    address >= start && address + registers <= start + count;
  for (const { value, address, type, absentWhenOnes } of fields) {
    if (!inside(address, REGISTER_COUNTS[type])) continue;
    const raw = image.values[value] ?? (absentWhenOnes === true ? ALL_ONES[type] : 0);
    encodeRegister(type, raw, words, address - start, 'high-first');
  }
  if (records !== undefined && inside(records.address, records.entries * RECORD_REGISTERS))
    putRecords(words.subarray(records.address - start), records.entries, image.records);
  return words;
}

function putRecords(words: Uint16Array, entries: number, records: readonly PurchaseRecord[] | undefined): void {
  // An empty place of a meter that keeps records has no amount; of one that keeps none all is ones.
  const empty = records === undefined ? -1 : 0;
  for (let entry = 0; entry < entries; entry += 1) {
    const record = records?.[entry];
    const at = entry * RECORD_REGISTERS;
    words[at] = record?.count ?? NO_COUNT;
    encodeRegister('i32', record === undefined ? empty : Number(record.amountMinor), words, at + 1, 'high-first');
  }
}
