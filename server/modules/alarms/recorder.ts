import type { Clock } from '#drivers/core/index.ts';
import { type Db, refusesRows } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { createStoreQueue, type StoreQueue } from '#server/platform/spool/index.ts';
import { takeTurn } from './lifeStore.ts';
import type { AlarmRow } from './rowStore.ts';
import { storeTransition, type TransitionContext } from './transitions.ts';
import type { AlarmTransition } from './types.ts';

/** Transitions in memory while the disk fails as well. Beyond it the oldest are dropped and counted. */
export const TRANSITIONS_WAITING_MAX = 20_000;
/** What waits on the disk while Postgres is away, some 600 bytes each: a hundred thousand transitions. */
export const ALARM_SPOOL_BYTES_MAX = 64 * 1024 * 1024;
const RECORD_EVERY_MS = 100;
/** Transitions in one transaction: a lost substation is one, not a thousand. */
const TRANSITIONS_A_TRANSACTION_MAX = 500;

export interface RecorderDeps extends TransitionContext {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Of what waits for Postgres on the disk. */
  readonly spoolDir: string;
  /** After commit, for each alarm that changed. */
  readonly recorded: (row: AlarmRow) => void;
}

/**
 * Stores what the tracker decides, in order, and tells of it after the commit. While Postgres is away transitions wait
 * on the disk: an alarm that came and went in an outage is in the history with its own times.
 */
export function createRecorder(deps: RecorderDeps): StoreQueue<AlarmTransition> {
  const { db, clock, log, spoolDir, recorded } = deps;
  return createStoreQueue<AlarmTransition>({
    what: 'changes of alarms',
    dir: spoolDir,
    maxBytes: ALARM_SPOOL_BYTES_MAX,
    itemsMax: TRANSITIONS_WAITING_MAX,
    batchMax: TRANSITIONS_A_TRANSACTION_MAX,
    everyMs: RECORD_EVERY_MS,
    clock,
    log,
    refuses: refusesRows,
    store: (transitions) =>
      db.tx(async (tx) => {
        await takeTurn(tx);
        for (const transition of transitions) {
          for (const row of await storeTransition(tx, deps, transition)) tx.afterCommit(() => recorded(row));
        }
      }),
  });
}
