import { DONE_AGE_MS_MAX } from '#contract/index.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { type Repetition, repeat } from '#server/platform/repeat.ts';
import type { CurrentAlarms } from './current.ts';
import { letGo } from './life.ts';
import { insertEvent, lockChattering, lockEndedShelves, saveAlarm, takeTurn } from './lifeStore.ts';
import type { Outages } from './outages.ts';
import { deleteRequests } from './requestStore.ts';
import type { AlarmRow } from './rowStore.ts';

const EVERY_MS = 1_000;
/** Shelves that end in one transaction; the next ones a second later. */
const SHELVES_MAX = 500;
/** Answers are kept for as long as a queue may hold an action, and as long again. */
const REQUESTS_KEPT_MS = 2 * DONE_AGE_MS_MAX;
const REQUESTS_EVERY_MS = 3_600_000;

export interface UpkeepDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly current: CurrentAlarms;
  readonly outages: Outages;
  readonly chatterWindowMs: (propertyId: number | undefined) => number;
  /** After commit, for each alarm that changed. */
  readonly changed: (row: AlarmRow) => void;
}

/** What time alone ends: shelves, outages with an end, chatter, answers that nobody asks for again. */
export function startUpkeep(deps: UpkeepDeps): Repetition {
  const { db, clock, log, outages } = deps;
  let forgotMs = clock.monotonicMs();
  return repeat(clock, {
    everyMs: EVERY_MS,
    retryMsMax: 30_000,
    async work() {
      await endShelves(deps);
      await outages.endDue();
      await endChatter(deps);
      if (clock.monotonicMs() - forgotMs < REQUESTS_EVERY_MS) return;
      await deleteRequests(db, new Date(clock.nowMs() - REQUESTS_KEPT_MS));
      forgotMs = clock.monotonicMs();
    },
    failed: (error) => log.warn('shelves and outages were not looked at', { error }),
  });
}

async function endShelves({ db, clock, current, changed }: UpkeepDeps): Promise<void> {
  const nowMs = clock.nowMs();
  const isDue = [...current.all()].some(({ shelvedUntilMs = Number.POSITIVE_INFINITY }) => shelvedUntilMs <= nowMs);
  if (!isDue) return;
  const at = new Date(nowMs);
  await db.tx(async (tx) => {
    await takeTurn(tx);
    const ended = await lockEndedShelves(tx, at, SHELVES_MAX);
    for (const row of await letGo(tx, ended, 'unshelve', { event: 'unshelved', at }))
      tx.afterCommit(() => changed(row));
  });
}

/** An alarm that has not come for a whole window rests: what still holds and nobody saw is told now. */
async function endChatter({ db, clock, current, chatterWindowMs, changed }: UpkeepDeps): Promise<void> {
  const nowMs = clock.nowMs();
  const rests = (propertyId: number | undefined, raisedAtMs: number) =>
    raisedAtMs + chatterWindowMs(propertyId) <= nowMs;
  const due = [...current.all()].some(
    ({ chattering, propertyId, raisedAtMs }) => chattering && rests(propertyId, raisedAtMs),
  );
  if (!due) return;
  const at = new Date(nowMs);
  await db.tx(async (tx) => {
    await takeTurn(tx);
    for (const row of await lockChattering(tx)) {
      if (!rests(row.property_id ?? undefined, row.last_raised_at.getTime())) continue;
      const rested = await saveAlarm(tx, { ...row, chattering_since: null });
      const isTold = row.state === 'unacknowledged';
      await insertEvent(tx, rested, { event: 'rested', at, ...(isTold ? { announce: 'raised' } : {}) });
      tx.afterCommit(() => changed(rested));
    }
  });
}
