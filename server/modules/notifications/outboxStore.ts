import sql, { raw } from 'sql-template-tag';
import type { DeliverySubject, NotifyChannel, Suppression } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import { type AlarmFacts, type Claimed, type NewDelivery, receiverKey } from './types.ts';

export async function insertNotification(tx: Tx, eventId: bigint, facts: AlarmFacts, at: Date): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>(sql`
    insert into notification (event_id, alarm_id, what, property_id, building_id, facts, made_at)
    values (${eventId}, ${facts.alarmId}, ${facts.what}, ${facts.propertyId ?? null},
      ${facts.buildingId ?? null}, ${JSON.stringify(facts)}::jsonb, ${at}) returning id`);
  if (row === undefined) throw new Error('the notification was not stored');
  return row.id;
}

/** Whom the last raise of this alarm was sent to, or is about to be: who never heard of it hears of no return. */
export async function selectToldOfRaise(tx: Tx, alarmId: number): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ receiver: string }>(sql`
    select receiver from notification_delivery
    where state <> 'suppressed' and notification_id =
      (select max(id) from notification where alarm_id = ${alarmId} and what = 'raised')`);
  return new Set(rows.map(({ receiver }) => receiver));
}

export async function insertDeliveries(tx: Tx, deliveries: readonly NewDelivery[], at: Date): Promise<bigint[]> {
  if (deliveries.length === 0) return [];
  const rows = deliveries.map(({ receiver, ...delivery }) => ({
    what: delivery.what,
    notification_id: delivery.notificationId === undefined ? null : String(delivery.notificationId),
    property_id: delivery.propertyId ?? null,
    building_id: delivery.buildingId ?? null,
    channel: receiver.channel,
    user_id: 'userId' in receiver ? (receiver.userId ?? null) : null,
    device_id: 'deviceId' in receiver ? receiver.deviceId : null,
    webhook_id: 'webhookId' in receiver ? receiver.webhookId : null,
    receiver: receiverKey(receiver),
    address: receiver.address,
    reason: delivery.suppressed ?? null,
  }));
  const stored = await tx.query<{ id: bigint }>(sql`
    insert into notification_delivery (what, notification_id, property_id, building_id, channel, user_id, device_id,
      webhook_id, receiver, address, state, reason, next_at, made_at, ended_at)
    select n.what, n.notification_id, n.property_id, n.building_id, n.channel, n.user_id, n.device_id, n.webhook_id,
      n.receiver, n.address, case when n.reason is null then 'waiting' else 'suppressed' end, n.reason, ${at}, ${at},
      case when n.reason is null then null else ${at}::timestamptz end
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as n (what text, notification_id bigint, property_id int,
      building_id int, channel text, user_id int, device_id int, webhook_id int, receiver text, address text, reason text)
    returning id`);
  return stored.map(({ id }) => id);
}

interface ClaimedRow {
  readonly id: bigint;
  readonly key: string;
  readonly what: DeliverySubject;
  readonly notification_id: bigint | null;
  readonly channel: NotifyChannel;
  readonly user_id: number | null;
  readonly device_id: number | null;
  readonly webhook_id: number | null;
  readonly address: string;
  readonly attempts: number;
  readonly made_at: Date;
}

const CLAIMED = raw(
  'd.id, key, what, notification_id, channel, user_id, device_id, webhook_id, address, attempts, made_at',
);
const OPEN = raw(`state in ('waiting', 'failed')`);

/**
 * Takes what is due of a channel, the oldest of each receiver, whose other messages wait until it has ended. An attempt
 * counts from here, so that what kills the program is not tried for ever; a claim that is older than `lostBefore` was
 * somebody's who is no more.
 */
export async function claimDue(
  db: Queryable,
  channel: NotifyChannel,
  rows: number,
  now: Date,
  lostBefore: Date,
): Promise<readonly Claimed[]> {
  const claimed = await db.query<ClaimedRow>(sql`
    update notification_delivery d set claimed_at = ${now}, attempts = attempts + 1
    where d.id in (
      select w.id from notification_delivery w
      where w.channel = ${channel} and w.state in ('waiting', 'failed') and w.next_at <= ${now}
        and (w.claimed_at is null or w.claimed_at < ${lostBefore})
        and not exists (select from notification_delivery o where o.channel = ${channel} and o.state in ('waiting', 'failed')
          and o.receiver = w.receiver and o.id <> w.id
          and ((o.claimed_at is not null and o.claimed_at >= ${lostBefore})
            or (o.claimed_at is null and o.next_at <= ${now} and o.id < w.id)))
      order by w.next_at, w.id limit ${rows} for update skip locked)
    returning ${CLAIMED}`);
  return claimed.map(toClaimed);
}

/** Takes one that was made just now for a test. */
export async function claimOne(db: Queryable, id: bigint, now: Date): Promise<Claimed> {
  const [row] = await db.query<ClaimedRow>(sql`
    update notification_delivery d set claimed_at = ${now}, attempts = attempts + 1 where d.id = ${id}
    returning ${CLAIMED}`);
  if (row === undefined) throw new Error(`delivery ${id} is gone`);
  return toClaimed(row);
}

/** After a start: whoever had claimed these is no more. */
export async function releaseClaims(db: Queryable): Promise<void> {
  await db.query(sql`update notification_delivery set claimed_at = null where claimed_at is not null and ${OPEN}`);
}

export type Ending =
  | { readonly state: 'sent' }
  | { readonly state: 'failed'; readonly error: string; readonly nextAt: Date }
  | { readonly state: 'givenUp'; readonly error: string }
  | { readonly state: 'suppressed'; readonly reason: Suppression };

/** What became of an attempt. */
export async function endAttempt(db: Queryable, id: bigint, ending: Ending, at: Date): Promise<void> {
  const error = 'error' in ending ? ending.error : null;
  const nextAt = ending.state === 'failed' ? ending.nextAt : null;
  await db.query(sql`
    update notification_delivery set state = ${ending.state}, claimed_at = null,
      reason = ${ending.state === 'suppressed' ? ending.reason : null},
      last_error = coalesce(${error}::text, last_error), next_at = coalesce(${nextAt}::timestamptz, next_at),
      ended_at = ${nextAt === null ? at : null}::timestamptz
    where id = ${id}`);
}

/** What one message tells: one alarm, or the first `rows` of a bundle with the number of all of them. */
export async function selectContent(
  db: Queryable,
  { id, what, notificationId }: Pick<Claimed, 'id' | 'what' | 'notificationId'>,
  rows: number,
): Promise<{ readonly items: readonly AlarmFacts[]; readonly count: number }> {
  if (what !== 'bundle') {
    const found = await db.query<{ facts: AlarmFacts }>(
      sql`select facts from notification where id = ${notificationId ?? null}`,
    );
    return { items: found.map(({ facts }) => facts), count: found.length };
  }
  const found = await db.query<{ facts: AlarmFacts }>(sql`
    select n.facts from notification_delivery d join notification n on n.id = d.notification_id
    where d.bundle_id = ${id} order by (n.facts->>'severity')::int desc, d.id limit ${rows}`);
  const [all] = await db.query<{ count: bigint }>(
    sql`select count(*) from notification_delivery where bundle_id = ${id}`,
  );
  return { items: found.map(({ facts }) => facts), count: Number(all?.count ?? 0n) };
}

export interface Waiting {
  readonly channel: NotifyChannel;
  readonly count: bigint;
  readonly oldest: Date;
}

/** What is not at its end, by channel. */
export function selectWaiting(db: Queryable): Promise<Waiting[]> {
  return db.query<Waiting>(sql`
    select channel, count(*), min(made_at) as oldest from notification_delivery where ${OPEN} group by channel`);
}

/** Takes away what is older; a few thousand rows a time, so that nobody waits for it. */
export async function prune(db: Queryable, before: Date, rows: number): Promise<number> {
  const gone = await db.query(sql`
    delete from notification_delivery where id in (
      select d.id from notification_delivery d where d.made_at < ${before} and not d.state in ('waiting', 'failed')
        and not exists (select from notification_delivery m where m.bundle_id = d.id) order by d.id limit ${rows})
    returning id`);
  const told = await db.query(sql`
    delete from notification where id in (
      select n.id from notification n where n.made_at < ${before}
        and not exists (select from notification_delivery d where d.notification_id = n.id) order by n.id limit ${rows})
    returning id`);
  return gone.length + told.length;
}

function toClaimed(row: ClaimedRow): Claimed {
  return {
    id: row.id,
    key: row.key,
    what: row.what,
    notificationId: row.notification_id ?? undefined,
    channel: row.channel,
    userId: row.user_id ?? undefined,
    deviceId: row.device_id ?? undefined,
    webhookId: row.webhook_id ?? undefined,
    address: row.address,
    attempts: row.attempts,
    madeAtMs: row.made_at.getTime(),
  };
}
