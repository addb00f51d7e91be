import {
  bytesFromRegisters,
  encodeRegisters,
  type ModbusReply,
  type ModbusRequest,
  VENDOR_WRITE,
  type WriteRequest,
} from '#drivers/codec/index.ts';
import type { MeterModel, PurseCapabilities, Refusal } from '#drivers/core/index.ts';
import { imageOf } from './meterImage.ts';
import type { MeterWrite, WriteRefusal } from './meterWrite.ts';
import { purseRegisters, purseWrites } from './purseFace.ts';
import type { SimulatedMeter } from './simulatedMeter.ts';

/** Modbus exception codes that a meter gives (Modbus application protocol 1.1b3, 7). */
const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;

/** A vendor write of so many registers is repeated in its answer. */
const REPEATED_REGISTERS = 4;

/** What a meter does with a write: why it refuses, or undefined. */
export type AcceptWrite = (meter: SimulatedMeter, write: MeterWrite) => WriteRefusal | undefined;

/** How a meter is out of order. */
export interface Quirks {
  /** A relay indicator that shows something else than the relay's truth. */
  readonly relayShows: 'open' | 'closed' | undefined;
  /** It takes no purchase, as if it held as much as it may. */
  readonly refusesPurchases: boolean;
}

/** What a meter is, apart from what happened to it. */
export interface MeterKind {
  readonly model: MeterModel;
  readonly can: PurseCapabilities;
}

/** The meter's answer to one request, at plant time `atMs`. Unknown functions, registers and values get exceptions. */
export function answer(
  meter: SimulatedMeter,
  kind: MeterKind,
  request: ModbusRequest,
  atMs: number,
  accept: AcceptWrite,
  { relayShows, refusesPurchases }: Quirks,
): ModbusReply {
  const { model } = kind;
  const refuse = (code: number): ModbusReply => ({ kind: 'exception', function: request.function, code });
  switch (request.kind) {
    case 'read': {
      if (request.function !== model.readFunction) return refuse(ILLEGAL_FUNCTION);
      if (request.quantity > model.maxRegisters) return refuse(ILLEGAL_VALUE);
      const words = readWords(meter, kind, request.start, request.quantity, atMs, relayShows);
      if (words === undefined) return refuse(ILLEGAL_ADDRESS);
      return { kind: 'read', function: request.function, data: bytesFromRegisters(words) };
    }
    case 'writeRegisters': {
      const { start, registers } = request;
      const writes = meter.spec.purse === undefined ? undefined : writesOf(kind, request, atMs);
      if (writes === undefined) return refuse(request.function === 16 ? ILLEGAL_ADDRESS : ILLEGAL_FUNCTION);
      for (const write of writes) {
        const refusal = refusesPurchases && write.kind === 'buy' ? 'hoarding' : accept(meter, write);
        if (refusal !== undefined) return refuse(codeOf(refusal, model));
      }
      if (request.function === 16) return { kind: 'write', function: 16, start, quantity: registers.length };
      return { kind: 'vendorWrite', function: VENDOR_WRITE, start, body: vendorBody(registers) };
    }
    case 'writeSingle':
    case 'writeCoils':
      return refuse(ILLEGAL_FUNCTION);
  }
}

function codeOf(refusal: WriteRefusal, { purse }: MeterModel): number {
  if (refusal === 'value') return ILLEGAL_VALUE;
  if (refusal === 'unsupported') return ILLEGAL_ADDRESS;
  const own: readonly (readonly [string, Refusal])[] = Object.entries(purse?.refusals ?? {});
  return Number(own.find(([, meaning]) => meaning === refusal)?.[0] ?? ILLEGAL_VALUE);
}

function readWords(
  meter: SimulatedMeter,
  { model, can }: MeterKind,
  start: number,
  count: number,
  atMs: number,
  relayShows: Quirks['relayShows'],
): Uint16Array | undefined {
  if (insideSpans(model, start, count)) {
    const image = imageOf(meter, model, atMs);
    const status = relayShows === undefined ? image.status : { ...image.status, relay: relayShows };
    const balanceMinor = can.readBalance ? image.balanceMinor : 0n;
    return encodeRegisters(model, { ...image, status, balanceMinor }, start, count);
  }
  if (model.purse === undefined || meter.spec.purse === undefined) return undefined;
  return purseRegisters(meter, model.purse, can, start, count, atMs);
}

/** A meter answers for every address that one of its spans covers; requests may run across adjoining spans. */
function insideSpans(model: MeterModel, start: number, count: number): boolean {
  let address = start;
  while (address < start + count) {
    const span = model.spans.find(
      (candidate) => address >= candidate.start && address < candidate.start + candidate.count,
    );
    if (span === undefined) return false;
    address = span.start + span.count;
  }
  return true;
}

function writesOf({ model, can }: MeterKind, request: WriteRequest, atMs: number): readonly MeterWrite[] | undefined {
  const relay = relayWriteOf(model, request);
  if (relay !== undefined) return [relay];
  return model.purse === undefined ? undefined : purseWrites(model.purse, can, request, atMs);
}

function relayWriteOf(
  { relayWrite }: MeterModel,
  { function: code, start, registers }: WriteRequest,
): MeterWrite | undefined {
  if (code !== 16 || relayWrite === undefined || start !== relayWrite.address) return undefined;
  if (registers.length !== relayWrite.forceClose.length) return undefined;
  if (same(registers, relayWrite.forceClose)) return { kind: 'force', mode: 'closed' };
  if (same(registers, relayWrite.forceOpen)) return { kind: 'force', mode: 'open' };
  // "Force off" is said by the first register alone: the second is without meaning then.
  return registers[0] === relayWrite.automatic[0] ? { kind: 'force', mode: 'none' } : undefined;
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}

/**
 * Undocumented; the maker's tool waits for 15 bytes after every vendor write, which for a purchase is the request without
 * its register count. A longer write is answered here as function 16 would be.
 */
function vendorBody(registers: readonly number[]): Uint8Array {
  if (registers.length !== REPEATED_REGISTERS) return Uint8Array.of(0, registers.length);
  return Uint8Array.of(registers.length * 2, ...bytesFromRegisters(Uint16Array.from(registers)));
}
