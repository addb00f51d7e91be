import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Account, PaymentMethod, Sale } from '#contract/index.ts';
import type { Client } from '../../support/server.ts';
import { startTill, type Till } from './support/till.ts';

/** Money goes back by the way it came, or two persons agree to another. */
let till: Till;
let colleague: Client;
beforeAll(async () => {
  till = await startTill();
  await till.policy({ refundSecondPersonMinor: '5000000' });
  colleague = await till.person('accountant');
}, 60_000);
afterAll(() => till.stop());

const reason = 'a good reason';
const wallet = async () => till.fresh({ custody: 'platform' });
const refund = async (meterId: number, amountMinor: string, method: PaymentMethod) =>
  till.post<Sale>('/api/refunds', { refundId: randomUUID(), meterId, amountMinor, method, reason });
const decide = (saleId: string, outcome: string, client: Client = colleague) =>
  client.request('POST', `/api/vends/${saleId}/decisions`, {
    ...{ decisionId: randomUUID(), outcome, reason, evidence: 'looked at the receipts' },
  });
const proven = async () =>
  expect(await till.server.app.money.ledger.prove(till.server.database.db)).toMatchObject({ sumMinor: 0n, faults: [] });
const EXCEEDED = { state: 'DRAFT', cause: 'methodExceeded' };

test('no more goes back by a way than came by it, unless a second person agrees', async () => {
  const { meterId } = await wallet();
  await till.sell(meterId, '10000', { method: 'wechat' });
  await till.sell(meterId, '4000', { method: 'bankCard' });
  const cash = await refund(meterId, '1', 'cash');
  expect(cash).toMatchObject(EXCEEDED);
  expect(await decide(cash.saleId, 'approve', till.boss)).toMatchObject({ body: { code: 'vend.needs-other-person' } });
  expect((await decide(cash.saleId, 'decline')).body).toMatchObject({ state: 'CANCELLED' });

  expect(await refund(meterId, '6000', 'wechat')).toMatchObject({ state: 'CONFIRMED' });
  const rest = await refund(meterId, '4001', 'wechat');
  expect(rest).toMatchObject(EXCEEDED);
  expect((await decide(rest.saleId, 'approve')).body).toMatchObject({ state: 'CONFIRMED', paidMinor: '-4001' });
  expect(await till.book('wechat', '')).toBe(-1n);
  await proven();
});

test('a large refund says that it is large', async () => {
  const { meterId } = await wallet();
  await till.sell(meterId, '10000');
  await till.policy({ refundSecondPersonMinor: '5000' });
  expect(await refund(meterId, '5001', 'cash')).toMatchObject({ state: 'DRAFT', cause: 'largeAmount' });
  await till.policy({ refundSecondPersonMinor: '5000000' });
});

test('a reversal gives back by the way of its sale no more than is left of that way', async () => {
  const { meterId } = await wallet();
  const { saleId } = await till.sell(meterId, '3000', { method: 'cash' });
  await till.sell(meterId, '3000', { method: 'alipay' });
  expect(await refund(meterId, '3000', 'cash')).toMatchObject({ state: 'CONFIRMED' });
  const reversal = await till.post<Sale>(`/api/sales/${saleId}/reverse`, { reversalId: randomUUID(), reason });
  expect(reversal).toMatchObject(EXCEEDED);
  expect((await decide(reversal.saleId, 'decline')).body).toMatchObject({ state: 'CANCELLED' });
  expect((await till.sale(saleId)).reversedBy).toBeUndefined();
});

test('each row of a sheet waits where its money came by another way', async () => {
  const [paid, other] = [await wallet(), await wallet()];
  await till.sell(paid.meterId, '2000', { method: 'transfer' });
  await till.sell(other.meterId, '2000', { method: 'cash' });
  const text = `${paid.meterNumber}\t10.00\n${other.meterNumber}\t10.00`;
  const body = { batchId: randomUUID(), propertyId: till.propertyId, kind: 'refund', method: 'transfer', reason, text };
  await till.post('/api/vend-batches', { ...body, dryRun: false });
  expect((await till.sheet(body.batchId)).rows.map(({ vendState }) => vendState)).toEqual(['CONFIRMED', 'DRAFT']);
});

test('the limits say what may go back by each way, the way with most of it first', async () => {
  const { meterId } = await wallet();
  const limits = async (client: Client = till.boss) => client.request('GET', `/api/refund-limits?meterId=${meterId}`);
  await till.sell(meterId, '1000', { method: 'cash' });
  await till.sell(meterId, '5000', { method: 'wechat' });
  await refund(meterId, '300', 'cash');
  const methods = [
    { method: 'wechat', leftMinor: '5000' },
    { method: 'cash', leftMinor: '700' },
    { method: 'alipay', leftMinor: '0' },
    { method: 'bankCard', leftMinor: '0' },
    { method: 'transfer', leftMinor: '0' },
  ];
  expect((await limits()).body).toEqual({
    ...{ methods, heldMinor: '5700', boughtMinor: '5700', secondPersonMinor: '5000000' },
  });
  expect(await limits(await till.person('viewer'))).toMatchObject({ status: 403 });
});

describe('what an account is paid at its end', () => {
  const deposit = { amountMinor: '9000', method: 'wechat' };
  const closing = (refundMethod: PaymentMethod) => ({
    ...{ closingId: randomUUID(), refundMethod, collectMethod: 'receivable', reason },
  });
  const refuse = (accountId: number, caseId: string) =>
    colleague.request('POST', `/api/accounts/${accountId}/cases/${caseId}/decision`, { agree: false, reason });

  test('a closing, and what is settled after it, wait where it came by another way', async () => {
    const { account } = await till.fresh({ custody: 'platform', deposit });
    const asked = closing('cash');
    await till.post(`/api/accounts/${account.id}/close`, asked);
    await expect
      .poll(async () => (await till.account(account.id)).running, { timeout: 15_000 })
      .toMatchObject({ state: 'awaitingApproval', step: 'payOut' });
    expect(await refuse(account.id, asked.closingId)).toMatchObject({ status: 200 });
    expect(await till.atRest(account.id)).toMatchObject({ state: 'closed', owedMinor: '9000' });
    const settle = (method: PaymentMethod, amountMinor: string) => {
      const body = { settlementId: randomUUID(), way: 'payOut', amountMinor, method, reason };
      return till.boss.request('POST', `/api/accounts/${account.id}/settlement`, body);
    };
    expect((await settle('wechat', '4000')).body).toMatchObject({ owedMinor: '5000' });
    const waiting = await settle('cash', '1');
    expect(waiting.body).toMatchObject({ owedMinor: '5000', running: { state: 'awaitingApproval' } });
    const { running } = waiting.body as Account;
    expect(await refuse(account.id, running?.caseId ?? '')).toMatchObject({ status: 200 });
    const rest = (await settle('wechat', '5000')).body as Account;
    expect([rest.owedMinor, rest.running]).toEqual([undefined, undefined]);
    await proven();
  });

  test('a closing by the way it came needs nobody else', async () => {
    const { account, meterId } = await till.fresh({ custody: 'platform', deposit });
    await till.sell(meterId, '3000', { method: 'wechat' });
    await till.post(`/api/accounts/${account.id}/close`, closing('wechat'));
    const closed = await till.atRest(account.id);
    expect([closed.state, closed.owedMinor]).toEqual(['closed', undefined]);
    await proven();
  });

  test('a transfer pays out by the way it came, or says who can', async () => {
    const { account } = await till.fresh({ custody: 'platform', deposit });
    const { id: toCustomerId } = await till.customer('Follows');
    const transfer = (refundMethod: PaymentMethod) =>
      till.boss.request('POST', `/api/accounts/${account.id}/transfer`, {
        ...{ transferId: randomUUID(), toCustomerId, balance: 'carry', deposit: 'refund', refundMethod, reason },
      });
    expect(await transfer('cash')).toMatchObject({ status: 409, body: { code: 'refund.needs-two' } });
    expect(await transfer('wechat')).toMatchObject({ status: 201, body: { depositMinor: '0' } });
    await proven();
  });
});
