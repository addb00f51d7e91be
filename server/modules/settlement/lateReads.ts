import type { Db } from '#server/platform/db/index.ts';
import { holds, selectUnsettled, upsertLook } from './correctionStore.ts';
import { type CorrectionDeps, correctSpan } from './corrections.ts';
import { lockCharging, selectRunningStream } from './streamStore.ts';

/** A read that comes later than this after what it could have told changes nothing any more by itself. */
export const LATE_DAYS_MAX = 62;
/** Shared segments that are looked at after one charging of a property; the rest waits for the next. */
export const LOOKS_PER_RUN_MAX = 500;
const DAY_MS = 86_400_000;

export interface LateReadDeps extends CorrectionDeps {
  readonly db: Db;
}

/**
 * Computes anew what had to be shared by time and has other reads by now. Only there does a late read tell anything: where
 * everything was read, registers fix what is charged. What was looked at is remembered with its reads, in the transaction of
 * its correction; who is killed in between looks again and finds what was found.
 */
export async function settleLateReads(propertyId: number, deps: LateReadDeps): Promise<number> {
  const { db, nowMs } = deps;
  const sinceMs = nowMs() - LATE_DAYS_MAX * DAY_MS;
  const found = await db.tx((tx) => selectUnsettled(tx, { propertyId, sinceMs, limit: LOOKS_PER_RUN_MAX }));
  let corrections = 0;
  for (const shared of found) {
    corrections += await db.tx(async (tx) => {
      await lockCharging(tx, propertyId);
      const stream = await selectRunningStream(tx, shared.streamId);
      if (stream === undefined || !(await holds(tx, shared.segmentId))) return 0;
      const outcome = await correctSpan(tx, stream, shared, deps, { cause: 'lateRead' });
      await upsertLook(tx, shared, nowMs());
      return typeof outcome === 'string' ? 0 : 1;
    });
  }
  return corrections;
}
