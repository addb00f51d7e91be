import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Sale } from '#contract/index.ts';
import { useWordedTills } from './support/wordedTill.ts';

const { tillWith, knownNow } = useWordedTills();
const reason = 'a good reason';

test('a refund by setting that is sent late takes off what is in the meter then: what was used meanwhile stays used', {
  timeout: 60_000,
}, async () => {
  const { fresh, sell, sale, becomes, purse, post, fault, server } = await tillWith('noRefund');
  const { meterId, meterNumber } = await fresh();
  await becomes((await sell(meterId, '10000')).saleId, 'CONFIRMED');
  const before = await purse(meterId);
  const clear = fault(meterNumber, { kind: 'request-lost' }, { on: 'writes' });
  const refundId = randomUUID();
  await post('/api/refunds', { refundId, meterId, amountMinor: '2000', method: 'cash', reason });
  await expect.poll(async () => (await sale(refundId)).attempts, { timeout: 10_000 }).toBe(1);
  await becomes(refundId, 'UNKNOWN');
  clear();
  // The tenant uses 30.00 before somebody has it sent again.
  const used = { kind: 'setPurse', balanceMinor: before.balanceMinor - 3_000n, count: before.count } as const;
  await server.app.measuring.acquisition.execute(meterId, used);
  await post(`/api/sales/${refundId}/retry`, { reason });
  const done = await becomes(refundId, 'CONFIRMED');
  const after = await purse(meterId);
  expect(after.count).toBe(before.count + 1);
  expect(done).toMatchObject({ netMinor: '-2000', count: after.count });
  expect(after.balanceMinor).toBeLessThanOrEqual(before.balanceMinor - 5_000n);
  expect(after.balanceMinor).toBeGreaterThan(before.balanceMinor - 5_200n);
});

test('what a person said of a vend does not count for what was sent afterwards', { timeout: 60_000 }, async () => {
  const { fresh, sell, becomes, fault, person, policy, boss, post, sale } = await tillWith('full');
  const { meterId, meterNumber } = await fresh();
  await knownNow('noSeq');
  await policy({ unprovenMeters: 'writeOnce' });
  const clear = fault(meterNumber, { kind: 'hoarding' });
  const { saleId } = await sell(meterId, '10000');
  await becomes(saleId, 'REJECTED');
  const [one, two] = [await person('accountant'), await person('accountant')];
  const say = (client: typeof boss) =>
    client.request('POST', `/api/vends/${saleId}/decisions`, {
      ...{ decisionId: randomUUID(), outcome: 'cancel', reason, evidence: 'photo 17 in folder 3' },
    });
  expect((await say(one)).body).toMatchObject({ state: 'REJECTED', proposal: { by: 'accountant-1' } });
  // Sent once more, and refused once more: the photo shows the meter before that.
  await post(`/api/sales/${saleId}/retry`, { reason });
  await expect.poll(async () => (await sale(saleId)).attempts, { timeout: 10_000 }).toBe(2);
  await becomes(saleId, 'REJECTED');
  expect((await sale(saleId)).proposal).toBeUndefined();
  expect((await say(two)).body).toMatchObject({ state: 'REJECTED', proposal: { by: 'accountant-2' } });
  await expect.poll(async () => (await say(one)).status, { timeout: 10_000 }).toBe(200);
  expect((await boss.request('GET', `/api/sales/${saleId}`)).body as Sale).toMatchObject({ state: 'CANCELLED' });
  clear();
});

test('what is found out about a meter while its sale waits counts for that sale', { timeout: 60_000 }, async () => {
  const { fresh, sell, becomes, fault, purse } = await tillWith('noSeq');
  await knownNow('full');
  const { meterId, meterNumber } = await fresh();
  const before = await purse(meterId);
  const silence = fault(meterNumber, { kind: 'silent' });
  const { saleId } = await sell(meterId, '10000');
  // Meanwhile another meter of its kind is tried, and takes the same count twice.
  await knownNow('noSeq');
  const late = fault(meterNumber, { kind: 'request-late', delayMs: 2_500 }, { on: 'writes' });
  silence();
  expect(await becomes(saleId, 'CONFIRMED', 'QUARANTINED')).toMatchObject({ state: 'CONFIRMED', attempts: 1 });
  late();
  const after = await purse(meterId);
  expect(after.count).toBe(before.count + 1);
  expect(after.balanceMinor - before.balanceMinor).toBeLessThanOrEqual(10_000n);
});
