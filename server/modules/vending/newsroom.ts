import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { repeat } from '#server/platform/repeat.ts';
import { deleteNews, selectNews } from './store.ts';
import type { VendEvent } from './types.ts';

/** News told in one go. */
const NEWS_AT_ONCE = 500;

export interface Newsroom {
  start(): void;
  wake(): void;
  listen(listener: (event: VendEvent) => void): () => void;
  stop(): Promise<void>;
}

/**
 * Tells others what became of vends. News are rows of the transaction that they are about, removed when told: after a crash they
 * may be told twice, never not at all.
 */
export function createNewsroom(deps: {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs: number;
}): Newsroom {
  const { db, clock, log, everyMs } = deps;
  const listeners = new Set<(event: VendEvent) => void>();
  let repetition: ReturnType<typeof repeat> | undefined;
  let asked = false;
  const failed = (error: Error) => log.warn('news of vends could not be told', { reason: error.message });

  async function tell(): Promise<void> {
    asked = false;
    for (let more = true; more; ) {
      const rows = await selectNews(db, NEWS_AT_ONCE);
      for (const row of rows) {
        const { vend_id: vendId, property_id: propertyId, account_id: accountId, meter_id: meterId, state } = row;
        for (const listener of listeners) listener({ vendId, propertyId, accountId, meterId, state });
      }
      if (rows.length > 0)
        await deleteNews(
          db,
          rows.map(({ id }) => id),
        );
      more = rows.length === NEWS_AT_ONCE;
    }
  }

  return {
    start() {
      repetition = repeat(clock, { everyMs, startNow: true, work: tell, failed });
    },
    wake() {
      // One look covers all that is written until it begins.
      if (asked || repetition === undefined) return;
      asked = true;
      void repetition.runNow().catch(failed);
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop: async () => repetition?.stop(),
  };
}
