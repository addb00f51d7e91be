import type { Clock } from '#drivers/core/index.ts';

/**
 * Waits for `work`, but no longer than `ms`: true when it was done by then. Rejects when it rejects in time; what becomes
 * of it later is not asked any more.
 */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = clock.after(ms, () => late.resolve(false));
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    timer.cancel();
  }
}
