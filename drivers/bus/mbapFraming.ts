import { answersWrite, decodeReplyPdu, encodeMbapRequest, type MbapFrame, MbapStream } from '#drivers/codec/index.ts';
import { FrameError } from '#drivers/core/index.ts';
import { type Arrival, type Call, type Framing, isRead, type ReadCall } from './framing.ts';

/**
 * Modbus TCP: every call has its own transaction id, running on over reconnects, so a late reply betrays itself
 * (Modbus messaging on TCP/IP 1.0b, 3.1.3). Ids repeat after 65,536 calls, which is
 * ten minutes at a hundred calls a second.
 */
export class MbapFraming implements Framing {
  lateReplies = 0;
  #transactionId = 0;
  #call: Call | undefined;
  #arrival: Arrival | undefined;
  readonly #stream = new MbapStream((frame) => this.#frame(frame));

  ask(call: Call): Uint8Array {
    this.#transactionId = (this.#transactionId + 1) & 0xffff;
    this.#call = call;
    if (!isRead(call)) return encodeMbapRequest(this.#transactionId, call.unit, call.request);
    return encodeMbapRequest(this.#transactionId, call.unit, {
      kind: 'read',
      function: call.function,
      start: call.start,
      quantity: call.count,
    });
  }

  push(bytes: Uint8Array): Arrival | undefined {
    this.#arrival = undefined;
    try {
      this.#stream.push(bytes);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      return { kind: 'lost', reason: error.message };
    }
    return this.#arrival;
  }

  giveUp(): 'timeout' {
    this.#call = undefined;
    return 'timeout';
  }

  mayAsk(): boolean {
    return true;
  }

  probeFor(call: ReadCall): ReadCall {
    return call;
  }

  reconnected(): void {
    this.#stream.clear();
  }

  #frame({ transactionId, unit, pdu }: MbapFrame): void {
    const call = this.#call;
    if (call === undefined || transactionId !== this.#transactionId) {
      this.lateReplies += 1;
      return;
    }
    this.#call = undefined;
    this.#arrival = unit === call.unit ? arrivalOf(call, pdu) : { kind: 'damaged', error: 'frame' };
  }
}

function arrivalOf(call: Call, pdu: Uint8Array): Arrival {
  if (isRead(call)) return readArrival(call, pdu);
  if (pdu.length === 2 && pdu[0] === (call.function | 0x80)) return { kind: 'exception', code: pdu[1] ?? 0 };
  return answersWrite(call.request, pdu) ? { kind: 'written' } : { kind: 'damaged', error: 'frame' };
}

function readArrival(call: ReadCall, pdu: Uint8Array): Arrival {
  try {
    const reply = decodeReplyPdu(pdu);
    if (reply.kind === 'exception' && reply.function === call.function) return { kind: 'exception', code: reply.code };
    if (reply.kind === 'read' && reply.function === call.function && reply.data.length === call.count * 2) {
      return { kind: 'registers', data: reply.data };
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
  }
  return { kind: 'damaged', error: 'frame' };
}
