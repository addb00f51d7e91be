import { randomUUID } from 'node:crypto';
import sql, { type Sql } from 'sql-template-tag';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { VendBatch } from '#contract/index.ts';
import { until } from '../../scenarios/support/until.ts';
import { startTill, type Till } from './support/till.ts';

const WAIT_MS = 30_000;
const ROWS = 6;

let till: Till;
beforeAll(async () => {
  till = await startTill();
}, 60_000);
afterAll(() => till.stop());

/** Locks rows until the returned function is called. */
async function lock(statement: Sql): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const work = till.server.database.db.tx(async (tx) => {
    await tx.query(statement);
    held.resolve();
    await release.promise;
  });
  // A test that fails lets go as well: the house could not stop.
  onTestFinished(() => release.resolve());
  await Promise.race([held.promise, work]);
  return () => {
    release.resolve();
    return work;
  };
}

/** As the owner, who sees what others wait for. */
const counted = async (statement: Sql): Promise<number> =>
  (await till.server.database.owner.query<{ n: number }>(statement))[0]?.n ?? 0;

/** Shops with money in their meters. */
async function paidShops() {
  const shops = [];
  for (let index = 0; index < ROWS; index += 1) shops.push(await till.fresh());
  const sales = await Promise.all(shops.map(({ meterId }) => till.sell(meterId, '10000')));
  await Promise.all(sales.map(({ saleId }) => till.becomes(saleId, 'CONFIRMED')));
  return shops;
}

test('a sheet that runs is stopped: the row under way ends as it would have, the others are taken back without any money', async () => {
  const shops = await paidShops();
  // What was written into them, since what they hold is used up meanwhile.
  const writes = () => Promise.all(shops.map(async ({ meterId }) => (await till.purse(meterId)).count));
  const before = await writes();
  // The second row cannot end before its account is let go.
  const letGo = await lock(sql`select from account where id = ${shops[1]?.account.id} for update`);
  const sheet = { batchId: randomUUID(), propertyId: till.propertyId, kind: 'refund', method: 'cash', reason: 'wrong' };
  const rows = shops.map(({ meterNumber }) => ({ meterNumber, amountMinor: '1250' }));
  await till.post('/api/vend-batches', { ...sheet, rows, dryRun: false });
  const path = `/api/vend-batches/${sheet.batchId}`;
  const now = async () => (await till.boss.request('GET', path)).body as VendBatch;
  const numbers = (await now()).rows.map(({ no }) => no);
  await until('the first row has its outcome', WAIT_MS, async () => (await now()).rows[0]?.outcome === 'accepted');
  await until('the second is under way', WAIT_MS, async () => {
    const free = sql`select from vend_batch_row where batch_id = ${sheet.batchId} and no = ${numbers[1]} for update skip locked`;
    return (await till.server.database.db.query(free)).length === 0;
  });
  // And the third does not get its turn before the sheet was stopped: this lock holds up a turn, not a stop.
  const third = sql`select from vend_batch_row where batch_id = ${sheet.batchId} and no = ${numbers[2]} for key share`;
  const giveTurn = await lock(third);

  const stop = () => till.boss.request('POST', `${path}/stop`, {});
  const stopping = stop();
  const waits = sql`select count(*)::int as n from pg_stat_activity where datname = current_database()
    and wait_event_type = 'Lock' and query ilike '%update vend_batch_row%'`;
  await until('the stop waits for the row under way', WAIT_MS, async () => (await counted(waits)) > 0);
  await letGo();
  const stopped = await stopping;
  expect(stopped.status).toBe(200);
  await giveTurn();

  const done = await till.sheet(sheet.batchId);
  expect(done).toMatchObject({ state: 'done', accepted: 2, refused: ROWS - 2, acceptedMinor: '2500' });
  const [first, second, ...rest] = done.rows;
  for (const row of [first, second]) await till.becomes(row?.vendId ?? '', 'CONFIRMED');
  for (const row of rest) {
    expect(row).toMatchObject({ outcome: 'refused', code: 'vend.sheet-stopped' });
    expect(row.vendId).toBe(undefined);
  }
  expect(await writes()).toEqual(before.map((count, index) => (index < 2 ? count + 1 : count)));
  const vends = sql`select count(*)::int as n from vend where batch_id = ${sheet.batchId}`;
  expect(await counted(vends)).toBe(2);
  expect(await till.server.app.money.ledger.prove(till.server.database.db)).toMatchObject({ sumMinor: 0n, faults: [] });

  const settled = await now();
  expect(await stop()).toMatchObject({ status: 200, body: settled });
  expect(await now()).toEqual(settled);
  const told = sql`select count(*)::int as n from audit where action = 'vend.batch-stop' and subject_id = ${sheet.batchId}`;
  expect(await counted(told)).toBe(1);
}, 120_000);
