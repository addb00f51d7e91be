import type { Suppression } from '#contract/index.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';
import { lockCursor, moveCursor, selectNews } from './alarmStore.ts';
import { bundleFloods } from './bundling.ts';
import { selectActiveHooks } from './hookStore.ts';
import { insertDeliveries, insertNotification, selectToldOfRaise } from './outboxStore.ts';
import { selectDevices, selectListeners } from './personStore.ts';
import { isWanted, maySee, suppressionFor } from './rules.ts';
import {
  type AlarmFacts,
  type AlarmNews,
  type AlarmScopes,
  type Device,
  type Hook,
  type NewDelivery,
  type Person,
  type Receiver,
  receiverKey,
} from './types.ts';

/** Events of alarms in one transaction. */
const NEWS_MAX = 200;

export interface PlannerDeps {
  readonly db: Db;
  readonly nowMs: () => number;
  readonly estate: Pick<EstateReader, 'place'>;
  readonly scopesOf: AlarmScopes;
  readonly mailConfigured: boolean;
}

/** What one look at the alarms made. */
export interface Planned {
  readonly news: number;
  readonly bundled: number;
  readonly suppressed: number;
  /** There may be more at once. */
  readonly more: boolean;
}

/** Somebody who may be told, with all their ways. */
interface Listener {
  readonly person: Person | undefined;
  readonly wanted: Person | Hook;
  readonly receivers: readonly Receiver[];
  readonly mayHear: (news: AlarmNews) => boolean;
}

/**
 * Turns the next events of alarms into messages, in one transaction with the cursor: a kill leaves both or none, so that
 * every event is told to everybody who should hear of it, and planned once.
 */
export function planNext(deps: PlannerDeps): Promise<Planned> {
  return deps.db.tx(async (tx) => {
    const cursor = await lockCursor(tx);
    const news = await selectNews(tx, cursor, NEWS_MAX);
    const last = news.at(-1);
    if (last === undefined) return { news: 0, bundled: 0, suppressed: 0, more: false };
    const listeners = await listenersOf(tx, deps);
    const deliveries: NewDelivery[] = [];
    for (const one of news) deliveries.push(...(await tell(tx, one, listeners, deps)));
    await insertDeliveries(tx, deliveries, new Date(deps.nowMs()));
    const sent = deliveries.filter(({ suppressed }) => suppressed === undefined);
    const bundled = await bundleFloods(
      tx,
      sent.map(({ receiver }) => receiverKey(receiver)),
      deps.nowMs(),
    );
    await moveCursor(tx, last.eventId);
    const suppressed = deliveries.length - sent.length;
    return { news: news.length, bundled, suppressed, more: news.length === NEWS_MAX };
  });
}

async function listenersOf(tx: Tx, { scopesOf }: PlannerDeps): Promise<readonly Listener[]> {
  const persons = await selectListeners(tx);
  const userIds = persons.map(({ userId }) => userId);
  const scopes = await scopesOf(userIds);
  const devices = Map.groupBy(await selectDevices(tx, userIds), ({ userId }) => userId);
  const people = persons.flatMap((person): Listener[] => {
    const scope = scopes.get(person.userId);
    if (scope === undefined) return [];
    const receivers = receiversOf(person, devices.get(person.userId) ?? []);
    return [{ person, wanted: person, receivers, mayHear: (news) => maySee(scope, news.facts) }];
  });
  const hooks = (await selectActiveHooks(tx)).map(
    (hook): Listener => ({
      person: undefined,
      wanted: hook,
      receivers: [{ channel: 'webhook', webhookId: hook.id, address: hook.name }],
      mayHear: () => true,
    }),
  );
  return [...people, ...hooks];
}

function receiversOf({ userId, email, emailOn }: Person, devices: readonly Device[]): Receiver[] {
  const pushed = devices.map(({ id, name }): Receiver => ({ channel: 'push', userId, deviceId: id, address: name }));
  return emailOn && email !== undefined ? [{ channel: 'email', userId, address: email }, ...pushed] : pushed;
}

async function tell(
  tx: Tx,
  news: AlarmNews,
  listeners: readonly Listener[],
  { nowMs, estate, mailConfigured }: PlannerDeps,
): Promise<readonly NewDelivery[]> {
  const hearing = listeners.filter(({ wanted, mayHear }) => isWanted(wanted, news.facts) && mayHear(news));
  if (hearing.length === 0) return [];
  const { alarmId, what, propertyId, buildingId } = news.facts;
  const toldOfRaise = what === 'returned' ? await selectToldOfRaise(tx, alarmId) : undefined;
  const place = propertyId === undefined ? undefined : estate.place(propertyId);
  const facts: AlarmFacts = {
    ...news.facts,
    timeZone: place?.timeZone ?? 'UTC',
    currency: place?.currency ?? 'CNY',
  };
  const now = nowMs();
  const about = { what, propertyId, buildingId };
  const made = hearing.flatMap(({ person, receivers }) =>
    receivers
      .filter((receiver) => toldOfRaise?.has(receiverKey(receiver)) !== false)
      .map((receiver) => {
        const noServer: Suppression | undefined =
          receiver.channel === 'email' && !mailConfigured ? 'noMailServer' : undefined;
        return { ...about, receiver, suppressed: noServer ?? suppressionFor(person, news, now) };
      }),
  );
  if (made.length === 0) return [];
  const notificationId = await insertNotification(tx, news.eventId, facts, new Date(now));
  return made.map((delivery) => ({ ...delivery, notificationId }));
}
