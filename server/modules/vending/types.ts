import type { PostingActor } from '#server/modules/ledger/types.ts';
import type { Tx } from '#server/platform/db/index.ts';

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
  /** Meters among these with money under way (a vend that is not at rest). */
  openVends(tx: Tx, meterIds: readonly number[]): Promise<ReadonlySet<number>>;
  /**
   * Moves what a meter holds: to a new meter (`transfer`, no fee, not a sale), or out of it at closing. The old wallet is
   * zeroed and read back before the new one is written. Goes on by itself after a crash; `moveId` names it.
   */
  startMove(
    tx: Tx,
    move: {
      readonly moveId: string;
      readonly accountId: number;
      readonly fromMeterId: number;
      readonly toMeterId: number | undefined;
      /** For a meter that cannot be read any more: what two persons found it held. */
      readonly statedBalanceMinor?: bigint;
      readonly actor: PostingActor;
    },
  ): Promise<void>;
  move(
    tx: Tx,
    moveId: string,
  ): Promise<
    { readonly state: 'running' | 'done' | 'quarantined'; readonly amountMinor: bigint | undefined } | undefined
  >;
  listen(listener: (event: VendEvent) => void): () => void;
}
