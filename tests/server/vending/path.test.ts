import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sale } from '#contract/index.ts';
import { startTill, type Till } from './support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await startTill();
}, 60_000);
afterAll(() => till.stop());

const balances = async (propertyId: number, kind: 'prepaidInMeter' | 'vendSuspense' | 'wallet', subject: string) =>
  till.server.app.money.ledger.balance(till.server.database.db, propertyId, { kind, subject });

test('a sale into a meter over real frames: the money is in the meter, and the ledger proves it', async () => {
  const { meterId, account } = await till.fresh();
  const before = await till.purse(meterId);
  const found = await balances(account.propertyId, 'prepaidInMeter', `meter:${meterId}`);
  const sold = await till.sell(meterId, '10000');
  expect(sold).toMatchObject({ state: 'QUEUED', paidMinor: '10000', feeMinor: '0', netMinor: '10000', kind: 'sale' });
  const done = await till.becomes(sold.saleId, 'CONFIRMED');
  const after = await till.purse(meterId);
  expect(after.count).toBe(before.count + 1);
  expect(done.count).toBe(after.count);
  expect(Number(after.balanceMinor - before.balanceMinor)).toBeGreaterThan(9_900);
  expect(await balances(account.propertyId, 'vendSuspense', `vend:${sold.saleId}`)).toBe(0n);
  expect(await balances(account.propertyId, 'prepaidInMeter', `meter:${meterId}`)).toBe(found - 10_000n);
  const proof = await till.server.app.money.ledger.prove(till.server.database.db);
  expect(proof).toMatchObject({ sumMinor: 0n, faults: [] });
});

test('a sale into a wallet is done at once', async () => {
  const { meterId, account } = await till.fresh({ custody: 'platform' });
  const sold = await till.sell(meterId, '5000');
  expect(sold.state).toBe('CONFIRMED');
  expect(await balances(account.propertyId, 'wallet', `account:${account.id}`)).toBe(-5_000n);
});

test('the same sale again is the same sale; other content under its id is refused; a new id is a new sale', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  const body = { saleId: randomUUID(), meterId, paidMinor: '10000', method: 'cash' };
  const first = await till.post<Sale>('/api/sales', body);
  const again = await till.post<Sale>('/api/sales', body);
  expect(again).toEqual(first);
  // More is known by then: what the wallet held around it.
  expect(await till.sale(first.saleId)).toMatchObject(first);
  const other = await till.boss.request('POST', '/api/sales', { ...body, paidMinor: '20000' });
  expect(other).toMatchObject({ status: 409, body: { code: 'request.key-reused' } });
  await till.post<Sale>('/api/sales', { ...body, saleId: randomUUID() });
  const listed = (await till.boss.request('GET', `/api/sales?meterId=${meterId}`)).body as { items: Sale[] };
  expect(listed.items.map(({ paidMinor }) => paidMinor)).toEqual(['10000', '10000']);
});
