import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { confirmedEntries, type PostedVend } from '#server/modules/vending/postings.ts';
import { selectDay } from '#server/modules/vending/reportStore.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

/** Worked by hand. */
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const DAY = '2026-01-02';
const ROWS = [
  ['op1', 'cash', 'sale', 10_000, 300],
  ['op1', 'wechat', 'sale', 20_000, 600],
  ['op2', 'alipay', 'sale', 5_001, 150],
  ['op1', 'cash', 'refund', -7_000, 0],
  ['op1', 'cash', 'reversal', -10_000, -300],
  ['op2', 'transfer', 'sale', 500_000, 15_000],
  ['op2', 'wechat', 'sale', 3_335, 100],
] as const;

test('a day by kind, method and operator: three break-downs with the same total', async () => {
  for (const [operator, method, kind, paid, fee] of ROWS)
    await database.owner.query(sql`
      insert into vend (id, property_id, account_id, meter_id, meter_number, customer_name, epoch, kind, custody, state, path, fence,
        paid_minor, fee_minor, fee_ppm, net_minor, method, user_name, business_day, input_hash, at, finished_at)
      values (${randomUUID()}, 1, 1, 1, 'x', 'x', 1, ${kind}, 'platform', 'CONFIRMED', 'wallet', 'quiet', ${paid}, ${fee}, 30000,
        ${paid - fee}, ${method}, ${operator}, ${DAY}, '', now(), now())`);
  // From one meter into the next: no business of the day.
  for (const [kind, net] of [
    ['moveOut', -5_637],
    ['moveIn', 5_637],
  ] as const)
    await database.owner.query(sql`
      insert into vend (id, property_id, account_id, meter_id, meter_number, customer_name, epoch, kind, custody, state, path, fence,
        paid_minor, fee_minor, fee_ppm, net_minor, user_name, business_day, input_hash, at, finished_at)
      values (${randomUUID()}, 1, 1, 1, 'x', 'x', 1, ${kind}, 'meter', 'CONFIRMED', 'checked', 'zero', 0, 0, 0, ${net}, 'op1', ${DAY}, '',
        now(), now())`);
  const lines = await selectDay(database.db, 1, DAY);
  const told = lines.map(({ part, name, count, paid, fee, net }) => `${part} ${name} ${count} ${paid} ${fee} ${net}`);
  expect(told.toSorted()).toEqual([
    'kind refund 1 -7000 0 -7000',
    'kind reversal 1 -10000 -300 -9700',
    'kind sale 5 538336 16150 522186',
    'method alipay 1 5001 150 4851',
    'method cash 3 -7000 0 -7000',
    'method transfer 1 500000 15000 485000',
    'method wechat 2 23335 700 22635',
    'operator op1 4 13000 600 12400',
    'operator op2 3 508336 15250 493086',
    'total total 7 521336 15850 505486',
  ]);
});

test('56.37 go from one meter into the next, by way of suspense, without a fee and without a sale', () => {
  const move = { property_id: 1, account_id: 1, custody: 'meter', fee_minor: 0n, method: null, user_id: 1 } as const;
  const of = { ...move, paid_minor: 0n, move_id: 'move' };
  const out: PostedVend = { ...of, id: 'out', kind: 'moveOut', meter_id: 1, net_minor: -5_637n };
  const into: PostedVend = { ...of, id: 'in', kind: 'moveIn', meter_id: 2, net_minor: 5_637n };
  const sums = Map.groupBy([...confirmedEntries(out), ...confirmedEntries(into)], ({ account }) => account.subject);
  const bySubject = [...sums].map(([subject, entries]) => [
    subject,
    entries.reduce((sum, { amountMinor }) => sum + amountMinor, 0n),
  ]);
  expect(Object.fromEntries(bySubject)).toEqual({ 'meter:1': 5_637n, 'meter:2': -5_637n, 'vend:move': 0n });
});
