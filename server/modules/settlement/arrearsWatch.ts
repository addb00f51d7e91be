import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { type Repetition, repeat } from '#server/platform/repeat.ts';
import { type ArrearsDeps, weighArrears } from './arrears.ts';
import { selectWatched } from './arrearsStore.ts';

/** How soon after a change of a wallet its arrears are weighed. */
const LOOK_EVERY_MS = 500;
/** How often accounts that are in arrears, warned or cut are weighed without being told: hours begin, orders fail. */
const SWEEP_EVERY_MS = 30_000;
/** Accounts of one transaction. */
const ACCOUNTS_PER_STEP = 500;

export interface ArrearsWatch {
  start(accountIds: Iterable<number>): void;
  /** Weigh these soon: their wallets or rules are others. */
  look(accountIds: Iterable<number>): void;
  /** Weighs now all that waits, and all that is out of order. */
  weighNow(): Promise<void>;
  readonly waiting: number;
  stop(): Promise<void>;
}

/** Weighs arrears whenever a wallet changed, and again and again where something is out of order. */
export function createArrearsWatch({
  db,
  clock,
  log,
  ...deps
}: ArrearsDeps & { readonly db: Db; readonly clock: Clock; readonly log: Log }): ArrearsWatch {
  /** Bounded by the number of accounts. */
  const waiting = new Set<number>();
  let sweptMs = Number.NEGATIVE_INFINITY;
  let repetition: Repetition | undefined;

  async function settle(): Promise<void> {
    while (waiting.size > 0) {
      const some = [...waiting].slice(0, ACCOUNTS_PER_STEP);
      for (const id of some) waiting.delete(id);
      try {
        await db.tx((tx) => weighArrears(tx, some, deps));
      } catch (error) {
        for (const id of some) waiting.add(id);
        throw error;
      }
    }
  }

  async function weighNow(): Promise<void> {
    sweptMs = clock.monotonicMs();
    for (const id of await selectWatched(db)) waiting.add(id);
    await settle();
  }
  const isSweepDue = () => clock.monotonicMs() - sweptMs >= SWEEP_EVERY_MS;

  return {
    start(accountIds) {
      for (const id of accountIds) waiting.add(id);
      repetition = repeat(clock, {
        everyMs: LOOK_EVERY_MS,
        retryMsMax: 30_000,
        startNow: true,
        work: () => (isSweepDue() ? weighNow() : settle()),
        failed: (error) => log.error('arrears were not weighed and are weighed again', { reason: error.message }),
      });
    },
    look(accountIds) {
      for (const id of accountIds) waiting.add(id);
    },
    weighNow,
    get waiting() {
      return waiting.size;
    },
    async stop() {
      await repetition?.stop();
    },
  };
}
