import { parseArgs } from 'node:util';
import {
  type CompiledModel,
  compileModel,
  decodeMbapReply,
  decodeMbapRequest,
  decodeRtuReply,
  decodeRtuRequest,
  encodeMbap,
  encodeReplyPdu,
  encodeRequestPdu,
  encodeRtuReply,
  encodeRtuRequest,
  hexFromBytes,
  MbapStream,
  type ModbusReply,
  type ModbusRequest,
  RtuReplyStream,
  RtuRequestStream,
} from '#drivers/codec/index.ts';
import { type Chance, FrameError } from '#drivers/core/index.ts';
import { decodeHex } from '#drivers/decode.ts';
import { MODELS } from '#drivers/models/index.ts';

/** An input may take this long; more is a hang. */
const SLOW_MS = 1_000;
/** The decode command builds JSON and hex texts; it gets every n-th frame so that a million takes seconds. */
const TEXT_EVERY = 50;

/** Result of a run. Equal seeds give equal runs. */
export interface FuzzReport {
  readonly seed: number;
  readonly frames: number;
  /** How many decoders took an input for a frame. */
  readonly accepted: number;
}

/**
 * Sends random and spoiled frames through every decoder. Throws with seed, index and bytes when a decoder throws
 * anything but FrameError, accepts a wrong checksum, or takes too long.
 */
export function fuzz(frames: number, seed: number): FuzzReport {
  const chance = mulberry32(seed);
  const models = MODELS.map((model) => compileModel(model));
  let accepted = 0;
  for (let index = 0; index < frames; index += 1) {
    const bytes = spoiled(chance);
    const startMs = performance.now();
    try {
      accepted += decodeAll(bytes, chance, models, index % TEXT_EVERY === 0);
    } catch (error) {
      throw new Error(`seed ${seed}, frame ${index}: ${hexFromBytes(bytes)}`, { cause: error });
    }
    if (performance.now() - startMs > SLOW_MS)
      throw new Error(`seed ${seed}, frame ${index} took over ${SLOW_MS} ms: ${hexFromBytes(bytes)}`);
  }
  return { seed, frames, accepted };
}

/** Reproducible chance: Mulberry32, 32 bits of state. */
export function mulberry32(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function decodeAll(bytes: Uint8Array, chance: Chance, models: readonly CompiledModel[], asText: boolean): number {
  let accepted = 0;
  for (const decode of [decodeRtuRequest, decodeRtuReply]) {
    if (!tolerates(() => decode(bytes))) continue;
    if (!checksumFits(bytes)) throw new Error('a wrong checksum was accepted');
    accepted += 1;
  }
  for (const decode of [decodeMbapRequest, decodeMbapReply]) if (tolerates(() => decode(bytes))) accepted += 1;
  accepted += throughStreams(bytes, chance);
  if (asText) {
    const hex = hexFromBytes(bytes);
    for (const protocol of ['modbus-rtu', 'modbus-tcp'])
      decodeHex(protocol, hex, { modelId: 'acrel-dtsy1352', start: 0x200 });
  }
  const compiled = models[below(chance, models.length)];
  const span = compiled?.model.spans[0];
  if (compiled !== undefined && span !== undefined && bytes.length >= 2) {
    const count = Math.min(span.count, bytes.length >> 1);
    compiled.decode([{ start: span.start, count, data: bytes.subarray(0, count * 2) }], { ctRatio: 1, ptRatio: 1 });
  }
  return accepted;
}

function throughStreams(bytes: Uint8Array, chance: Chance): number {
  let accepted = 0;
  const unit = bytes[0] ?? 1;
  const replies = new RtuReplyStream(() => undefined);
  replies.expect({ unit, function: 3, lengths: [5 + (bytes[2] ?? 0)] });
  const requests = new RtuRequestStream(() => {
    accepted += 1;
  });
  const tcp = new MbapStream(() => {
    accepted += 1;
  });
  const size = 1 + below(chance, bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.slice(at, at + size);
    const arrival = replies.push(chunk);
    if (arrival?.kind === 'frame') {
      if (!checksumFits(arrival.frame) || arrival.frame[0] !== unit)
        throw new Error('the stream took a wrong frame for the reply');
      accepted += 1;
    }
    requests.push(chunk);
    tolerates(() => tcp.push(chunk));
  }
  return accepted;
}

/** True when it went through, false on the one error a codec may throw. */
function tolerates(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof FrameError) return false;
    throw error;
  }
}

/** CRC-16 bit by bit, on purpose not the table under test. */
function checksumFits(bytes: Uint8Array): boolean {
  let crc = 0xffff;
  for (const byte of bytes.subarray(0, -2)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return bytes.at(-2) === (crc & 0xff) && bytes.at(-1) === crc >> 8;
}

/** A frame as noise, gateways and sick meters leave it; one in eight is left whole. */
function spoiled(chance: Chance): Uint8Array {
  const kind = below(chance, 8);
  if (kind === 0) return randomBytes(chance, 1 + below(chance, 300));
  const frame = goodFrame(chance);
  switch (kind) {
    case 1:
      return frame;
    case 2:
      return frame.slice(0, 1 + below(chance, frame.length));
    case 3:
      return Uint8Array.from([...frame, ...randomBytes(chance, 1 + below(chance, 20))]);
    case 4:
      return Uint8Array.from([...randomBytes(chance, 1 + below(chance, 20)), ...frame]);
    case 5:
      return Uint8Array.from([...frame, ...goodFrame(chance)]);
    default:
      for (let flips = 1 + below(chance, 4); flips > 0; flips -= 1) {
        const at = below(chance, frame.length);
        frame[at] = (frame[at] ?? 0) ^ (1 << below(chance, 8));
      }
      return frame;
  }
}

function goodFrame(chance: Chance): Uint8Array {
  const unit = below(chance, 256);
  const isReply = chance() < 0.5;
  const isTcp = chance() < 0.3;
  if (isReply) {
    const reply = randomReply(chance);
    return isTcp ? encodeMbap(below(chance, 65_536), unit, encodeReplyPdu(reply)) : encodeRtuReply(unit, reply);
  }
  const request = randomRequest(chance);
  return isTcp ? encodeMbap(below(chance, 65_536), unit, encodeRequestPdu(request)) : encodeRtuRequest(unit, request);
}

function randomRequest(chance: Chance): ModbusRequest {
  const start = below(chance, 65_536);
  switch (below(chance, 3)) {
    case 0:
      return { kind: 'read', function: chance() < 0.5 ? 3 : 4, start, quantity: 1 + below(chance, 125) };
    case 1:
      return { kind: 'writeSingle', function: chance() < 0.5 ? 5 : 6, start, value: below(chance, 65_536) };
    default: {
      const registers = Array.from({ length: 1 + below(chance, 20) }, () => below(chance, 65_536));
      return { kind: 'writeRegisters', function: chance() < 0.5 ? 16 : 0x20, start, registers };
    }
  }
}

function randomReply(chance: Chance): ModbusReply {
  switch (below(chance, 3)) {
    case 0:
      return {
        kind: 'read',
        function: chance() < 0.5 ? 3 : 4,
        data: randomBytes(chance, 2 * (1 + below(chance, 125))),
      };
    case 1:
      return { kind: 'write', function: 16, start: below(chance, 65_536), quantity: 1 + below(chance, 123) };
    default:
      return { kind: 'exception', function: 1 + below(chance, 20), code: 1 + below(chance, 11) };
  }
}

function randomBytes(chance: Chance, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(chance, 256));
}

function below(chance: Chance, end: number): number {
  return Math.floor(chance() * end);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { frames: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
  });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
  const startMs = performance.now();
  const report = fuzz(Number(values.frames), seed);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(
    `${report.frames} frames, seed ${report.seed}, ${seconds} s: ${report.accepted} accepted, no wrong checksum among them`,
  );
}
