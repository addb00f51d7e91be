import {
  encodePurse,
  type PurseImage,
  type PurseValues,
  type PurseWriteKind,
  purseWriteOf,
  type WriteRequest,
} from '#drivers/codec/index.ts';
import type { PurseCapabilities, PurseTable } from '#drivers/core/index.ts';
import { localDate } from '../plantTime.ts';
import type { MeterWrite } from './meterWrite.ts';
import type { SimulatedMeter } from './simulatedMeter.ts';
import type { Prices } from './tariff.ts';

const MINUTE_MS = 60_000;

/**
 * Does a meter of these capabilities have the block? The first is the maker's; what is beyond stands for what nobody has
 * documented, and is there only while something is in it.
 */
function hasBlock(table: PurseTable, start: number, can: PurseCapabilities): boolean {
  return start === table.blocks[0]?.start || can.readRecord || can.readCumulative || can.secondTariffSet;
}

/** Registers of the prepaid side, any run inside one of its blocks; undefined where this meter has none. */
export function purseRegisters(
  meter: SimulatedMeter,
  table: PurseTable,
  can: PurseCapabilities,
  start: number,
  count: number,
  atMs: number,
): Uint16Array | undefined {
  const block = table.blocks.find((one) => start >= one.start && start + count <= one.start + one.count);
  if (block === undefined || !hasBlock(table, block.start, can)) return undefined;
  meter.advance(atMs);
  const words = encodePurse(table, imageOf(meter, can, atMs), block.start, block.count);
  return words.subarray(start - block.start, start - block.start + count);
}

function imageOf(meter: SimulatedMeter, can: PurseCapabilities, atMs: number): PurseImage {
  const { forced, purchaseCount } = meter.path;
  const { settings, backup, cumulativeMinor, records } = meter.purse;
  const [sharp, peak, flat, valley] = settings.prices;
  const values: PurseValues = {
    count: purchaseCount,
    balanceMinor: can.readBalance ? Number(meter.balanceMinorAt(atMs)) : 0,
    alarm1Minor: Number(settings.alarm1Minor),
    alarm2Minor: Number(settings.alarm2Minor),
    overdraftMinor: Number(-settings.cutLineMinor),
    hoardingLimitMinor: Number(settings.hoardingLimitMinor),
    overloadLimitW: settings.overloadLimitW ?? 0,
    forceOn: forced === 'none' ? 0 : 1,
    forceOpen: forced === 'open' ? 1 : 0,
    ...{ sharp, peak, flat, valley },
  };
  if (settings.deepValley !== undefined) values.deepValley = settings.deepValley;
  if (can.readCumulative) values.cumulativeMinor = Number(cumulativeMinor);
  if (can.secondTariffSet) values.switchMinute = 0;
  if (can.secondTariffSet && backup !== undefined) {
    [values.backupSharp, values.backupPeak, values.backupFlat, values.backupValley] = backup.prices;
    values.backupDeepValley = backup.deepValley;
    values.switchMinute = Math.ceil(backup.switchAtMs / MINUTE_MS);
  }
  return { values, records: can.readRecord ? records : undefined };
}

/** What a write says to a meter of these capabilities; undefined when it has no such register. */
export function purseWrites(
  table: PurseTable,
  can: PurseCapabilities,
  request: WriteRequest,
  atMs: number,
): readonly MeterWrite[] | undefined {
  const window = table.blocks.find(({ start, count }) => request.start >= start && request.start < start + count);
  if (window !== undefined && !hasBlock(table, window.start, can)) return undefined;
  return purseWriteOf(table, request)?.map(({ kind, values }) => meterWrite(kind, values, atMs));
}

function meterWrite(kind: PurseWriteKind, values: PurseValues, atMs: number): MeterWrite {
  const amountMinor = BigInt(values.amountMinor ?? 0);
  const purchaseCount = values.count;
  switch (kind) {
    case 'purchase':
      return { kind: 'buy', amountMinor, purchaseCount: purchaseCount ?? 0 };
    case 'refund':
      return { kind: 'refund', amountMinor, purchaseCount: purchaseCount ?? 0 };
    case 'setPurse':
      return { kind: 'set', balanceMinor: optional(values.balanceMinor), purchaseCount };
    case 'prices':
      return { kind: 'prices', prices: pricesOf(values), deepValley: values.deepValley };
    case 'backupPrices': {
      const { backupSharp = 0, backupPeak = 0, backupFlat = 0, backupValley = 0, backupDeepValley = 0 } = values;
      const prices: Prices = [backupSharp, backupPeak, backupFlat, backupValley];
      return {
        kind: 'backup',
        prices,
        deepValley: backupDeepValley,
        switchAtMs: (values.switchMinute ?? 0) * MINUTE_MS,
      };
    }
    case 'settings':
      return { kind: 'settings', settings: settingsOf(values) };
    case 'clock':
      return { kind: 'clock', offsetMs: clockOf(values) - localDate(atMs).getTime() };
  }
}

function settingsOf(values: PurseValues): Extract<MeterWrite, { kind: 'settings' }>['settings'] {
  const { alarm1Minor, alarm2Minor, overdraftMinor, hoardingLimitMinor, overloadLimitW } = values;
  return {
    ...(alarm1Minor === undefined ? {} : { alarm1Minor: BigInt(alarm1Minor) }),
    ...(alarm2Minor === undefined ? {} : { alarm2Minor: BigInt(alarm2Minor) }),
    ...(overdraftMinor === undefined ? {} : { cutLineMinor: -BigInt(overdraftMinor) }),
    ...(hoardingLimitMinor === undefined ? {} : { hoardingLimitMinor: BigInt(hoardingLimitMinor) }),
    ...(overloadLimitW === undefined ? {} : { overloadLimitW }),
  };
}

function pricesOf({ sharp, peak, flat, valley }: PurseValues): Prices | undefined {
  if (sharp === undefined || peak === undefined || flat === undefined || valley === undefined) return undefined;
  return [sharp, peak, flat, valley];
}

function clockOf({ year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 }: PurseValues): number {
  return Date.UTC(2000 + year, month - 1, day, hour, minute, second);
}

function optional(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}
