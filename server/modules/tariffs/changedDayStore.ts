import sql from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

export interface NewChangedDay {
  readonly list: string;
  /** `2026-08-01`. */
  readonly day: string;
  /** False: it was taken off the list. */
  readonly named: boolean;
}

export interface DayChange {
  readonly propertyId: number;
  /** Of the settings that the change made. */
  readonly version: number;
  readonly userId: number;
  readonly actorName: string;
  readonly atMs: number;
}

export async function insertChangedDays(tx: Tx, change: DayChange, days: readonly NewChangedDay[]): Promise<void> {
  if (days.length === 0) return;
  await tx.query(sql`
    insert into changed_day (property_id, list, day, named, settings_version, user_id, actor_name, changed_at)
    select ${change.propertyId}::int, d.list, d.day, d.named, ${change.version}::int, ${change.userId}::int,
      ${change.actorName}::text, ${new Date(change.atMs)}::timestamptz
    from jsonb_to_recordset(${JSON.stringify(days)}::jsonb) as d(list text, day date, named boolean)`);
}

/** A day of a list of which charges may tell otherwise yet. */
export interface ChangedDay {
  readonly id: bigint;
  readonly list: string;
  readonly day: string;
  /** Streams up to this one are done. */
  readonly atStream: bigint;
}

/** Days that are not worked through and that settings of this version know of, oldest change first. */
export async function selectChangedDays(
  db: Queryable,
  query: { readonly propertyId: number; readonly version: number; readonly limit: number },
): Promise<readonly ChangedDay[]> {
  const rows = await db.query<{ id: bigint; list: string; day: string; at_stream: bigint }>(sql`
    select id, list, to_char(day, 'YYYY-MM-DD') as day, at_stream from changed_day
    where property_id = ${query.propertyId} and settled_at is null and settings_version <= ${query.version}
    order by id limit ${query.limit}`);
  return rows.map(({ id, list, day, at_stream }) => ({ id, list, day, atStream: at_stream }));
}

/** Remembers how far a day is worked through; to be written with what was done there. */
export async function moveChangedDay(tx: Tx, id: bigint, atStream: bigint): Promise<void> {
  await tx.query(sql`update changed_day set at_stream = ${atStream} where id = ${id} and at_stream < ${atStream}`);
}

export async function settleChangedDay(db: Queryable, id: bigint, atMs: number): Promise<void> {
  await db.query(sql`update changed_day set settled_at = ${new Date(atMs)} where id = ${id} and settled_at is null`);
}
