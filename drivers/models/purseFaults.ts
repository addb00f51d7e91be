import { REGISTER_COUNTS } from '#drivers/codec/index.ts';
import type { MeterModel, PurseTable, WriteFrame, WritePart } from '#drivers/core/index.ts';

const BYTES: Readonly<Record<WritePart['type'], number>> = { u8: 1, u16: 2, u32: 4, i32: 4 };
/** Registers of one purchase record: count and amount. */
const RECORD_REGISTERS = 3;

/** What is wrong with a model's prepaid table, in words for its author; empty when nothing is, or there is none. */
export function purseFaultsOf(model: MeterModel): readonly string[] {
  const { purse } = model;
  if (purse === undefined) return [];
  return [
    ...readFaults(model, purse),
    ...framesOf(purse).flatMap(([name, frame]) => frameFaults(name, frame)),
    ...moneyFaults(purse),
  ];
}

function readFaults({ spans, maxRegisters }: MeterModel, { blocks, fields, records }: PurseTable): string[] {
  const faults = blocks.flatMap(({ start, count }) =>
    count < 1 || count > maxRegisters
      ? [`purse block at ${start} has ${count} registers, 1 to ${maxRegisters} fit`]
      : [],
  );
  const isRead = (address: number, registers: number): boolean =>
    [...spans, ...blocks].some(({ start, count }) => address >= start && address + registers <= start + count);
  for (const { value, address, type } of fields)
    if (!isRead(address, REGISTER_COUNTS[type])) faults.push(`purse ${value} at ${address} is in no block`);
  for (const needed of ['count', 'balanceMinor'] as const)
    if (!fields.some(({ value }) => value === needed)) faults.push(`the purse does not say where its ${needed} is`);
  if (records !== undefined && !isRead(records.address, records.entries * RECORD_REGISTERS))
    faults.push('the purchase records are in no block');
  return faults;
}

function frameFaults(name: string, { registers, parts }: WriteFrame): string[] {
  const taken = new Set<number>();
  const faults: string[] = [];
  for (const { value, byte, type, enable } of parts) {
    const bytes = Array.from({ length: BYTES[type] }, (_, index) => byte + index);
    if (bytes.some((at) => at >= registers * 2)) faults.push(`${name}: ${value} lies beyond the frame`);
    if (bytes.some((at) => taken.has(at) || at === enable)) faults.push(`${name}: ${value} overlaps another part`);
    for (const at of bytes) taken.add(at);
  }
  return faults;
}

/** Money that adds up must say its amount and its count, always: without them a meter cannot know two apart. */
function moneyFaults({ purchase, refund }: PurseTable): string[] {
  return [purchase, ...(refund === undefined ? [] : [refund])].flatMap(({ start, parts }) =>
    (['amountMinor', 'count'] as const)
      .filter((needed) => !parts.some(({ value, enable }) => value === needed && enable === undefined))
      .map((needed) => `the money frame at ${start} does not always carry its ${needed}`),
  );
}

function framesOf(purse: PurseTable): readonly (readonly [name: string, frame: WriteFrame])[] {
  const single = (['purchase', 'refund', 'setPurse', 'clock'] as const).flatMap((name) => {
    const frame = purse[name];
    return frame === undefined ? [] : [[name, frame] as const];
  });
  const several = (['prices', 'backupPrices', 'settings'] as const).flatMap((name) =>
    purse[name].map((frame) => [name, frame] as const),
  );
  return [...single, ...several];
}
