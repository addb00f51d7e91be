/** What a fault strikes. A gateway's fault strikes all of its lines, a line's all of its meters. */
export type FaultTarget =
  | { readonly kind: 'meter'; readonly meterNumber: string }
  | { readonly kind: 'line'; readonly gatewayCode: string; readonly lineName: string }
  | { readonly kind: 'gateway'; readonly gatewayCode: string };

/**
 * What goes wrong.
 *
 * silent          the meter does not answer (power off, wrong address, cut wire)
 * dropped         the reply is lost on its way
 * delayed         the reply comes `delayMs` late, perhaps after the asker gave up
 * corrupted       one byte of the reply is damaged; its check (CRC, or the MBAP header) no longer fits
 * merged          the reply is held back and arrives glued in front of the next one
 * split           the reply arrives in pieces of `pieceBytes`, `gapMs` apart
 * garbage         `bytes` of noise come instead of the reply
 * request-lost    the request never reaches the meter
 * request-doubled the meter gets the request twice
 * request-late    the request reaches the meter `delayMs` late, perhaps after others that were asked later
 * lying-refusal   the meter does what it is told and answers with exception 03
 * hoarding        the meter refuses purchases, and does not do them; with --every the refusal comes and goes
 * stale-read      the meter says what it said the last time that it was asked the same
 * frozen-relay    the status word shows the relay `shows`, whatever the relay does
 * down            the gateway is off: no listener, connections cut
 * mute            the gateway accepts connections and never answers
 */
export type Fault =
  | { readonly kind: 'silent' }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'delayed'; readonly delayMs: number }
  | { readonly kind: 'corrupted' }
  | { readonly kind: 'merged' }
  | { readonly kind: 'split'; readonly pieceBytes: number; readonly gapMs: number }
  | { readonly kind: 'garbage'; readonly bytes: number }
  | { readonly kind: 'request-lost' }
  | { readonly kind: 'request-doubled' }
  | { readonly kind: 'request-late'; readonly delayMs: number }
  | { readonly kind: 'lying-refusal' }
  | { readonly kind: 'hoarding' }
  | { readonly kind: 'stale-read' }
  | { readonly kind: 'frozen-relay'; readonly shows: 'open' | 'closed' }
  | { readonly kind: 'down' }
  | { readonly kind: 'mute' };
export type FaultKind = Fault['kind'];

/** What a request wants of a meter. */
export type FrameKind = 'reads' | 'writes';

/** A fault as it is asked for. */
export interface FaultRequest {
  readonly target: FaultTarget;
  readonly fault: Fault;
  /** Chance that one exchange is struck, (0, 1]; 1 when absent. Not for `down`, `mute` and `frozen-relay`. */
  readonly probability?: number;
  /** Strikes only reads or only writes; both when absent. Not for `down`, `mute` and `frozen-relay`. */
  readonly on?: FrameKind;
  /** Starts after this many seconds (now when absent). */
  readonly afterSeconds?: number;
  /** Lasts this many seconds (until cleared when absent). */
  readonly durationSeconds?: number;
  /** Starts again after this many seconds, counted from start to start; needs a shorter `durationSeconds`. */
  readonly everySeconds?: number;
}

/** A fault that was set. */
export interface SetFault extends FaultRequest {
  readonly id: number;
  /** Does it strike now? A recurring fault rests between its strikes. */
  readonly active: boolean;
}

/** Bounds of the numbers in a request. */
export const FAULT_LIMITS = {
  delayMs: 120_000,
  pieceBytes: 260,
  gapMs: 10_000,
  garbageBytes: 4_096,
  seconds: 30 * 86_400,
  /** Faults at once; one more is refused. */
  faults: 1_000,
} as const;

/** One name for a target, the same for equal targets. */
export function keyOfTarget(target: FaultTarget): string {
  switch (target.kind) {
    case 'meter':
      return `meter ${target.meterNumber}`;
    case 'line':
      return `line ${target.gatewayCode}/${target.lineName}`;
    case 'gateway':
      return `gateway ${target.gatewayCode}`;
  }
}
