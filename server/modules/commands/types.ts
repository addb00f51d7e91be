import type { CommandKind, CommandState, CommandWhy } from '#contract/index.ts';
import type { CutCause } from '#domain/cutGuard.ts';
import type { MeterPrices, MeterSettings, PurseCapabilities } from '#drivers/core/index.ts';
import type { HeldProtection } from '#server/modules/metering/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import type { Actor } from '#server/platform/http/index.ts';

export { COMMAND_STATES, type CommandKind, type CommandState, type CommandWhy } from '#contract/index.ts';

/** What people, schedules and rules ask for; the driver's words are in drivers/core/command.ts. */
export type CommandOrder =
  /** `cause`: which of the guard's rules apply; `arrears` for rules, `operator` for persons where it is left out. */
  | { readonly kind: 'trip'; readonly cause?: CutCause }
  | { readonly kind: 'close' }
  /** Forced closed whatever the balance (保电). */
  | { readonly kind: 'protect'; readonly untilMs?: number }
  /** Back to automatic cut on arrears (恢复预付费). */
  | { readonly kind: 'restorePrepaid' }
  | {
      readonly kind: 'prices';
      readonly tariffVersionId: number;
      readonly prices: MeterPrices;
      readonly switchAtMs?: number;
    }
  | { readonly kind: 'settings'; readonly settings: MeterSettings }
  | { readonly kind: 'clock' }
  | { readonly kind: 'read' };

export const GIVER_RULES = [
  'arrears',
  'restoreAfterPayment',
  'protectionEnded',
  /** Meters that hold the balance themselves are carried over hours in which nobody is cut. */
  'noCutWindow',
  'account',
  'replacement',
  /** The relay was found to be other than what was verified last. */
  'repair',
] as const;
export type GiverRule = (typeof GIVER_RULES)[number];

/** Who gives an order: a signed-in person, or a rule of the platform with its name. */
export type Giver = { readonly actor: Actor } | { readonly rule: GiverRule };

export interface CommandEvent {
  readonly commandId: string;
  readonly batchId: string | undefined;
  readonly meterId: number;
  readonly propertyId: number;
  readonly buildingId: number | undefined;
  readonly kind: CommandKind;
  readonly state: CommandState;
  readonly why: readonly CommandWhy[];
}

/** Hours without cuts, and meters that could run empty in them. */
export interface NoCutWindow {
  readonly meterIds: readonly number[];
  /** Its end, which tells it from others. */
  readonly untilMs: number;
  /** Names it, for people. */
  readonly reason: string;
}

/** Bills that are due and not paid, minor units. */
export interface Overdue {
  readonly billsMinor: bigint;
  readonly propertyFeesMinor: bigint;
}

/** Something that people must look at. */
export interface CommandTrouble {
  readonly meterId: number;
  /** `downloadFailed`: the last prices, settings or clock did not reach the meter. */
  readonly kind: 'inDoubt' | 'downloadFailed';
}

export interface Commands {
  /** One order for one meter in the caller's transaction. The same id again answers what it has become. */
  order(
    tx: Tx,
    request: {
      readonly commandId: string;
      readonly meterId: number;
      readonly order: CommandOrder;
      readonly giver: Giver;
      readonly reason: string;
    },
  ): Promise<{ readonly state: CommandState; readonly why: readonly CommandWhy[] }>;
  /** What the relay was last told to be, as far as it was verified or is under way; undefined: the meter's own affair. */
  wantedRelay(meterId: number): 'closed' | 'open' | undefined;
  inFlight(meterId: number): boolean;
  isProtected(meterId: number): boolean;
  protection(meterId: number): HeldProtection | undefined;
  /**
   * Protects those of these meters for which nothing speaks against it, over hours without cuts; said again and again, it
   * orders nothing twice. Returns the meters that were told.
   */
  protectOverWindow(tx: Tx, window: NoCutWindow): Promise<readonly number[]>;
  /** Meters among these that are to be without supply by the newest order, on its way included, and who wanted it last. */
  openBy(tx: Tx, meterIds: readonly number[]): Promise<ReadonlyMap<number, 'person' | 'rule'>>;
  /** What the meter is known to do with money: of simulated ones by the plant, of others by a bench test of the model. */
  capabilitiesOf(meterId: number): PurseCapabilities;
  /** Who knows of money under way: an open vend always holds a cut. */
  setVendSource(openVend: (tx: Tx, meterIds: readonly number[]) => Promise<ReadonlySet<number>>): void;
  /** Who knows of overdue bills and fees, by account; until somebody says so nothing is overdue. */
  setOverdueSource(source: (tx: Tx, accountIds: readonly number[]) => Promise<ReadonlyMap<number, Overdue>>): void;
  /** Who knows when a customer was told of a coming cut, by meter. */
  setNoticeSource(source: (tx: Tx, meterIds: readonly number[]) => Promise<ReadonlyMap<number, number>>): void;
  /** Each change of a command, after commit. */
  listen(listener: (event: CommandEvent) => void): () => void;
}
