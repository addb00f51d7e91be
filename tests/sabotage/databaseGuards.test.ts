import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { refusedBy } from './support/attacks.ts';
import { BOOK_GUARDS } from './support/bookLaws.ts';
import { DATABASE_GUARDS } from './support/databaseLaws.ts';
import { HISTORY_GUARDS } from './support/historyLaws.ts';
import { NOT_MONEY } from './support/moneyTables.ts';

/** Guards of the database, dropped in the test's own; nothing of an attack stays. */
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const GUARDS = { ...BOOK_GUARDS, ...DATABASE_GUARDS, ...HISTORY_GUARDS };
const ROOT = join(import.meta.dirname, '../..');
/** Where guards are switched off by their names. */
const LISTS = [
  ...['tests/sabotage/support/bookLaws.ts', 'tests/sabotage/support/databaseLaws.ts'],
  'tests/sabotage/support/historyLaws.ts',
  ...['tests/server/ledger/guards.test.ts', 'tests/server/vending/sabotage.test.ts'],
];

describe.for(Object.entries(GUARDS))('%s', ([, attacks]) => {
  test.for(Object.entries(attacks))('%s', async ([, { guard, off, does }]) => {
    expect(await refusedBy(database.owner, does.slice(0, -1))).toBeUndefined();
    expect(await refusedBy(database.owner, does)).toContain(guard);
    expect(await refusedBy(database.owner, [...off, ...does])).toBeUndefined();
  });
});

test('every constraint, unique index and trigger of the tables of money is switched off in one of the lists', async () => {
  // Words of a column and numbers that the database gives out itself guard nobody's money; what refuses every change is
  // switched off in appendOnly.test.ts.
  const found = await database.owner.query<{ name: string }>(sql`
    select c.conname as name
    from pg_constraint c join pg_class t on t.oid = c.conrelid
    where t.relnamespace = 'public'::regnamespace and c.contype in ('c', 'u', 'p', 'f', 'x') and t.relname <> all(${NOT_MONEY})
      and pg_get_constraintdef(c.oid) !~ '^CHECK \\(\\(\\w+ = ANY \\(ARRAY\\['
      and not (c.contype in ('u', 'p') and cardinality(c.conkey) = 1 and exists (
        select from pg_attribute a where a.attrelid = t.oid and a.attnum = c.conkey[1] and a.attidentity <> ''))
    union all
    select i.relname
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
    where t.relnamespace = 'public'::regnamespace and x.indisunique and t.relname <> all(${NOT_MONEY})
      and not exists (select from pg_constraint c where c.conindid = x.indexrelid)
      and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attnum = any(x.indkey) and a.attidentity <> '')
    union all
    select g.tgname
    from pg_trigger g join pg_class t on t.oid = g.tgrelid
    where t.relnamespace = 'public'::regnamespace and not g.tgisinternal and g.tgfoid <> 'refuse_change'::regproc
      and t.relname <> all(${NOT_MONEY})
    order by 1`);
  const listed = LISTS.map((file) => readFileSync(join(ROOT, file), 'utf8')).join();
  expect(found.length).toBeGreaterThan(60);
  expect(found.map(({ name }) => name).filter((name) => !listed.includes(name))).toEqual([]);
});
