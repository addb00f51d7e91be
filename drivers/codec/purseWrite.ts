import type {
  ClockPart,
  MeterCommand,
  MeterModel,
  MeterPrices,
  MeterSettings,
  PurseTable,
  PurseValue,
  RelayMode,
  WriteFrame,
  WritePart,
} from '#drivers/core/index.ts';
import type { ModbusRequest } from './pdu.ts';

/** A write as it goes to a meter. */
export type WriteRequest = Extract<ModbusRequest, { kind: 'writeRegisters' }>;

/** The frames of a command in the order in which they must go, or why the model cannot be told this. */
export type CommandFrames =
  | { readonly ok: true; readonly frames: readonly WriteRequest[] }
  | { readonly ok: false; readonly message: string };

/** Values of a command or of a meter's purse, by name. */
export type PurseValues = Partial<Record<PurseValue, number>>;

const MINUTE_MS = 60_000;
const LIMITS: Readonly<Record<WritePart['type'], readonly [least: number, most: number]>> = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  i32: [-0x8000_0000, 0x7fff_ffff],
};

/** Thrown inside this file only, to leave nested checks. */
class Unsayable extends Error {}

/**
 * What goes on the wire for a command. A purchase and a refund are exactly one frame by the table's own type.
 *
 * @param localMs turns an instant into the meter's local time as if UTC; undefined where the line's zone is not known
 */
export function framesOf(
  model: MeterModel,
  command: MeterCommand,
  localMs: ((atMs: number) => number) | undefined,
): CommandFrames {
  try {
    return { ok: true, frames: requestsOf(model, command, localMs) };
  } catch (error) {
    if (error instanceof Unsayable) return { ok: false, message: `${model.name}: ${error.message}` };
    throw error;
  }
}

function requestsOf(
  model: MeterModel,
  command: MeterCommand,
  localMs: ((atMs: number) => number) | undefined,
): readonly WriteRequest[] {
  if (command.kind === 'relay') return [relayRequest(model, command.mode)];
  const { purse } = model;
  if (purse === undefined) throw new Unsayable('keeps no prepaid balance');
  switch (command.kind) {
    case 'purchase':
    case 'refund':
    case 'setPurse':
      return [requestOf(sayable(purse[command.kind], command.kind), amounts(command))];
    case 'prices':
      return command.switchAtMs === undefined
        ? requests(purse.prices, pricesOf(command.prices), 'prices')
        : requests(purse.backupPrices, backupOf(command.prices, command.switchAtMs), 'a second price set');
    case 'settings':
      return requests(purse.settings, settingsOf(command.settings), 'settings');
    case 'clock':
      if (localMs === undefined) throw new Unsayable('the time zone of the line is not known');
      return [requestOf(sayable(purse.clock, 'clock'), clockParts(localMs(command.atMs)))];
  }
}

function relayRequest({ relayWrite }: MeterModel, mode: RelayMode): WriteRequest {
  if (relayWrite === undefined) throw new Unsayable('has no relay that can be switched');
  const registers = {
    automatic: relayWrite.automatic,
    forcedClosed: relayWrite.forceClose,
    forcedOpen: relayWrite.forceOpen,
  };
  return { kind: 'writeRegisters', function: 16, start: relayWrite.address, registers: registers[mode] };
}

function sayable(frame: WriteFrame | undefined, name: string): WriteFrame {
  if (frame === undefined) throw new Unsayable(`has no way to be told: ${name}`);
  return frame;
}

/** Amounts of money commands. A register's range is the bound; what a bigint says beyond it is refused, never cut off. */
function amounts(command: Extract<MeterCommand, { kind: 'purchase' | 'refund' | 'setPurse' }>): PurseValues {
  const { count } = command;
  if (command.kind === 'setPurse') return { balanceMinor: Number(command.balanceMinor), count };
  return { amountMinor: Number(command.amountMinor), count };
}

/** The frames that have something to say, in the table's order. Every value must find its place. */
function requests(frames: readonly WriteFrame[], values: PurseValues, name: string): readonly WriteRequest[] {
  const placed = new Set(frames.flatMap(({ parts }) => parts.map(({ value }) => value)));
  const homeless = namesOf(values).find((value) => !placed.has(value));
  if (homeless !== undefined) throw new Unsayable(`has no way to be told: ${name} (${homeless})`);
  const wanted = frames.filter(({ parts }) => parts.some(({ value }) => values[value] !== undefined));
  if (wanted.length === 0) throw new Unsayable(`${name}: nothing to write`);
  return wanted.map((frame) => requestOf(frame, values));
}

function requestOf({ function: code, start, registers: count, parts }: WriteFrame, values: PurseValues): WriteRequest {
  const bytes = new Uint8Array(count * 2);
  const view = new DataView(bytes.buffer);
  for (const part of parts) {
    const value = values[part.value];
    if (value === undefined) {
      needsNothing(part, parts, values);
      continue;
    }
    put(view, part, value);
    if (part.enable !== undefined) view.setUint8(part.enable, 1);
  }
  const registers = Array.from({ length: count }, (_, index) => view.getUint16(index * 2));
  return { kind: 'writeRegisters', function: code, start, registers };
}

/** A part may be left out only where its enable byte says so, and with all that share the byte. */
function needsNothing(part: WritePart, parts: readonly WritePart[], values: PurseValues): void {
  const partners = parts.filter(({ enable }) => enable === part.enable);
  if (part.enable === undefined || partners.some(({ value }) => values[value] !== undefined))
    throw new Unsayable(
      `${partners.map(({ value }) => value).join(', ')} are written together; ${part.value} is missing`,
    );
}

function put(view: DataView, { value: name, byte, type }: WritePart, value: number): void {
  const [least, most] = LIMITS[type];
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw new Unsayable(`${name} ${value} does not fit its register (${least} to ${most})`);
  if (type === 'u8') view.setUint8(byte, value);
  else if (type === 'u16') view.setUint16(byte, value);
  else view.setUint32(byte, value >>> 0);
}

function pricesOf({ sharp, peak, flat, valley, deepValley }: MeterPrices): PurseValues {
  return { sharp, peak, flat, valley, ...(deepValley === undefined ? {} : { deepValley }) };
}

function backupOf({ sharp, peak, flat, valley, deepValley }: MeterPrices, switchAtMs: number): PurseValues {
  return {
    backupSharp: sharp,
    backupPeak: peak,
    backupFlat: flat,
    backupValley: valley,
    backupDeepValley: deepValley ?? valley,
    switchMinute: Math.ceil(switchAtMs / MINUTE_MS),
  };
}

function settingsOf(settings: MeterSettings): PurseValues {
  const values: PurseValues = {};
  for (const name of ['alarm1Minor', 'alarm2Minor', 'overdraftMinor', 'hoardingLimitMinor'] as const) {
    const amount = settings[name];
    if (amount !== undefined) values[name] = Number(amount);
  }
  if (settings.overloadLimitW !== undefined) values.overloadLimitW = settings.overloadLimitW;
  return values;
}

function clockParts(localMs: number): Record<ClockPart, number> {
  const at = new Date(localMs);
  return {
    second: at.getUTCSeconds(),
    minute: at.getUTCMinutes(),
    hour: at.getUTCHours(),
    weekday: at.getUTCDay(),
    day: at.getUTCDate(),
    month: at.getUTCMonth() + 1,
    year: at.getUTCFullYear() - 2000,
  };
}

function namesOf(values: PurseValues): readonly PurseValue[] {
  return (Object.keys(values) as PurseValue[]).filter((name) => values[name] !== undefined);
}

/** Which of a table's writes a frame is. */
export type PurseWriteKind = 'purchase' | 'refund' | 'setPurse' | 'prices' | 'backupPrices' | 'settings' | 'clock';

/**
 * The other way round, for the simulator: what a meter of this table makes of a write. Undefined when no frame of the
 * table is laid out like it.
 */
export function purseWriteOf(
  table: PurseTable,
  { function: code, start, registers }: WriteRequest,
): readonly { readonly kind: PurseWriteKind; readonly values: PurseValues }[] | undefined {
  const view = new DataView(new ArrayBuffer(registers.length * 2));
  for (const [index, register] of registers.entries()) view.setUint16(index * 2, register);
  const known: readonly (readonly [PurseWriteKind, readonly WriteFrame[]])[] = [
    ['purchase', [table.purchase]],
    ['refund', some(table.refund)],
    ['setPurse', some(table.setPurse)],
    ['prices', table.prices],
    ['backupPrices', table.backupPrices],
    ['settings', table.settings],
    ['clock', some(table.clock)],
  ];
  const found = known.flatMap(([kind, frames]) =>
    frames
      .filter((frame) => frame.function === code && frame.start === start && frame.registers === registers.length)
      .map((frame) => ({ kind, values: valuesIn(frame, view) })),
  );
  if (found.length === 0) return undefined;
  // One frame carries several kinds, told apart by which enable bytes are set.
  return found.filter(({ values }) => Object.keys(values).length > 0);
}

function some(frame: WriteFrame | undefined): readonly WriteFrame[] {
  return frame === undefined ? [] : [frame];
}

function valuesIn({ parts }: WriteFrame, view: DataView): PurseValues {
  const values: PurseValues = {};
  for (const { value, byte, type, enable } of parts) {
    if (enable !== undefined && view.getUint8(enable) === 0) continue;
    if (type === 'u8') values[value] = view.getUint8(byte);
    else if (type === 'u16') values[value] = view.getUint16(byte);
    else values[value] = type === 'u32' ? view.getUint32(byte) : view.getInt32(byte);
  }
  return values;
}
