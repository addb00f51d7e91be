import { inWallet, type Position } from '#domain/account/moneyState.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { Ledger } from '#server/modules/ledger/types.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';

/** Wallets asked for in one statement. */
const WALLETS_AT_ONCE = 1_000;
const RETRY_AFTER_MS = 1_000;

export interface WalletsDeps {
  readonly db: Db;
  readonly ledger: Pick<Ledger, 'balances'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly propertyOf: (accountId: number) => number | undefined;
  /** After wallets were read anew. */
  readonly read: (accountIds: readonly number[]) => void;
}

export interface Wallets {
  of(accountId: number): Position | undefined;
  /** Their wallets are posted to in this transaction. */
  changed(tx: Tx, accountIds: Iterable<number>): void;
  /** Reads these now. */
  load(accountIds: Iterable<number>): Promise<void>;
  /** Resolves when nothing waits to be read. */
  settled(): Promise<void>;
  stop(): void;
}

export const walletOf = (accountId: number): string => `account:${accountId}`;

/**
 * Wallets as the ledger has them, kept in memory for screens and alarms. They are read after the commit, one read after the
 * other, so that the last one read is the newest. Decisions about money ask the ledger in their own transaction.
 */
export function createWallets({ db, ledger, clock, log, propertyOf, read }: WalletsDeps): Wallets {
  const known = new Map<number, Position>();
  const dirty = new Set<number>();
  let reading: Promise<void> | undefined;
  let stopped = false;

  async function readSome(accountIds: readonly number[]): Promise<void> {
    for (const [propertyId, ids] of Map.groupBy(accountIds, propertyOf)) {
      if (propertyId === undefined) continue;
      const balances = await ledger.balances(db, propertyId, 'wallet', ids.map(walletOf));
      // Credit is what the customer has.
      for (const id of ids) {
        const balance = balances.get(walletOf(id));
        known.set(id, inWallet(balance === undefined ? undefined : -balance));
      }
    }
    read(accountIds);
  }
  async function readAll(): Promise<void> {
    while (dirty.size > 0 && !stopped) {
      const some = [...dirty].slice(0, WALLETS_AT_ONCE);
      for (const id of some) dirty.delete(id);
      try {
        await readSome(some);
      } catch (error) {
        for (const id of some) dirty.add(id);
        log.warn('wallets could not be read', { reason: error instanceof Error ? error.message : String(error) });
        await new Promise<void>((resolve) => void clock.after(RETRY_AFTER_MS, resolve));
      }
    }
  }
  function mark(accountIds: readonly number[]): void {
    for (const id of accountIds) dirty.add(id);
    if (stopped) return;
    reading ??= readAll().finally(() => {
      reading = undefined;
    });
  }

  return {
    of: (accountId) => known.get(accountId),
    changed(tx, accountIds) {
      const ids = [...accountIds];
      tx.afterCommit(() => mark(ids));
    },
    async load(accountIds) {
      const ids = [...accountIds];
      for (let from = 0; from < ids.length; from += WALLETS_AT_ONCE)
        await readSome(ids.slice(from, from + WALLETS_AT_ONCE));
    },
    settled: async () => reading,
    stop() {
      stopped = true;
    },
  };
}
