import type { Queryable, Tx } from '#server/platform/db/index.ts';

/**
 * The chart of accounts. Debit +, credit −. Those marked `limited` keep a locked balance row and may not fall below their
 * limit; all others are entries only, so that no row is hot.
 *
 * asset      cash, bank, wechat, alipay (subject: shift or operator; empty for the property's own), receivable (account:<id>)
 * liability  vendSuspense (vend:<id>, limited), prepaidInMeter (meter:<id>, entries only: the device holds the balance),
 *            wallet (account:<id>, limited unless overdraft is allowed), deposit (account:<id>, limited), refundPayable
 * income     electricity, water, serviceFee
 * other      meterDrift (meter:<id>), opening (balances found at opening), granted (money given by the landlord)
 */
export const ACCOUNT_KINDS = [
  'cash',
  'bank',
  'wechat',
  'alipay',
  'receivable',
  'vendSuspense',
  'prepaidInMeter',
  'wallet',
  'deposit',
  'refundPayable',
  'electricity',
  'water',
  'serviceFee',
  'meterDrift',
  'opening',
  'granted',
] as const;
export type AccountKind = (typeof ACCOUNT_KINDS)[number];

export interface AccountRef {
  readonly kind: AccountKind;
  /** `account:12`, `meter:7`, `vend:<uuid>`, `shift:3`, or empty. */
  readonly subject: string;
}

export interface PostingEntry {
  readonly account: AccountRef;
  /** Debit +, credit −; never 0. */
  readonly amountMinor: bigint;
  /** Takes out of a limited account more than there is: consumption is a fact, a refund is not. */
  readonly mayOverdraw?: true;
}

/** A part of a book; undefined where it does not matter which. */
export interface EntryFilter {
  readonly propertyId: number;
  readonly kind?: AccountKind;
  readonly subject?: string;
  readonly refKind?: string;
  readonly refId?: string;
}

/** Who caused a posting; undefined user: the program itself. */
export interface PostingActor {
  readonly userId: number | undefined;
  readonly name: string;
}

export interface Posting {
  readonly propertyId: number;
  /** `vend.paid`, `vend.confirmed`, `charge`, `deposit.taken` … */
  readonly kind: string;
  /** Unique in the property for ever; the same key with the same content is answered with the first posting. */
  readonly key: string;
  readonly refKind: string;
  readonly refId: string;
  readonly eventAtMs: number;
  readonly actor: PostingActor;
  readonly reason?: string;
  readonly entries: readonly PostingEntry[];
}

export interface Posted {
  readonly txnId: bigint;
  /** True when this key had been posted before, with the same content. */
  readonly repeated: boolean;
}

export interface ReverseRequest {
  readonly propertyId: number;
  readonly txnId: bigint;
  readonly key: string;
  readonly kind: string;
  readonly eventAtMs: number;
  readonly actor: PostingActor;
  readonly reason: string;
}

/** What a request with a key of its own answered, the first time or again. */
export interface Once<T> {
  readonly answer: T;
  readonly repeated: boolean;
}

/** What one statement says of the whole book; every list empty = proven. */
export interface BookProof {
  readonly txns: bigint;
  readonly entries: bigint;
  /** Σ of all entries, 0n when sound. */
  readonly sumMinor: bigint;
  readonly faults: readonly { readonly kind: string; readonly subject: string; readonly detail: string }[];
}

export interface ClosedPeriod {
  readonly month: string;
  readonly closedAtMs: number;
  readonly actorName: string;
  readonly txns: bigint;
}

/**
 * Double entry on Postgres. Everything happens in the caller's transaction. Throws `AppError`: `ledger.limit` where an
 * account does not hold that much, `request.key-reused` where the key was used for something else; the transaction is lost
 * then. Entries are never changed or deleted, undo is a new posting that names the old one.
 */
export interface Ledger {
  /** One round trip. Locks the limited accounts in id order. */
  post(tx: Tx, posting: Posting): Promise<Posted>;
  /** Many postings, thousands a statement (settlement). All or none; answers in the order given. */
  postMany(tx: Tx, postings: readonly Posting[]): Promise<readonly Posted[]>;
  /** Posts the mirror of a posting, at most once (`reversal.already`); a reversal cannot be reversed (`reversal.of-reversal`). */
  reverse(tx: Tx, request: ReverseRequest): Promise<Posted>;
  /** Σ of the account's entries, debit +; 0n for one that never was. */
  balance(db: Queryable, propertyId: number, account: AccountRef): Promise<bigint>;
  balances(
    db: Queryable,
    propertyId: number,
    kind: AccountKind,
    subjects: readonly string[],
  ): Promise<ReadonlyMap<string, bigint>>;
  /**
   * Runs `work` at most once for (property, key): the same input again gets the first answer, another input throws
   * `request.key-reused` (409). `input` and answer are JSON. Two at the same time: the second waits for the first.
   */
  once<T>(
    tx: Tx,
    request: { readonly propertyId: number; readonly key: string; readonly input: unknown },
    work: () => Promise<T>,
  ): Promise<Once<T>>;
  /** One SQL statement over the whole book, or over the books of these properties. */
  prove(db: Queryable, propertyIds?: readonly number[]): Promise<BookProof>;
  /**
   * Closes the books up to and with a month ("2026-10"): nothing is booked in it any more, what comes late goes to the first
   * open month. The proof notices every later change. Again: answers the first closing.
   */
  closePeriod(tx: Tx, request: { propertyId: number; month: string; actor: PostingActor }): Promise<ClosedPeriod>;
}
