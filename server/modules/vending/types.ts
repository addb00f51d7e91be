import type { PaymentMethod } from '#contract/index.ts';
import type { BalanceMove, MoveProgress } from '#server/modules/accounts/types.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

/** Told after commit, and stored as an outbox row in the same transaction. */
export interface VendEvent {
  readonly vendId: string;
  readonly propertyId: number;
  readonly accountId: number;
  readonly meterId: number | undefined;
  readonly state: string;
}

/** What the modules to the right ask of vending. */
export interface Vending {
  /**
   * Meters among these with money under way: no cut while it is. What waits for a second person has touched neither money nor
   * meter, and nobody need ever decide it: it is not among them.
   */
  openVends(tx: Tx, meterIds: readonly number[]): Promise<ReadonlySet<number>>;
  /** Those, and meters with something that waits for a second person: whoever ends an account asks for it to be decided first. */
  unfinishedVends(tx: Tx, meterIds: readonly number[]): Promise<ReadonlySet<number>>;
  /** What an account paid by a method and has not got back by it; what its cancelled sales are owed is part of it. */
  leftByMethod(db: Queryable, accountId: number, method: PaymentMethod): Promise<bigint>;
  /**
   * Moves what a meter holds: to a new meter (no fee, not a sale), or out of it at closing. The old wallet is
   * zeroed and read back before the new one is written. Goes on by itself after a crash; `moveId` names it.
   */
  startMove(tx: Tx, move: BalanceMove): Promise<void>;
  move(tx: Tx, moveId: string): Promise<MoveProgress | undefined>;
  listen(listener: (event: VendEvent) => void): () => void;
}
