import sql from 'sql-template-tag';
import type { Queryable } from '#server/platform/db/index.ts';
import type { BookProof } from './types.ts';

/** Faults that one proof lists. One alone is enough to act on; a broken disk could make millions. */
const FAULTS_MAX = 100;

/** Years of books take longer than the server lets other statements run. Holds within a transaction only. */
const PROOF_MINUTES_MAX = 30;

interface ProofRow {
  readonly txns: bigint;
  readonly entries: bigint;
  readonly sum_minor: string;
  readonly faults: BookProof['faults'];
}

/** What can be wrong with a book, said over the parts named below; kind, subject, detail. */
const FAULTS = sql`
  select 'entries-missing' as kind, t.key as subject, format('%s entries of %s', coalesce(p.entries, 0), t.n_entries) as detail
  from txn t left join per_txn p on p.txn_id = t.id
  where p.entries is distinct from t.n_entries or p.first_no <> 1 or p.last_no <> t.n_entries
  union all
  select 'sum-not-zero', t.key, p.amount::text from txn t join per_txn p on p.txn_id = t.id where p.amount <> 0
  union all
  select 'account-of-another-property', t.key, '' from txn t join per_txn p on p.txn_id = t.id where p.foreign_account
  union all
  select 'entry-without-transaction', e.txn_id::text, e.amount_minor::text from entry e where e.property_id is null
  union all
  select 'property-sum-not-zero', property_id::text, sum(amount_minor)::text
  from entry where property_id is not null group by property_id having sum(amount_minor) <> 0
  union all
  select 'key-twice', key, count(*)::text from txn group by property_id, key having count(*) > 1
  union all
  select 'balance-wrong', a.kind || ' ' || a.subject, format('%s stored, %s entered', b.balance_minor, coalesce(p.amount, 0))
  from account a left join ledger_balance b on b.account_id = a.id left join per_account p on p.account_id = a.id
  where a.limited and (b.account_id is not null or p.account_id is not null)
    and b.balance_minor is distinct from coalesce(p.amount, 0)
  union all
  select 'version-gap', a.kind || ' ' || a.subject,
    format('%s entries, versions %s to %s, stored %s', p.entries, p.first_version, p.last_version, b.version)
  from account a join per_account p on p.account_id = a.id left join ledger_balance b on b.account_id = a.id
  where case when a.limited
    then (p.versions, p.first_version, p.last_version, b.version) is distinct from (p.entries, 1::int8, p.entries, p.entries)
    else p.versions > 0 end
  union all
  select 'balance-after-wrong', account_id::text, format('version %s says %s, entries %s', account_version, balance_after, amount)
  from running where balance_after is distinct from amount
  union all
  select 'limit-broken', account_id::text, format('version %s leaves %s', account_version, amount)
  from running where amount > 0 and amount_minor > 0 and not may_overdraw
  union all
  select 'reversal-not-a-mirror', t.key, t.reverses_id::text
  from txn t where t.reverses_id is not null and not ledger_is_mirror(t.id, t.property_id, t.reverses_id)
  union all
  select 'reversed-twice', reverses_id::text, count(*)::text
  from txn where reverses_id is not null group by reverses_id having count(*) > 1`;

/**
 * The whole book in one statement, so that it is seen at one moment: entries whole and zero per transaction and property,
 * balance rows = Σ entries = last `balance_after`, versions without gaps, limits held, reversals the mirror of their original and at
 * most once, closed months as they were when they were closed. It believes no constraint: it counts again.
 */
export async function proveBook(db: Queryable, propertyIds: readonly number[] | undefined): Promise<BookProof> {
  await db.query(sql`select set_config('statement_timeout', ${`${PROOF_MINUTES_MAX}min`}, true)`);
  const [row] = await db.query<ProofRow>(sql`
    with txn as (
      select * from ledger_txn t
      where ${propertyIds === undefined}::boolean or t.property_id = any(${propertyIds ?? []}::int[])
    ), account as (
      select * from ledger_account a
      where ${propertyIds === undefined}::boolean or a.property_id = any(${propertyIds ?? []}::int[])
    ), entry as (
      select e.*, t.property_id, t.n_entries, a.property_id as account_property, a.limited, a.kind, a.subject
      from ledger_entry e left join ledger_txn t on t.id = e.txn_id left join ledger_account a on a.id = e.account_id
      where ${propertyIds === undefined}::boolean or t.property_id = any(${propertyIds ?? []}::int[])
    ), per_txn as (
      select txn_id, count(*) as entries, sum(amount_minor) as amount, min(no) as first_no, max(no) as last_no,
        bool_or(account_property is distinct from property_id) as foreign_account
      from entry group by txn_id
    ), per_account as (
      select account_id, sum(amount_minor) as amount, count(*) as entries, count(account_version) as versions,
        min(account_version) as first_version, max(account_version) as last_version
      from entry group by account_id
    ), running as (
      select account_id, account_version, balance_after, amount_minor, may_overdraw,
        sum(amount_minor) over (partition by account_id order by account_version) as amount
      from entry where limited
    ), fault as (
      ${FAULTS}
      union all
      select 'closed-month-changed', c.property_id || ' ' || to_char(c.period, 'YYYY-MM'), format('%s postings, %s when closed', d.txns, c.txns)
      from (select *, lag(period, 1, '-infinity') over (partition by property_id order by period) as before from ledger_closed_period) c,
        lateral ledger_digest(c.property_id, c.before, c.period) d
      where (${propertyIds === undefined}::boolean or c.property_id = any(${propertyIds ?? []}::int[]))
        and (d.txns, d.digest) is distinct from (c.txns, c.digest)
    )
    select (select count(*) from txn) as txns, (select count(*) from entry) as entries,
      (select coalesce(sum(amount_minor), 0)::text from entry) as sum_minor,
      coalesce((select json_agg(f) from (select * from fault order by kind, subject limit ${FAULTS_MAX}) f), '[]') as faults`);
  if (row === undefined) throw new Error('the proof answered nothing');
  return { txns: row.txns, entries: row.entries, sumMinor: BigInt(row.sum_minor), faults: row.faults };
}
