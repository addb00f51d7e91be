import type { Db } from '#server/platform/db/index.ts';
import { type MailSender, type Outcome, type PushSender, sendWebhook } from '#server/platform/notify/index.ts';
import { type Content, isUrgent, pushPayload, textsOf, WEBHOOK_ALARMS_MAX, webhookBody } from './composer.ts';
import { selectHook } from './hookStore.ts';
import { type Ending, selectContent } from './outboxStore.ts';
import { deleteDevice, deviceWasSent, selectDevice, selectPerson } from './personStore.ts';
import { maySee } from './rules.ts';
import type { AlarmScopes, Claimed, Language, Person } from './types.ts';

export interface SenderDeps {
  readonly db: Db;
  readonly nowMs: () => number;
  readonly mail: MailSender | undefined;
  readonly push: PushSender;
  readonly scopesOf: AlarmScopes;
  readonly origin: string | undefined;
  readonly webhookTimeoutMs: number | undefined;
  readonly limits: RetryLimits;
}

/** How long a message is tried. */
export interface RetryLimits {
  /** Before the second attempt; doubled for each one after it. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** After so many it is given up. */
  readonly attemptsMax: number;
}

/** 30 s, 1 min, 2, 4, 8, 16, then every half hour: some three hours. */
export const RETRY_LIMITS: RetryLimits = { firstMs: 30_000, longestMs: 30 * 60_000, attemptsMax: 12 };
/** The other side may ask for a longer pause than ours, but not for any. */
const PAUSE_MS_MAX = 60 * 60_000;

const suppressed = (reason: Extract<Ending, { state: 'suppressed' }>['reason']): Ending => ({
  state: 'suppressed',
  reason,
});

/** Sends one message, in `language` or in that of its receiver; what became of it. Rejects only where the database does. */
export async function deliver(deps: SenderDeps, claimed: Claimed, language?: Language): Promise<Ending> {
  const found = await selectContent(deps.db, claimed, WEBHOOK_ALARMS_MAX);
  const content: Content = { what: claimed.what, ...found };
  const sent = await sendBy(deps, claimed, content, language);
  return 'kind' in sent ? endingOf(sent, claimed.attempts, deps) : sent;
}

function sendBy(
  deps: SenderDeps,
  claimed: Claimed,
  content: Content,
  language: Language | undefined,
): Promise<Outcome | Ending> {
  if (claimed.channel === 'webhook') return sendToWebhook(deps, claimed, content);
  return claimed.channel === 'push' ? sendToDevice(deps, claimed, content) : sendMail(deps, claimed, content, language);
}

async function sendMail(
  deps: SenderDeps,
  claimed: Claimed,
  content: Content,
  language: Language | undefined,
): Promise<Outcome | Ending> {
  const person = await personOf(deps, claimed);
  if (deps.mail === undefined) return suppressed('noMailServer');
  if (claimed.what !== 'test') {
    if (person?.emailOn !== true || person.email !== claimed.address) return suppressed('turnedOff');
    if (!(await stillMaySee(deps, person, content))) return suppressed('noRight');
  }
  const { title: subject, text } = textsOf(content, language ?? person?.language ?? 'zh', deps.origin);
  const [only] = content.items;
  const thread = content.count === 1 && only !== undefined ? `alarm-${only.alarmId}` : 'alarms';
  return deps.mail.send({ to: claimed.address, subject, text, key: claimed.key, thread });
}

async function sendToDevice(deps: SenderDeps, claimed: Claimed, content: Content): Promise<Outcome | Ending> {
  const { db, push } = deps;
  const device = claimed.deviceId === undefined ? undefined : await selectDevice(db, claimed.deviceId);
  const person = await personOf(deps, claimed);
  if (device === undefined || person === undefined) return suppressed('receiverGone');
  if (!(await stillMaySee(deps, person, content))) return suppressed('noRight');
  const { payload, topic } = pushPayload(claimed.key, content, person.language);
  const outcome = await push.send(device, { payload, topic, urgent: isUrgent(content) });
  if (outcome.kind === 'sent') await deviceWasSent(db, device.id, new Date(deps.nowMs()));
  // The browser forgot us; whoever wants it again turns it on again.
  if (outcome.kind === 'gone') await db.tx((tx) => deleteDevice(tx, device.userId, device.id));
  return outcome;
}

async function sendToWebhook(deps: SenderDeps, claimed: Claimed, content: Content): Promise<Outcome | Ending> {
  const hook = claimed.webhookId === undefined ? undefined : await selectHook(deps.db, claimed.webhookId);
  if (hook === undefined) return suppressed('receiverGone');
  if (hook.disabled && claimed.what !== 'test') return suppressed('turnedOff');
  const { url, secret, language } = hook;
  return sendWebhook({
    ...{ url, secret, key: claimed.key, timeoutMs: deps.webhookTimeoutMs },
    body: webhookBody(claimed, content, language, deps.origin),
    timestampS: Math.floor(deps.nowMs() / 1_000),
  });
}

async function personOf({ db }: SenderDeps, { userId }: Claimed): Promise<Person | undefined> {
  return userId === undefined ? undefined : selectPerson(db, userId);
}

/** Rights may have gone while a message waited. What a test says is no secret, but who may not sign in gets none. */
async function stillMaySee({ scopesOf }: SenderDeps, { userId }: Person, { items }: Content): Promise<boolean> {
  const scope = (await scopesOf([userId])).get(userId);
  return scope !== undefined && items.every((facts) => maySee(scope, facts));
}

function endingOf(outcome: Outcome, attempts: number, { nowMs, limits }: SenderDeps): Ending {
  if (outcome.kind === 'sent') return { state: 'sent' };
  const { reason: error } = outcome;
  if (outcome.kind !== 'failed' || attempts >= limits.attemptsMax) return { state: 'givenUp', error };
  const ownMs = Math.min(limits.firstMs * 2 ** (attempts - 1), limits.longestMs);
  const pauseMs = Math.max(ownMs, Math.min(outcome.retryAfterMs ?? 0, PAUSE_MS_MAX));
  return { state: 'failed', error, nextAt: new Date(nowMs() + pauseMs) };
}
