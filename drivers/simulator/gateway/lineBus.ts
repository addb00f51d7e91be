import type { ModbusReply, ModbusRequest } from '#drivers/codec/index.ts';
import { encodeReplyPdu, encodeRequestPdu } from '#drivers/codec/index.ts';
import type { Chance, Clock, SerialSettings, TimerHandle } from '#drivers/core/index.ts';
import type { Fault } from '../faults/fault.ts';
import { exchangeTiming, type WireMode } from './wire.ts';

/** Requests that may wait for the line; a gateway's memory is small. What comes on top is dropped and counted. */
export const LINE_QUEUE_LIMIT = 64;

/** Unit and CRC around a PDU on the serial side. */
const RTU_OVERHEAD_BYTES = 3;

/** What a meter says to a request, and the faults that strike this one reply. `reply` undefined: it says nothing. */
export interface BusAnswer {
  readonly reply: ModbusReply | undefined;
  readonly faults: readonly Fault[];
}

/** One request on its way. `deliver` gets undefined when nobody on the line answered. */
export interface BusRequest {
  readonly unit: number;
  readonly request: ModbusRequest;
  /** It comes to the meter a second time, or late: what can happen to a request on its way has happened. */
  readonly again?: boolean;
  readonly deliver: (answer: BusAnswer) => void;
}

export interface LineBusSettings {
  readonly serial: SerialSettings;
  readonly wire: WireMode;
  /** The meter's delay before its first byte, drawn evenly from this range, ms. */
  readonly thinkMs: readonly [least: number, most: number];
  /** How long the line waits for a silent meter: a Modbus TCP gateway's own timeout, 0 for a plain server. */
  readonly giveUpMs: number;
}

/** The serial side of a gateway: one request at a time, each as long as the wire takes. */
export class LineBus {
  readonly #settings: LineBusSettings;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #ask: (request: BusRequest) => BusAnswer;
  readonly #waiting: BusRequest[] = [];
  #busy = false;
  #timer: TimerHandle | undefined;
  #dropped = 0;

  /** @param ask the meters of the line: what the addressed one says now */
  constructor(settings: LineBusSettings, clock: Clock, chance: Chance, ask: (request: BusRequest) => BusAnswer) {
    this.#settings = settings;
    this.#clock = clock;
    this.#chance = chance;
    this.#ask = ask;
  }

  /** Requests thrown away because too many were waiting. */
  get droppedRequests(): number {
    return this.#dropped;
  }

  send(request: BusRequest): void {
    if (this.#waiting.length >= LINE_QUEUE_LIMIT) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(request);
    if (!this.#busy) this.#next();
  }

  /** Forgets what is waiting and under way. */
  reset(): void {
    this.#timer?.cancel();
    this.#waiting.length = 0;
    this.#busy = false;
  }

  #next(): void {
    // A loop, not a recursion: without the wire a whole queue is served at once.
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const request = next;
      const answer = this.#ask(request);
      if (this.#settings.wire === 'off') {
        request.deliver(answer);
        continue;
      }
      this.#busy = true;
      this.#timer = this.#clock.after(this.#lineTimeMs(request.request, answer.reply), () => {
        this.#busy = false;
        request.deliver(answer);
        if (!this.#busy) this.#next();
      });
      return;
    }
  }

  #lineTimeMs(request: ModbusRequest, reply: ModbusReply | undefined): number {
    const { serial, thinkMs, giveUpMs } = this.#settings;
    const [least, most] = thinkMs;
    const think = least + this.#chance() * (most - least);
    const requestBytes = encodeRequestPdu(request).length + RTU_OVERHEAD_BYTES;
    const replyBytes = reply === undefined ? 0 : encodeReplyPdu(reply).length + RTU_OVERHEAD_BYTES;
    const { replyMs, silentMs } = exchangeTiming(requestBytes, replyBytes, think, giveUpMs, serial);
    return reply === undefined ? silentMs : replyMs;
  }
}
