import sql from 'sql-template-tag';
import type { Grant } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

/** A grant as the database keeps it, with its role's permissions. */
export interface StoredGrant {
  readonly role: string;
  readonly scope: Grant['scope'];
  readonly placeId: number | null;
  readonly permissions: readonly string[];
}

export interface StoredUser {
  readonly id: number;
  readonly name: string;
  readonly display_name: string;
  readonly disabled: boolean;
  readonly demo: boolean;
  /** The holder of a kiosk's link: cannot sign in. */
  readonly kiosk: boolean;
  readonly created_at: Date;
  readonly grants: readonly StoredGrant[];
}

export interface SessionTimes {
  readonly session_created_at: Date;
  readonly seen_at: Date;
}

export interface StoredSession extends StoredUser, SessionTimes {
  readonly session_id: string;
}

const grantsOfUser = sql`(
  select coalesce(jsonb_agg(jsonb_build_object(
    'role', g.role, 'scope', g.scope, 'placeId', g.place_id, 'permissions', r.permissions) order by g.id), '[]')
  from user_grant g join role r on r.name = g.role where g.user_id = u.id) as grants`;
const userColumns = sql`u.id, u.name, u.display_name, u.disabled, u.demo, u.kiosk, u.created_at, ${grantsOfUser}`;

/** Makes the roles of the program those of the database. */
export async function upsertBuiltInRole(tx: Tx, name: string, permissions: readonly string[]): Promise<void> {
  await tx.query(sql`
    insert into role (name, permissions, built_in) values (${name}, ${permissions}::text[], true)
    on conflict (name) do update set permissions = excluded.permissions, built_in = true`);
}

export async function selectRolePermissions(db: Queryable, name: string): Promise<readonly string[] | undefined> {
  const rows = await db.query<{ permissions: string[] }>(sql`select permissions from role where name = ${name}`);
  return rows[0]?.permissions;
}

/** Changes of users wait for each other: the rule of the last administrator looks at all of them. */
export async function lockUsers(tx: Tx): Promise<void> {
  await tx.query(sql`lock table app_user in share row exclusive mode`);
}

export async function selectCredentials(db: Queryable, name: string) {
  const rows = await db.query<{ id: number; password_hash: string; disabled: boolean }>(
    sql`select id, password_hash, disabled from app_user where lower(name) = lower(${name}) and not kiosk`,
  );
  return rows[0];
}

export async function selectUser(db: Queryable, userId: number): Promise<StoredUser | undefined> {
  const rows = await db.query<StoredUser>(sql`select ${userColumns} from app_user u where u.id = ${userId}`);
  return rows[0];
}

export async function selectUserByName(db: Queryable, name: string): Promise<StoredUser | undefined> {
  const rows = await db.query<StoredUser>(
    sql`select ${userColumns} from app_user u where lower(u.name) = lower(${name})`,
  );
  return rows[0];
}

export function selectUsers(db: Queryable, afterId: number, rows: number): Promise<StoredUser[]> {
  return db.query<StoredUser>(
    sql`select ${userColumns} from app_user u where u.id > ${afterId} and not u.kiosk order by u.id limit ${rows}`,
  );
}

export async function countUsersWithoutDemo(db: Queryable): Promise<number> {
  const rows = await db.query<{ count: bigint }>(sql`select count(*) from app_user where not demo`);
  return Number(rows[0]?.count ?? 0);
}

/** Enabled users who manage users in the whole group. */
export async function countAdministrators(db: Queryable): Promise<number> {
  const rows = await db.query<{ count: bigint }>(sql`
    select count(distinct u.id) from app_user u join user_grant g on g.user_id = u.id join role r on r.name = g.role
    where not u.disabled and g.scope = 'group' and 'user.manage' = any (r.permissions)`);
  return Number(rows[0]?.count ?? 0);
}

export interface NewUser {
  readonly name: string;
  readonly displayName: string;
  readonly passwordHash: string;
  readonly demo: boolean;
  readonly kiosk: boolean;
}

export async function insertUser(tx: Tx, user: NewUser): Promise<number | undefined> {
  const rows = await tx.query<{ id: number }>(sql`
    insert into app_user (name, display_name, password_hash, demo, kiosk)
    values (${user.name}, ${user.displayName}, ${user.passwordHash}, ${user.demo}, ${user.kiosk}) returning id`);
  return rows[0]?.id;
}

export interface UserChange {
  readonly displayName: string | null;
  readonly passwordHash: string | null;
  readonly disabled: boolean | null;
}

/** Null leaves as it is. */
export async function updateUserRow(tx: Tx, userId: number, change: UserChange): Promise<void> {
  await tx.query(sql`
    update app_user set
      display_name = coalesce(${change.displayName}::text, display_name),
      password_hash = coalesce(${change.passwordHash}::text, password_hash),
      disabled = coalesce(${change.disabled}::boolean, disabled)
    where id = ${userId}`);
}

export async function replaceGrants(tx: Tx, userId: number, grants: readonly Grant[]): Promise<void> {
  await tx.query(sql`delete from user_grant where user_id = ${userId}`);
  await tx.query(sql`
    insert into user_grant (user_id, role, scope, place_id)
    select ${userId}, g.role, g.scope, g."placeId"
    from jsonb_to_recordset(${JSON.stringify(grants)}::jsonb) as g (role text, scope text, "placeId" int)`);
}

export async function disableDemoUsers(tx: Tx): Promise<void> {
  await tx.query(sql`update app_user set disabled = true where demo`);
  await tx.query(sql`delete from session where user_id in (select id from app_user where demo)`);
}

export interface NewSession {
  readonly tokenHash: Buffer;
  readonly userId: number;
  readonly at: Date;
  readonly ip: string;
}

export async function insertSession(tx: Tx, session: NewSession): Promise<void> {
  await tx.query(sql`
    insert into session (token_hash, user_id, created_at, seen_at, ip)
    values (${session.tokenHash}, ${session.userId}, ${session.at}, ${session.at}, ${session.ip})`);
}

export async function selectSession(db: Queryable, tokenHash: Buffer): Promise<StoredSession | undefined> {
  const rows = await db.query<StoredSession>(sql`
    select s.id as session_id, s.created_at as session_created_at, s.seen_at, ${userColumns}
    from session s join app_user u on u.id = s.user_id where s.token_hash = ${tokenHash}`);
  return rows[0];
}

export async function selectSessionTimes(db: Queryable, sessionId: string): Promise<SessionTimes | undefined> {
  const rows = await db.query<SessionTimes>(
    sql`select created_at as session_created_at, seen_at from session where id = ${sessionId}`,
  );
  return rows[0];
}

export async function touchSession(db: Queryable, sessionId: string, at: Date): Promise<void> {
  await db.query(sql`update session set seen_at = ${at} where id = ${sessionId}`);
}

export async function deleteSession(tx: Tx, sessionId: string): Promise<void> {
  await tx.query(sql`delete from session where id = ${sessionId}`);
}

export async function deleteSessionsOfUser(tx: Tx, userId: number, exceptSessionId: string | null): Promise<void> {
  await tx.query(sql`
    delete from session where user_id = ${userId} and id is distinct from ${exceptSessionId}::uuid`);
}

/** Removes sessions that ended by time, and a user's oldest beyond `keep`. */
export async function pruneSessions(
  tx: Tx,
  userId: number,
  createdBefore: Date,
  seenBefore: Date,
  keep: number,
): Promise<void> {
  await tx.query(sql`delete from session where created_at < ${createdBefore} or seen_at < ${seenBefore}`);
  await tx.query(sql`
    delete from session where id in (
      select id from session where user_id = ${userId} order by seen_at desc offset ${keep})`);
}

export interface NewAudit {
  readonly userId: number | null;
  readonly userName: string | null;
  readonly ip: string | null;
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string | null;
  readonly propertyId: number | null;
  /** JSON text. */
  readonly before: string | null;
  readonly after: string | null;
}

export async function insertAudit(tx: Tx, row: NewAudit): Promise<void> {
  await tx.query(sql`
    insert into audit (user_id, user_name, ip, action, subject_kind, subject_id, property_id, before, after)
    values (${row.userId}, ${row.userName}, ${row.ip}, ${row.action}, ${row.subjectKind}, ${row.subjectId},
      ${row.propertyId}, ${row.before}::jsonb, ${row.after}::jsonb)`);
}

export interface StoredAudit {
  readonly id: bigint;
  readonly at: Date;
  readonly user_name: string | null;
  readonly ip: string | null;
  readonly action: string;
  readonly subject_kind: string;
  readonly subject_id: string | null;
  readonly property_id: number | null;
  readonly before: unknown;
  readonly after: unknown;
}

export interface AuditFilter {
  /** Null = all, rows without a property included. */
  readonly propertyIds: readonly number[] | null;
  readonly propertyId: number | null;
  readonly subjectKind: string | null;
  readonly subjectId: string | null;
  readonly beforeId: number | null;
  readonly rows: number;
}

export function selectAudit(db: Queryable, filter: AuditFilter): Promise<StoredAudit[]> {
  return db.query<StoredAudit>(sql`
    select id, at, user_name, ip, action, subject_kind, subject_id, property_id, before, after from audit
    where (${filter.propertyIds}::int[] is null or property_id = any (${filter.propertyIds}::int[]))
      and (${filter.propertyId}::int is null or property_id = ${filter.propertyId}::int)
      and (${filter.subjectKind}::text is null or subject_kind = ${filter.subjectKind}::text)
      and (${filter.subjectId}::text is null or subject_id = ${filter.subjectId}::text)
      and (${filter.beforeId}::bigint is null or id < ${filter.beforeId}::bigint)
    order by id desc limit ${filter.rows}`);
}
