import sql from 'sql-template-tag';
import type { ReconciliationCause } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import { type PageOf, within } from './listStore.ts';
import { runColumns, type StoredRun } from './reconciliationStore.ts';

export function selectRuns(db: Queryable, list: PageOf): Promise<StoredRun[]> {
  return db.query<StoredRun>(sql`
    select ${runColumns} from reconciliation_run where ${within(list, sql`id`)} order by id desc limit ${list.limit}`);
}

export async function selectRun(db: Queryable, runId: string): Promise<StoredRun | undefined> {
  return (await db.query<StoredRun>(sql`select ${runColumns} from reconciliation_run where id = ${runId}::int8`))[0];
}

export interface StoredRow {
  readonly id: bigint;
  readonly property_id: number;
  readonly side: 'meter' | 'payments' | 'book';
  readonly cause: ReconciliationCause;
  readonly account_id: number | null;
  readonly customer_name: string | null;
  readonly meter_id: number | null;
  readonly meter_number: string | null;
  readonly expected: string;
  readonly found: string;
  readonly difference_minor: bigint | null;
  readonly detail: string;
  readonly drift_minor: bigint | null;
  readonly drift_txn: bigint | null;
  readonly drift_at: Date | null;
  readonly drift_by: string | null;
  readonly drift_reason: string | null;
}
const rowColumns = sql`r.id, r.property_id, r.side, r.cause, r.account_id, r.meter_id, r.expected, r.found, r.difference_minor,
  r.detail, d.amount_minor as drift_minor, d.txn_id as drift_txn, d.decided_at as drift_at, d.actor_name as drift_by,
  d.reason as drift_reason, m.meter_number, c.name as customer_name`;
const rowTables = sql`reconciliation_row r left join drift_decision d on d.row_id = r.id left join meter m on m.id = r.meter_id
  left join account a on a.id = r.account_id left join customer c on c.id = a.customer_id`;

export function selectRows(
  db: Queryable,
  list: {
    readonly runId: string;
    readonly afterId: number | undefined;
    readonly limit: number;
    readonly cause: ReconciliationCause | undefined;
    readonly open: boolean | undefined;
  },
): Promise<StoredRow[]> {
  return db.query<StoredRow>(sql`
    select ${rowColumns} from ${rowTables}
    where r.run_id = ${list.runId}::int8 and r.id > ${list.afterId ?? 0}
      and (${list.cause ?? null}::text is null or r.cause = ${list.cause ?? null}::text)
      and (not ${list.open === true}::bool or (r.cause <> 'drift' and d.row_id is null))
    order by r.id limit ${list.limit}`);
}

export async function selectRow(db: Queryable, rowId: string): Promise<StoredRow | undefined> {
  const rows = await db.query<StoredRow>(sql`
    select ${rowColumns} from ${rowTables} where r.id = ${rowId}::int8`);
  return rows[0];
}

/** False: decided before. */
export async function insertDrift(
  tx: Tx,
  drift: {
    readonly rowId: bigint;
    readonly propertyId: number;
    readonly meterId: number;
    readonly amountMinor: bigint;
    readonly txnId: bigint;
    readonly atMs: number;
    readonly userId: number;
    readonly actorName: string;
    readonly reason: string;
  },
): Promise<boolean> {
  const rows = await tx.query<{ row_id: bigint }>(sql`
    insert into drift_decision (row_id, property_id, meter_id, amount_minor, txn_id, decided_at, user_id, actor_name, reason)
    values (${drift.rowId}, ${drift.propertyId}, ${drift.meterId}, ${drift.amountMinor}, ${drift.txnId},
      ${new Date(drift.atMs)}, ${drift.userId}, ${drift.actorName}, ${drift.reason}) on conflict do nothing returning row_id`);
  return rows.length > 0;
}

/** Has this night been compared? */
export async function nightExists(db: Queryable, propertyId: number, day: string): Promise<boolean> {
  const rows = await db.query(sql`
    select 1 from reconciliation_run where property_id = ${propertyId} and day = ${day}::date and user_id is null limit 1`);
  return rows.length > 0;
}
