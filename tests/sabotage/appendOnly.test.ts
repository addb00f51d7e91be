import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Db } from '#server/platform/db/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { refusedBy } from './support/attacks.ts';
import { NOT_MONEY } from './support/moneyTables.ts';

/**
 * What is only ever added to, found in the database itself: a table that a later release brings is held to it unless it is named
 * here. The server has no right to change such a table, and its owner runs into a trigger.
 */
let database: TestDatabase;
let tables: readonly Table[];
beforeAll(async () => {
  database = await createTestDatabase();
  tables = await database.owner.query<Table>(sql`
    select t.relname as name,
      concat_ws(' ',
        case when has_any_column_privilege('meterwall_server', t.oid, 'update') then 'update' end,
        case when has_table_privilege('meterwall_server', t.oid, 'delete') then 'delete' end,
        case when has_table_privilege('meterwall_server', t.oid, 'truncate') then 'truncate' end) as rights,
      (select a.attname from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
        and a.attidentity = '' and a.attgenerated = '' order by a.attnum limit 1) as "column",
      array(select g.tgname::text from pg_trigger g where g.tgrelid = t.oid and g.tgfoid = 'refuse_change'::regproc) as triggers
    from pg_class t where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p') order by 1`);
});
afterAll(() => database.drop());

interface Table {
  readonly name: string;
  /** What the server may do to rows that are there. */
  readonly rights: string;
  /** One that can be written. */
  readonly column: string;
  /** Those that refuse every change. */
  readonly triggers: readonly string[];
}

/** What stands as it is now: states, counters, settings. What each of them must not lose is guarded by its own constraints. */
const CHANGING: Readonly<Record<string, string>> = {
  ...{ customer: 'update', account: 'update', account_place: 'delete', account_meter: 'update' },
  ...{ account_case: 'update', money_policy: 'update', tariff_setting: 'update' },
  ...{ command: 'update', command_batch: 'update', protection: 'update', meter_capability: 'update' },
  ...{ relay_wish: 'update delete', ledger_balance: 'update' },
  ...{ vend: 'update', vend_seq: 'update', vend_move: 'update', vend_batch: 'update', vend_batch_row: 'update' },
  ...{ vend_outbox: 'delete' },
  ...{ charge_stream: 'update', charge_line: 'update', charge_run: 'update', tier_use: 'update' },
  ...{ quarantine: 'update', arrears_state: 'update', notice: 'update', reconciliation_run: 'update' },
  ...{ segment_look: 'update', changed_day: 'update' },
};

/** Where the server writes some columns only: what the row is about stays. */
const COLUMNS: Readonly<Record<string, string>> = {
  changed_day: 'at_stream settled_at',
  notice: 'cleared_at',
  quarantine: 'cause after_at after_wh read_at read_wh cap_wh decided_at decision user_id actor_name reason',
  reconciliation_run: 'finished_at meters matched differing payments explained',
  vend_seq: 'released',
};

const money = () => tables.filter(({ name }) => !NOT_MONEY.includes(name) && !name.startsWith('telemetry_'));
const kept = () => money().filter(({ name }) => !(name in CHANGING));
const changesOf = ({ name, column }: Table) => [
  `update ${name} set ${column} = ${column}`,
  `delete from ${name}`,
  `truncate ${name} cascade`,
];

/** What is said to each of these changes, as far as it is not what it should be. */
async function otherAnswers(db: Db, changes: readonly string[], answer: RegExp): Promise<readonly string[]> {
  const others: string[] = [];
  for (const change of changes) {
    const said = await refusedBy(db, [change]);
    if (said === undefined || !answer.test(said)) others.push(`${change}: ${said ?? 'done'}`);
  }
  return others;
}

test('the server changes what is named here, as it is named here', () => {
  const changing = money().filter(({ rights }) => rights !== '');
  expect(Object.fromEntries(changing.map(({ name, rights }) => [name, rights]))).toEqual(CHANGING);
  expect(kept().length).toBeGreaterThan(15);
});

test('of rows that keep their history it writes these columns, and no other', async () => {
  const written = await database.owner.query<{ name: string; columns: string }>(sql`
    select t.relname as name, string_agg(a.attname, ' ' order by a.attnum) as columns
    from pg_class t join pg_attribute a on a.attrelid = t.oid
    where t.relname = any(${money().map(({ name }) => name)}) and not has_table_privilege('meterwall_server', t.oid, 'update')
      and a.attnum > 0 and not a.attisdropped and has_column_privilege('meterwall_server', t.oid, a.attnum, 'update')
    group by 1`);
  expect(Object.fromEntries(written.map(({ name, columns }) => [name, columns]))).toEqual(COLUMNS);
});

test('everything else it can only add to: it has no right to change a row, and even the owner runs into a trigger', async () => {
  const changes = kept().flatMap(changesOf);
  expect(await otherAnswers(database.db, changes, /permission denied/)).toEqual([]);
  expect(await otherAnswers(database.owner, changes, /append-only/)).toEqual([]);
});

test('no row of money is deleted but of a list of what waits, and none is emptied', async () => {
  const changes = money().flatMap((table) => [
    ...(table.rights.includes('delete') ? [] : [`delete from ${table.name}`]),
    `truncate ${table.name} cascade`,
  ]);
  expect(await otherAnswers(database.db, changes, /permission denied/)).toEqual([]);
});

test('each trigger that refuses changes is needed: without it the owner changes what was to stay', async () => {
  const guarded = tables.flatMap(({ name, triggers }) => triggers.map((trigger) => ({ name, trigger })));
  expect(guarded.length).toBeGreaterThan(20);
  for (const { name, trigger } of guarded) {
    const change = `delete from ${name}`;
    expect(await refusedBy(database.owner, [change])).toContain('append-only');
    expect(await refusedBy(database.owner, [`drop trigger ${trigger} on ${name}`, change])).toBeUndefined();
  }
});
