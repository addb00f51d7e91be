/** The states of a vend; what each means stands in contract/vending.ts. */
export type VendState =
  | 'DRAFT'
  | 'PAID'
  | 'QUEUED'
  | 'RESERVED'
  | 'SENT'
  | 'UNKNOWN'
  | 'FENCING'
  | 'CONFIRMED'
  | 'CANCELLED'
  | 'REJECTED'
  | 'QUARANTINED';

/** Bound to a purchase count and not at rest: such a vend blocks its meter for every other. */
export const OPEN_STATES = ['RESERVED', 'SENT', 'UNKNOWN', 'FENCING', 'REJECTED', 'QUARANTINED'] as const;
/** Money under way: open, or on its way there. */
export const UNFINISHED_STATES = ['DRAFT', 'PAID', 'QUEUED', ...OPEN_STATES] as const;

/**
 * How an amount is brought into (or out of) a meter.
 *
 * checked    the meter applies a purchase only with its own count + 1: the same frame may be sent again and again
 * writeOnce  the meter is not proven to check: never sent again without a read, a person's word, and a quiet period
 * absolute   balance and count are set: confirmed only when no frame of it can be under way any more
 * wallet     no meter at all: the balance is kept in the platform
 */
export type VendPath = 'checked' | 'writeOnce' | 'absolute' | 'wallet';

/**
 * What proves that a count was not used by us.
 *
 * zero   the count is used up by a purchase of nothing
 * cent   by a purchase of 0.01, which stays in the meter
 * quiet  by waiting longer than a frame can live; an assumption, marked as weak
 */
export type FenceKind = 'zero' | 'cent' | 'quiet';

/** What a reply said; a hint and never a proof. `refused` is a refusal that the meter would repeat. */
export type ReplyHint = 'accepted' | 'duplicate' | 'refused' | 'none' | 'unsent';

/** What the machine knows of a vend. Amounts are minor units, instants ms. */
export interface VendFacts {
  readonly state: VendState;
  readonly path: VendPath;
  readonly fence: FenceKind;
  /** What the meter's balance is to change by; 0 only for a move that found nothing. */
  readonly amountMinor: bigint;
  /** Undefined until bound. */
  readonly bound: VendBinding | undefined;
  /** Frames handed to a transport, fences included. */
  readonly attempts: number;
  /** Reads in a row that contradict what is known. */
  readonly doubts: number;
  readonly cancelAsked: boolean;
  /** A person has said that it may be sent once more (`writeOnce`). */
  readonly resendAsked: boolean;
  readonly lastHint: ReplyHint | undefined;
  readonly lastEvidence: Evidence | undefined;
  readonly lastSentMs: number | undefined;
}

/** The purchase count that belongs to a vend for ever, and what the meter held when it was chosen. */
export interface VendBinding {
  readonly seq: number;
  readonly balanceMinor: bigint;
  readonly cumulativeMinor: bigint | undefined;
  readonly energyWh: bigint | undefined;
}

/**
 * What a read-back says of the vend's purchase count.
 *
 * notYet         the meter still stands one before it
 * ours           it came with our amount
 * fenced         it came with the amount of our fence
 * foreign        it came with another amount: somebody else wrote
 * contradiction  none of these can be, or nobody can tell
 */
export type Evidence = 'notYet' | 'ours' | 'fenced' | 'foreign' | 'contradiction';

export type VendEvent =
  | { readonly kind: 'decline' | 'accept' | 'send' | 'restart' | 'readFailed' | 'cancel' | 'retry' }
  /** The meter was read to be bound; `seqUsed`: its next count belonged to a vend already, so the read was stale. */
  | { readonly kind: 'bind'; readonly seqUsed: boolean; readonly balanceMinor: bigint }
  | { readonly kind: 'reply'; readonly hint: ReplyHint }
  | { readonly kind: 'read'; readonly evidence: Evidence; readonly atMs: number }
  /** Somebody agrees to what waits; `samePerson`: who asked for it. */
  | { readonly kind: 'approve'; readonly samePerson: boolean }
  /** Two persons have said how it ended; `samePerson`: they are one, or one of them asked for it. */
  | {
      readonly kind: 'decide';
      readonly outcome: 'confirm' | 'cancel';
      readonly atMs: number;
      readonly samePerson: boolean;
    };
export type VendEventKind = VendEvent['kind'];

/**
 * What is done with a step, in the transaction that stores it; `send` and `sendFence` after its commit.
 *
 * reserve       the count read + 1 belongs to this vend
 * send          the purchase (or refund) itself; counts as an attempt
 * sendFence     the purchase that uses up the count; counts as an attempt
 * confirm       the money is where it belongs: postings of success
 * release       the money goes back: postings of cancelling
 * weakFence     the end rests on a quiet period only
 * releaseSeq    the count was never used in the meter and may be given again
 * rebind        forgets the count; it stays used, unless it is released as well
 * readNow       read the meter at once
 * backOff       read again later, each time later
 * waitQuiet     read again when no frame of ours can be under way
 * askCancel     somebody wants it cancelled
 * clearRefusal  what was refused may be tried again
 * doubt         one more read that contradicts
 * alarmForeign  somebody else writes to this meter
 */
export type VendAction =
  | 'reserve'
  | 'send'
  | 'sendFence'
  | 'confirm'
  | 'release'
  | 'releaseSeq'
  | 'weakFence'
  | 'rebind'
  | 'readNow'
  | 'backOff'
  | 'waitQuiet'
  | 'askCancel'
  | 'clearRefusal'
  | 'doubt'
  | 'alarmForeign';

/** Bounds that decide; from the settings of the service. */
export interface VendLimits {
  /** Frames of one vend before it is only read any more. */
  readonly attemptsMax: number;
  /** Longer than any frame can live in gateway and line. */
  readonly quietMs: number;
}
