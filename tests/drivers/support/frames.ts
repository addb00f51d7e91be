import { readdirSync, readFileSync } from 'node:fs';
import { type BlockData, bytesFromHex, decodeRtuReply, decodeRtuRequest } from '#drivers/codec/index.ts';
import type { MeterStatus, Values } from '#drivers/core/index.ts';

/** Where a frame comes from: read off a wire, printed by a maker, or built by hand from the documented map. */
export type Origin = 'captured' | 'manual' | 'built';

/** One visit to a meter of a model and what must be read out of it. */
export interface Capture {
  readonly name: string;
  readonly origin: Origin;
  readonly source: string;
  /** Ratios set at the line; the meter's own win where it says them. */
  readonly ctRatio: number;
  readonly ptRatio: number;
  readonly exchanges: readonly { readonly request: string; readonly reply: string }[];
  readonly expected: {
    readonly values: Values;
    readonly balanceMinor: string | null;
    readonly status: MeterStatus;
    readonly meterClock: string | null;
    readonly ctRatio: number;
    readonly ptRatio: number;
    readonly rejected: readonly { readonly quantity: string; readonly raw: number | string; readonly reason: string }[];
  };
}

/** A single frame and what it says, or how it is bad. */
export interface FrameCase {
  readonly protocol: 'modbus-rtu' | 'modbus-tcp';
  readonly hex: string;
  readonly meaning: string;
  readonly origin: Origin;
  readonly source: string;
  readonly expected: Readonly<Record<string, unknown>> & { readonly error?: 'crc' | 'frame' };
}

const FOLDER = new URL('../../frames/', import.meta.url);

/** Ids of the models that have a file of captures. */
export function capturedModelIds(): readonly string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json') && file !== 'modbus.json')
    .map((file) => file.slice(0, -'.json'.length));
}

export function capturesOf(modelId: string): readonly Capture[] {
  const file: { model: string; captures: Capture[] } = JSON.parse(
    readFileSync(new URL(`${modelId}.json`, FOLDER), 'utf8'),
  );
  return file.captures;
}

export function frameCases(): readonly FrameCase[] {
  return JSON.parse(readFileSync(new URL('modbus.json', FOLDER), 'utf8'));
}

/** Bytes of hex that the test's author wrote; a typing error is the test's failure. */
export function hex(text: string): Uint8Array {
  const bytes = bytesFromHex(text);
  if (bytes === undefined) throw new Error(`not hex: ${text}`);
  return bytes;
}

/** The registers that a capture's replies carry, by the requests they answer. */
export function blocksOf(capture: Capture): readonly BlockData[] {
  return capture.exchanges.map((exchange) => {
    const { request } = decodeRtuRequest(hex(exchange.request));
    const { reply } = decodeRtuReply(hex(exchange.reply));
    if (request.kind !== 'read' || reply.kind !== 'read') throw new Error(`${capture.name} is no read`);
    return { start: request.start, count: request.quantity, data: reply.data };
  });
}
