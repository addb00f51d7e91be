import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Sale } from '#contract/index.ts';
import { PURSE_WORDS } from '#drivers/simulator/purseWords.ts';
import { useWordedTills } from './support/wordedTill.ts';

const { tillWith, knownNow } = useWordedTills();
const reason = 'a good reason';
const STARTED_MS_MAX = 60_000;

describe('a meter that lacks something', () => {
  test('no refund command: balance and count are set, and that is believed only when no frame can come any more', {
    timeout: STARTED_MS_MAX,
  }, async () => {
    const { fresh, sell, becomes, purse, post, book, server } = await tillWith('noRefund');
    const { meterId } = await fresh();
    await becomes((await sell(meterId, '10000')).saleId, 'CONFIRMED');
    const held = await book('prepaidInMeter', `meter:${meterId}`);
    const before = await purse(meterId);
    const refundId = randomUUID();
    await post('/api/refunds', { refundId, meterId, amountMinor: '7000', method: 'cash', reason });
    const done = await becomes(refundId, 'CONFIRMED');
    const after = await purse(meterId);
    expect(after.count).toBe(before.count + 1);
    expect(done).toMatchObject({ count: after.count, netMinor: '-7000', attempts: 1 });
    expect(BigInt(done.balanceBeforeMinor ?? 0) - BigInt(done.balanceAfterMinor ?? 0)).toBeGreaterThanOrEqual(7_000n);
    expect(before.balanceMinor - after.balanceMinor).toBeLessThan(7_100n);
    // A purchase is what a purchase count says: setting is none.
    expect(after.cumulativeMinor).toBe(before.cumulativeMinor);
    expect(await book('prepaidInMeter', `meter:${meterId}`)).toBe(held + 7_000n);
    expect(await server.app.money.ledger.prove(server.database.db)).toMatchObject({ sumMinor: 0n, faults: [] });
  });

  test('neither refund nor setting: no refund, told why', { timeout: STARTED_MS_MAX }, async () => {
    const { fresh, sell, becomes, boss } = await tillWith('noRefund,noSet');
    const { meterId } = await fresh();
    await becomes((await sell(meterId, '10000')).saleId, 'CONFIRMED');
    const asked = { refundId: randomUUID(), meterId, amountMinor: '100', method: 'cash', reason };
    const refused = await boss.request('POST', '/api/refunds', asked);
    expect(refused).toMatchObject({ status: 409, body: { code: 'refund.not-possible' } });
  });

  test.for(['noRecord', 'noRecord,noCumulative'])(
    'no records (%s): its sum or its balance tells, also when the reply is lost',
    { timeout: STARTED_MS_MAX },
    async (words) => {
      const { fresh, sell, becomes, purse, fault } = await tillWith(words);
      const { meterId, meterNumber } = await fresh();
      const before = await purse(meterId);
      expect(before.records).toBeUndefined();
      const clear = fault(meterNumber, { kind: 'dropped' }, { on: 'writes' });
      const { saleId } = await sell(meterId, '10000');
      const done = await becomes(saleId, 'CONFIRMED');
      clear();
      const after = await purse(meterId);
      expect(after.count).toBe(before.count + 1);
      expect(done.count).toBe(after.count);
      expect(after.balanceMinor - before.balanceMinor).toBeGreaterThan(9_900n);
      expect(after.balanceMinor - before.balanceMinor).toBeLessThanOrEqual(10_000n);
    },
  );

  test('no purchase of nothing: the fence is a cent, which stays in the meter and is taken off what is owed', {
    timeout: STARTED_MS_MAX,
  }, async () => {
    const { fresh, sell, becomes, purse, fault, boss, book } = await tillWith('noZero');
    const { meterId, meterNumber, account } = await fresh();
    const [before, held] = [await purse(meterId), await book('prepaidInMeter', `meter:${meterId}`)];
    const clear = fault(meterNumber, { kind: 'hoarding' });
    const { saleId } = await sell(meterId, '10000');
    await becomes(saleId, 'REJECTED');
    clear();
    await boss.request('POST', `/api/sales/${saleId}/cancel`, { reason });
    expect(await becomes(saleId, 'CANCELLED')).toMatchObject({ owedMinor: '9999', weakFence: false });
    const after = await purse(meterId);
    expect(after.count).toBe(before.count + 1);
    expect((after.cumulativeMinor ?? 0n) - (before.cumulativeMinor ?? 0n)).toBe(1n);
    expect(await book('prepaidInMeter', `meter:${meterId}`)).toBe(held - 1n);
    expect(await book('refundPayable', `account:${account.id}`)).toBe(-9_999n);
    await boss.request('POST', `/api/sales/${saleId}/payout`, { payoutId: randomUUID(), method: 'cash' });
    expect(await book('refundPayable', `account:${account.id}`)).toBe(0n);
    await becomes((await sell(meterId, '5000')).saleId, 'CONFIRMED');
  });

  test('no check of the count, hence no fence: two persons may end it, once no frame can come, and that is marked weak', {
    timeout: STARTED_MS_MAX,
  }, async () => {
    const { fresh, sell, becomes, policy, fault, person, boss } = await tillWith('full');
    const { meterId, meterNumber } = await fresh();
    // Found out after the account was opened: no new ones are opened at such a meter.
    await knownNow('noSeq');
    await policy({ unprovenMeters: 'writeOnce' });
    const clear = fault(meterNumber, { kind: 'hoarding' });
    const { saleId } = await sell(meterId, '10000');
    expect(await becomes(saleId, 'REJECTED')).toMatchObject({ decidable: true, attempts: 1 });
    const [one, two] = [await person('accountant'), await person('accountant')];
    const say = (client: typeof boss) =>
      client.request('POST', `/api/vends/${saleId}/decisions`, {
        ...{ decisionId: randomUUID(), outcome: 'cancel', reason, evidence: 'photo 17 in folder 3' },
      });
    expect((await say(one)).body).toMatchObject({ state: 'REJECTED', proposal: { outcome: 'cancel' } });
    await expect.poll(async () => (await say(two)).status, { timeout: 10_000 }).toBe(200);
    const ended = (await boss.request('GET', `/api/sales/${saleId}`)).body as Sale;
    expect(ended).toMatchObject({ state: 'CANCELLED', weakFence: true, owedMinor: '10000' });
    clear();
    await becomes((await sell(meterId, '5000')).saleId, 'CONFIRMED');
  });

  test('never tried, at a property that sells write-once: opened and sold to by one frame, proven by its balance', {
    timeout: STARTED_MS_MAX,
  }, async () => {
    const { fresh, sell, becomes, policy, purse } = await tillWith('full');
    await knownNow(PURSE_WORDS.join());
    await policy({ unprovenMeters: 'writeOnce' });
    const { meterId } = await fresh();
    const before = await purse(meterId);
    expect(await becomes((await sell(meterId, '10000')).saleId, 'CONFIRMED')).toMatchObject({ attempts: 1 });
    const after = await purse(meterId);
    expect(after.count).toBe(before.count + 1);
    expect(after.balanceMinor - before.balanceMinor).toBeGreaterThan(9_900n);
  });
});
