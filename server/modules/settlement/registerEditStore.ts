import sql from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import { type PageOf, within } from './listStore.ts';

/** A reading as it stands for its instant: what the meter said, and what counts; null: it counts for nothing. */
export interface EditableRead {
  readonly raw_wh: bigint;
  readonly counted_wh: bigint | null;
}

/** Locked, for an edit; undefined where nothing was read at this instant. */
export async function lockRead(tx: Tx, meterId: number, atMs: number): Promise<EditableRead | undefined> {
  const rows = await tx.query<EditableRead>(sql`
    select energy_wh as raw_wh, case when voided then null else coalesce(edited_wh, energy_wh) end as counted_wh
    from register_reading
    where meter_id = ${meterId} and instant = ${new Date(atMs)} and energy_wh is not null for no key update`);
  return rows[0];
}

export interface StoredEdit {
  readonly id: bigint;
  readonly property_id: number;
  readonly meter_id: number;
  readonly instant: Date;
  readonly raw_wh: bigint;
  readonly before_wh: bigint | null;
  readonly after_wh: bigint | null;
  readonly actor_name: string;
  readonly reason: string;
  readonly edited_at: Date;
  readonly correction_id: bigint | null;
}
const columns = sql`e.id, e.property_id, e.meter_id, e.instant, e.raw_wh, e.before_wh, e.after_wh, e.actor_name, e.reason,
  e.edited_at, (select c.id from correction c where c.property_id = e.property_id and c.edit_id = e.id) as correction_id`;

export interface NewEdit {
  readonly propertyId: number;
  readonly meterId: number;
  readonly atMs: number;
  readonly read: EditableRead;
  /** Undefined: it shall count for nothing. */
  readonly energyWh: bigint | undefined;
  readonly userId: number;
  readonly actorName: string;
  readonly reason: string;
  readonly nowMs: number;
}

/** Says what counts of a reading from now on; what the meter said stays. Returns the id of the edit. */
export async function insertEdit(tx: Tx, edit: NewEdit): Promise<bigint> {
  const { meterId, atMs, read, energyWh } = edit;
  const after = energyWh ?? null;
  await tx.query(sql`
    update register_reading set voided = ${after === null}, edited_wh = ${after === read.raw_wh ? null : after}
    where meter_id = ${meterId} and instant = ${new Date(atMs)}`);
  const [row] = await tx.query<{ id: bigint }>(sql`
    insert into register_edit (property_id, meter_id, instant, raw_wh, before_wh, after_wh, user_id, actor_name, reason, edited_at)
    values (${edit.propertyId}, ${meterId}, ${new Date(atMs)}, ${read.raw_wh}, ${read.counted_wh}, ${after}, ${edit.userId},
      ${edit.actorName}, ${edit.reason}, ${new Date(edit.nowMs)}) returning id`);
  if (row === undefined) throw new Error('a statement that returns one row returned none');
  return row.id;
}

/** The newest edit of a reading, or that of an id. */
export async function selectEdit(
  db: Queryable,
  which: { readonly id: bigint } | { readonly meterId: number; readonly atMs: number },
): Promise<StoredEdit | undefined> {
  const where =
    'id' in which
      ? sql`e.id = ${which.id}`
      : sql`e.meter_id = ${which.meterId} and e.instant = ${new Date(which.atMs)}`;
  const rows = await db.query<StoredEdit>(sql`
    select ${columns} from register_edit e where ${where} order by e.id desc limit 1`);
  return rows[0];
}

export function selectEdits(
  db: Queryable,
  list: PageOf & { readonly meterId: number | undefined },
): Promise<StoredEdit[]> {
  const { meterId = null } = list;
  return db.query<StoredEdit>(sql`
    select ${columns} from register_edit e
    where ${within(list, sql`e.id`)} and (${meterId}::int is null or e.meter_id = ${meterId}::int)
    order by e.id desc limit ${list.limit}`);
}

/** What persons said that made those corrections. */
export async function selectEditsOf(
  db: Queryable,
  corrections: readonly { readonly edit_id: bigint | null }[],
): Promise<readonly StoredEdit[]> {
  const ids = corrections.flatMap(({ edit_id }) => (edit_id === null ? [] : [String(edit_id)]));
  if (ids.length === 0) return [];
  return db.query<StoredEdit>(
    sql`select ${columns} from register_edit e where e.id = any(${ids}::int8[]) order by e.id`,
  );
}

/** An open doubt about this very read has its answer. */
export async function editQuarantined(
  tx: Tx,
  streamId: bigint,
  { atMs, userId, actorName, reason, nowMs }: NewEdit,
): Promise<void> {
  await tx.query(sql`
    update quarantine set decision = 'edited', decided_at = ${new Date(nowMs)}, user_id = ${userId}, actor_name = ${actorName},
      reason = ${reason} where stream_id = ${streamId} and read_at = ${new Date(atMs)} and decided_at is null`);
}
