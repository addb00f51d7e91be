import { parseArgs } from 'node:util';
import {
  bytesFromHex,
  compileModel,
  decodeMbap,
  decodeReplyPdu,
  decodeRequestPdu,
  decodeRtuReply,
  decodeRtuRequest,
  EXCEPTION_NAMES,
  hexFromBytes,
  type ModbusReply,
  type ModbusRequest,
} from '#drivers/codec/index.ts';
import { FrameError } from '#drivers/core/index.ts';
import { MODELS, modelById } from '#drivers/models/index.ts';

/** JSON that a person reads: numbers, texts, lists, objects. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Registers are decoded further when the asker knows whose they are. */
export interface DecodeOptions {
  readonly modelId: string | undefined;
  /** Address of the first register of a read reply, which the reply itself does not say. */
  readonly start: number | undefined;
}

/** What one frame of a protocol says; throws FrameError with the reason when it says nothing. */
type Decoder = (bytes: Uint8Array, options: DecodeOptions) => Json;

/** Protocols of the decode command; a new one is a row. */
const PROTOCOLS: Readonly<Record<string, Decoder>> = {
  'modbus-rtu': (bytes, options) => ({
    checksum: 'fits',
    meanings: meanings([
      () => request(decodeRtuRequest(bytes).unit, decodeRtuRequest(bytes).request),
      () => reply(decodeRtuReply(bytes).unit, decodeRtuReply(bytes).reply, options),
    ]),
  }),
  'modbus-tcp': (bytes, options) => {
    const { transactionId, unit, pdu } = decodeMbap(bytes);
    return {
      transactionId,
      meanings: meanings([() => request(unit, decodeRequestPdu(pdu)), () => reply(unit, decodeReplyPdu(pdu), options)]),
    };
  },
};

/** Decodes hex text. The reason of a failure is one sentence for the person who pasted it. */
export function decodeHex(
  protocol: string,
  hex: string,
  options: DecodeOptions,
): { readonly json: Json } | { readonly reason: string } {
  const decode = PROTOCOLS[protocol];
  if (decode === undefined)
    return { reason: `unknown protocol ${protocol}; known: ${Object.keys(PROTOCOLS).join(', ')}` };
  const { modelId, start } = options;
  if (modelId !== undefined && modelById(modelId) === undefined) {
    return { reason: `unknown model ${modelId}; known: ${MODELS.map(({ id }) => id).join(', ')}` };
  }
  if (modelId !== undefined && start === undefined) {
    return { reason: 'a reply does not say where its registers begin: give --start' };
  }
  const bytes = bytesFromHex(hex);
  if (bytes === undefined) return { reason: 'that is not hex: two digits a byte, spaces allowed' };
  try {
    return { json: { protocol, bytes: bytes.length, ...asObject(decode(bytes, options)) } };
  } catch (error) {
    if (error instanceof FrameError) return { reason: `${error.kind}: ${error.message}` };
    throw error;
  }
}

/** A frame does not say who speaks: every direction in which it makes sense is given. */
function meanings(candidates: readonly (() => Json)[]): readonly Json[] {
  const failures: FrameError[] = [];
  const found = candidates.flatMap((candidate) => {
    try {
      return [candidate()];
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      failures.push(error);
      return [];
    }
  });
  const [first] = failures;
  if (found.length > 0 || first === undefined) return found;
  throw new FrameError(first.kind, [...new Set(failures.map(({ message }) => message))].join('; '));
}

function request(unit: number, said: ModbusRequest): Json {
  const head = {
    direction: 'to the meter',
    unit,
    function: said.function,
    start: said.start,
    startHex: hex16(said.start),
  };
  switch (said.kind) {
    case 'read':
      return { ...head, kind: 'read', quantity: said.quantity };
    case 'writeSingle':
      return { ...head, kind: 'write', value: said.value };
    case 'writeCoils':
      return { ...head, kind: 'write coils', quantity: said.quantity, data: hexFromBytes(said.data) };
    case 'writeRegisters':
      return { ...head, kind: 'write', quantity: said.registers.length, registers: said.registers };
  }
}

function reply(unit: number, said: ModbusReply, options: DecodeOptions): Json {
  const head = { direction: 'from the meter', unit, function: said.function };
  switch (said.kind) {
    case 'read':
      return {
        ...head,
        kind: 'read',
        ...(said.function <= 2 ? { coils: hexFromBytes(said.data) } : registers(said.data, options)),
      };
    case 'writeSingle':
      return { ...head, kind: 'written', start: said.start, startHex: hex16(said.start), value: said.value };
    case 'write':
      return { ...head, kind: 'written', start: said.start, startHex: hex16(said.start), quantity: said.quantity };
    case 'vendorWrite':
      return {
        ...head,
        kind: 'written',
        start: said.start,
        startHex: hex16(said.start),
        body: hexFromBytes(said.body),
      };
    case 'exception':
      return {
        ...head,
        kind: 'exception',
        code: said.code,
        exception: EXCEPTION_NAMES[said.code] ?? 'not in the standard',
      };
  }
}

function registers(data: Uint8Array, { modelId, start }: DecodeOptions): { readonly [key: string]: Json } {
  const count = data.length / 2;
  const words = Array.from({ length: count }, (_, index) => ((data[index * 2] ?? 0) << 8) | (data[index * 2 + 1] ?? 0));
  const raw = { quantity: count, registers: words };
  const model = modelId === undefined ? undefined : modelById(modelId);
  if (model === undefined || start === undefined) return raw;
  const said = compileModel(model).decode([{ start, count, data }], { ctRatio: 1, ptRatio: 1 });
  const { values, balanceMinor, status, meterClockMs, ctRatio, ptRatio, rejected } = said;
  return {
    ...raw,
    model: model.id,
    values: Object.fromEntries(Object.entries(values)),
    balanceMinor: balanceMinor === undefined ? null : balanceMinor.toString(),
    status: Object.fromEntries(Object.entries(status)),
    meterClock: meterClockMs === undefined ? null : new Date(meterClockMs).toISOString().slice(0, 19),
    ctRatio,
    ptRatio,
    rejected: rejected.map(({ quantity, raw: value, reason }) => ({ quantity, raw: String(value), reason })),
  };
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

function asObject(json: Json): { readonly [key: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? (json as { readonly [key: string]: Json })
    : { value: json };
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { model: { type: 'string' }, start: { type: 'string' } },
  });
  const [protocol, ...hex] = positionals;
  if (protocol === undefined || hex.length === 0) {
    fail(`usage: npm run decode -- <${Object.keys(PROTOCOLS).join('|')}> <hex> [--model <id> --start <address>]`);
    return;
  }
  const start = values.start === undefined ? undefined : Number(values.start);
  if (start !== undefined && !(Number.isInteger(start) && start >= 0 && start <= 0xffff)) {
    fail(`--start ${values.start} is no register address: 0 to 65535 or 0x0000 to 0xffff`);
    return;
  }
  const result = decodeHex(protocol, hex.join(''), { modelId: values.model, start });
  if ('reason' in result) fail(result.reason);
  else console.log(JSON.stringify(result.json, undefined, 2));
}

function fail(reason: string): void {
  console.error(reason);
  process.exitCode = 1;
}

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    // Only an option that does not exist gets here as a TypeError; anything else is a fault of ours.
    if (!(error instanceof TypeError)) throw error;
    fail(error.message);
  }
}
