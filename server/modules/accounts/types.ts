import type { PaymentMethod } from '#contract/index.ts';
import type { MeterPrices, MeterSettings, PurseCapabilities } from '#drivers/core/index.ts';
import type { PostingActor } from '#server/modules/ledger/types.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

export type Custody = 'meter' | 'platform';
export type AccountState = 'open' | 'paused' | 'closing' | 'closed';
/** How energy is charged in platform custody: as it is read, or once a month at a freeze. */
export type Deduction = 'realTime' | 'monthEnd';

/** A meter of an account, one row per epoch: a replacement, a CT change or a closing ends it, the next begins it. */
export interface AccountMeter {
  readonly meterId: number;
  /** Counts from 1 for each meter, whosever it is; purchase counts of the meter go on from one to the next. */
  readonly epoch: number;
  readonly fromMs: number;
  readonly toMs: number | undefined;
  readonly ctRatio: number;
  readonly ptRatio: number;
  /** Registers where it began, Wh on the primary side. */
  readonly openingRegisters: Readonly<Record<string, bigint>>;
}

/** An account as it stands now. */
export interface AccountView {
  readonly id: number;
  readonly propertyId: number;
  readonly customerId: number;
  readonly customerName: string;
  readonly state: AccountState;
  readonly custody: Custody;
  readonly deduction: Deduction;
  readonly tariffId: number;
  readonly alarm1Minor: bigint;
  readonly alarm2Minor: bigint;
  /** At or below it supply is cut: 0, or negative where overdraft is allowed. */
  readonly cutLineMinor: bigint;
  readonly hoardingLimitMinor: bigint | undefined;
  readonly overloadLimitW: number | undefined;
  /** Meters in their running epochs. */
  readonly meters: readonly AccountMeter[];
  /** Rooms that the account is for. */
  readonly placeIds: readonly number[];
  readonly openedAtMs: number;
  readonly closedAtMs?: number | undefined;
  readonly version: number;
}

/** Money settings of a property; defaults are those for mainland China. Each deviation names its legal basis. */
export interface MoneyPolicy {
  readonly propertyId: number;
  /** Share of a sale in 10⁻⁶; 0 by default. */
  readonly serviceFeePpm: number;
  readonly serviceFeeLegalBasis: string | undefined;
  /** Meters whose firmware is not proven to check the purchase count: write once, or keep the balance here. */
  readonly unprovenMeters: 'writeOnce' | 'platform';
  /** Least and most of one sale. */
  readonly saleMinMinor: bigint;
  readonly saleMaxMinor: bigint;
  /** Refunds above it, and batches above so many meters, need a second person. */
  readonly refundSecondPersonMinor: bigint;
  readonly batchSecondPersonMeters: number;
  readonly refundFee: 'notRefunded' | 'proportionalDown';
  /** Hours in which supply may be cut, local time, by weekday (1 Monday … 7 Sunday); empty: at any hour. */
  readonly cutAllowed: readonly {
    readonly weekdays: readonly number[];
    readonly fromMinute: number;
    readonly toMinute: number;
  }[];
  readonly holidays: readonly string[];
  readonly extraWorkdays: readonly string[];
  readonly noticeHours: number;
  /** Civil Code Art. 944 ¶3: never for property fees, unless somebody names the law that allows it here. */
  readonly cutForPropertyFees: boolean;
  readonly cutForPropertyFeesLegalBasis: string | undefined;
}

/** Told after commit. */
export interface AccountEvent {
  readonly kind:
    | 'opened'
    | 'changed'
    | 'paused'
    | 'resumed'
    | 'closing'
    | 'closed'
    | 'meterReplaced'
    | 'ratioChanged'
    | 'custodyChanged';
  readonly accountId: number;
  readonly propertyId: number;
  readonly meterIds: readonly number[];
}

/** What other modules may ask of the accounts. In memory, current after each commit. */
export interface AccountsReader {
  account(accountId: number): AccountView | undefined;
  /** The account that holds this meter now (open, paused or closing). */
  accountOfMeter(meterId: number): AccountView | undefined;
  accountsOfProperty(propertyId: number): readonly AccountView[];
  policy(propertyId: number): MoneyPolicy;
  onChange(listener: (event: AccountEvent) => void): () => void;
  /** Locks the account for this transaction and returns it as stored; undefined when there is none. */
  lock(tx: Tx, accountId: number): Promise<AccountView | undefined>;
  /** Every epoch of the account's meters, oldest first. */
  epochs(db: Queryable, accountId: number): Promise<readonly AccountMeter[]>;
  /** The use case that is under way on an account, if any: nothing is sold to its meters meanwhile. */
  runningCase(accountId: number): AccountCaseKind | undefined;
  /** The wallet as it was after the last commit that was told here; undefined in custody of the meter. */
  walletMinor(accountId: number): bigint | undefined;
  /** Whoever posts to wallets says so in the same transaction: screens and alarms follow after its commit. */
  walletsChanged(tx: Tx, accountIds: Iterable<number>): void;
}

export type AccountCaseKind =
  | 'opening'
  | 'change'
  | 'pause'
  | 'resume'
  | 'transfer'
  | 'closing'
  | 'meterReplacement'
  | 'ratioChange'
  | 'custodyChange'
  | 'settlement';

/** What the modules to the right lend to the use cases of accounts. */
export interface Neighbours {
  /** What the meter is known to do with money; undefined or nothing at all: it was never tried. */
  capabilitiesOf(meterId: number): PurseCapabilities | undefined;
  /** Orders a command in the caller's transaction; the same id again changes nothing. */
  order(
    tx: Tx,
    request: {
      readonly commandId: string;
      readonly meterId: number;
      readonly order: AccountOrder;
      readonly reason: string;
    },
  ): Promise<unknown>;
  /** Meters among these with money under way, or with something that waits for a second person. */
  openVends(tx: Tx, meterIds: readonly number[]): Promise<ReadonlySet<number>>;
  /** What the account paid by a method and has not got back by it; what its cancelled sales are owed is part of it. */
  leftByMethod(db: Queryable, accountId: number, method: PaymentMethod): Promise<bigint>;
  startMove(tx: Tx, move: BalanceMove): Promise<void>;
  move(tx: Tx, moveId: string): Promise<MoveProgress | undefined>;
}

/** What a meter holds goes to another meter, or out of it. */
export interface BalanceMove {
  readonly moveId: string;
  readonly accountId: number;
  readonly fromMeterId: number;
  readonly toMeterId: number | undefined;
  /** Where nothing can be taken out: what two persons stand for, of a meter that is dead or gives nothing back. */
  readonly statedBalanceMinor?: bigint;
  /** The stated balance is what the meter said itself, and goes on holding. */
  readonly leftInMeter?: boolean;
  readonly actor: PostingActor;
}

export interface MoveProgress {
  /** `kept`: the meter gives nothing out, and nothing is under way; the same move goes on with a stated balance. */
  readonly state: 'running' | 'done' | 'quarantined' | 'kept';
  readonly amountMinor: bigint | undefined;
  /** What came out and never arrived: it is owed to the customer. */
  readonly owedMinor: bigint;
}

/** What an account asks of its meters. */
export type AccountOrder =
  | {
      readonly kind: 'prices';
      readonly tariffVersionId: number;
      readonly prices: MeterPrices;
      readonly switchAtMs?: number;
    }
  | { readonly kind: 'settings'; readonly settings: MeterSettings }
  | { readonly kind: 'restorePrepaid' };

/** A register of a meter at which charging begins or ends; total in Wh on the primary side. */
export interface ChargePoint {
  readonly meterId: number;
  readonly epoch: number;
  readonly atMs: number;
  readonly energyWh: bigint;
}

export interface EndedCharging {
  /** False: something keeps the end from being charged now (`why`); asked again later it goes on. */
  readonly settled: boolean;
  readonly why: 'noTariffVersion' | 'quarantine' | undefined;
  /** What was charged by this call, minor units. */
  readonly chargedMinor: bigint;
}

/**
 * Whoever charges what is used (settlement), told by the use cases of accounts in their own transaction. All of it may be
 * said twice. An epoch of a meter is charged from `begin` to `end`; a replacement, a CT change, a transfer, a closing and a
 * change of custody each end one and begin the next.
 */
export interface ChargingSource {
  begin(tx: Tx, account: AccountView, meter: AccountMeter): Promise<void>;
  /** Charges everything up to this read, after which the amount due is the account's balance in the ledger. */
  end(tx: Tx, accountId: number, point: ChargePoint): Promise<EndedCharging>;
  /** Another tariff from `atMs` on, or another deduction: nothing is left out or charged twice. */
  changed(tx: Tx, account: AccountView, atMs: number): Promise<void>;
}
