import sql, { join, raw } from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import type { StoredOrder } from './orders.ts';
import type { BatchRow, Counts } from './rows.ts';
import { within } from './store.ts';
import type { CommandKind, CommandState } from './types.ts';

const COLUMNS =
  raw(`id, number, property_id, building_id, kind, command_order, reason, cardinality(meter_ids) as total, approval,
  approve_before, decided_name, decided_at, decision_reason, stopped_name, stopped_at, retry_of, given_by, given_name,
  given_at`);

export interface NewBatch {
  readonly id: string;
  readonly propertyId: number;
  readonly buildingId: number | undefined;
  readonly kind: CommandKind;
  readonly order: StoredOrder;
  readonly reason: string;
  readonly meterIds: readonly number[];
  /** Undefined: nobody else needs to agree. */
  readonly approveBefore: Date | undefined;
  readonly retryOf: string | undefined;
  readonly givenBy: number;
  readonly givenName: string;
  readonly at: Date;
}

/** Undefined when there is a batch of this id. */
export async function insertBatch(tx: Tx, batch: NewBatch): Promise<BatchRow | undefined> {
  const rows = await tx.query<BatchRow>(sql`
    insert into command_batch (id, property_id, building_id, kind, command_order, reason, meter_ids, approval,
      approve_before, retry_of, given_by, given_name, given_at)
    values (${batch.id}::uuid, ${batch.propertyId}, ${batch.buildingId ?? null}::int, ${batch.kind},
      ${JSON.stringify(batch.order)}::jsonb, ${batch.reason}, ${batch.meterIds}::int[],
      ${batch.approveBefore === undefined ? 'none' : 'waiting'}, ${batch.approveBefore ?? null}::timestamptz,
      ${batch.retryOf ?? null}::uuid, ${batch.givenBy}, ${batch.givenName}, ${batch.at})
    on conflict (id) do nothing returning ${COLUMNS}`);
  return rows[0];
}

export async function selectBatch(db: Queryable, id: string): Promise<BatchRow | undefined> {
  const rows = await db.query<BatchRow>(sql`select ${COLUMNS} from command_batch where id = ${id}::uuid`);
  return rows[0];
}

/** Its meters, in the order in which they were given: thousands, so that nobody else asks for them. */
export async function selectBatchMeters(db: Queryable, id: string): Promise<readonly number[]> {
  const rows = await db.query<{ meter_ids: number[] }>(sql`select meter_ids from command_batch where id = ${id}::uuid`);
  return rows[0]?.meter_ids ?? [];
}

/** Locks it until the end of the transaction. */
export async function lockBatch(tx: Tx, id: string): Promise<BatchRow | undefined> {
  const rows = await tx.query<BatchRow>(sql`select ${COLUMNS} from command_batch where id = ${id}::uuid for update`);
  return rows[0];
}

export interface BatchFilter {
  readonly propertyId?: number | undefined;
  readonly waiting?: boolean | undefined;
}

/** Newest first, before `beforeNumber`. */
export function selectBatches(
  db: Queryable,
  scope: Scope,
  filter: BatchFilter,
  beforeNumber: number | undefined,
  rows: number,
): Promise<BatchRow[]> {
  const conditions = [
    within(scope),
    ...(filter.propertyId === undefined ? [] : [sql`property_id = ${filter.propertyId}`]),
    ...(filter.waiting === undefined ? [] : [sql`(approval = 'waiting') = ${filter.waiting}`]),
    ...(beforeNumber === undefined ? [] : [sql`number < ${beforeNumber}`]),
  ];
  return db.query<BatchRow>(
    sql`select ${COLUMNS} from command_batch where ${join(conditions, ' and ')} order by number desc limit ${rows}`,
  );
}

/** How many commands of each batch are in which state. */
export async function countStates(db: Queryable, batchIds: readonly string[]): Promise<ReadonlyMap<string, Counts>> {
  const rows = await db.query<{ batch_id: string; state: CommandState; rows: number }>(sql`
    select batch_id, state, count(*)::int as rows from command where batch_id = any(${batchIds}::uuid[])
    group by batch_id, state`);
  const counts = new Map<string, Counts>(batchIds.map((id) => [id, {}]));
  for (const row of rows) counts.set(row.batch_id, { ...counts.get(row.batch_id), [row.state]: row.rows });
  return counts;
}

export interface BatchDecision {
  readonly approval: 'agreed' | 'refused' | 'expired';
  readonly by: number | undefined;
  readonly name: string | undefined;
  readonly reason: string | undefined;
  readonly at: Date;
}

export async function decideBatchRow(tx: Tx, id: string, decision: BatchDecision): Promise<BatchRow | undefined> {
  const rows = await tx.query<BatchRow>(sql`
    update command_batch set approval = ${decision.approval}, decided_by = ${decision.by ?? null}::int,
      decided_name = ${decision.name ?? null}, decision_reason = ${decision.reason ?? null}, decided_at = ${decision.at}
    where id = ${id}::uuid and approval = 'waiting' returning ${COLUMNS}`);
  return rows[0];
}

export async function stopBatchRow(
  tx: Tx,
  id: string,
  stop: { readonly by: number; readonly name: string; readonly at: Date },
): Promise<BatchRow | undefined> {
  const rows = await tx.query<BatchRow>(sql`
    update command_batch set stopped_by = ${stop.by}, stopped_name = ${stop.name}, stopped_at = ${stop.at},
      approval = case approval when 'waiting' then 'refused' else approval end
    where id = ${id}::uuid returning ${COLUMNS}`);
  return rows[0];
}

/** Batches and commands that nobody agreed to in time. */
export async function selectUnapproved(
  tx: Tx,
  at: Date,
): Promise<{ readonly batchIds: readonly string[]; readonly commandIds: readonly string[] }> {
  const rows = await tx.query<{ id: string; batch: boolean }>(sql`
    select id, true as batch from command_batch where approval = 'waiting' and approve_before <= ${at}
    union all
    select id, false from command where state = 'awaitingApproval' and approve_before <= ${at}`);
  const idsOf = (batch: boolean) => rows.filter((row) => row.batch === batch).map(({ id }) => id);
  return { batchIds: idsOf(true), commandIds: idsOf(false) };
}

/** Meters of a batch whose command ended in one of these states. */
export async function selectMetersInStates(
  db: Queryable,
  batchId: string,
  states: readonly CommandState[],
): Promise<readonly number[]> {
  const rows = await db.query<{ meter_id: number }>(sql`
    select meter_id from command where batch_id = ${batchId}::uuid and state = any(${states}::text[]) order by number`);
  return rows.map(({ meter_id }) => meter_id);
}
