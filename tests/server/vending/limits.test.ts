import { randomUUID } from 'node:crypto';
import sql, { raw } from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { getSalesDay, ResponseOf, Sale } from '#contract/index.ts';
import { startTill, type Till } from './support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await startTill();
  await till.policy({ serviceFeePpm: 30_000, serviceFeeLegalBasis: 'contract' });
}, 60_000);
afterAll(() => till.stop());

const reason = 'a good reason';
const reverse = (saleId: string) =>
  till.boss.request('POST', `/api/sales/${saleId}/reverse`, { reversalId: randomUUID(), reason });
const refund = (meterId: number, amountMinor: string) =>
  till.boss.request('POST', '/api/refunds', { refundId: randomUUID(), meterId, amountMinor, method: 'cash', reason });
const makeUp = (meterId: number, amountMinor: string) =>
  till.post<Sale>('/api/makeups', { makeupId: randomUUID(), meterId, amountMinor, reason });
const txns = async () => (await till.server.app.money.ledger.prove(till.server.database.db)).txns;

/** What happened to the meter meanwhile, without anybody who says so. */
async function holds(meterId: number, balanceMinor: bigint): Promise<void> {
  const { count } = await till.purse(meterId);
  await till.server.app.measuring.acquisition.execute(meterId, { kind: 'setPurse', balanceMinor, count });
}
/** A confirmed sale of 100.00: fee 3.00, net 97.00. */
async function sold(meterId: number): Promise<Sale> {
  const { saleId } = await till.sell(meterId, '10000');
  return till.becomes(saleId, 'CONFIRMED');
}

test('80.00 out of a meter that holds 73.28: refused, with what would do, and nothing booked', async () => {
  const { meterId } = await till.fresh();
  await sold(meterId);
  await holds(meterId, 7_328n);
  const before = await txns();
  const refused = await refund(meterId, '8000');
  expect(refused).toMatchObject({ status: 409, body: { code: 'refund.exceeds-balance' } });
  const { details } = refused.body as { details: { message: string }[] };
  const most = Number(details[0]?.message.replace('at most ', ''));
  // The meter goes on counting.
  expect(most).toBeLessThanOrEqual(7_328);
  expect(most).toBeGreaterThan(7_300);
  expect(await txns()).toBe(before);
});

test('70.00 out of a meter that holds 73.28: 3.28 are left, and the fee is kept', async () => {
  const { meterId } = await till.fresh();
  const sale = await sold(meterId);
  await holds(meterId, 7_328n);
  const asked = { refundId: randomUUID(), meterId, amountMinor: '7000', method: 'cash', saleId: sale.saleId, reason };
  const { saleId } = await till.post<Sale>('/api/refunds', asked);
  const back = await till.becomes(saleId, 'CONFIRMED');
  expect(back).toMatchObject({ paidMinor: '-7000', feeMinor: '0', netMinor: '-7000' });
  // The meter goes on counting.
  const left = Number(back.balanceAfterMinor);
  expect(left).toBeLessThanOrEqual(328);
  expect(left).toBeGreaterThan(300);
});

test('80.00 out of a wallet of 73.28: at most 73.28', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  await sold(meterId);
  await makeUp(meterId, '-2372');
  expect(await refund(meterId, '8000')).toMatchObject({
    status: 409,
    body: { code: 'refund.exceeds-balance', details: [{ field: 'amountMinor', message: 'at most 7328' }] },
  });
  expect((await refund(meterId, '7328')).body).toMatchObject({ state: 'CONFIRMED' });
});

test.for(['meter', 'platform'] as const)(
  'a sale of 97.00 of which 95.10 are left is not reversed (%s)',
  async (custody) => {
    const { meterId } = await till.fresh({ custody });
    const sale = await sold(meterId);
    if (custody === 'meter') await holds(meterId, 9_510n);
    else await makeUp(meterId, '-190');
    const before = await txns();
    expect(await reverse(sale.saleId)).toMatchObject({ status: 409, body: { code: 'reversal.exceeds-balance' } });
    expect(await txns()).toBe(before);
    expect((await till.sale(sale.saleId)).reversedBy).toBeUndefined();
  },
);

test('a sale of 97.00 out of a meter with 150.10: all comes back, the fee too, and only once', async () => {
  const { meterId, account } = await till.fresh();
  const sale = await sold(meterId);
  await holds(meterId, 15_010n);
  const operator = (await till.boss.request('GET', '/api/session')).body as { userId: number };
  const cash = `operator:${operator.userId}`;
  const held = () =>
    Promise.all([
      till.book('prepaidInMeter', `meter:${meterId}`),
      till.book('serviceFee', ''),
      till.book('cash', cash),
    ]);
  const before = await held();
  const reversal = (await reverse(sale.saleId)).body as Sale;
  await till.becomes(reversal.saleId, 'CONFIRMED');
  const after = await held();
  expect(after.map((minor, index) => minor - (before[index] ?? 0n))).toEqual([9_700n, 300n, -10_000n]);
  const { balanceMinor } = await till.purse(meterId);
  expect(balanceMinor).toBeLessThanOrEqual(5_310n);
  expect(balanceMinor).toBeGreaterThan(5_290n);
  expect(await reverse(sale.saleId)).toMatchObject({ status: 409, body: { code: 'reversal.already' } });
  expect(await reverse(reversal.saleId)).toMatchObject({ status: 409, body: { code: 'reversal.of-reversal' } });
  const listed = (await till.boss.request('GET', `/api/sales?accountId=${account.id}`)).body as { items: Sale[] };
  const sum = (of: (one: Sale) => string) => listed.items.reduce((total, one) => total + BigInt(of(one)), 0n);
  expect(listed.items.map(({ kind, paidMinor }) => [kind, paidMinor])).toEqual([
    ['reversal', '-10000'],
    ['sale', '10000'],
  ]);
  expect([sum(({ paidMinor }) => paidMinor), sum(({ feeMinor }) => feeMinor)]).toEqual([0n, 0n]);
});

test.for(['meter', 'platform'] as const)(
  'a sale that went back without being named is not reversed on top of it (%s)',
  async (custody) => {
    const { meterId } = await till.fresh({ custody });
    const sale = await sold(meterId);
    // Money that nobody paid for: there is enough to take, and yet it was not bought.
    if (custody === 'meter') await holds(meterId, 30_000n);
    else await makeUp(meterId, '20000');
    const { saleId } = (await refund(meterId, '9700')).body as Sale;
    await till.becomes(saleId, 'CONFIRMED');
    const before = await txns();
    expect(await reverse(sale.saleId)).toMatchObject({
      status: 409,
      body: { code: 'reversal.exceeds-balance', message: expect.stringContaining('bought') },
    });
    expect(await txns()).toBe(before);
  },
);

test('the day of a sale of 100.00 and its reversal: one of each, and nothing is left of them', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  const { businessDay } = await sold(meterId);
  const report = async () => {
    const path = `/api/sales-days/${businessDay}?propertyId=${till.propertyId}`;
    const { byKind, total } = (await till.boss.request('GET', path)).body as ResponseOf<typeof getSalesDay>;
    const of = (kind: string) => byKind.find(({ name }) => name === kind);
    return [of('sale'), of('reversal'), total].map((line) =>
      [line?.count, line?.paidMinor, line?.feeMinor, line?.netMinor].map((value) => Number(value ?? 0)),
    );
  };
  const before = await report();
  const sale = await sold(meterId);
  expect((await reverse(sale.saleId)).status).toBe(201);
  const after = await report();
  expect(after.map((line, row) => line.map((value, column) => value - (before[row]?.[column] ?? 0)))).toEqual([
    [1, 10_000, 300, 9_700],
    [1, -10_000, -300, -9_700],
    [2, 0, 0, 0],
  ]);
});

test('on the next business day a sale is not reversed', async () => {
  const { meterId } = await till.fresh({ custody: 'platform' });
  const sale = await sold(meterId);
  await till.server.database.owner.tx(async (tx) => {
    // A day passes: what has ended cannot be changed otherwise.
    await tx.query(raw('set local session_replication_role = replica'));
    await tx.query(sql`update vend set business_day = business_day - 1 where id = ${sale.saleId}`);
  });
  expect(await reverse(sale.saleId)).toMatchObject({ status: 409, body: { code: 'reversal.not-same-day' } });
});

test('what is under way for a day is late; nothing else is', async () => {
  const [old, young] = [await till.fresh(), await till.fresh()];
  const clears = [old, young].map(({ meterNumber }) => till.fault(meterNumber, { kind: 'hoarding' }));
  const late = await till.sell(old.meterId, '10000');
  const open = await till.sell(young.meterId, '10000');
  for (const { saleId } of [late, open]) await till.becomes(saleId, 'REJECTED');
  await till.server.database.db.query(
    sql`update vend set at = at - interval '25 hours', version = version + 1 where id = ${late.saleId}`,
  );
  const ids = async (state: string) => {
    const { body } = await till.boss.request('GET', `/api/sales?state=${state}`);
    return (body as { items: Sale[] }).items.map(({ saleId }) => saleId);
  };
  expect(await ids('late')).toEqual([late.saleId]);
  expect(await ids('open')).toEqual([open.saleId, late.saleId]);
  for (const clear of clears) clear();
});

test('what waits for a second person holds no cut; what is done to the account waits for it', async () => {
  const { account, meterId } = await till.fresh();
  await till.policy({ refundSecondPersonMinor: '100' });
  const draft = await makeUp(meterId, '5000');
  expect(draft.state).toBe('DRAFT');
  const { vending } = till.server.app.money;
  const open = () => till.server.app.db.tx((tx) => vending.openVends(tx, [meterId]));
  expect([...(await open())]).toEqual([]);
  const closing = { closingId: randomUUID(), refundMethod: 'cash', collectMethod: 'receivable', reason };
  const path = `/api/accounts/${account.id}/close`;
  expect(await till.boss.request('POST', path, closing)).toMatchObject({ status: 409, body: { code: 'account.busy' } });
  // Agreed to, it is money under way, and a meter that refuses it keeps it there.
  const { meterNumber } = draft;
  const clear = till.fault(meterNumber ?? '', { kind: 'hoarding' });
  const said = { decisionId: randomUUID(), outcome: 'approve', reason, evidence: 'looked at the bill' };
  const checker = await till.person('accountant');
  expect((await checker.request('POST', `/api/vends/${draft.saleId}/decisions`, said)).status).toBe(200);
  expect([...(await open())]).toEqual([meterId]);
  clear();
});
