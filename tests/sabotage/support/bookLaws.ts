import { type Attack, constraint, demand, sentence, without } from './attacks.ts';
import { account, accountCase, customer, ID, vend } from './rows.ts';

/*
 * The book and the statement that sells: guards that are sentences of SQL functions, and the constraints that no attack of
 * tests/server/ledger/guards.test.ts names.
 */

const posted = (key: string, amounts: string, more: { property?: number; hash?: string; month?: string } = {}) => {
  const { property = 1, hash = '\\x00', month = '2026-12-01' } = more;
  return `select ledger_post(${property}, 'test', '${key}', '${hash}', '', '', null, now(), '${month}', null, 'x', null,
    '{cash,wallet}', '{"",account:1}', '{${amounts}}', '{f,f}')`;
};
const undone = (key: string, of: string, property = 1) => `
  select ledger_reverse(${property}, (select id from ledger_txn where key = '${of}'), 'undo', '${key}', '\\x00', now(), '2026-12-01',
    null, 'x', '')`;
const closed = `
  insert into ledger_closed_period (property_id, period, actor_name, txns, digest) values (1, '2026-11-01', 'x', 0, '')`;
const answer = `insert into ledger_answer (property_id, key, input_hash, answer) values (1, 'k', '', '{}')`;
const balance = 'insert into ledger_balance (account_id, balance_minor, version) values (1, 0, 0)';
const bookAccount = (kind = 'cash') =>
  `insert into ledger_account (property_id, kind, subject) values (1, '${kind}', '')`;
/** One transaction with entries of these numbers and amounts, each on the same account. */
const entered = (count: number, ...entries: readonly (readonly [no: number, amount: number])[]) => `
  with t as (
    insert into ledger_txn (property_id, kind, key, content_hash, ref_kind, ref_id, event_at, period, actor_name, n_entries)
    values (1, 'test', 'k', '', '', '', now(), '2026-12-01', 'x', ${count}) returning id)
  insert into ledger_entry (txn_id, no, account_id, amount_minor, may_overdraw)
  select t.id, e.no, a.id, e.amount, false
  from t, (select id from ledger_account) a, (values ${entries.map((entry) => `(${entry.join()})`).join()}) e (no, amount)`;
const COMPLETE_OFF = 'drop trigger ledger_entry_complete on ledger_entry';

/** Sales in one statement, each into the meter 5 of the account 1; fails with the first outcome that is no sale. */
const sold = (...sales: readonly { readonly n: number; readonly net: number; readonly room?: number }[]) => {
  const array = (read: (sale: (typeof sales)[number]) => number | string, type: string) =>
    `array[${sales.map(read).join()}]::${type}[]`;
  const all = (value: number | string, type: string) => array(() => value, type);
  const entries = sales.flatMap(({ net }, place) => [
    [place + 1, 1, `'cash'`, `''`, net],
    [place + 1, 2, `'vendSuspense'`, `'vend:${place}'`, -net],
  ]);
  const column = (at: number, type: string) => `array[${entries.map((entry) => entry[at]).join()}]::${type}[]`;
  return `do $sell$ declare said text; begin
    select outcome into said from vend_sell_many(${array(({ n }) => ID(n), 'uuid')}, ${all(`'\\x00'`, 'bytea')}, ${all(1, 'int')},
      ${all('null', 'int')}, ${all(1, 'int')}, ${all(5, 'int')}, ${all(`'x'`, 'text')}, ${all(`'x'`, 'text')}, ${all(1, 'int')},
      ${all(`'meter'`, 'text')}, ${all(`'checked'`, 'text')}, ${all(`'zero'`, 'text')}, ${array(({ net }) => net, 'int8')},
      ${all(0, 'int8')}, ${all(0, 'int')}, ${array(({ net }) => net, 'int8')}, ${array(({ room }) => room ?? 'null', 'int8')},
      ${all(`'cash'`, 'text')}, ${all('null', 'text')}, ${all(7, 'int')}, ${all(`'x'`, 'text')}, ${all('null', 'text')},
      ${all(`'2026-12-01'`, 'date')}, ${all('now()', 'timestamptz')}, ${all(`'2026-12-01'`, 'date')},
      ${array(({ n }) => `'sale ${n}'`, 'text')}, ${all(`'\\x00'`, 'bytea')}, ${all(2, 'int')},
      ${column(0, 'int')}, ${column(1, 'int')}, ${column(2, 'text')}, ${column(3, 'text')}, ${column(4, 'int8')})
    where outcome is distinct from 'created' and outcome is not null limit 1;
    if said is not null then raise exception 'a sale is %', said; end if;
  end $sell$`;
};
const OPEN = [customer(), account()];

export const BOOK_GUARDS: Readonly<Record<string, Readonly<Record<string, Attack>>>> = {
  'modules/ledger': {
    'an account of the book is there once': constraint(
      'ledger_account',
      'ledger_account_key',
      bookAccount(),
      bookAccount(),
    ),
    'and of a kind that people know': constraint('ledger_account', 'ledger_account_kind_check', bookAccount('pocket')),
    'a transaction has two entries at least': constraint(
      'ledger_txn',
      'ledger_txn_n_entries_check',
      bookAccount(),
      entered(0).replace(/\(values \)/, '(select 1, 1 where false)'),
    ),
    'an entry of nothing is none': constraint(
      'ledger_entry',
      'ledger_entry_amount_minor_check',
      bookAccount(),
      entered(2, [1, 0], [2, 0]),
    ),
    'an entry has its number alone': constraint(
      'ledger_entry',
      'ledger_entry_pkey',
      bookAccount(),
      entered(3, [1, 5], [3, -2], [3, -3]),
    ),
    'one balance of an account': constraint('ledger_balance', 'ledger_balance_pkey', balance, balance),
    'a month is closed once': constraint('ledger_closed_period', 'ledger_closed_period_pkey', closed, closed),
    'a key has one answer': constraint('ledger_answer', 'ledger_answer_pkey', answer, answer),
    'what may not run out is counted': sentence(
      ['ledger_is_limited', `kind in ('vendSuspense', 'wallet', 'deposit')`, 'kind is null'],
      'ledger_entry_limit',
      posted('too much', '-5,5'),
    ),
    'the same key with another content is refused': sentence(
      ['ledger_post_many', 'if reused is not null then', 'if false then'],
      'was used for something else',
      posted('same', '5,-5'),
      posted('same', '6,-6', { hash: '\\x01' }),
    ),
    'a closed month takes nothing more': {
      guard: 'booked in the month after',
      off: [
        without('ledger_post_many', 'greatest(in_period[i],', 'coalesce(in_period[i],'),
        without('ledger_entries_are_complete', `then 'MW015'`, 'then null'),
      ],
      does: [
        closed,
        posted('late', '5,-5', { month: '2026-11-01' }),
        demand(`exists (select from ledger_txn where period = '2026-11-01')`, 'booked in the month after'),
      ],
    },
    'nor past the functions that post': sentence(
      ['ledger_entries_are_complete', `then 'MW015'`, 'then null'],
      'of a month that is closed',
      closed,
      bookAccount(),
      entered(2, [1, 5], [2, -5]).replace('2026-12-01', '2026-11-01'),
    ),
    'nobody undoes what another property booked': {
      guard: 'there is no posting',
      off: [COMPLETE_OFF, without('ledger_reverse', 'and t.property_id = in_property', '')],
      does: [posted('theirs', '5,-5', { property: 2 }), posted('ours', '9,-9'), undone('undo', 'theirs')],
    },
    'an undoing is not undone': {
      guard: 'is a reversal',
      off: [COMPLETE_OFF, without('ledger_reverse', 'if original.reverses_id is not null then', 'if false then')],
      does: [posted('first', '5,-5'), undone('undo', 'first'), undone('redo', 'undo')],
    },
  },
  'modules/vending, in one statement': {
    'nothing is sold to an account that rests': sentence(
      ['vend_sell_many', `s.state is distinct from 'open' or`, 'false or'],
      'a sale is notOpen',
      customer(),
      account('100, 50, 0', 'paused'),
      sold({ n: 1, net: 5 }),
    ),
    'nor while something is done to it': sentence(
      ['vend_sell_many', 'or s.case_no is not null', ''],
      'a sale is notOpen',
      ...OPEN,
      accountCase(1),
      sold({ n: 1, net: 5 }),
    ),
    'nor more than a meter may hold': sentence(
      ['vend_sell_many', `then 'hoarding'`, 'then null'],
      'a sale is hoarding',
      ...OPEN,
      sold({ n: 1, net: 6, room: 5 }),
    ),
    'what is on its way fills it, too': sentence(
      ['vend_sell_many', `v.state not in ('CONFIRMED', 'CANCELLED') and v.net_minor > 0`, 'false'],
      'a sale is hoarding',
      ...OPEN,
      vend(1, { net: 8 }),
      sold({ n: 2, net: 5, room: 10 }),
    ),
    'and so do sales before it in the same statement': sentence(
      ['vend_sell_many', 'where in_meter[j] = in_meter[s.i]', 'where false'],
      'a sale is hoarding',
      ...OPEN,
      sold({ n: 1, net: 6, room: 10 }, { n: 2, net: 6, room: 10 }),
    ),
  },
};
