import type { NotifyChannel } from '#contract/index.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Log } from '#server/platform/log.ts';
import { type Repetition, repeat } from '#server/platform/repeat.ts';
import { claimDue, type Ending, endAttempt } from './outboxStore.ts';
import type { Claimed } from './types.ts';

/** Messages of a channel that are under way at the same time: a mail server that hangs holds up no push. */
export const PARALLEL: Readonly<Record<NotifyChannel, number>> = { push: 8, email: 2, webhook: 6 };
const LOOK_EVERY_MS = 1_000;
/** While the database is away. */
const LOOK_MS_MAX = 30_000;
/** Longer than any attempt takes: whoever claimed a message so long ago is no more. */
export const CLAIM_MS_MAX = 120_000;

export interface LaneDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly channel: NotifyChannel;
  readonly deliver: (claimed: Claimed) => Promise<Ending>;
  /** After each attempt. */
  readonly ended: (channel: NotifyChannel, ending: Ending) => void;
}

export interface Lane {
  /** Look now instead of within a second. */
  look(): void;
  /** Takes nothing more and waits for what is under way. */
  stop(): Promise<void>;
}

/** Sends what is due of one channel, one message a receiver, until it is stopped. */
export function startLane({ db, clock, log, channel, deliver, ended }: LaneDeps): Lane {
  const underWay = new Set<Promise<void>>();
  let stopped = false;

  async function attempt(claimed: Claimed): Promise<void> {
    try {
      const ending = await deliver(claimed);
      await endAttempt(db, claimed.id, ending, new Date(clock.nowMs()));
      ended(channel, ending);
    } catch (error) {
      // It stays claimed and is sent again later, with the same key: at least once.
      const reason = error instanceof Error ? error.message : String(error);
      log.warn('what became of a message could not be stored', { channel, delivery: claimed.id, reason });
    }
  }

  async function fill(): Promise<void> {
    const free = PARALLEL[channel] - underWay.size;
    if (free <= 0 || stopped) return;
    const nowMs = clock.nowMs();
    const claimed = await claimDue(db, channel, free, new Date(nowMs), new Date(nowMs - CLAIM_MS_MAX));
    for (const one of claimed) {
      const work = attempt(one).finally(() => {
        underWay.delete(work);
        look();
      });
      underWay.add(work);
    }
  }

  const repetition: Repetition = repeat(clock, {
    everyMs: LOOK_EVERY_MS,
    retryMsMax: LOOK_MS_MAX,
    work: fill,
    failed: (error) => log.warn('messages wait for the database', { channel, reason: error.message }),
  });
  /** A failure is told by the next regular look. */
  function look(): void {
    if (!stopped) void repetition.runNow().catch(() => undefined);
  }

  return {
    look,
    async stop() {
      stopped = true;
      await repetition.stop();
      await Promise.all(underWay);
    },
  };
}
