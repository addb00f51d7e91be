import type { Clock } from '#drivers/core/index.ts';
import { scopesOf } from '#server/modules/access/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import type { Metrics } from '#server/platform/metricsFigures.ts';
import {
  createMailSender,
  createPushSender,
  type MailSettings,
  type MailTimes,
  makePushKeys,
  type PushKeys,
  type PushNetwork,
} from '#server/platform/notify/index.ts';
import { type Repetition, repeat } from '#server/platform/repeat.ts';
import { addNotificationFigures, NotificationCounts } from './figures.ts';
import { type Lane, startLane } from './lanes.ts';
import { prune, releaseClaims, selectWaiting } from './outboxStore.ts';
import { keepPushKeys } from './personStore.ts';
import { planNext } from './planner.ts';
import { addNotificationRoutes } from './routes.ts';
import { deliver, RETRY_LIMITS, type RetryLimits, type SenderDeps } from './sender.ts';
import { createTestSender } from './testing.ts';
import type { AlarmScopes, Claimed, Language } from './types.ts';

const LOOK_EVERY_MS = 1_000;
/** While the database is away. */
const LOOK_MS_MAX = 30_000;
/** Waiting messages are counted so often. */
const COUNT_EVERY_MS = 10_000;
/** What was delivered is known so long. */
export const LOG_DAYS = 90;
const PRUNE_EVERY_MS = 3_600_000;
/** Rows taken away at once. */
const PRUNE_ROWS_MAX = 5_000;
const DAY_MS = 86_400_000;

/** Bounds and ways that rehearsals want otherwise. */
export interface NotifyTuning {
  readonly limits?: RetryLimits;
  readonly mailTimes?: MailTimes;
  readonly webhookTimeoutMs?: number;
  readonly pushNetwork?: PushNetwork;
}

export interface NotificationsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly estate: EstateReader;
  /** Undefined: no e-mail is sent. */
  readonly mail: MailSettings | undefined;
  readonly publicOrigin: string | undefined;
  readonly tuning: NotifyTuning;
}

export interface Notifications {
  addRoutes(routes: RouteServer): void;
  start(): Promise<void>;
  /** Waits for what is under way; the rest stays in the database. */
  stop(): Promise<void>;
}

/** Tells people and systems of alarms: push, e-mail, webhooks. Rows first, so that a kill loses nothing. */
export function createNotifications(deps: NotificationsDeps): Notifications {
  const { db, clock, log, estate, publicOrigin: origin, tuning } = deps;
  const alarmScopes = alarmScopesOf(db);
  const nowMs = () => clock.nowMs();
  const mail = deps.mail === undefined ? undefined : createMailSender(deps.mail, tuning.mailTimes);
  const counts = new NotificationCounts();
  addNotificationFigures(deps.metrics, counts, nowMs);
  let keys: PushKeys | undefined;
  const keysNow = (): PushKeys => {
    if (keys === undefined) throw new Error('the push keys were not loaded yet');
    return keys;
  };
  const send = (claimed: Claimed, language?: Language) => deliver(sender(), claimed, language);
  let cached: SenderDeps | undefined;
  const sender = (): SenderDeps => {
    const { pushNetwork: network, webhookTimeoutMs, limits = RETRY_LIMITS } = tuning;
    const subject = origin?.startsWith('https:') === true ? origin : 'mailto:meterwall@localhost.invalid';
    cached ??= {
      ...{ db, nowMs, mail, scopesOf: alarmScopes, origin, webhookTimeoutMs, limits },
      push: createPushSender({ keys: keysNow(), subject, network }),
    };
    return cached;
  };
  const sendTest = createTestSender({ db, nowMs, monotonicMs: () => clock.monotonicMs(), deliver: send });
  const running: (() => Promise<void> | void)[] = [];

  return {
    addRoutes(routes) {
      const pushKey = () => keysNow().publicKey;
      addNotificationRoutes(routes, { db, nowMs, estate, mail, pushKey, sendTest, mailConfigured: mail !== undefined });
    },
    async start() {
      keys = await keepPushKeys(db, makePushKeys);
      await releaseClaims(db);
      const lanes = (['push', 'email', 'webhook'] as const).map((channel) =>
        startLane({ db, clock, log, channel, deliver: send, ended: (of, ending) => counts.ended(of, ending) }),
      );
      const looking = startLooking(deps, counts, mail !== undefined, lanes);
      const pruning = startPruning(deps);
      running.push(
        () => pruning.stop(),
        () => looking.stop(),
        ...lanes.map((lane) => () => lane.stop()),
      );
    },
    async stop() {
      for (const end of running.splice(0)) await end();
    },
  };
}

function alarmScopesOf(db: Db): AlarmScopes {
  return (userIds) => scopesOf(db, 'alarm.view', userIds);
}

/** Looks at the events of alarms by their rows, whoever wrote them and whatever was missed. */
function startLooking(
  deps: NotificationsDeps,
  counts: NotificationCounts,
  mailConfigured: boolean,
  lanes: readonly Lane[],
): Repetition {
  const { db, clock, log, estate } = deps;
  const planner = { db, estate, scopesOf: alarmScopesOf(db), mailConfigured, nowMs: () => clock.nowMs() };
  let countedMs = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    for (let more = true; more; ) {
      const planned = await planNext(planner);
      counts.news += planned.news;
      counts.bundled += planned.bundled;
      counts.suppressed += planned.suppressed;
      more = planned.more;
      if (planned.news > 0) for (const lane of lanes) lane.look();
    }
    if (clock.monotonicMs() - countedMs < COUNT_EVERY_MS) return;
    counts.waiting = await selectWaiting(db);
    countedMs = clock.monotonicMs();
  }

  return repeat(clock, {
    everyMs: LOOK_EVERY_MS,
    retryMsMax: LOOK_MS_MAX,
    startNow: true,
    work: look,
    failed: (error) => log.warn('alarms could not be looked at and are looked at again', { reason: error.message }),
  });
}

function startPruning({ db, clock, log }: NotificationsDeps): Repetition {
  return repeat(clock, {
    everyMs: PRUNE_EVERY_MS,
    async work() {
      const before = new Date(clock.nowMs() - LOG_DAYS * DAY_MS);
      while ((await prune(db, before, PRUNE_ROWS_MAX)) >= PRUNE_ROWS_MAX);
    },
    failed: (error) => log.warn('old deliveries were not taken away', { reason: error.message }),
  });
}
