import type { BlockData } from '#drivers/codec/index.ts';
import type { CommError } from '#drivers/core/index.ts';
import type { Arrival, Call, Framing } from './framing.ts';
import type { PolledMeter } from './polledMeter.ts';
import type { Priority } from './priority.ts';

/** Probes before an errand gives up on a meter that answers each with an exception (see RtuFraming). */
export const MAX_PROBES = 3;

/** An answer that ends a frame's flight. */
export type Answer = Exclude<Arrival, { kind: 'lost' }>;

/** What an answer, or none, means for the errand. */
export type ErrandStep =
  | { readonly kind: 'again' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: CommError };

/** How an errand ended. `blocks` hold views of receive buffers: decode at once or copy. */
export type ErrandOutcome =
  | { readonly ok: true; readonly blocks: readonly BlockData[]; readonly atMs: number; readonly receivedMs: number }
  | { readonly ok: false; readonly error: CommError; readonly atMs: number };

/** One piece of work with one meter, frame by frame. Decides what to send; sends nothing itself. */
export interface Errand {
  readonly polled: PolledMeter;
  readonly priority: Priority;
  /** What was read so far. */
  readonly read: readonly BlockData[];
  /** Wall time of the first frame; undefined before it. */
  atMs: number | undefined;
  /** What to send now; it is handed to the transport at once. Undefined when there is nothing to send. */
  nextCall(framing: Framing): Call | undefined;
  /** Takes the answer to the last call. */
  arrived(answer: Answer): ErrandStep;
  /** Nothing came before the deadline of the last call. */
  silent(): ErrandStep;
  /** The end, told once. */
  end(outcome: ErrandOutcome): void;
}
