import {
  decodeMbapRequest,
  decodeRtuRequest,
  encodeMbapReply,
  encodeRtuReply,
  type ModbusReply,
  type ModbusRequest,
} from '#drivers/codec/index.ts';
import type {
  Clock,
  Connection,
  ConnectionEvents,
  LineConfig,
  LineMeter,
  Reading,
  ReadingSource,
  Transport,
} from '#drivers/core/index.ts';
import { createLine } from '#drivers/gateways/index.ts';
import { acrelDtsy1352 } from '#drivers/models/acrelDtsy1352.ts';
import { type ManualClock, manualClock } from '../../support/manualClock.ts';

/** One request as the far end saw it. */
export interface Asked {
  readonly unit: number;
  readonly start: number;
  readonly quantity: number;
  readonly atMs: number;
  /** Counts requests from 1. */
  readonly ordinal: number;
  /** The registers of a write; absent for a read. */
  readonly written?: readonly number[];
}

/** What the far end sends for a request: bytes, after a time counted from the request. */
export interface Answer {
  readonly afterMs: number;
  readonly bytes: Uint8Array;
}

export type Responder = (asked: Asked, encode: (reply: ModbusReply, unit?: number) => Uint8Array) => readonly Answer[];

/** How the far end takes a connection: after a time, or not. */
export type Acceptance = { readonly afterMs: number; readonly refuse?: string };

/** A line's far end in virtual time: the transport port with a responder behind it. */
export class VirtualWire implements Transport {
  readonly asked: Asked[] = [];
  /** Times of connection attempts. */
  readonly attempts: number[] = [];
  respond: Responder = () => [];
  accept: () => Acceptance = () => ({ afterMs: 1 });
  #events: ConnectionEvents | undefined;
  readonly #clock: Clock;
  readonly #kind: LineConfig['transport']['kind'];

  constructor(clock: Clock, kind: LineConfig['transport']['kind']) {
    this.#clock = clock;
    this.#kind = kind;
  }

  connect(events: ConnectionEvents): Connection {
    this.attempts.push(this.#clock.monotonicMs());
    this.#events = events;
    const { afterMs, refuse } = this.accept();
    this.#clock.after(afterMs, () => {
      if (this.#events !== events) return;
      if (refuse === undefined) events.opened();
      else this.hangUp(refuse);
    });
    return { write: (bytes) => this.#written(events, bytes), destroy: () => this.#forget(events) };
  }

  /** Ends the present connection from the far end. */
  hangUp(reason: string): void {
    const events = this.#events;
    this.#events = undefined;
    events?.closed(reason);
  }

  /** Sends bytes nobody asked for. */
  say(bytes: Uint8Array): void {
    this.#events?.received(bytes);
  }

  #forget(events: ConnectionEvents): void {
    if (this.#events === events) this.#events = undefined;
  }

  #written(events: ConnectionEvents, bytes: Uint8Array): void {
    const { unit, request, encode } = this.#parse(bytes);
    const atMs = this.#clock.monotonicMs();
    const asked = { unit, atMs, ordinal: this.asked.length + 1, ...wanted(request) };
    this.asked.push(asked);
    for (const answer of this.respond(asked, encode)) {
      // A serial server hands late bytes to whoever is connected then; a Modbus TCP gateway answers the asker.
      this.#clock.after(answer.afterMs, () => {
        if (this.#kind !== 'modbus-tcp' || this.#events === events) this.#events?.received(answer.bytes);
      });
    }
  }

  #parse(bytes: Uint8Array): {
    unit: number;
    request: ModbusRequest;
    encode: (reply: ModbusReply, unit?: number) => Uint8Array;
  } {
    if (this.#kind === 'modbus-tcp') {
      const { transactionId, unit, request } = decodeMbapRequest(bytes);
      return { unit, request, encode: (reply, from = unit) => encodeMbapReply(transactionId, from, reply) };
    }
    const { unit, request } = decodeRtuRequest(bytes);
    return { unit, request, encode: (reply, from = unit) => encodeRtuReply(from, reply) };
  }
}

function wanted(request: ModbusRequest): Pick<Asked, 'start' | 'quantity' | 'written'> {
  if (request.kind === 'read') return { start: request.start, quantity: request.quantity };
  if (request.kind !== 'writeRegisters') throw new Error('only registers are spoken here');
  const { start, registers } = request;
  return { start, quantity: registers.length, written: registers };
}

/** Registers of a DTSY1352 that carry a number as balance, to tell one reply from another. */
export function registersWith(start: number, quantity: number, mark: number): Uint8Array {
  const data = new Uint8Array(quantity * 2);
  const at = (0x021f - start) * 2;
  if (at >= 0 && at + 4 <= data.length) new DataView(data.buffer).setUint32(at, mark);
  return data;
}

/** Everybody answers after `afterMs`; the ordinal of the request is the balance. */
export function answering(afterMs: number): Responder {
  return ({ start, quantity, ordinal }, encode) => [
    { afterMs, bytes: encode({ kind: 'read', function: 3, data: registersWith(start, quantity, ordinal) }) },
  ];
}

export interface VirtualLineOptions {
  readonly kind?: LineConfig['transport']['kind'];
  readonly meters?: readonly LineMeter[];
  readonly config?: Partial<LineConfig>;
  readonly chance?: () => number;
}

/** Meters 1 … n with unit addresses 1 … n. */
export function meters(count: number, change: Partial<LineMeter> = {}): readonly LineMeter[] {
  return Array.from({ length: count }, (_, index) => ({
    meterId: index + 1,
    unitAddress: index + 1,
    model: acrelDtsy1352,
    ctRatio: 1,
    ptRatio: 1,
    livePollMs: 10_000,
    registerPollMs: 1_800_000,
    ...change,
  }));
}

/** A line in virtual time with everything it has told, in order. */
export function virtualLine(options: VirtualLineOptions = {}) {
  const clock: ManualClock = manualClock(Date.UTC(2026, 10, 22, 12));
  const kind = options.kind ?? 'rtu-over-tcp';
  const wire = new VirtualWire(clock, kind);
  const readings: (Reading & { readonly toldMs: number })[] = [];
  const failures: { meterId: number; kind: string; consecutive: number; toldMs: number }[] = [];
  const links: { up: boolean; reason: string; toldMs: number }[] = [];
  const config: LineConfig = {
    lineId: 1,
    gatewayId: 1,
    name: 'line',
    transport: kind === 'serial' ? { kind, path: 'none' } : { kind, host: '127.0.0.1', port: 1 },
    serial: { baud: 9600, parity: 'none', stopBits: 1 },
    responseTimeoutMs: 700,
    turnaroundMs: 0,
    meters: options.meters ?? meters(1),
    ...options.config,
  };
  const line = createLine(config, {
    clock,
    chance: options.chance ?? (() => 0),
    transport: wire,
    sink: {
      reading: (reading) => readings.push({ ...reading, toldMs: clock.monotonicMs() }),
      meterFailed: (meterId, error, consecutive) =>
        failures.push({ meterId, kind: error.kind, consecutive, toldMs: clock.monotonicMs() }),
      lineLink: (_lineId, up, reason) => links.push({ up, reason, toldMs: clock.monotonicMs() }),
    },
  });
  /** A person's read; the outcome is there once time has been advanced far enough. */
  const ask = (meterId: number, source: ReadingSource = 'onDemand') => line.readNow(meterId, source);
  return { clock, wire, line, readings, failures, links, ask };
}
