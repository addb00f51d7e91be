import { randomUUID } from 'node:crypto';
import sql, { raw, type Sql } from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sale } from '#contract/index.ts';
import type { Answer } from '../../support/server.ts';
import { startTill, type Till } from './support/till.ts';

/** What is asked at the same moment: whoever is second sees what the first one left. */
let till: Till;
beforeAll(async () => {
  till = await startTill();
  const fee = { serviceFeePpm: 30_000, serviceFeeLegalBasis: 'contract', refundFee: 'proportionalDown' };
  await till.policy(fee);
}, 60_000);
afterAll(() => till.stop());

const reason = 'a good reason';
const refund = (meterId: number, amountMinor: string, more: object = {}) =>
  till.boss.request('POST', '/api/refunds', {
    ...{ refundId: randomUUID(), meterId, amountMinor, method: 'cash', reason },
    ...more,
  });
const reverse = (saleId: string) =>
  till.boss.request('POST', `/api/sales/${saleId}/reverse`, { reversalId: randomUUID(), reason });
const codes = (answers: readonly Answer[]) =>
  answers.map(({ status, body }) => (status < 300 ? 'done' : (body as { code: string }).code)).toSorted();

/** Asks everything while `lock` is held, so that all of it has begun before any of it ends. */
async function whileHeld(lock: Sql, asked: readonly (() => Promise<Answer>)[]): Promise<readonly Answer[]> {
  const { owner } = till.server.database;
  const answers = await owner.tx(async (tx) => {
    await tx.query(lock);
    const begun = asked.map((ask) => ask());
    const waiting = () =>
      owner.query(sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
          and (query like '%from account where id%' or query like '%vend_%')`);
    await expect.poll(async () => (await waiting()).length, { timeout: 15_000 }).toBeGreaterThanOrEqual(asked.length);
    return begun;
  });
  return Promise.all(answers);
}
const together = (accountId: number, asked: readonly (() => Promise<Answer>)[]) =>
  whileHeld(sql`select from account where id = ${accountId} for update`, asked);

describe('no more goes back of one sale than it brought, also where two ask at once', () => {
  test.for<readonly [string, (meterId: number, saleId: string) => () => Promise<Answer>, string]>([
    ['two refunds', (meterId, saleId) => () => refund(meterId, '9700', { saleId }), 'refund.exceeds-purchases'],
    ['a refund and a reversal', (_meterId, saleId) => () => reverse(saleId), 'reversal'],
  ])('%s', async ([, other, code]) => {
    const { meterId, account } = await till.fresh({ custody: 'platform' });
    const { saleId } = await till.sell(meterId, '10000');
    // Enough was bought besides: only what is left of this very sale speaks against it.
    await till.sell(meterId, '50000');
    const first = () => refund(meterId, '9700', { saleId });
    const said = codes(await together(account.id, [first, other(meterId, saleId)]));
    expect(said).toEqual(['done', expect.stringContaining(code)]);
    const fee = (await till.boss.request('GET', `/api/sales?accountId=${account.id}`)).body as { items: Sale[] };
    const back = fee.items.filter(({ kind }) => kind !== 'sale');
    expect(back.map(({ feeMinor, netMinor }) => [feeMinor, netMinor])).toEqual([['-300', '-9700']]);
  });
});

test('a meter that may not hold both: the money of one is taken', async () => {
  const [{ id: meterId, meterNumber } = { id: 0, meterNumber: '' }] = till.meters.slice(-1);
  const { metering } = till.server.app.measuring;
  await expect.poll(() => metering.meter(meterId)?.last?.balanceMinor, { timeout: 15_000 }).toBeDefined();
  const { balanceMinor } = await till.purse(meterId);
  const more = { custody: 'meter', hoardingLimitMinor: String(balanceMinor + 15_000n) };
  await till.open((await till.customer('Little room')).id, [meterId], more);
  // What is sold stays on its way.
  const clear = till.fault(meterNumber, { kind: 'silent' });
  const sell = () =>
    till.boss.request('POST', '/api/sales', { saleId: randomUUID(), meterId, paidMinor: '10000', method: 'cash' });
  expect(codes(await Promise.all([sell(), sell(), sell()]))).toEqual(['done', 'vend.hoarding', 'vend.hoarding']);
  const refused = (await sell()).body as { details: { field: string; message: string }[] };
  expect(refused.details).toEqual([{ field: 'paidMinor', message: expect.stringMatching(/^at most \d+$/) }]);
  clear();
});

describe('asked again: the first answer', () => {
  const ask = (path: string, body: object) => () => till.boss.request('POST', path, body);
  const paid = (meterId: number) => ({ meterId, method: 'cash' });
  const requests = (meterId: number) => [
    ask('/api/sales', { ...paid(meterId), saleId: randomUUID(), paidMinor: '10000' }),
    ask('/api/refunds', { ...paid(meterId), refundId: randomUUID(), amountMinor: '1000', reason }),
    ask('/api/makeups', { makeupId: randomUUID(), meterId, amountMinor: '500', reason }),
  ];
  const ids = (answers: readonly Answer[]) =>
    answers.map(({ status, body }) => [status, (body as Partial<Sale>).saleId ?? body]);

  test('after the account has ended', async () => {
    const { account, meterId } = await till.fresh({ custody: 'platform' });
    const asked = requests(meterId);
    const first: Answer[] = [];
    for (const one of asked) first.push(await one());
    const closing = { closingId: randomUUID(), refundMethod: 'cash', collectMethod: 'receivable', reason };
    await till.post(`/api/accounts/${account.id}/close`, closing);
    expect(await till.agreed(account.id, closing.closingId)).toMatchObject({ state: 'closed' });
    const again: Answer[] = [];
    for (const one of asked) again.push(await one());
    expect(ids(again)).toEqual(ids(first));
    const [, refundId] = first.map(({ body }) => (body as Sale).saleId);
    const other = ask('/api/refunds', { ...paid(meterId), refundId, amountMinor: '999', reason });
    expect(codes([await other()])).toEqual(['request.key-reused']);
    expect(codes(await Promise.all(requests(meterId).map((one) => one())))).toEqual(
      Array.from({ length: 3 }, () => 'vend.no-account'),
    );
  });

  test('while the first is still being stored', async () => {
    const { account, meterId } = await till.fresh({ custody: 'platform' });
    const [sell, ...corrections] = requests(meterId);
    await sell?.();
    for (const one of corrections) {
      const [first, second] = ids(await together(account.id, [one, one]));
      expect(first?.[0]).toBe(201);
      expect(second).toEqual(first);
    }
  });

  test('a sheet, and a decision', async () => {
    const { meterId } = await till.fresh({ custody: 'platform' });
    const sheet = { batchId: randomUUID(), propertyId: till.propertyId, kind: 'makeup', reason, dryRun: false };
    const give = (text: string) => ask('/api/vend-batches', { ...sheet, text });
    const noInsert = (table: string) => raw(`lock table ${table} in share mode`);
    const given = await whileHeld(noInsert('vend_batch'), [give('nobody,1.00'), give('nobody,1.00')]);
    expect(given.map(({ status }) => status)).toEqual([200, 200]);
    expect(codes([await give('nobody,2.00')()])).toEqual(['request.key-reused']);

    await till.policy({ refundSecondPersonMinor: '100' });
    const draft = async () => ((await ask('/api/makeups', largeMakeup(meterId))()).body as Sale).saleId;
    const [one, two] = [await draft(), await draft()];
    const checker = await till.person('accountant');
    const said = { decisionId: randomUUID(), outcome: 'decline', reason, evidence: 'looked at the receipt' };
    const decide = (id: string) => () => checker.request('POST', `/api/vends/${id}/decisions`, said);
    const decided = await whileHeld(sql`select from vend where id = ${one} for update`, [decide(one), decide(one)]);
    expect(decided.map(({ body }) => (body as Sale).state)).toEqual(['CANCELLED', 'CANCELLED']);
    said.decisionId = randomUUID();
    const three = await draft();
    const mixed = await whileHeld(noInsert('vend_decision'), [decide(two), decide(three)]);
    expect(codes(mixed)).toEqual(['done', 'request.key-reused']);
  });
  const largeMakeup = (meterId: number) => ({ makeupId: randomUUID(), meterId, amountMinor: '5000', reason });
});
