import sql, { type Sql } from 'sql-template-tag';
import type { KioskTour } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

export interface StoredKioskLink {
  readonly id: number;
  readonly user_id: number;
  readonly name: string;
  readonly tour: KioskTour;
  readonly made_by: string;
  readonly made_at: Date;
  readonly opened_at: Date | null;
  readonly revoked_by: string | null;
  readonly revoked_at: Date | null;
  /** Of its holder's rights; those that are gone are gone here too. */
  readonly property_ids: readonly number[];
}

const select = (where: Sql): Sql => sql`
  select l.id, l.user_id, l.name, l.tour, l.made_by, l.made_at, l.opened_at, l.revoked_by, l.revoked_at,
    array(select g.place_id from user_grant g where g.user_id = l.user_id order by g.id) as property_ids
  from kiosk_link l ${where}`;

export function selectKioskLinks(db: Queryable, beforeId: number | null, rows: number): Promise<StoredKioskLink[]> {
  return db.query<StoredKioskLink>(
    select(sql`where ${beforeId}::int is null or l.id < ${beforeId}::int order by l.id desc limit ${rows}`),
  );
}

export async function selectKioskLink(db: Queryable, linkId: number): Promise<StoredKioskLink | undefined> {
  return (await db.query<StoredKioskLink>(select(sql`where l.id = ${linkId}`)))[0];
}

/** The same, and nobody else revokes it until the transaction ends. */
export async function lockKioskLink(tx: Tx, linkId: number): Promise<StoredKioskLink | undefined> {
  return (await tx.query<StoredKioskLink>(select(sql`where l.id = ${linkId} for update of l`)))[0];
}

/** The link of a token while it is good; locked against being revoked at the same time. */
export async function selectKioskLinkByToken(tx: Tx, tokenHash: Buffer): Promise<StoredKioskLink | undefined> {
  const good = sql`where l.token_hash = ${tokenHash} and l.revoked_at is null for update of l`;
  return (await tx.query<StoredKioskLink>(select(good)))[0];
}

export interface NewKioskLink {
  readonly tokenHash: Buffer;
  readonly userId: number;
  readonly name: string;
  readonly tour: KioskTour;
  readonly madeBy: string;
  readonly madeAt: Date;
}

export async function insertKioskLink(tx: Tx, link: NewKioskLink): Promise<number | undefined> {
  const rows = await tx.query<{ id: number }>(sql`
    insert into kiosk_link (token_hash, user_id, name, tour, made_by, made_at)
    values (${link.tokenHash}, ${link.userId}, ${link.name}, ${JSON.stringify(link.tour)}::jsonb, ${link.madeBy},
      ${link.madeAt})
    returning id`);
  return rows[0]?.id;
}

export async function markOpened(tx: Tx, linkId: number, at: Date): Promise<void> {
  await tx.query(sql`update kiosk_link set opened_at = ${at} where id = ${linkId}`);
}

export async function markRevoked(tx: Tx, linkId: number, by: string, at: Date): Promise<void> {
  await tx.query(sql`update kiosk_link set revoked_by = ${by}, revoked_at = ${at} where id = ${linkId}`);
}
