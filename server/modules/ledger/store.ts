import sql, { type Sql } from 'sql-template-tag';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import { hashOfPosting, hashOfReversal } from './hash.ts';
import type { AccountKind, AccountRef, EntryFilter, Posted, Posting, PostingActor, ReverseRequest } from './types.ts';

/** First day of the month that a posting is booked in, `2026-11-01`. */
export type PeriodOf = (propertyId: number, atMs: number) => string;

interface PostedRow {
  readonly txn_id: bigint;
  readonly repeated: boolean;
}

export async function insertPosting(tx: Tx, posting: Posting, periodOf: PeriodOf): Promise<Posted> {
  const { propertyId, entries, actor, eventAtMs } = posting;
  const [row] = await tx.query<PostedRow>(sql`
    select txn_id, repeated from ledger_post(${propertyId}, ${posting.kind}, ${posting.key}, ${hashOfPosting(posting)},
      ${posting.refKind}, ${posting.refId}, null, ${new Date(eventAtMs)}, ${periodOf(propertyId, eventAtMs)},
      ${actor.userId ?? null}, ${actor.name}, ${posting.reason ?? null}, ${entries.map(({ account }) => account.kind)}::text[],
      ${entries.map(({ account }) => account.subject)}::text[], ${entries.map(({ amountMinor }) => amountMinor)}::int8[],
      ${entries.map(({ mayOverdraw }) => mayOverdraw === true)}::boolean[])`);
  return toPosted(row);
}

/** All in one statement; answers in the order given. */
export async function insertPostings(tx: Tx, postings: readonly Posting[], periodOf: PeriodOf): Promise<Posted[]> {
  const column = <T>(read: (posting: Posting) => T): T[] => postings.map(read);
  const lines = postings.flatMap(({ entries }, index) =>
    entries.map((entry, no) => ({ ...entry, posting: index + 1, no: no + 1 })),
  );
  const rows = await tx.query<PostedRow>(sql`
    select unnest(txns) as txn_id, unnest(repeated) as repeated from ledger_post_many(
      ${column(({ propertyId }) => propertyId)}::int[], ${column(({ kind }) => kind)}::text[],
      ${column(({ key }) => key)}::text[], ${column(hashOfPosting)}::bytea[],
      ${column(({ refKind }) => refKind)}::text[], ${column(({ refId }) => refId)}::text[],
      ${column(() => null)}::int8[],
      ${column(({ eventAtMs }) => new Date(eventAtMs))}::timestamptz[],
      ${column(({ propertyId, eventAtMs }) => periodOf(propertyId, eventAtMs))}::date[],
      ${column(({ actor }) => actor.userId ?? null)}::int[], ${column(({ actor }) => actor.name)}::text[],
      ${column(({ reason }) => reason ?? null)}::text[], ${column(({ entries }) => entries.length)}::int[],
      ${lines.map(({ posting }) => posting)}::int[], ${lines.map(({ no }) => no)}::int[],
      ${lines.map(({ account }) => account.kind)}::text[], ${lines.map(({ account }) => account.subject)}::text[],
      ${lines.map(({ amountMinor }) => amountMinor)}::int8[],
      ${lines.map(({ mayOverdraw }) => mayOverdraw === true)}::boolean[])`);
  return rows.map(toPosted);
}

export async function insertReversal(tx: Tx, request: ReverseRequest, periodOf: PeriodOf): Promise<Posted> {
  const { propertyId, actor, eventAtMs } = request;
  const [row] = await tx.query<PostedRow>(sql`
    select txn_id, repeated from ledger_reverse(${propertyId}, ${request.txnId}, ${request.kind}, ${request.key},
      ${hashOfReversal(request)}, ${new Date(eventAtMs)}, ${periodOf(propertyId, eventAtMs)}, ${actor.userId ?? null},
      ${actor.name}, ${request.reason})`);
  return toPosted(row);
}

function toPosted(row: PostedRow | undefined): Posted {
  if (row === undefined) throw new Error('ledger_post answered nothing');
  return { txnId: row.txn_id, repeated: row.repeated };
}

/** From the balance row where there is one, else Σ of the entries. */
const BALANCE = sql`coalesce(
  (select b.balance_minor from ledger_balance b where b.account_id = a.id),
  (select sum(e.amount_minor)::int8 from ledger_entry e where e.account_id = a.id), 0)`;

export async function selectBalances(
  db: Queryable,
  propertyId: number,
  kind: AccountKind,
  subjects: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const rows = await db.query<{ subject: string; balance: bigint }>(sql`
    select a.subject, ${BALANCE} as balance from ledger_account a
    where a.property_id = ${propertyId} and a.kind = ${kind} and a.subject = any(${subjects}::text[])`);
  return new Map(rows.map(({ subject, balance }) => [subject, balance]));
}

export interface KindTotal {
  readonly kind: AccountKind;
  readonly accounts: number;
  readonly debit: bigint;
  readonly credit: bigint;
}

/** The trial balance of a property. */
export function selectTotals(db: Queryable, propertyId: number): Promise<KindTotal[]> {
  return db.query<KindTotal>(sql`
    select a.kind, count(distinct a.id)::int as accounts,
      coalesce(sum(e.amount_minor) filter (where e.amount_minor > 0), 0)::int8 as debit,
      coalesce(-sum(e.amount_minor) filter (where e.amount_minor < 0), 0)::int8 as credit
    from ledger_account a left join ledger_entry e on e.account_id = a.id
    where a.property_id = ${propertyId} group by a.kind order by a.kind`);
}

export interface StoredTxn {
  readonly id: bigint;
  readonly property_id: number;
  readonly kind: string;
  readonly key: string;
  readonly ref_kind: string;
  readonly ref_id: string;
  readonly reverses_id: bigint | null;
  readonly reversed_by: bigint | null;
  readonly event_at: Date;
  readonly posted_at: Date;
  readonly month: string;
  readonly actor_name: string;
  readonly reason: string | null;
  readonly entries: readonly (AccountRef & { readonly amount: string; readonly after: string | null })[];
}

/** Postings newest first, before `beforeId`, whole: also the lines on other accounts than the one asked for. */
export function selectTxns(
  db: Queryable,
  filter: EntryFilter,
  beforeId: number | undefined,
  rows: number,
): Promise<StoredTxn[]> {
  return db.query<StoredTxn>(sql`
    select t.id, t.property_id, t.kind, t.key, t.ref_kind, t.ref_id, t.reverses_id,
      (select r.id from ledger_txn r where r.reverses_id = t.id) as reversed_by, t.event_at, t.posted_at,
      to_char(t.period, 'YYYY-MM') as month, t.actor_name, t.reason, lines.entries
    from ledger_txn t, lateral (
      select json_agg(json_build_object('kind', a.kind, 'subject', a.subject, 'amount', e.amount_minor::text,
        'after', e.balance_after::text) order by e.no) as entries
      from ledger_entry e join ledger_account a on a.id = e.account_id where e.txn_id = t.id) lines
    where t.property_id = ${filter.propertyId} and t.id < coalesce(${beforeId ?? null}::int8, ${MAX_ID}::int8)
      and t.ref_kind = coalesce(${filter.refKind ?? null}, t.ref_kind) and t.ref_id = coalesce(${filter.refId ?? null}, t.ref_id)
      and ${onAccount(filter)}
    order by t.id desc limit ${rows}`);
}

const MAX_ID = 9_223_372_036_854_775_807n;

function onAccount({ propertyId, kind, subject }: EntryFilter): Sql {
  if (kind === undefined) return sql`true`;
  return sql`exists (
    select from ledger_entry e join ledger_account a on a.id = e.account_id
    where e.txn_id = t.id and a.property_id = ${propertyId} and a.kind = ${kind}
      and a.subject = coalesce(${subject ?? null}, a.subject))`;
}

interface AnswerRow {
  readonly input_hash: Buffer;
  readonly answer: unknown;
}

/** The first answer under this key. Who asks at the same time waits until this transaction ends. */
export async function lockAnswer(
  tx: Tx,
  propertyId: number,
  key: string,
): Promise<{ readonly inputHash: Buffer; readonly answer: unknown } | undefined> {
  await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`${propertyId} ${key}`}, 63838))`);
  const [row] = await tx.query<AnswerRow>(sql`
    select input_hash, answer from ledger_answer where property_id = ${propertyId} and key = ${key}`);
  return row === undefined ? undefined : { inputHash: row.input_hash, answer: row.answer };
}

export async function insertAnswer(
  tx: Tx,
  { propertyId, key, inputHash, answer }: { propertyId: number; key: string; inputHash: Buffer; answer: unknown },
): Promise<void> {
  await tx.query(sql`
    insert into ledger_answer (property_id, key, input_hash, answer)
    values (${propertyId}, ${key}, ${inputHash}, ${JSON.stringify(answer) ?? 'null'}::jsonb)`);
}

export interface ClosedRow {
  readonly month: string;
  readonly closed_at: Date;
  readonly actor_name: string;
  readonly txns: bigint;
}

/** Waits for postings under way, then closes; a month that is closed already (or lies before one) stays as it is. */
export async function closePeriod(
  tx: Tx,
  request: { propertyId: number; period: string; actor: PostingActor },
): Promise<void> {
  const { propertyId, period, actor } = request;
  await tx.query(sql`select pg_advisory_xact_lock(63838, ${propertyId})`);
  await tx.query(sql`
    insert into ledger_closed_period (property_id, period, user_id, actor_name, txns, digest)
    select ${propertyId}::int, ${period}::date, ${actor.userId ?? null}::int, ${actor.name}, d.txns, d.digest
    from (select coalesce(max(period), '-infinity') as period from ledger_closed_period where property_id = ${propertyId}) before,
      lateral ledger_digest(${propertyId}::int, before.period, ${period}::date) d
    where before.period < ${period}::date`);
}

export function selectClosedPeriods(db: Queryable, propertyId: number): Promise<ClosedRow[]> {
  return db.query<ClosedRow>(sql`
    select to_char(period, 'YYYY-MM') as month, closed_at, actor_name, txns
    from ledger_closed_period where property_id = ${propertyId} order by period desc`);
}
