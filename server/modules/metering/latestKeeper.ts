import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { repeat } from '#server/platform/repeat.ts';
import { within } from '#server/platform/within.ts';
import { upsertLatest } from './latestStore.ts';
import type { MeterStates } from './meterStates.ts';

/** Changes of the same meter within this time are one write. */
const FLUSH_EVERY_MS = 5_000;
const FLUSH_RETRY_MS_MAX = 30_000;
/** A stop waits so long for a database that hangs. */
const CLOSE_MS_MAX = 2_000;
/** Meters in one statement. */
const METERS_A_STATEMENT_MAX = 2_000;

/** Keeps `meter_latest` close to memory. What waits is a set of meters, so that an outage costs no more than one write. */
export function createLatestKeeper({
  db,
  clock,
  log,
  states,
}: {
  db: Db;
  clock: Clock;
  log: Log;
  states: MeterStates;
}) {
  const changed = new Set<number>();

  async function flush(): Promise<void> {
    while (changed.size > 0) {
      const ids = [...changed].slice(0, METERS_A_STATEMENT_MAX);
      for (const id of ids) changed.delete(id);
      try {
        await upsertLatest(
          db,
          ids.flatMap((id) => states.get(id) ?? []),
        );
      } catch (error) {
        for (const id of ids) changed.add(id);
        throw error;
      }
    }
  }
  const flushing = repeat(clock, {
    everyMs: FLUSH_EVERY_MS,
    retryMsMax: FLUSH_RETRY_MS_MAX,
    work: flush,
    failed: (error) =>
      log.warn('latest values wait, they cannot be stored', { reason: error.message, meters: changed.size }),
  });

  return {
    changed: (meterId: number) => void changed.add(meterId),
    waiting: () => changed.size,
    flush: flushing.runNow,
    async close(): Promise<void> {
      // Lost is no more than what every meter says again within its next poll.
      const stored = await within(clock, CLOSE_MS_MAX, flushing.stop().then(flush)).catch((error: Error) => {
        log.warn('latest values were not stored', { reason: error.message });
        return true;
      });
      if (!stored) log.warn('latest values were not stored', { reason: 'the database does not answer' });
    },
  };
}
