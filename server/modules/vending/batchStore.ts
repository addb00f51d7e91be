import sql, { raw } from 'sql-template-tag';
import type { VendBatch } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { VendRow } from './rows.ts';

export interface BatchRow {
  readonly id: string;
  readonly property_id: number;
  readonly kind: 'refund' | 'makeup';
  readonly method: VendRow['method'];
  readonly reason: string;
  readonly state: 'awaitingApproval' | 'declined' | 'running' | 'done';
  readonly input_hash: Buffer;
  readonly user_id: number;
  readonly user_name: string;
  readonly decided_by: number | null;
  readonly decided_name: string | null;
}

/** One line of a sheet; the id of its vend is made with the sheet, so that a second try is the same vend. */
export interface SheetRow {
  readonly no: number;
  readonly vend_id: string;
  readonly meter_number: string;
  /** Minor units as text; empty where it could not be read. */
  readonly amount: string;
  readonly reason: string | null;
  readonly outcome: 'waiting' | 'accepted' | 'refused';
  readonly code: string | null;
  readonly message: string | null;
  readonly vend_state?: VendRow['state'] | null;
}

export async function selectBatch(db: Queryable, id: string): Promise<BatchRow | undefined> {
  const [row] = await db.query<BatchRow>(sql`select * from vend_batch where id = ${id}`);
  return row;
}

export async function lockBatch(tx: Tx, id: string): Promise<BatchRow | undefined> {
  const [row] = await tx.query<BatchRow>(sql`select * from vend_batch where id = ${id} for update`);
  return row;
}

export async function insertBatch(tx: Tx, batch: BatchRow, rows: readonly SheetRow[], at: Date): Promise<void> {
  await tx.query(sql`
    insert into vend_batch (id, property_id, kind, method, reason, state, input_hash, user_id, user_name, at)
    values (${batch.id}, ${batch.property_id}, ${batch.kind}, ${batch.method}, ${batch.reason}, ${batch.state},
      ${batch.input_hash}, ${batch.user_id}, ${batch.user_name}, ${at})`);
  await tx.query(sql`
    insert into vend_batch_row (batch_id, no, vend_id, meter_number, amount, reason, outcome, code, message)
    select ${batch.id}, * from unnest(${rows.map(({ no }) => no)}::int[], ${rows.map((row) => row.vend_id)}::uuid[],
      ${rows.map((row) => row.meter_number)}::text[], ${rows.map(({ amount }) => amount)}::text[],
      ${rows.map(({ reason }) => reason)}::text[], ${rows.map(({ outcome }) => outcome)}::text[],
      ${rows.map(({ code }) => code)}::text[], ${rows.map(({ message }) => message)}::text[])`);
}

export function selectSheet(db: Queryable, batchId: string): Promise<SheetRow[]> {
  return db.query<SheetRow>(sql`
    select r.*, v.state as vend_state from vend_batch_row r left join vend v on v.id = r.vend_id
    where r.batch_id = ${batchId} order by r.no`);
}

export async function setOutcome(
  db: Queryable,
  batchId: string,
  no: number,
  said: Pick<SheetRow, 'outcome' | 'code' | 'message'>,
): Promise<void> {
  await db.query(sql`
    update vend_batch_row set outcome = ${said.outcome}, code = ${said.code}, message = ${said.message}
    where batch_id = ${batchId} and no = ${no} and outcome = 'waiting'`);
}

/** Locks a row whose turn has come; false where somebody stopped it meanwhile. */
export async function takeTurn(tx: Tx, batchId: string, no: number): Promise<boolean> {
  const rows = await tx.query(sql`
    select from vend_batch_row where batch_id = ${batchId} and no = ${no} and outcome = 'waiting' for update`);
  return rows.length > 0;
}

/** Refuses whatever still waits; answers how many rows that were. */
export async function refuseWaiting(
  tx: Tx,
  batchId: string,
  said: Pick<SheetRow, 'code' | 'message'>,
): Promise<number> {
  const rows = await tx.query(sql`
    update vend_batch_row set outcome = 'refused', code = ${said.code}, message = ${said.message}
    where batch_id = ${batchId} and outcome = 'waiting' returning no`);
  return rows.length;
}

export async function setBatchState(
  db: Queryable,
  id: string,
  state: VendBatch['state'],
  decided?: { readonly userId: number; readonly name: string },
): Promise<void> {
  await db.query(sql`
    update vend_batch set state = ${state}, decided_by = coalesce(${decided?.userId ?? null}, decided_by),
      decided_name = coalesce(${decided?.name ?? null}, decided_name) where id = ${id}`);
}

export function selectRunningBatches(db: Queryable): Promise<BatchRow[]> {
  return db.query<BatchRow>(sql`select * from vend_batch where state = 'running' order by at`);
}

/** Runs `work` so that a failure of it leaves the transaction as it was before. */
export async function withinSavepoint<T>(tx: Tx, work: () => Promise<T>): Promise<T> {
  await tx.query(raw('savepoint sheet_row'));
  try {
    return await work();
  } catch (error) {
    await tx.query(raw('rollback to savepoint sheet_row'));
    throw error;
  }
}
