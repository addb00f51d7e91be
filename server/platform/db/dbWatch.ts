import type { Clock } from '#drivers/core/index.ts';
import { repeat } from '../repeat.ts';
import { within } from '../within.ts';
import { answers } from './db.ts';
import type { Queryable } from './types.ts';

const ASK_EVERY_MS = 1_000;
/** A database that does not answer in this time is away: it hangs, or so does the way to it. */
const ANSWER_MS_MAX = 2_000;
/** One that is back after a moment is no news. With the pulse of the live feed, screens know in less than ten seconds. */
const FAILURES_MIN = 2;

/** Knows from asking again and again whether the database answers. */
export interface DbWatch {
  start(): void;
  isAway(): boolean;
  stop(): Promise<void>;
}

export function createDbWatch(db: Queryable, clock: Clock): DbWatch {
  let failures = 0;
  /** A question that hangs is not asked a second time: it holds a connection of the pool. */
  let asking: Promise<void> | undefined;
  let repetition: ReturnType<typeof repeat> | undefined;

  async function ask(): Promise<void> {
    asking ??= answers(db).finally(() => {
      asking = undefined;
    });
    const answered = await within(clock, ANSWER_MS_MAX, asking).catch(() => false);
    failures = answered ? 0 : failures + 1;
  }

  return {
    start() {
      repetition = repeat(clock, { everyMs: ASK_EVERY_MS, work: ask, failed: () => undefined });
    },
    isAway: () => failures >= FAILURES_MIN,
    stop: async () => repetition?.stop(),
  };
}
