import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { moveTimes } from './store.ts';

/** Wall and monotonic time drift apart by less than this between two looks; more is somebody who set the clock. */
const STEP_MS_MIN = 1_000;

/**
 * Follows a clock that is set. A frame is as old as it is, whatever the clock says now: set forward, it would end a quiet period that has
 * just begun; set back, it would keep everything waiting. Resolves when the vends under way have moved with it, and says whether they did.
 */
export function createClockSteps({ db, clock, log }: { readonly db: Db; readonly clock: Clock; readonly log: Log }) {
  const offset = () => clock.nowMs() - clock.monotonicMs();
  let known = offset();
  let moving: Promise<void> | undefined;

  return async (): Promise<boolean> => {
    const byMs = offset() - known;
    if (moving === undefined && Math.abs(byMs) < STEP_MS_MIN) {
      // Drift.
      known += byMs;
      return false;
    }
    moving ??= moveTimes(db, byMs)
      .then(() => {
        known += byMs;
        log.warn('the clock was set: vends under way moved with it', { byMs });
      })
      .finally(() => {
        moving = undefined;
      });
    await moving;
    return true;
  };
}
