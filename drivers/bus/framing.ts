import type { Block } from '#drivers/codec/index.ts';

/** One read of one unit. */
export interface ReadCall extends Block {
  readonly unit: number;
  readonly function: 3 | 4;
}

/**
 * What the bytes of an answer came to.
 *
 * registers  the answer: two bytes a register, a view of the received bytes
 * exception  the unit refused, with the code
 * damaged    an answer came but cannot be used; nothing more is to come
 * lost       the stream cannot be understood any more; the connection must be made anew
 */
export type Arrival =
  | { readonly kind: 'registers'; readonly data: Uint8Array }
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
  ask(call: ReadCall): Uint8Array;
  /** Takes received bytes; says what they came to once the call is settled. */
  push(bytes: Uint8Array): Arrival | undefined;
  /** The deadline has passed or the connection is gone. Says what the bytes so far amount to; `timeout` for none. */
  giveUp(): 'timeout' | 'crc' | 'frame';
  /** False when the answer to an earlier call, still owed by this unit, could be taken for the answer to this one. */
  mayAsk(call: ReadCall): boolean;
  /** A call to the same unit whose answer cannot be confused, in place of one that may not be asked. */
  probeFor(call: ReadCall): ReadCall;
  /** A new connection: half frames of the old one are forgotten. */
  reconnected(): void;
}
