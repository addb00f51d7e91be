import sql, { raw } from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { AccountCaseKind } from './types.ts';

export type CaseState = 'awaitingApproval' | 'running' | 'done' | 'refused';

/** A use case as it was asked for and how far it is. */
export interface CaseRow {
  readonly id: string;
  readonly no: bigint;
  readonly property_id: number;
  readonly account_id: number;
  readonly kind: AccountCaseKind;
  readonly state: CaseState;
  readonly step: string | null;
  readonly input: Readonly<Record<string, unknown>>;
  readonly input_hash: Buffer;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly waiting: string | null;
  readonly reason: string | null;
  readonly user_id: number;
  readonly user_name: string;
  readonly approved_by: number | null;
  readonly approved_name: string | null;
  readonly at: Date;
  readonly done_at: Date | null;
  readonly version: number;
}

const COLUMNS =
  raw(`id, no, property_id, account_id, kind, state, step, input, input_hash, facts, waiting, reason, user_id,
  user_name, approved_by, approved_name, at, done_at, version`);

export interface NewCase {
  readonly id: string;
  readonly propertyId: number;
  readonly accountId: number;
  readonly kind: AccountCaseKind;
  readonly state: CaseState;
  readonly step: string | undefined;
  readonly input: unknown;
  readonly inputHash: Buffer;
  readonly facts: unknown;
  readonly reason: string | undefined;
  readonly userId: number;
  readonly userName: string;
  readonly at: Date;
}

/** Throws on the constraint `account_case_pkey` when the id was used, `account_case_one_open_key` when another one runs. */
export async function insertCase(tx: Tx, row: NewCase): Promise<CaseRow> {
  const rows = await tx.query<CaseRow>(sql`
    insert into account_case (id, property_id, account_id, kind, state, step, input, input_hash, facts, reason, user_id,
      user_name, at, done_at)
    values (${row.id}, ${row.propertyId}, ${row.accountId}, ${row.kind}, ${row.state}, ${row.step ?? null},
      ${JSON.stringify(row.input)}::jsonb, ${row.inputHash}, ${JSON.stringify(row.facts)}::jsonb, ${row.reason ?? null},
      ${row.userId}, ${row.userName}, ${row.at}, ${row.state === 'done' ? row.at : null})
    returning ${COLUMNS}`);
  const [stored] = rows;
  if (stored === undefined) throw new Error('a statement that returns one row returned none');
  return stored;
}

export async function selectCase(db: Queryable, caseId: string): Promise<CaseRow | undefined> {
  return (await db.query<CaseRow>(sql`select ${COLUMNS} from account_case where id = ${caseId}`))[0];
}

export async function hasOpenCase(tx: Tx, accountId: number): Promise<boolean> {
  const rows = await tx.query(
    sql`select from account_case where account_id = ${accountId} and state in ('awaitingApproval', 'running')`,
  );
  return rows.length > 0;
}

/** Those that are not at their end, oldest first. */
export function selectOpenCases(db: Queryable): Promise<CaseRow[]> {
  return db.query<CaseRow>(
    sql`select ${COLUMNS} from account_case where state in ('awaitingApproval', 'running') order by no`,
  );
}

/** A page of what was done to an account, newest first. */
export function selectCases(
  db: Queryable,
  accountId: number,
  beforeNo: number | undefined,
  rows: number,
): Promise<CaseRow[]> {
  return db.query<CaseRow>(sql`
    select ${COLUMNS} from account_case
    where account_id = ${accountId} and no < coalesce(${beforeNo ?? null}::bigint, 9223372036854775807)
    order by no desc limit ${rows}`);
}

export interface CaseChange {
  readonly state: CaseState;
  readonly step: string | undefined;
  /** Added to what is there. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly waiting: string | undefined;
  readonly approved: { readonly userId: number; readonly name: string } | undefined;
  readonly at: Date;
}

/** Undefined when the version is another: somebody else went on with it. */
export async function updateCase(
  tx: Queryable,
  caseId: string,
  version: number,
  change: CaseChange,
): Promise<CaseRow | undefined> {
  const ended = change.state === 'done' || change.state === 'refused';
  const rows = await tx.query<CaseRow>(sql`
    update account_case set state = ${change.state}, step = ${ended ? null : (change.step ?? null)},
      facts = facts || ${JSON.stringify(change.facts)}::jsonb, waiting = ${change.waiting ?? null},
      approved_by = coalesce(${change.approved?.userId ?? null}::int, approved_by),
      approved_name = coalesce(${change.approved?.name ?? null}::text, approved_name),
      done_at = ${ended ? change.at : null}, version = version + 1
    where id = ${caseId} and version = ${version}
    returning ${COLUMNS}`);
  return rows[0];
}
