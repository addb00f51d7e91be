import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sale } from '#contract/index.ts';
import type { Fault } from '#drivers/simulator/faults/fault.ts';
import { startTill, type Till } from './support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await startTill();
}, 60_000);
afterAll(() => till.stop());

const reason = 'a good reason';
const cancel = (saleId: string) => till.boss.request('POST', `/api/sales/${saleId}/cancel`, { reason });
const retry = (saleId: string) => till.boss.request('POST', `/api/sales/${saleId}/retry`, { reason });

describe('one fault at a time', () => {
  test.for<readonly [string, Fault]>([
    ['the reply is lost', { kind: 'dropped' }],
    ['the request is lost', { kind: 'request-lost' }],
    ['the request comes twice', { kind: 'request-doubled' }],
    ['the request comes late', { kind: 'request-late', delayMs: 2_000 }],
    ['the meter does it and says no', { kind: 'lying-refusal' }],
  ])('%s: the money is in the meter once', async ([, fault]) => {
    const { meterId, meterNumber } = await till.fresh();
    const before = await till.purse(meterId);
    const clear = till.fault(meterNumber, fault, { on: 'writes', durationSeconds: 3 });
    const { saleId } = await till.sell(meterId, '10000');
    const done = await till.becomes(saleId, 'CONFIRMED');
    clear();
    const after = await till.purse(meterId);
    expect(after.count).toBe(before.count + 1);
    expect(done.count).toBe(after.count);
    expect(Number(after.balanceMinor - before.balanceMinor)).toBeLessThanOrEqual(10_000);
    expect(Number(after.balanceMinor - before.balanceMinor)).toBeGreaterThan(9_000);
  });

  test('a meter that refuses keeps the sale REJECTED, with its cause, until the cause is gone', async () => {
    const { meterId, meterNumber } = await till.fresh();
    const clear = till.fault(meterNumber, { kind: 'hoarding' });
    const { saleId } = await till.sell(meterId, '10000');
    const rejected = await till.becomes(saleId, 'REJECTED');
    expect(rejected).toMatchObject({ cause: 'refused.hoarding', lastRead: { count: (rejected.count ?? 0) - 1 } });
    const open = await till.server.app.db.tx((tx) => till.server.app.money.vending.openVends(tx, [meterId]));
    expect([...open]).toEqual([meterId]);
    await till.alarmed(meterId, 'vendQuarantined');
    clear();
    await retry(saleId);
    expect((await till.becomes(saleId, 'CONFIRMED')).attempts).toBe(2);
  });

  test('a rejected sale is cancelled by a fence: its count is used up, the money is owed to the customer', async () => {
    const { meterId, meterNumber, account } = await till.fresh();
    const before = await till.purse(meterId);
    const clear = till.fault(meterNumber, { kind: 'hoarding' });
    const { saleId } = await till.sell(meterId, '10000');
    await till.becomes(saleId, 'REJECTED');
    clear();
    await cancel(saleId);
    await till.becomes(saleId, 'CANCELLED');
    expect((await till.purse(meterId)).count).toBe(before.count + 1);
    const { ledger } = till.server.app.money;
    const owed = { kind: 'refundPayable', subject: `account:${account.id}` } as const;
    expect(await ledger.balance(till.server.database.db, account.propertyId, owed)).toBe(-10_000n);
    await till.becomes((await till.sell(meterId, '5000')).saleId, 'CONFIRMED');
  });

  test('a sale that never reached its meter is cancelled at once', async () => {
    const { meterId, meterNumber } = await till.fresh();
    const clear = till.fault(meterNumber, { kind: 'silent' });
    const { saleId } = await till.sell(meterId, '10000');
    await cancel(saleId);
    expect((await till.becomes(saleId, 'CANCELLED')).attempts).toBe(0);
    expect(await cancel(saleId)).toMatchObject({ status: 409, body: { code: 'vend.not-open' } });
    clear();
  });

  test('two persons end a sale that the meter contradicts; never one alone, nor who sold it', async () => {
    const { meterId, meterNumber } = await till.fresh();
    const clear = till.fault(meterNumber, { kind: 'hoarding' });
    const { saleId } = await till.sell(meterId, '10000');
    const { count = 0 } = await till.becomes(saleId, 'REJECTED');
    const say = (client: typeof till.boss) =>
      client.request('POST', `/api/vends/${saleId}/decisions`, {
        ...{ decisionId: randomUUID(), outcome: 'cancel', reason, evidence: 'photo 17 in folder 3' },
      });
    const [one, two] = [await till.person('accountant'), await till.person('accountant')];
    // Its meter has a fence: only the fence, or another try, ends what is merely refused.
    expect(await say(one)).toMatchObject({ status: 409, body: { code: 'vend.not-open' } });
    const { balanceMinor } = await till.purse(meterId);
    const back = { kind: 'setPurse', balanceMinor, count: count - 3 } as const;
    await till.server.app.measuring.acquisition.execute(meterId, back);
    expect(await till.becomes(saleId, 'QUARANTINED')).toMatchObject({ cause: 'countBehind', decidable: true });
    expect((await say(one)).body).toMatchObject({ state: 'QUARANTINED', proposal: { outcome: 'cancel' } });
    expect(await say(one)).toMatchObject({ status: 409, body: { code: 'vend.needs-other-person' } });
    expect(await say(till.boss)).toMatchObject({ status: 409, body: { code: 'vend.needs-other-person' } });
    // Once no frame of it can be under way.
    const sentAgo = (hours: number) =>
      till.server.database.db.query(sql`
        update vend set last_sent_at = now() - make_interval(hours => ${hours}), version = version + 1 where id = ${saleId}`);
    await sentAgo(-1);
    expect(await say(two)).toMatchObject({ status: 409, body: { code: 'vend.frame-under-way' } });
    await sentAgo(1);
    expect((await say(two)).body).toMatchObject({ state: 'CANCELLED' });
    expect(await till.sale(saleId)).toMatchObject({ state: 'CANCELLED', weakFence: true });
    clear();
    const steps = (await till.boss.request('GET', `/api/vends/${saleId}/steps`)).body as { items: { event: string }[] };
    expect(steps.items.at(-1)).toMatchObject({
      event: 'decide',
      from: 'QUARANTINED',
      to: 'CANCELLED',
      by: 'accountant-2',
    });
  });
});

const fault = fc.constantFrom<Fault>(
  { kind: 'dropped' },
  { kind: 'request-lost' },
  { kind: 'request-doubled' },
  { kind: 'request-late', delayMs: 400 },
  { kind: 'lying-refusal' },
  { kind: 'hoarding' },
);
const deed = fc.record({
  kind: fc.constantFrom('sell' as const, 'sell' as const, 'refund' as const, 'cancel' as const, 'twice' as const),
  amount: fc.constantFrom('1000', '1000', '2500'),
});

test('whatever goes wrong: suspense, meters and counts agree, and saying everything again changes nothing', async () => {
  const shop = await till.fresh();
  const base = (await till.purse(shop.meterId)).cumulativeMinor ?? 0n;
  await till.becomes((await till.sell(shop.meterId, '50000')).saleId, 'CONFIRMED');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fault, { maxLength: 3 }),
      fc.array(deed, { minLength: 2, maxLength: 6 }),
      async (faults, deeds) => {
        const clears = faults.map((one) => till.fault(shop.meterNumber, one, { probability: 0.4, on: 'writes' }));
        const asked = await doAll(shop.meterId, deeds);
        for (const clear of clears) clear();
        for (const saleId of asked) await comeToRest(saleId);
        await invariants(shop.meterId, base);
      },
    ),
    { numRuns: 25 },
  );
}, 180_000);

interface Deed {
  readonly kind: 'sell' | 'refund' | 'cancel' | 'twice';
  readonly amount: string;
}

async function doAll(meterId: number, deeds: readonly Deed[]): Promise<readonly string[]> {
  const asked: string[] = [];
  for (const { kind, amount } of deeds) {
    if (kind === 'cancel') {
      const last = asked.at(-1);
      if (last !== undefined) await cancel(last);
      continue;
    }
    const id = randomUUID();
    const paid = { meterId, method: 'cash' };
    const [path, body] =
      kind === 'refund'
        ? ['/api/refunds', { ...paid, refundId: id, amountMinor: amount, reason }]
        : ['/api/sales', { ...paid, saleId: id, paidMinor: amount }];
    const { status } = await till.boss.request('POST', path, body);
    if (status === 201) asked.push(id);
    if (kind === 'twice') {
      const again = await till.boss.request('POST', path, body);
      expect(again.status).toBe(status);
      expect((again.body as Sale).saleId).toBe(id);
    }
  }
  return asked;
}

/** As an operator would: what was refused is tried again. */
async function comeToRest(saleId: string): Promise<void> {
  for (;;) {
    const { state } = await till.becomes(saleId, 'CONFIRMED', 'CANCELLED', 'REJECTED', 'QUARANTINED');
    expect(state).not.toBe('QUARANTINED');
    if (state !== 'REJECTED') return;
    await retry(saleId);
  }
}

async function invariants(meterId: number, base: bigint): Promise<void> {
  const { db } = till.server.database;
  const { ledger } = till.server.app.money;
  expect(await ledger.prove(db)).toMatchObject({ sumMinor: 0n, faults: [] });
  // I3: nothing is left in the suspense of what has ended.
  const left = await db.query(sql`
    select a.subject from ledger_account a join ledger_balance b on b.account_id = a.id
    where a.kind = 'vendSuspense' and b.balance_minor <> 0`);
  expect(left).toEqual([]);
  // I4: what was confirmed is what the meter says that it took, and its balance moved by no more.
  const [sums] = await db.query<{ net: bigint; used: number; open: number }>(sql`
    select coalesce(sum(net_minor) filter (where state = 'CONFIRMED'), 0)::int8 as net,
      (select count(*)::int from vend_seq s where s.meter_id = ${meterId} and not s.released) as used,
      count(*) filter (where state not in ('CONFIRMED', 'CANCELLED'))::int as open
    from vend where meter_id = ${meterId}`);
  const purse = await till.server.app.measuring.acquisition.readPurse(meterId);
  if (purse?.ok !== true) throw new Error('the meter does not answer');
  expect((purse.purse.cumulativeMinor ?? 0n) - base).toBe(sums?.net);
  // I5: every count since the first sale was given once, and the meter used them all.
  expect(sums?.open).toBe(0);
  const [first] = await db.query<{ first: number }>(
    sql`select min(seq) as first from vend_seq where meter_id = ${meterId}`,
  );
  expect(purse.purse.count - (first?.first ?? 0) + 1).toBe(sums?.used);
}
