import type { TestOutcome } from '#contract/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { claimOne, type Ending, endAttempt, insertDeliveries } from './outboxStore.ts';
import type { Claimed, Language, Receiver } from './types.ts';

/** A person tests as often as this, not more: the addresses are theirs to choose. */
export const TEST_EVERY_MS = 10_000;
/** People whose last test is remembered. */
const TESTERS_MAX = 1_000;

export interface TestDeps {
  readonly db: Db;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
  readonly deliver: (claimed: Claimed, language?: Language) => Promise<Ending>;
}

export type SendTest = (actor: Actor, receiver: Receiver, language?: Language) => Promise<TestOutcome>;

/** Sends tests while the caller waits: one attempt, its end in the log like that of any message. */
export function createTestSender({ db, nowMs, monotonicMs, deliver }: TestDeps): SendTest {
  const lastMs = new Map<number, number>();

  function demandPause({ userId }: Actor): void {
    const now = monotonicMs();
    const leftMs = (lastMs.get(userId) ?? Number.NEGATIVE_INFINITY) + TEST_EVERY_MS - now;
    if (leftMs > 0) {
      throw new AppError('request.too-many', 'One test in ten seconds: wait a moment.', undefined, leftMs / 1_000);
    }
    if (lastMs.size >= TESTERS_MAX) lastMs.clear();
    lastMs.set(userId, now);
  }

  return async (actor, receiver, language) => {
    demandPause(actor);
    const claimed = await db.tx(async (tx) => {
      const about = { notificationId: undefined, propertyId: undefined, buildingId: undefined, suppressed: undefined };
      const now = new Date(nowMs());
      const [id] = await insertDeliveries(tx, [{ what: 'test', receiver, ...about }], now);
      if (id === undefined) throw new Error('the test was not stored');
      return claimOne(tx, id, now);
    });
    const ending = await deliver(claimed, language);
    // Who waits for the answer tries again themselves.
    const last: Ending = ending.state === 'failed' ? { state: 'givenUp', error: ending.error } : ending;
    await endAttempt(db, claimed.id, last, new Date(nowMs()));
    return {
      deliveryId: String(claimed.id),
      state: last.state,
      ...(last.state === 'suppressed' ? { reason: last.reason } : {}),
      ...('error' in last ? { error: last.error } : {}),
    };
  };
}
