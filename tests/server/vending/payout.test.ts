import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sale } from '#contract/index.ts';
import type { Client } from '../../support/server.ts';
import { startTill, type Till } from './support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await startTill();
}, 60_000);
afterAll(() => till.stop());

const reason = 'a good reason';
const payOut = (saleId: string, more: object = {}, client: Client = till.boss) =>
  client.request('POST', `/api/sales/${saleId}/payout`, { payoutId: randomUUID(), method: 'cash', ...more });
const owedTo = (accountId: number) => till.book('refundPayable', `account:${accountId}`);
const nothingOwed = { status: 409, body: { code: 'payout.nothing-owed' } };
const proven = async () =>
  expect(await till.server.app.money.ledger.prove(till.server.database.db)).toMatchObject({ sumMinor: 0n, faults: [] });

/** A sale of 100.00 that its meter refused and that was cancelled by its fence. */
async function cancelled(method = 'cash') {
  const { meterId, meterNumber, account } = await till.fresh();
  const clear = till.fault(meterNumber, { kind: 'hoarding' });
  const { saleId } = await till.sell(meterId, '10000', { method });
  await till.becomes(saleId, 'REJECTED');
  clear();
  await till.boss.request('POST', `/api/sales/${saleId}/cancel`, { reason });
  return { sale: await till.becomes(saleId, 'CANCELLED'), account, meterId };
}
async function drawerOf(client: Client): Promise<bigint> {
  const { body } = await client.request('GET', '/api/session');
  return till.book('cash', `operator:${(body as { userId: number }).userId}`);
}

test('what a cancelled sale leaves owing is given back once, out of the drawer of who pays it, with an audit row', async () => {
  const { sale, account } = await cancelled();
  expect(sale).toMatchObject({ owedMinor: '10000' });
  expect(sale.paidOutAt).toBeUndefined();
  const cashier = await till.person('cashier');
  const before = await drawerOf(cashier);
  const payoutId = randomUUID();
  const first = await payOut(sale.saleId, { payoutId }, cashier);
  expect(first).toMatchObject({ status: 201, body: { state: 'CANCELLED', paidOutMethod: 'cash' } });
  expect((first.body as Sale).owedMinor).toBeUndefined();
  expect((first.body as Sale).paidOutAt).toBeDefined();
  expect(await owedTo(account.id)).toBe(0n);
  expect(await drawerOf(cashier)).toBe(before - 10_000n);
  expect(await payOut(sale.saleId, { payoutId }, cashier)).toMatchObject({ status: 201, body: first.body as object });
  expect(await payOut(sale.saleId, { payoutId, reason }, cashier)).toMatchObject({
    ...{ status: 409, body: { code: 'request.key-reused' } },
  });
  expect(await payOut(sale.saleId)).toMatchObject(nothingOwed);
  expect(await drawerOf(cashier)).toBe(before - 10_000n);
  const trail = await till.server.database.db.query<{ after: object }>(
    sql`select after from audit where action = 'vend.payout' and subject_id = ${sale.saleId}`,
  );
  expect(trail).toEqual([{ after: { payoutId, amountMinor: '10000', method: 'cash', reason: null } }]);
  await proven();
});

test('three payouts at the same time: one', async () => {
  const { sale, account } = await cancelled();
  const answers = await Promise.all([payOut(sale.saleId), payOut(sale.saleId), payOut(sale.saleId)]);
  expect(answers.map(({ status }) => status).toSorted((left, right) => left - right)).toEqual([201, 409, 409]);
  expect(await owedTo(account.id)).toBe(0n);
  await proven();
});

test('by the way it was paid; another way needs a reason, and somebody else who agrees', async () => {
  const { sale, account } = await cancelled('wechat');
  const refused = await payOut(sale.saleId);
  expect(refused).toMatchObject({ status: 409, body: { code: 'payout.other-method', details: [{ field: 'reason' }] } });
  expect(await owedTo(account.id)).toBe(-10_000n);
  const wechat = await till.book('wechat', '');
  const paid = await payOut(sale.saleId, { method: 'wechat', channelTradeNo: 'R-1' });
  expect(paid).toMatchObject({ status: 201, body: { paidOutMethod: 'wechat' } });
  expect(await till.book('wechat', '')).toBe(wechat - 10_000n);
  const other = await cancelled('wechat');
  const asked = { payoutId: randomUUID(), reason: 'the customer has no telephone' };
  const alone = await payOut(other.sale.saleId, asked);
  expect(alone).toMatchObject({ status: 409, body: { code: 'payout.needs-two', details: [{ field: 'method' }] } });
  const colleague = await till.person('administrator');
  const agree = (client: Client) =>
    client.request('POST', `/api/vends/${other.sale.saleId}/decisions`, {
      ...{ decisionId: randomUUID(), outcome: 'approve', reason, evidence: 'spoke with the customer' },
    });
  // Who agreed cannot be who pays.
  expect((await agree(till.boss)).body).toMatchObject({ state: 'CANCELLED', owedMinor: '10000' });
  expect(await payOut(other.sale.saleId, asked)).toMatchObject({ body: { code: 'payout.needs-two' } });
  expect((await agree(colleague)).status).toBe(200);
  expect((await payOut(other.sale.saleId, asked)).status).toBe(201);
  expect(await agree(colleague)).toMatchObject(nothingOwed);
  await proven();
});

test('nothing is owed for what is under way, or arrived; nor by strangers', async () => {
  const { meterId } = await till.fresh();
  const sale = await till.becomes((await till.sell(meterId, '10000')).saleId, 'CONFIRMED');
  expect(sale.owedMinor).toBeUndefined();
  expect(await payOut(sale.saleId)).toMatchObject(nothingOwed);
  expect((await payOut(randomUUID())).status).toBe(404);
  expect((await payOut((await cancelled()).sale.saleId, {}, await till.person('engineer'))).status).toBe(403);
});

test('what was settled with the account is not paid out a second time', async () => {
  const { sale, account } = await cancelled();
  await till.policy({ refundSecondPersonMinor: '100000000' });
  const closing = { closingId: randomUUID(), refundMethod: 'cash', collectMethod: 'receivable', reason };
  const closed = await till.boss.request('POST', `/api/accounts/${account.id}/close`, closing);
  expect(closed.status).toBeLessThan(300);
  await till.agreed(account.id, closing.closingId);
  expect(await owedTo(account.id)).toBe(0n);
  expect((await till.sale(sale.saleId)).owedMinor).toBeUndefined();
  expect(await payOut(sale.saleId)).toMatchObject(nothingOwed);
  await proven();
});

test('what a cancelled sale left owing goes into the wallet with the balance of the meter', async () => {
  const { sale, account, meterId } = await cancelled();
  await till.becomes((await till.sell(meterId, '50000')).saleId, 'CONFIRMED');
  const change = { changeId: randomUUID(), custody: 'platform', reason };
  await till.post(`/api/accounts/${account.id}/custody`, change);
  const { custody, balanceMinor } = await till.atRest(account.id);
  expect(custody).toBe('platform');
  expect(await owedTo(account.id)).toBe(0n);
  expect(BigInt(balanceMinor ?? '0')).toBeGreaterThan(10_000n);
  expect(await payOut(sale.saleId)).toMatchObject(nothingOwed);
  await proven();
});

test('cash of a refund that somebody else agreed to comes out of the drawer of who stands at the counter', async () => {
  await till.policy({ refundSecondPersonMinor: '5000' });
  const { meterId } = await till.fresh({ custody: 'platform' });
  const maker = await till.person('cashier');
  const sale = { saleId: randomUUID(), meterId, paidMinor: '20000', method: 'cash' };
  expect((await maker.request('POST', '/api/sales', sale)).status).toBe(201);
  const checker = await till.person('accountant');
  const [makers, checkers] = [await drawerOf(maker), await drawerOf(checker)];
  const asked = { refundId: randomUUID(), meterId, amountMinor: '6000', method: 'cash', reason };
  expect((await maker.request('POST', '/api/refunds', asked)).body).toMatchObject({ state: 'DRAFT' });
  expect(await drawerOf(maker)).toBe(makers);
  const said = { decisionId: randomUUID(), outcome: 'approve', reason, evidence: 'looked at the receipt' };
  const decided = await checker.request('POST', `/api/vends/${asked.refundId}/decisions`, said);
  expect(decided.body).toMatchObject({ state: 'CONFIRMED' });
  expect(await drawerOf(maker)).toBe(makers - 6_000n);
  expect(await drawerOf(checker)).toBe(checkers);
  await proven();
});
