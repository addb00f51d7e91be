import sql from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

/** A row of the audit log as it is sealed: all of it, its instant to the microsecond. */
export interface SealedRow {
  readonly id: string;
  readonly at: string;
  readonly userId: number | null;
  readonly userName: string | null;
  readonly ip: string | null;
  readonly action: string;
  readonly subjectKind: string;
  readonly subjectId: string | null;
  readonly propertyId: number | null;
  readonly before: unknown;
  readonly after: unknown;
}

export interface Seal {
  readonly no: bigint;
  readonly firstId: bigint;
  readonly lastId: bigint;
  readonly rows: number;
  readonly hash: Buffer;
  readonly sealedAt: Date;
}
const sealColumns = sql`no, first_id as "firstId", last_id as "lastId", rows, hash, sealed_at as "sealedAt"`;

/** How far the log has come, and which transactions may still add to what is before that. */
export async function selectHorizon(db: Queryable) {
  const [row] = await db.query<{ lastId: bigint; oldestRunning: bigint; next: bigint }>(sql`
    select coalesce((select max(id) from audit), 0)::int8 as "lastId",
      pg_snapshot_xmin(pg_current_snapshot())::text::int8 as "oldestRunning",
      pg_snapshot_xmax(pg_current_snapshot())::text::int8 as next`);
  if (row === undefined) throw new Error('the database does not tell its transactions');
  return row;
}

export async function selectLastSeal(db: Queryable): Promise<Seal | undefined> {
  return (await db.query<Seal>(sql`select ${sealColumns} from audit_seal order by no desc limit 1`))[0];
}

export function selectSeals(db: Queryable, afterNo: bigint, limit: number): Promise<Seal[]> {
  return db.query<Seal>(sql`select ${sealColumns} from audit_seal where no > ${afterNo} order by no limit ${limit}`);
}

/** Rows after one id, up to and with another, in the order of their ids. */
export function selectSealedRows(db: Queryable, afterId: bigint, toId: bigint, limit: number): Promise<SealedRow[]> {
  return db.query<SealedRow>(sql`
    select id::text, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, user_id as "userId",
      user_name as "userName", ip, action, subject_kind as "subjectKind", subject_id as "subjectId",
      property_id as "propertyId", before, after
    from audit where audit.id > ${afterId} and audit.id <= ${toId} order by audit.id limit ${limit}`);
}

export async function countRowsAfter(db: Queryable, id: bigint): Promise<number> {
  const [row] = await db.query<{ rows: bigint }>(sql`select count(*) as rows from audit where id > ${id}`);
  return Number(row?.rows ?? 0);
}

export async function insertSeal(tx: Tx, seal: Seal): Promise<void> {
  await tx.query(sql`
    insert into audit_seal (no, first_id, last_id, rows, hash, sealed_at)
    values (${seal.no}, ${seal.firstId}, ${seal.lastId}, ${seal.rows}, ${seal.hash}, ${seal.sealedAt})`);
}
