import type { Block, WriteRequest } from '#drivers/codec/index.ts';

/** One read of one unit. */
export interface ReadCall extends Block {
  readonly unit: number;
  readonly function: 3 | 4;
}

/** One write to one unit. */
export interface WriteCall {
  readonly unit: number;
  readonly function: WriteRequest['function'];
  readonly request: WriteRequest;
}

export type Call = ReadCall | WriteCall;

/** Is it a read? Nearly every call is. */
export function isRead(call: Call): call is ReadCall {
  return call.function <= 4;
}

/**
 * What the bytes of an answer came to.
 *
 * registers  the answer to a read: two bytes a register, a view of the received bytes
 * written    the answer to a write: the unit says that it took it, which proves nothing
 * exception  the unit refused, with the code
 * damaged    an answer came but cannot be used; nothing more is to come
 * lost       the stream cannot be understood any more; the connection must be made anew
 */
export type Arrival =
  | { readonly kind: 'registers'; readonly data: Uint8Array }
  | { readonly kind: 'written' }
  | { readonly kind: 'exception'; readonly code: number }
  | { readonly kind: 'damaged'; readonly error: 'crc' | 'frame' }
  | { readonly kind: 'lost'; readonly reason: string };

/**
 * Frames on one byte stream, one call at a time. Its first law: a late reply is never taken for the next one.
 */
export interface Framing {
  /** Replies that came after their deadline and were recognised, since creation. */
  readonly lateReplies: number;
  /** Starts a call: from now on its answer is waited for. Returns the bytes to send. */
  ask(call: Call): Uint8Array;
  /** Takes received bytes; says what they came to once the call is settled. */
  push(bytes: Uint8Array): Arrival | undefined;
  /** The deadline has passed or the connection is gone. Says what the bytes so far amount to; `timeout` for none. */
  giveUp(): 'timeout' | 'crc' | 'frame';
  /** False when the answer to an earlier call, still owed by this unit, could be taken for the answer to this one. */
  mayAsk(call: Call): boolean;
  /** A read of the same unit whose answer cannot be confused, in place of a call that may not be asked. */
  probeFor(call: ReadCall): ReadCall;
  /** A new connection: half frames of the old one are forgotten. */
  reconnected(): void;
}
