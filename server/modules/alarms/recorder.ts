import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { repeat } from '#server/platform/repeat.ts';
import { type AlarmRow, clearAlarm, insertAlarm } from './store.ts';
import type { AlarmTransition } from './types.ts';

/** Transitions that wait while Postgres is down. Beyond it the oldest are dropped and counted. */
export const TRANSITIONS_WAITING_MAX = 20_000;
const RECORD_EVERY_MS = 100;
const RECORD_RETRY_MS_MAX = 10_000;
/** Transitions in one transaction: a lost substation is one, not a thousand. */
const TRANSITIONS_A_TRANSACTION_MAX = 500;

export interface RecorderDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  /** After commit, for each alarm that was raised or cleared. */
  readonly recorded: (row: AlarmRow) => void;
}

/** Stores what the tracker decides, in order, and tells of it after the commit. */
export function createRecorder({ db, clock, log, recorded }: RecorderDeps) {
  let waiting: AlarmTransition[] = [];
  let dropped = 0;

  async function record(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, TRANSITIONS_A_TRANSACTION_MAX);
      const droppedBefore = dropped;
      await db.tx(async (tx) => {
        for (const transition of batch) {
          const row =
            transition.action === 'raise' ? await insertAlarm(tx, transition) : await clearAlarm(tx, transition);
          if (row !== undefined) tx.afterCommit(() => recorded(row));
        }
      });
      waiting.splice(0, Math.max(0, batch.length - (dropped - droppedBefore)));
    }
  }
  const recording = repeat(clock, {
    everyMs: RECORD_EVERY_MS,
    retryMsMax: RECORD_RETRY_MS_MAX,
    work: record,
    failed: (error) =>
      log.warn('alarms wait, they cannot be stored', { reason: error.message, waiting: waiting.length }),
  });

  return {
    add(transition: AlarmTransition): void {
      waiting.push(transition);
      const excess = waiting.length - TRANSITIONS_WAITING_MAX;
      if (excess <= 0) return;
      waiting = waiting.slice(excess);
      dropped += excess;
    },
    figures: () => ({ waiting: waiting.length, dropped }),
    flush: recording.runNow,
    async close(): Promise<void> {
      await recording.stop();
      await record().catch((error: Error) => log.error('alarms were not stored', { reason: error.message }));
    },
  };
}
