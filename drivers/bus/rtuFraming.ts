import { encodeRtuRead, RTU_EXCEPTION_BYTES, RtuReplyStream } from '#drivers/codec/index.ts';
import type { Arrival, Framing, ReadCall } from './framing.ts';
import { MAX_OTHER_LENGTHS } from './planner.ts';
import { readReplyBytes } from './timing.ts';

/**
 * Register counts of probes, in turn. Even, for meters that refuse half of a two-register value. A meter that refuses
 * them all the same has answered, which is all a probe wants to know.
 */
export const PROBE_REGISTERS = [2, 4, 6, 8, 10] as const;

/**
 * Most answers remembered as owed by one unit: a whole block, the same in other lengths, the probes. A unit with several
 * blocks could owe more; the oldest is forgotten, most of a minute old by then (see METER_BACKOFF).
 */
export const MAX_OWED_REPLIES = 1 + MAX_OTHER_LENGTHS + PROBE_REGISTERS.length;

/**
 * RTU on a stream without transaction ids. A reply only says unit, function and length, so after a timeout the reply
 * may still come and look like the answer to the next question. The law is kept by arithmetic, not by waiting:
 *
 * - what a unit has not answered is *owed*, in the order it was asked;
 * - while a unit owes, it is only asked for lengths that it does not owe; where the wanted length is owed, as much is
 *   asked in another length, and where the model leaves no room for that, a probe of another length goes first;
 * - meters and gateways answer in order, so an answer to either settles everything asked before it.
 *
 * An exception has no length: it settles the oldest debt only, the most cautious reading.
 */
export class RtuFraming implements Framing {
  lateReplies = 0;
  #call: ReadCall | undefined;
  readonly #owed = new Map<number, number[]>();
  readonly #stream = new RtuReplyStream((unit, code, length) => this.#stranger(unit, code, length));

  ask(call: ReadCall): Uint8Array {
    this.#call = call;
    this.#stream.expect({ unit: call.unit, function: call.function, lengths: [readReplyBytes(call.count)] });
    return encodeRtuRead(call.unit, call.function, call.start, call.count);
  }

  push(bytes: Uint8Array): Arrival | undefined {
    const arrival = this.#stream.push(bytes);
    const call = this.#call;
    if (arrival === undefined || call === undefined) return undefined;
    if (arrival.kind === 'damaged') {
      this.#call = undefined;
      this.#stream.expect(undefined);
      return { kind: 'damaged', error: 'crc' };
    }
    this.#call = undefined;
    const { frame } = arrival;
    if (((frame[1] ?? 0) & 0x80) === 0) {
      this.#owed.delete(call.unit);
      return { kind: 'registers', data: frame.subarray(3, frame.length - 2) };
    }
    if (this.#owed.has(call.unit)) {
      this.#owe(call);
      this.#settleOldest(call.unit);
    }
    return { kind: 'exception', code: frame[2] ?? 0 };
  }

  giveUp(): 'timeout' | 'crc' | 'frame' {
    const { bytesSeen, damageSeen } = this.#stream;
    if (this.#call !== undefined) this.#owe(this.#call);
    this.#call = undefined;
    this.#stream.expect(undefined);
    if (damageSeen) return 'crc';
    return bytesSeen === 0 ? 'timeout' : 'frame';
  }

  mayAsk(call: ReadCall): boolean {
    return !(this.#owed.get(call.unit)?.includes(debtOf(call)) ?? false);
  }

  probeFor(call: ReadCall): ReadCall {
    const probes = PROBE_REGISTERS.map((count) => ({ ...call, count }));
    const free = probes.find((probe) => this.mayAsk(probe));
    if (free !== undefined) return free;
    // Every length is owed: the oldest debt that a probe can have is given up for lost.
    const owed = this.#owed.get(call.unit) ?? [];
    const oldest = probes.toSorted((a, b) => owed.indexOf(debtOf(a)) - owed.indexOf(debtOf(b)))[0] ?? call;
    this.#forget(call.unit, debtOf(oldest));
    return oldest;
  }

  reconnected(): void {
    // Debts stay: a serial server hands what its port receives to whoever is connected then.
    this.#stream.expect(undefined);
  }

  /** A frame of somebody who was not asked just now: if it is owed, it settles that debt and all before it. */
  #stranger(unit: number, code: number, lengthBytes: number): void {
    const owed = this.#owed.get(unit);
    if (owed === undefined) return;
    this.lateReplies += 1;
    if (lengthBytes === RTU_EXCEPTION_BYTES && code >= 0x80) this.#settleOldest(unit);
    else this.#settleThrough(unit, debt(code, lengthBytes));
  }

  #owe(call: ReadCall): void {
    const owed = this.#owed.get(call.unit) ?? [];
    owed.push(debtOf(call));
    if (owed.length > MAX_OWED_REPLIES) owed.shift();
    this.#owed.set(call.unit, owed);
  }

  #settleOldest(unit: number): void {
    const owed = this.#owed.get(unit);
    owed?.shift();
    if (owed?.length === 0) this.#owed.delete(unit);
  }

  #settleThrough(unit: number, settled: number): void {
    const rest = this.#owed.get(unit) ?? [];
    const index = rest.indexOf(settled);
    if (index < 0) return;
    rest.splice(0, index + 1);
    if (rest.length === 0) this.#owed.delete(unit);
  }

  #forget(unit: number, forgotten: number): void {
    const rest = (this.#owed.get(unit) ?? []).filter((owed) => owed !== forgotten);
    if (rest.length === 0) this.#owed.delete(unit);
    else this.#owed.set(unit, rest);
  }
}

/** A debt is known by what its reply will show: function and length. */
function debt(code: number, lengthBytes: number): number {
  return code * 1024 + lengthBytes;
}

function debtOf(call: ReadCall): number {
  return debt(call.function, readReplyBytes(call.count));
}
