import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sale, VendBatch } from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { type Log, silentLog } from '#server/platform/log.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcpProxy.ts';
import { makeReal, startMoneyPlant } from '../accounts/support/moneyHouse.ts';
import { startTill, type Till } from './support/till.ts';

const KEEPER = { user: 'keeper', password: 'a-long-enough-password' };
let plant: Plant;
let database: TestDatabase;
let till: Till;
let proxy: TcpProxy | undefined;
beforeAll(async () => {
  plant = await startMoneyPlant();
  database = await createTestDatabase();
  till = await startTill({ plant, database });
}, 60_000);
afterAll(async () => {
  await till.stop();
  await proxy?.stop();
  await plant.stop();
  await database.drop();
});

test('a sheet that was stopped goes on at the next start: what was begun is not done again', async () => {
  // The first administrator's password is shown once only.
  const grants = [{ role: 'administrator', scope: 'group' }];
  await till.post('/api/users', { ...KEEPER, displayName: 'Keeper', grants });
  const shops = [await till.fresh({ custody: 'platform' }), await till.fresh({ custody: 'platform' })];
  for (const { meterId } of shops) await till.sell(meterId, '10000');
  // Its rows wait for a second person: nothing of it has begun.
  await till.policy({ batchSecondPersonMeters: 1 });
  const rows = shops.map(({ meterNumber }) => ({ meterNumber, amountMinor: '1250' }));
  const sheet = {
    batchId: randomUUID(),
    propertyId: till.propertyId,
    kind: 'refund',
    method: 'cash',
    reason: 'too much',
  };
  const stored = await till.post<VendBatch>('/api/vend-batches', { ...sheet, rows, dryRun: false });
  expect(stored.state).toBe('awaitingApproval');
  await makeReal(till);
  // As a stop leaves it: agreed to, the first row's refund made, its outcome not written.
  const [first] = await database.db.query<{ vend_id: string }>(
    sql`select vend_id from vend_batch_row where batch_id = ${sheet.batchId} and no = ${stored.rows[0]?.no ?? 0}`,
  );
  const asked = { meterId: shops[0]?.meterId, amountMinor: '1250', method: 'cash', reason: 'too much' };
  await till.post<Sale>('/api/refunds', { ...asked, refundId: first?.vend_id });
  await database.db.query(sql`
    update vend_batch set state = 'running', decided_by = user_id + 1000, decided_name = 'somebody else'
    where id = ${sheet.batchId}`);
  await till.server.stop();

  const waits = await startWithoutDatabase();
  expect(waits(), 'the start went on when Postgres did').toBeGreaterThan(1);
  const done = await till.sheet(sheet.batchId);
  expect(done).toMatchObject({ state: 'done', accepted: 2, refused: 0, acceptedMinor: '2500' });
  const left = shops.map(({ account }) => till.book('wallet', `account:${account.id}`));
  expect(await Promise.all(left)).toEqual([-8_750n, -8_750n]);
  expect(await till.server.app.money.ledger.prove(database.db)).toMatchObject({ sumMinor: 0n, faults: [] });
}, 60_000);

/** Postgres takes no connection once the schema is checked, until the start has said twice that it waits. */
async function startWithoutDatabase(): Promise<() => number> {
  const way = await startTcpProxy(Number(new URL(database.url).port));
  proxy = way;
  let waits = 0;
  const warn = (message: string) => {
    if (!message.startsWith('the start waits')) return;
    waits += 1;
    if (waits === 2) way.refuse(false);
  };
  const log: Log = { ...silentLog, warn, child: () => log };
  const settings = { DATABASE_URL: way.addressOf(database.url) };
  // The first connection checks the schema.
  way.refuseAfter(1);
  till = await startTill({ plant, database, settings, log, signIn: KEEPER });
  return () => waits;
}
