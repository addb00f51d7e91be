import {
  bytesFromRegisters,
  encodeRegisters,
  type ModbusReply,
  type ModbusRequest,
  VENDOR_WRITE,
} from '#drivers/codec/index.ts';
import type { MeterModel } from '#drivers/core/index.ts';
import { imageOf } from './meterImage.ts';
import { PREPAID_WINDOW, prepaidRegisters } from './prepaidWindow.ts';
import type { MeterWrite, SimulatedMeter } from './simulatedMeter.ts';

/** Modbus exception codes that a meter gives (Modbus application protocol 1.1b3, 7). */
const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;

/** Start address of the vendor's purchase write: amount u32, new purchase count u16, 0. */
const BUY_START = 0x0100;

/** What a meter does with a write; false: it refuses. */
export type AcceptWrite = (meter: SimulatedMeter, write: MeterWrite) => boolean;

/** A relay indicator that shows something else than the relay's truth. */
export type RelayShows = 'open' | 'closed' | undefined;

/** The meter's answer to one request, at plant time `atMs`. Unknown functions, registers and values get exceptions. */
export function answer(
  meter: SimulatedMeter,
  model: MeterModel,
  request: ModbusRequest,
  atMs: number,
  accept: AcceptWrite,
  relayShows: RelayShows,
): ModbusReply {
  const refuse = (code: number): ModbusReply => ({ kind: 'exception', function: request.function, code });
  switch (request.kind) {
    case 'read': {
      if (request.function !== model.readFunction) return refuse(ILLEGAL_FUNCTION);
      if (request.quantity > model.maxRegisters) return refuse(ILLEGAL_VALUE);
      const words = readWords(meter, model, request.start, request.quantity, atMs, relayShows);
      if (words === undefined) return refuse(ILLEGAL_ADDRESS);
      return { kind: 'read', function: request.function, data: bytesFromRegisters(words) };
    }
    case 'writeRegisters': {
      const { start, registers } = request;
      const write = meter.spec.purse === undefined ? undefined : writeOf(model, request.function, start, registers);
      if (write === undefined) return refuse(request.function === 16 ? ILLEGAL_ADDRESS : ILLEGAL_FUNCTION);
      if (!accept(meter, write)) return refuse(ILLEGAL_VALUE);
      if (request.function === 16) return { kind: 'write', function: 16, start, quantity: registers.length };
      // Undocumented; the maker's tool waits for 15 bytes after a purchase: the request without its register count.
      return { kind: 'vendorWrite', function: VENDOR_WRITE, start, body: vendorBody(registers) };
    }
    case 'writeSingle':
    case 'writeCoils':
      return refuse(ILLEGAL_FUNCTION);
  }
}

function readWords(
  meter: SimulatedMeter,
  model: MeterModel,
  start: number,
  count: number,
  atMs: number,
  relayShows: RelayShows,
): Uint16Array | undefined {
  if (insideSpans(model, start, count)) {
    const image = imageOf(meter, model, atMs);
    const status = relayShows === undefined ? image.status : { ...image.status, relay: relayShows };
    return encodeRegisters(model, { ...image, status }, start, count);
  }
  const { start: first, count: length } = PREPAID_WINDOW;
  if (!model.capabilities.prepaid || start < first || start + count > first + length) return undefined;
  return prepaidRegisters(meter, atMs).subarray(start - first, start - first + count);
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

function writeOf(model: MeterModel, code: number, start: number, registers: readonly number[]): MeterWrite | undefined {
  const { relayWrite } = model;
  if (code === VENDOR_WRITE && start === BUY_START && registers.length === 4 && model.capabilities.prepaid) {
    const [high = 0, low = 0, purchaseCount = 0] = registers;
    return { kind: 'buy', amountMinor: BigInt(high * 0x1_0000 + low), purchaseCount };
  }
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

function vendorBody(registers: readonly number[]): Uint8Array {
  return Uint8Array.of(registers.length * 2, ...bytesFromRegisters(Uint16Array.from(registers)));
}
