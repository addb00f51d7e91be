import sql, { raw } from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Db } from '#server/platform/db/index.ts';
import { CASHIER, openBook, PROPERTY, paidIn, type TestBook } from './support/book.ts';

/** Every guard of the book, once standing and once taken away: then what it held off must be seen by the proof. */
let book: TestBook;
beforeAll(async () => {
  book = await openBook();
  await book.db.tx((tx) => book.ledger.post(tx, paidIn('first', 'account:1', 1_000n)));
  await book.db.tx((tx) => book.ledger.post(tx, paidIn('second', 'account:2', 500n)));
  await book.db.tx((tx) => book.ledger.closePeriod(tx, { propertyId: PROPERTY, month: '2026-11', actor: CASHIER }));
});
afterAll(() => book.drop());

const TABLES = ['ledger_account', 'ledger_txn', 'ledger_entry', 'ledger_closed_period', 'ledger_answer'];
const CHANGES = TABLES.flatMap((table) => [
  `update ${table} set property_id = property_id`,
  `delete from ${table}`,
  `truncate ${table}`,
])
  .map((text) =>
    text.replace('ledger_entry set property_id = property_id', 'ledger_entry set amount_minor = amount_minor'),
  )
  .concat('delete from ledger_balance', 'truncate ledger_balance');

describe('nothing that was booked is changed or deleted', () => {
  test.for(CHANGES)('%s: the server has no right to it, and even the owner runs into a trigger', async (text) => {
    await expect(book.db.query(raw(text))).rejects.toThrow(/permission denied/);
    await expect(book.owner.query(raw(text))).rejects.toThrow(/append-only/);
  });

  test('the server is not the owner and cannot become it by itself', async () => {
    const [row] = await book.db.query(sql`
      select current_user::text as name, pg_has_role('meterwall_server', c.relowner, 'member') as owner
      from pg_class c where relname = 'ledger_entry'`);
    expect(row).toEqual({ name: 'meterwall_server', owner: false });
    await expect(book.db.query(sql`alter table ledger_entry disable trigger all`)).rejects.toThrow(/must be owner/);
    await expect(book.db.query(sql`drop trigger ledger_txn_whole on ledger_txn`)).rejects.toThrow(/must be owner/);
  });
});

interface Attack {
  /** Takes the guard away. */
  readonly off: string;
  readonly does: string;
  /** What stops it while the guard stands. */
  readonly refusal: RegExp;
  /** What the proof says of it when the guard is gone. */
  readonly fault: string;
}

const txn = (key: string, more = '') => `
  insert into ledger_txn (property_id, kind, key, content_hash, ref_kind, ref_id, event_at, period, actor_name, n_entries${more && ', reverses_id'})
  values (${PROPERTY}, 'test', '${key}', '\\x00', 'test', '', now(), '2026-12-01', 'nobody', 2${more && `, ${more}`}) returning id`;
const account = (kind: string, subject = '', property = PROPERTY) =>
  `(select id from ledger_account where kind = '${kind}' and subject = '${subject}' and property_id = ${property})`;
/** A transaction with entries of these amounts on cash and bank. */
const booked = (
  key: string,
  amounts: readonly number[],
  on: readonly string[] = [account('cash'), account('cash')],
  more = '',
) => `
  with t as (${txn(key, more)})
  insert into ledger_entry (txn_id, no, account_id, amount_minor, may_overdraw)
  select t.id, e.no, e.account, e.amount, false from t, (values ${amounts
    .map((amount, index) => `(${index + 1}, ${on[index]}, ${amount}::int8)`)
    .join(', ')}) as e (no, account, amount)`;
const firstTxn = `(select id from ledger_txn where key = 'first')`;

const ATTACKS: Record<string, Attack> = {
  'a transaction that does not sum up': {
    off: 'drop trigger ledger_txn_whole on ledger_txn',
    does: booked('crooked', [5, -4]),
    refusal: /sum up to 1/,
    fault: 'sum-not-zero',
  },
  'a transaction without its entries': {
    off: 'drop trigger ledger_txn_whole on ledger_txn',
    does: txn('empty'),
    refusal: /has 0 entries, not 2/,
    fault: 'entries-missing',
  },
  'an account of another property': {
    off: 'drop trigger ledger_entry_complete on ledger_entry',
    does: `insert into ledger_account (property_id, kind, subject) values (2, 'bank', 'theirs');
      ${booked('abroad', [5, -5], [account('cash'), account('bank', 'theirs', 2)])}`,
    refusal: /accounts of another property/,
    fault: 'account-of-another-property',
  },
  'a reversal that undoes something else': {
    off: 'drop trigger ledger_entry_complete on ledger_entry',
    does: booked('no mirror', [5, -5], undefined, firstTxn),
    refusal: /not the mirror/,
    fault: 'reversal-not-a-mirror',
  },
  'a balanced pair added to an old transaction': {
    off: 'drop trigger ledger_entry_complete on ledger_entry',
    does: `insert into ledger_entry (txn_id, no, account_id, amount_minor, may_overdraw)
      values (${firstTxn}, 3, ${account('cash')}, 5, false), (${firstTxn}, 4, ${account('cash')}, -5, false)`,
    refusal: /does not count/,
    fault: 'entries-missing',
  },
  'an entry under another number than its turn': {
    off: 'drop trigger ledger_entry_complete on ledger_entry',
    does: `with t as (${txn('numbered')})
      insert into ledger_entry (txn_id, no, account_id, amount_minor, may_overdraw)
      select t.id, e.no, ${account('cash')}, e.amount, false from t, (values (1, 5), (3, -5)) as e (no, amount)`,
    refusal: /does not count/,
    fault: 'entries-missing',
  },
  'an entry that belongs to nothing': {
    off: 'drop trigger ledger_entry_complete on ledger_entry',
    does: `insert into ledger_entry (txn_id, no, account_id, amount_minor, may_overdraw) values (999999, 1, 1, 5, false)`,
    refusal: /does not count/,
    fault: 'entry-without-transaction',
  },
  'a changed amount': {
    off: 'drop trigger ledger_entry_append_only on ledger_entry',
    does: `update ledger_entry set amount_minor = amount_minor - 1 where txn_id = ${firstTxn} and no = 1`,
    refusal: /append-only/,
    fault: 'sum-not-zero',
  },
  'a deleted transaction': {
    off: 'drop trigger ledger_txn_append_only on ledger_txn',
    does: `delete from ledger_txn where key = 'first'`,
    refusal: /append-only/,
    fault: 'entry-without-transaction',
  },
  'a changed month after its closing': {
    off: 'drop trigger ledger_txn_append_only on ledger_txn',
    does: `update ledger_txn set ref_id = 'somebody else' where key = 'first'`,
    refusal: /append-only/,
    fault: 'closed-month-changed',
  },
  'a transaction of a month that is closed': {
    off: 'drop trigger ledger_entry_complete on ledger_entry',
    does: booked('forged', [5, -5]).replace('2026-12-01', '2026-11-01'),
    refusal: /of a month that is closed/,
    fault: 'closed-month-changed',
  },
  'the same key twice': {
    off: 'alter table ledger_txn drop constraint ledger_txn_key',
    does: booked('second', [5, -5]),
    refusal: /ledger_txn_key/,
    fault: 'key-twice',
  },
  'two reversals of one posting': {
    off: 'drop index ledger_txn_reversed_once_key',
    does: `select ledger_post(${PROPERTY}, 'test', 'filled', '\\x00', '', '', null, now(), '2026-12-01', null, 'nobody', null,
        '{cash,wallet}', '{"",account:1}', '{2000,-2000}', '{f,f}');
      select ledger_reverse(${PROPERTY}, ${firstTxn}, 'undo', k, '\\x00', now(), '2026-12-01', null, 'nobody', '')
      from (values ('undo 1'), ('undo 2')) v (k)`,
    refusal: /ledger_txn_reversed_once_key/,
    fault: 'reversed-twice',
  },
  'more out of a wallet than there is': {
    off: 'alter table ledger_entry drop constraint ledger_entry_limit',
    does: `select ledger_post(${PROPERTY}, 'test', 'too much', '\\x00', '', '', null, now(), '2026-12-01', null, 'nobody', null,
      '{wallet,cash}', '{account:1,""}', '{1001,-1001}', '{f,f}')`,
    refusal: /ledger_entry_limit/,
    fault: 'limit-broken',
  },
  'two entries of one version': {
    off: 'alter table ledger_entry drop constraint ledger_entry_version_key',
    does: `with t as (${txn('twice a version')})
      insert into ledger_entry (txn_id, no, account_id, amount_minor, may_overdraw, balance_after, account_version)
      select t.id, e.no, ${account('wallet', 'account:1')}, e.amount, false, -1000, 1 from t, (values (1, 5), (2, -5)) e (no, amount)`,
    refusal: /ledger_entry_version_key/,
    fault: 'version-gap',
  },
};

describe('each guard alone', () => {
  test.for(Object.entries(ATTACKS))('%s: refused, and without the guard the proof is red', async ([, attack]) => {
    await expect(attempt(book.owner, [attack.does])).rejects.toThrow(attack.refusal);
    const faults = await attempt(book.owner, [attack.off, attack.does]);
    expect(faults).toContain(attack.fault);
    expect((await book.ledger.prove(book.db)).faults).toEqual([]);
  });

  test.for<[string, string, string]>([
    ['a balance row that was changed', `update ledger_balance set balance_minor = balance_minor - 1`, 'balance-wrong'],
    ['a version that was changed', `update ledger_balance set version = version + 1`, 'version-gap'],
  ])('%s, which the server may do: the proof is red', async ([, change, fault]) => {
    expect(await attempt(book.db, [change])).toContain(fault);
  });
});

describe('a month that is closed, against the server itself', () => {
  const CLOSED = '2026-11-01';
  const into = (statement: string) => statement.replaceAll('2026-12-01', CLOSED);

  test.for<[string, string, RegExp]>([
    [
      'entries for one of its transactions',
      `insert into ledger_entry (txn_id, no, account_id, amount_minor, may_overdraw)
        values (${firstTxn}, 3, ${account('cash')}, 5, false), (${firstTxn}, 4, ${account('cash')}, -5, false)`,
      /does not count/,
    ],
    ['a transaction past every function', into(booked('forged', [5, -5])), /of a month that is closed/],
    ['one of a month before it', into(booked('older', [5, -5])).replace(CLOSED, '2026-03-01'), /month that is closed/],
    ['one without entries', into(txn('hollow')), /has 0 entries/],
    ['a transaction moved into it', `update ledger_txn set period = '${CLOSED}'`, /permission denied/],
    ['a transaction moved out of it', `update ledger_txn set period = '2026-12-01'`, /permission denied/],
    ['the month open again', `delete from ledger_closed_period where period = '${CLOSED}'`, /permission denied/],
    ['its closing moved', `update ledger_closed_period set period = '2026-10-01'`, /permission denied/],
    ['another fingerprint of it', `update ledger_closed_period set digest = ''`, /permission denied/],
    [
      'closed a second time',
      `insert into ledger_closed_period (property_id, period, actor_name, txns, digest) values (${PROPERTY}, '${CLOSED}', 'x', 0, '')`,
      /ledger_closed_period_pkey/,
    ],
    ['its closings emptied', 'truncate ledger_closed_period', /permission denied/],
  ])('%s: refused', async ([, does, refusal]) => {
    await expect(attempt(book.db, [does])).rejects.toThrow(refusal);
  });

  test('what is posted into it by its functions lies in the next one', async () => {
    const late = `select ledger_post(${PROPERTY}, 'test', 'late', '\\x00', '', '', null, now(), '${CLOSED}', null, 'nobody', null,
      '{cash,wallet}', '{"",account:1}', '{7,-7}', '{f,f}')`;
    const where = `do $$ begin if not exists (select from ledger_txn where key = 'late' and period = '2026-12-01')
      then raise exception 'it lies elsewhere'; end if; end $$`;
    expect(await attempt(book.db, [late, where])).toEqual([]);
  });
});

class Enough extends Error {}

/** Does it, with what is checked at commit checked now, and says the proof's faults; nothing of it stays. */
async function attempt(db: Db, texts: readonly string[]): Promise<readonly string[]> {
  let faults: readonly string[] = [];
  const attempted = db.tx(async (tx) => {
    for (const text of texts) await tx.query(raw(text));
    await tx.query(raw('set constraints all immediate'));
    faults = (await book.ledger.prove(tx)).faults.map(({ kind }) => kind);
    throw new Enough();
  });
  await attempted.catch((error: unknown) => {
    if (!(error instanceof Enough)) throw error;
  });
  return faults;
}
