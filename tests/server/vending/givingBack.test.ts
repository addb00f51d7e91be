import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { getSalesDay, ResponseOf, Sale, Session } from '#contract/index.ts';
import { startTill, type Till } from './support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await startTill();
  const basis = { serviceFeeLegalBasis: 'contract' };
  await till.policy({
    serviceFeePpm: 30_000,
    ...basis,
    refundFee: 'proportionalDown',
    refundSecondPersonMinor: '50000',
  });
}, 60_000);
afterAll(() => till.stop());

const reason = 'a good reason';
const refund = (meterId: number, amountMinor: string, more: object = {}) =>
  till.boss.request('POST', '/api/refunds', {
    ...{ refundId: randomUUID(), meterId, amountMinor, method: 'cash', reason },
    ...more,
  });
const reverse = (saleId: string, reversalId: string = randomUUID()) =>
  till.boss.request('POST', `/api/sales/${saleId}/reverse`, { reversalId, reason });
const confirmed = async (meterId: number, paid: string): Promise<Sale> =>
  till.becomes((await till.sell(meterId, paid)).saleId, 'CONFIRMED');
const proven = async () =>
  expect(await till.server.app.money.ledger.prove(till.server.database.db)).toMatchObject({ sumMinor: 0n, faults: [] });

test('a refund: out of the meter first, then the cash, with its share of the fee', async () => {
  const { meterId } = await till.fresh();
  const sale = await confirmed(meterId, '10000');
  expect(sale).toMatchObject({ feeMinor: '300', netMinor: '9700' });
  const before = await till.purse(meterId);
  const { status, body } = await refund(meterId, '7000', { saleId: sale.saleId });
  expect(status).toBe(201);
  const back = await till.becomes((body as Sale).saleId, 'CONFIRMED');
  expect(back).toMatchObject({ netMinor: '-7000', feeMinor: '-216', paidMinor: '-7216', originalId: sale.saleId });
  const after = await till.purse(meterId);
  expect(Number(before.balanceMinor - after.balanceMinor)).toBeGreaterThanOrEqual(7_000);
  expect(after.count).toBe(before.count + 1);
  expect(await refund(meterId, '2701', { saleId: sale.saleId })).toMatchObject({
    status: 409,
    body: { code: 'refund.exceeds-purchases' },
  });
  await proven();
});

test('no more goes back than was bought, and no more than is there', async () => {
  const { meterId } = await till.fresh();
  expect(await refund(meterId, '100')).toMatchObject({ status: 409, body: { code: 'refund.exceeds-purchases' } });
  const { balanceMinor } = await till.purse(meterId);
  const refused = await refund(meterId, String(balanceMinor + 1n));
  expect(refused).toMatchObject({ status: 409, body: { code: 'refund.exceeds-balance' } });
});

test('a wallet: refund at once; never below zero', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  await till.sell(meterId, '10000');
  const { body } = await refund(meterId, '9700');
  expect(body).toMatchObject({ state: 'CONFIRMED', netMinor: '-9700', feeMinor: '0' });
  expect(await refund(meterId, '1')).toMatchObject({ status: 409, body: { code: 'refund.exceeds-balance' } });
  await proven();
});

test('a reversal: in full, on the same day, once; not of a reversal', async () => {
  const { meterId } = await till.fresh();
  const sale = await confirmed(meterId, '10000');
  const { body } = await reverse(sale.saleId);
  const reversal = await till.becomes((body as Sale).saleId, 'CONFIRMED');
  expect(reversal).toMatchObject({ kind: 'reversal', netMinor: '-9700', feeMinor: '-300', paidMinor: '-10000' });
  expect((await till.sale(sale.saleId)).reversedBy).toBe(reversal.saleId);
  expect(await reverse(sale.saleId)).toMatchObject({ status: 409, body: { code: 'reversal.already' } });
  expect(await reverse(reversal.saleId)).toMatchObject({ status: 409, body: { code: 'reversal.of-reversal' } });
  const { ledger } = till.server.app.money;
  const fee = await ledger.balance(till.server.database.db, sale.propertyId, {
    kind: 'vendSuspense',
    subject: `vend:${sale.saleId}`,
  });
  expect(fee).toBe(0n);
  await proven();
});

test('whoever reverses pays from their own drawer, as the day says', { timeout: 60_000 }, async () => {
  const [seller, other] = [await till.person('administrator'), await till.person('administrator')];
  let day = '';
  for (const custody of ['meter', 'platform']) {
    const { meterId } = await till.fresh({ custody });
    // A meter may be found with a debt.
    await confirmed(meterId, '50000');
    const asked = { saleId: randomUUID(), meterId, paidMinor: '10000', method: 'cash' };
    expect(await seller.request('POST', '/api/sales', asked)).toMatchObject({ status: 201 });
    await till.becomes(asked.saleId, 'CONFIRMED');
    const reversalId = randomUUID();
    const answer = await other.request('POST', `/api/sales/${asked.saleId}/reverse`, { reversalId, reason });
    expect(answer).toMatchObject({ status: 201 });
    day = (await till.becomes(reversalId, 'CONFIRMED')).businessDay;
  }
  const { body } = await till.boss.request('GET', `/api/sales-days/${day}?propertyId=${till.propertyId}`);
  for (const [client, minor] of [
    [seller, 20_000n],
    [other, -20_000n],
  ] as const) {
    const { userId, displayName } = (await client.request('GET', '/api/session')).body as Session;
    expect(await till.book('cash', `operator:${userId}`)).toBe(minor);
    const { byOperator } = body as ResponseOf<typeof getSalesDay>;
    expect(byOperator.find(({ name }) => name === displayName)?.paidMinor).toBe(String(minor));
  }
  await proven();
});

test('a reversal of what is consumed is refused', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  const sale = await till.sell(meterId, '10000');
  await refund(meterId, '100');
  expect(await reverse(sale.saleId)).toMatchObject({ status: 409, body: { code: 'reversal.exceeds-balance' } });
});

test('a sale into a meter is not reversed once its money is in the wallet: a refund takes it from there, once', async () => {
  const { meterId, account } = await till.fresh();
  const sale = await confirmed(meterId, '10000');
  const path = `/api/accounts/${account.id}/custody`;
  await till.post(path, { changeId: randomUUID(), custody: 'platform', reason });
  expect(await till.atRest(account.id)).toMatchObject({ custody: 'platform' });
  const wallet = await till.book('wallet', `account:${account.id}`);
  expect(await reverse(sale.saleId)).toMatchObject({ status: 409, body: { code: 'reversal.exceeds-balance' } });
  const back = await refund(meterId, sale.netMinor, { saleId: sale.saleId });
  expect(back).toMatchObject({ status: 201, body: { state: 'CONFIRMED', paidMinor: '-10000' } });
  const left = await till.book('wallet', `account:${account.id}`);
  expect(left - wallet).toBeGreaterThanOrEqual(BigInt(sale.netMinor));
  await proven();
});

test('two reversals of one sale at the same time: one', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  const sale = await till.sell(meterId, '10000');
  await till.sell(meterId, '20000');
  const answers = await Promise.all([reverse(sale.saleId), reverse(sale.saleId), reverse(sale.saleId)]);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(2);
  await proven();
});

test('a large refund waits for somebody else', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  await till.sell(meterId, '100000');
  const { body } = await refund(meterId, '60000');
  const draft = body as Sale;
  expect(draft.state).toBe('DRAFT');
  const decide = (client: typeof till.boss, outcome: string) =>
    client.request('POST', `/api/vends/${draft.saleId}/decisions`, {
      ...{ decisionId: randomUUID(), outcome, reason, evidence: 'looked at the receipt' },
    });
  expect(await decide(till.boss, 'approve')).toMatchObject({ status: 409, body: { code: 'vend.needs-other-person' } });
  const other = await till.person('accountant');
  expect((await decide(other, 'approve')).body).toMatchObject({ state: 'CONFIRMED' });
  expect(await decide(other, 'approve')).toMatchObject({ status: 409, body: { code: 'vend.not-open' } });
  await proven();
});

test('a makeup up and down', async () => {
  const { meterId } = await till.fresh();
  const makeUp = (amountMinor: string) =>
    till.post<Sale>('/api/makeups', { makeupId: randomUUID(), meterId, amountMinor, reason });
  const before = await till.purse(meterId);
  await till.becomes((await makeUp('1500')).saleId, 'CONFIRMED');
  await till.becomes((await makeUp('-500')).saleId, 'CONFIRMED');
  const after = await till.purse(meterId);
  expect(Number(after.balanceMinor - before.balanceMinor)).toBeGreaterThan(900);
  expect(after.count).toBe(before.count + 2);
  await proven();
});

test('a sheet: tried out nothing is stored, then each row has its own outcome, again it is the same sheet', async () => {
  const one = await till.fresh({ custody: 'platform' });
  const two = await till.fresh({ custody: 'platform' });
  await till.sell(one.meterId, '10000');
  const text = `${one.meterNumber}\t12.50\ttoo much charged\n${two.meterNumber}\t12.50\nnobody,1.00\n${one.meterNumber};x`;
  const body = { batchId: randomUUID(), propertyId: till.propertyId, kind: 'refund', method: 'cash', reason, text };
  const dry = await till.post<{ state: string; rows: { outcome: string }[] }>('/api/vend-batches', {
    ...body,
    dryRun: true,
  });
  expect(dry.rows.map(({ outcome }) => outcome)).toEqual(['accepted', 'refused', 'refused', 'refused']);
  expect((await till.boss.request('GET', `/api/vend-batches/${body.batchId}`)).status).toBe(404);
  await till.post('/api/vend-batches', { ...body, dryRun: false });
  const done = await till.sheet(body.batchId);
  expect(done).toMatchObject({ state: 'done', accepted: 1, refused: 3, acceptedMinor: '1250' });
  expect(done.rows.map(({ code }) => code)).toEqual([
    undefined,
    'refund.exceeds-balance',
    'not-found',
    'request.invalid',
  ]);
  expect(done.rows[0]?.vendState).toBe('CONFIRMED');
  await till.post('/api/vend-batches', { ...body, dryRun: false });
  expect(await till.sheet(body.batchId)).toEqual(done);
  await proven();
});

test('the day by kind, method and operator has one total', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  const sale = await till.sell(meterId, '10000');
  const day = await till.boss.request('GET', `/api/sales-days/${sale.businessDay}?propertyId=${till.propertyId}`);
  const { byKind, byMethod, byOperator, total } = day.body as Record<
    string,
    { paidMinor: string; netMinor: string }[]
  > & {
    total: { paidMinor: string; netMinor: string };
  };
  for (const part of [byKind, byMethod, byOperator]) {
    const sum = (field: 'paidMinor' | 'netMinor') => (part ?? []).reduce((all, row) => all + BigInt(row[field]), 0n);
    expect(String(sum('paidMinor'))).toBe(total.paidMinor);
    expect(String(sum('netMinor'))).toBe(total.netMinor);
  }
  expect(BigInt(total.paidMinor)).toBeGreaterThan(0n);
});

test('a receipt has the amount in capital figures, the fee as a line of its own, and counts its prints', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  const { saleId } = await till.sell(meterId, '10050');
  const print = () => till.post<{ printNo: number }>(`/api/sales/${saleId}/receipts`, {});
  expect(await print()).toMatchObject({ printNo: 1, paidInChinese: '壹佰元伍角整', feeMinor: '301', currency: 'CNY' });
  expect((await print()).printNo).toBe(2);
});
