import sql, { raw } from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { PushKeys } from '#server/platform/notify/index.ts';
import type { Device, Language, Person } from './types.ts';

interface PersonRow {
  readonly user_id: number;
  readonly language: Language;
  readonly time_zone: string;
  readonly email: string | null;
  readonly email_on: boolean;
  readonly property_ids: number[] | null;
  readonly severity: number;
  readonly kinds: string[] | null;
  readonly returned: boolean;
  readonly quiet_from_minute: number | null;
  readonly quiet_to_minute: number | null;
  readonly quiet_except_high: boolean;
  readonly version: number;
}

const PERSON = raw(`user_id, language, time_zone, email, email_on, property_ids, severity, kinds, returned,
  quiet_from_minute, quiet_to_minute, quiet_except_high, version`);

export async function selectPerson(db: Queryable, userId: number): Promise<Person | undefined> {
  const [row] = await db.query<PersonRow>(sql`select ${PERSON} from notification_person where user_id = ${userId}`);
  return row === undefined ? undefined : toPerson(row);
}

/** Everybody who is told by any way. */
export async function selectListeners(db: Queryable): Promise<readonly Person[]> {
  const rows = await db.query<PersonRow>(sql`
    select ${PERSON} from notification_person p
    where email_on or exists (select from push_device d where d.user_id = p.user_id) order by user_id`);
  return rows.map(toPerson);
}

/** Stores the wishes of somebody who had the version before; false: they have another one by now. */
export async function storePerson(tx: Tx, person: Person): Promise<boolean> {
  const { quiet } = person;
  const rows = await tx.query(sql`
    insert into notification_person (user_id, language, time_zone, email, email_on, property_ids, severity, kinds,
      returned, quiet_from_minute, quiet_to_minute, quiet_except_high)
    select ${person.userId}::int, ${person.language}, ${person.timeZone}, ${person.email ?? null}, ${person.emailOn},
      ${person.propertyIds ?? null}::int[], ${person.severity}::int, ${person.kinds ?? null}::text[], ${person.returned},
      ${quiet?.fromMinute ?? null}::int, ${quiet?.toMinute ?? null}::int, ${quiet?.exceptHigh ?? true}
    where ${person.version} = 0 or exists (select from notification_person where user_id = ${person.userId})
    on conflict (user_id) do update set language = excluded.language, time_zone = excluded.time_zone,
      email = excluded.email, email_on = excluded.email_on, property_ids = excluded.property_ids,
      severity = excluded.severity, kinds = excluded.kinds, returned = excluded.returned,
      quiet_from_minute = excluded.quiet_from_minute, quiet_to_minute = excluded.quiet_to_minute,
      quiet_except_high = excluded.quiet_except_high, version = notification_person.version + 1
    where notification_person.version = ${person.version}
    returning user_id`);
  return rows.length > 0;
}

function toPerson(row: PersonRow): Person {
  const { quiet_from_minute: fromMinute, quiet_to_minute: toMinute, quiet_except_high: exceptHigh } = row;
  return {
    userId: row.user_id,
    language: row.language,
    timeZone: row.time_zone,
    email: row.email ?? undefined,
    emailOn: row.email_on,
    propertyIds: row.property_ids ?? undefined,
    severity: row.severity,
    kinds: row.kinds ?? undefined,
    returned: row.returned,
    quiet: fromMinute === null || toMinute === null ? undefined : { fromMinute, toMinute, exceptHigh },
    version: row.version,
  };
}

interface DeviceRow {
  readonly id: number;
  readonly user_id: number;
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
  readonly name: string;
  readonly created_at: Date;
  readonly last_sent_at: Date | null;
}

const DEVICE = raw('id, user_id, endpoint, p256dh, auth, name, created_at, last_sent_at');

export async function selectDevices(db: Queryable, userIds: readonly number[]): Promise<readonly Device[]> {
  const rows = await db.query<DeviceRow>(
    sql`select ${DEVICE} from push_device where user_id = any(${[...userIds]}::int[]) order by id`,
  );
  return rows.map(toDevice);
}

export async function selectDevice(db: Queryable, deviceId: number): Promise<Device | undefined> {
  const [row] = await db.query<DeviceRow>(sql`select ${DEVICE} from push_device where id = ${deviceId}`);
  return row === undefined ? undefined : toDevice(row);
}

export type NewDevice = Pick<Device, 'userId' | 'endpoint' | 'p256dh' | 'auth' | 'name' | 'createdAt'>;

/** A browser has one subscription: another user's row of it becomes this user's, under a new id. */
export async function storeDevice(tx: Tx, device: NewDevice): Promise<Device> {
  await tx.query(sql`delete from push_device where endpoint = ${device.endpoint} and user_id <> ${device.userId}`);
  const [row] = await tx.query<DeviceRow>(sql`
    insert into push_device (user_id, endpoint, p256dh, auth, name, created_at)
    values (${device.userId}, ${device.endpoint}, ${device.p256dh}, ${device.auth}, ${device.name}, ${device.createdAt})
    on conflict (endpoint) do update set p256dh = excluded.p256dh, auth = excluded.auth, name = excluded.name
    returning ${DEVICE}`);
  if (row === undefined) throw new Error('the device was not stored');
  return toDevice(row);
}

export async function deleteDevice(tx: Tx, userId: number, deviceId: number): Promise<Device | undefined> {
  const [row] = await tx.query<DeviceRow>(
    sql`delete from push_device where id = ${deviceId} and user_id = ${userId} returning ${DEVICE}`,
  );
  return row === undefined ? undefined : toDevice(row);
}

export async function deviceWasSent(db: Queryable, deviceId: number, at: Date): Promise<void> {
  await db.query(sql`update push_device set last_sent_at = ${at} where id = ${deviceId}`);
}

function toDevice(row: DeviceRow): Device {
  return {
    id: row.id,
    userId: row.user_id,
    endpoint: row.endpoint,
    p256dh: row.p256dh,
    auth: row.auth,
    name: row.name,
    createdAt: row.created_at,
    lastSentAt: row.last_sent_at ?? undefined,
  };
}

/** The pair that was made first; `fresh` where there is none yet. */
export async function keepPushKeys(db: Queryable, fresh: () => PushKeys): Promise<PushKeys> {
  const select = sql`select public_key as "publicKey", private_key as "privateKey" from notification_push_key`;
  const [kept] = await db.query<PushKeys>(select);
  if (kept !== undefined) return kept;
  const { publicKey, privateKey } = fresh();
  await db.query(sql`
    insert into notification_push_key (public_key, private_key) values (${publicKey}, ${privateKey})
    on conflict do nothing`);
  const [stored] = await db.query<PushKeys>(select);
  if (stored === undefined) throw new Error('the push keys were not stored');
  return stored;
}
