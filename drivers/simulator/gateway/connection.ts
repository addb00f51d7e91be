import type { Socket } from 'node:net';
import {
  decodeRequestPdu,
  encodeMbap,
  encodeMbapReply,
  encodeRtuReply,
  MbapStream,
  type ModbusReply,
  type ModbusRequest,
  RtuRequestStream,
} from '#drivers/codec/index.ts';
import { type Chance, type Clock, FrameError } from '#drivers/core/index.ts';
import type { Fault } from '../faults/fault.ts';
import { spoil } from '../faults/spoil.ts';

/** Exception of a Modbus TCP gateway whose meter is silent (Modbus application protocol 1.1b3, 7). */
const TARGET_DID_NOT_RESPOND = 0x0b;
const ILLEGAL_FUNCTION = 0x01;

/** Bytes that a slow reader may leave unsent; then the gateway cuts the connection, as small ones do. */
const UNSENT_LIMIT_BYTES = 256 * 1_024;

export type Framing = 'modbus-tcp' | 'rtu-over-tcp';

/** A request off the socket, with the way back for its reply. */
export type OnRequest = (
  unit: number,
  request: ModbusRequest,
  reply: (reply: ModbusReply | undefined, faults: readonly Fault[]) => void,
) => void;

/** One client of a gateway's line: bytes to requests, replies to bytes, with the faults of the way. */
export class Connection {
  readonly #socket: Socket;
  readonly #framing: Framing;
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #onRequest: OnRequest;
  readonly #push: (chunk: Uint8Array) => void;
  #held: Uint8Array[] = [];

  constructor(socket: Socket, framing: Framing, clock: Clock, chance: Chance, onRequest: OnRequest) {
    this.#socket = socket;
    this.#framing = framing;
    this.#clock = clock;
    this.#chance = chance;
    this.#onRequest = onRequest;
    this.#push = framing === 'modbus-tcp' ? this.#mbapReader() : this.#rtuReader();
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#push(chunk));
    // A reset by the client is its business; 'close' follows.
    socket.on('error', () => socket.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #rtuReader(): (chunk: Uint8Array) => void {
    const stream = new RtuRequestStream(({ unit, request }) => {
      this.#onRequest(unit, request, (reply, faults) => {
        // A transparent server only carries bytes: where no meter speaks, nothing comes.
        if (reply !== undefined) this.#deliver(encodeRtuReply(unit, reply), faults);
      });
    });
    return (chunk) => stream.push(chunk);
  }

  #mbapReader(): (chunk: Uint8Array) => void {
    const stream = new MbapStream(({ transactionId, unit, pdu }) => {
      const request = requestOf(pdu);
      if (request === undefined) {
        this.#deliver(encodeMbap(transactionId, unit, Uint8Array.of((pdu[0] ?? 0) | 0x80, ILLEGAL_FUNCTION)), []);
        return;
      }
      this.#onRequest(unit, request, (reply, faults) => {
        const nobody: ModbusReply = { kind: 'exception', function: request.function, code: TARGET_DID_NOT_RESPOND };
        this.#deliver(encodeMbapReply(transactionId, unit, reply ?? nobody), faults);
      });
    });
    return (chunk) => {
      try {
        stream.push(chunk);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        // Not MBAP: no way to find the next frame.
        this.#socket.destroy();
      }
    };
  }

  #deliver(frame: Uint8Array, faults: readonly Fault[]): void {
    if (faults.length === 0) {
      this.#write(frame);
      return;
    }
    const { bytes, delayMs, held, split } = spoil(frame, faults, this.#framing, this.#chance);
    if (bytes === undefined) return;
    if (held && this.#held.length === 0) {
      this.#held.push(bytes);
      return;
    }
    if (delayMs > 0) this.#clock.after(delayMs, () => this.#writeSplit(bytes, split));
    else this.#writeSplit(bytes, split);
  }

  #writeSplit(bytes: Uint8Array, split: { readonly pieceBytes: number; readonly gapMs: number } | undefined): void {
    if (split === undefined || bytes.length <= split.pieceBytes) {
      this.#write(bytes);
      return;
    }
    this.#write(bytes.subarray(0, split.pieceBytes));
    this.#clock.after(split.gapMs, () => this.#writeSplit(bytes.subarray(split.pieceBytes), split));
  }

  #write(bytes: Uint8Array): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    if (this.#socket.writableLength > UNSENT_LIMIT_BYTES) {
      this.#socket.destroy();
      return;
    }
    const held = this.#held;
    this.#held = [];
    this.#socket.write(held.length === 0 ? bytes : Buffer.concat([...held, bytes]));
  }
}

function requestOf(pdu: Uint8Array): ModbusRequest | undefined {
  try {
    return decodeRequestPdu(pdu);
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}
