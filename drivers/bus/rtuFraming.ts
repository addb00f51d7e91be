import {
  answersWrite,
  encodeRtuRead,
  encodeRtuRequest,
  RTU_EXCEPTION_BYTES,
  RtuReplyStream,
  rtuReplyLengths,
} from '#drivers/codec/index.ts';
import { type Arrival, type Call, type Framing, isRead, type ReadCall, type WriteCall } from './framing.ts';
import { readReplyBytes } from './timing.ts';

/**
 * Register counts of probes, in turn. Even, for meters that refuse half of a two-register value. A meter that refuses
 * them all the same has answered, which is all a probe wants to know.
 */
export const PROBE_REGISTERS = [2, 4, 6, 8, 10] as const;

/**
 * Most answers remembered as owed by one unit: the blocks of a visit, each in other lengths, the probes. A unit could
 * owe more; the oldest read is forgotten, minutes old by then (see METER_BACKOFF). What a write is owed is never
 * forgotten; there are at most as many as there are functions to write with.
 */
export const MAX_OWED_REPLIES = 24;

/** An answer that has not come: the function that its frame will show, and the lengths that it may have. */
interface Debt {
  readonly function: number;
  readonly lengths: readonly number[];
}

/**
 * RTU on a stream without transaction ids. A reply only says unit, function and length, so after a timeout the reply
 * may still come and look like the answer to the next question. The law is kept by arithmetic, not by waiting:
 *
 * - what a unit has not answered is *owed*, in the order it was asked;
 * - while a unit owes, it is only asked for lengths that it does not owe; where the wanted length is owed, as much is
 *   asked in another length, and where the model leaves no room for that, a probe of another length goes first;
 * - a write cannot be asked in another length: while one of its function is owed, a probe goes first, and the write only
 *   when that was answered. An answer that repeats the data must repeat this write's;
 * - meters and gateways answer in order, so an answer to either settles everything asked before it.
 *
 * An exception has no length: it settles the oldest debt of its function only, the most cautious reading.
 */
export class RtuFraming implements Framing {
  lateReplies = 0;
  #call: Call | undefined;
  readonly #owed = new Map<number, Debt[]>();
  readonly #stream = new RtuReplyStream((unit, code, length) => this.#stranger(unit, code, length));

  ask(call: Call): Uint8Array {
    this.#call = call;
    if (!isRead(call)) return this.#askWrite(call);
    this.#stream.expect({ unit: call.unit, function: call.function, lengths: [readReplyBytes(call.count)] });
    return encodeRtuRead(call.unit, call.function, call.start, call.count);
  }

  #askWrite({ unit, function: code, request }: WriteCall): Uint8Array {
    this.#stream.expect({
      unit,
      function: code,
      lengths: rtuReplyLengths(request),
      isAnswer: (frame) => answersWrite(request, frame.subarray(1, frame.length - 2)),
    });
    return encodeRtuRequest(unit, request);
  }

  push(bytes: Uint8Array): Arrival | undefined {
    const arrival = this.#stream.push(bytes);
    const call = this.#call;
    if (arrival === undefined || call === undefined) return undefined;
    this.#call = undefined;
    if (arrival.kind === 'damaged') {
      this.#stream.expect(undefined);
      return { kind: 'damaged', error: 'crc' };
    }
    const { frame } = arrival;
    if (((frame[1] ?? 0) & 0x80) === 0) {
      this.#settle(call, frame.length);
      return isRead(call) ? { kind: 'registers', data: frame.subarray(3, frame.length - 2) } : { kind: 'written' };
    }
    if (this.#owesFunction(call)) {
      // Whose exception it is cannot be known: the oldest is settled, and this call is owed in its place.
      this.#owe(call);
      this.#settleOldest(call.unit, call.function);
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

  mayAsk(call: Call): boolean {
    const owed = this.#owed.get(call.unit);
    if (owed === undefined) return true;
    if (!isRead(call)) return !this.#owesFunction(call);
    return !owed.some((debt) => isDebtOf(debt, call.function, readReplyBytes(call.count)));
  }

  probeFor(call: ReadCall): ReadCall {
    const probes = PROBE_REGISTERS.map((count) => ({ ...call, count }));
    const free = probes.find((probe) => this.mayAsk(probe));
    if (free !== undefined) return free;
    // Every length is owed: the oldest is asked again, and its answer is taken for the older one's (see #settle).
    const owed = this.#owed.get(call.unit) ?? [];
    const age = (probe: ReadCall): number =>
      owed.findIndex((debt) => isDebtOf(debt, probe.function, readReplyBytes(probe.count)));
    const oldest = probes.toSorted((a, b) => age(a) - age(b))[0] ?? call;
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
    if (lengthBytes === RTU_EXCEPTION_BYTES && code >= 0x80) {
      this.#settleOldest(unit, code & 0x7f);
      return;
    }
    this.#keep(unit, owed.slice(owed.findIndex((debt) => isDebtOf(debt, code, lengthBytes)) + 1));
  }

  /**
   * An answer settles everything asked before it. Where one like it was owed already it may be that one: then only what
   * was asked before that is settled, and this call is still owed.
   */
  #settle(call: Call, lengthBytes: number): void {
    const owed = this.#owed.get(call.unit);
    if (owed === undefined) return;
    const like = owed.findIndex((debt) => isDebtOf(debt, call.function, lengthBytes));
    this.#keep(call.unit, like < 0 ? [] : owed.slice(like + 1));
    if (like >= 0) this.#owe(call);
  }

  #owesFunction({ unit, function: code }: Call): boolean {
    return this.#owed.get(unit)?.some((debt) => debt.function === code) ?? false;
  }

  #owe(call: Call): void {
    const owed = this.#owed.get(call.unit) ?? [];
    owed.push({
      function: call.function,
      lengths: isRead(call) ? [readReplyBytes(call.count)] : rtuReplyLengths(call.request),
    });
    if (owed.length > MAX_OWED_REPLIES) {
      const oldestRead = owed.findIndex((debt) => debt.function <= 4);
      owed.splice(Math.max(0, oldestRead), 1);
    }
    this.#owed.set(call.unit, owed);
  }

  #settleOldest(unit: number, code: number): void {
    const owed = this.#owed.get(unit) ?? [];
    const oldest = owed.findIndex((debt) => debt.function === code);
    if (oldest >= 0) this.#keep(unit, owed.toSpliced(oldest, 1));
  }

  #keep(unit: number, owed: Debt[]): void {
    if (owed.length === 0) this.#owed.delete(unit);
    else this.#owed.set(unit, owed);
  }
}

function isDebtOf(debt: Debt, code: number, lengthBytes: number): boolean {
  return debt.function === code && debt.lengths.includes(lengthBytes);
}
