import type { CommError } from './commError.ts';

/** What the relay of a prepaid meter follows: its own balance, or a person's word whatever the balance. */
export type RelayMode = 'automatic' | 'forcedClosed' | 'forcedOpen';

/** Prices of one tariff set in the meter, 0.0001 of the currency per kWh (DL/T 645-2007, 040501FF keeps four decimals). */
export interface MeterPrices {
  readonly sharp: number;
  readonly peak: number;
  readonly flat: number;
  readonly valley: number;
  readonly deepValley?: number;
}

/** What a prepaid meter keeps beside its balance. All amounts in minor units. Left out: stays as it is. */
export interface MeterSettings {
  readonly alarm1Minor?: bigint;
  readonly alarm2Minor?: bigint;
  /** How far below zero it may go before it trips by itself, ≥ 0. */
  readonly overdraftMinor?: bigint;
  /** Most that it may hold; a purchase beyond is refused (囤积). */
  readonly hoardingLimitMinor?: bigint;
  readonly overloadLimitW?: number;
}

/**
 * What a meter can be told. All are absolute and may be said twice, except `purchase` and `refund`: they add to the
 * balance and carry the new purchase count, the only thing by which a meter can know them apart.
 */
export type MeterCommand =
  | { readonly kind: 'relay'; readonly mode: RelayMode }
  | { readonly kind: 'purchase'; readonly amountMinor: bigint; readonly count: number }
  | { readonly kind: 'refund'; readonly amountMinor: bigint; readonly count: number }
  /** Balance and count as they shall be; only where `setAbsolute`. */
  | { readonly kind: 'setPurse'; readonly balanceMinor: bigint; readonly count: number }
  /** `backup` takes effect at `switchAtMs` by itself; only where `secondTariffSet`. */
  | { readonly kind: 'prices'; readonly prices: MeterPrices; readonly switchAtMs?: number }
  | { readonly kind: 'settings'; readonly settings: MeterSettings }
  | { readonly kind: 'clock'; readonly atMs: number };

/**
 * How far a command came. `sent: false` promises that no byte of it was handed to a transport. A reply is a hint, never a
 * proof: the effect counts only when read back.
 */
export type CommandOutcome =
  | { readonly sent: false; readonly error: CommError }
  | { readonly sent: true; readonly reply: 'accepted' }
  | { readonly sent: true; readonly reply: 'refused'; readonly exceptionCode: number; readonly why: Refusal }
  /** No answer, a damaged one, or the link went: it may have been applied, and may still be. */
  | { readonly sent: true; readonly reply: 'none'; readonly error: CommError };

/**
 * What a meter's refusal means, by its model's table. It may be a lie all the same.
 *
 * duplicate    the count is the one that it has
 * count        the count is not its own + 1
 * hoarding     it would hold more than it may (囤积)
 * unsupported  it does not know the command at all (exceptions 01 and 02)
 * other        anything else
 */
export type Refusal = 'duplicate' | 'count' | 'hoarding' | 'unsupported' | 'other';

/** One purchase as the meter remembers it; `amountMinor` < 0 for a refund, 0 for a used-up count. */
export interface PurchaseRecord {
  readonly count: number;
  readonly amountMinor: bigint;
}

/** The prepaid side of a meter as it was read, all in one visit. What the meter does not have is undefined. */
export interface PurseRead {
  readonly atMs: number;
  readonly receivedMs: number;
  readonly count: number;
  readonly balanceMinor: bigint;
  /** Newest first, where `readRecord`. */
  readonly records: readonly PurchaseRecord[] | undefined;
  /** All that was ever bought, less refunds, where `readCumulative`. */
  readonly cumulativeMinor: bigint | undefined;
  /** Total register at the same read, Wh on the primary side. */
  readonly energyWh: bigint | undefined;
  readonly settings: MeterSettings | undefined;
  readonly prices: MeterPrices | undefined;
  /** The other price set and when it takes effect, where `secondTariffSet` and one waits. */
  readonly backup: { readonly prices: MeterPrices; readonly switchAtMs: number } | undefined;
}

export type PurseOutcome =
  | { readonly ok: true; readonly purse: PurseRead }
  | { readonly ok: false; readonly error: CommError };

/** What a meter is known to do with money. Unknown is false: nothing is sold on a hope. */
export interface PurseCapabilities {
  /** Applies a purchase only when its count is its own count + 1. */
  readonly seqChecked: boolean;
  /** Answers a purchase of its present count with a refusal of its own. */
  readonly dupReported: boolean;
  /** Tells which amount came with which count. */
  readonly readRecord: boolean;
  readonly readCumulative: boolean;
  readonly readBalance: boolean;
  /** Accepts a purchase of 0, which uses up a count: the fence. */
  readonly zeroPurchase: boolean;
  readonly refundCommand: boolean;
  readonly setAbsolute: boolean;
  readonly secondTariffSet: boolean;
}
