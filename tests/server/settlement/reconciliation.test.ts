import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReconciliationCause, ReconciliationRow, ReconciliationRun } from '#contract/index.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import { reconcileTonight } from '#server/modules/settlement/reconciliation.ts';
import { startTill, type Till } from '../vending/support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await startTill();
});
afterAll(() => till.stop());

const compare = () => till.post<ReconciliationRun>('/api/reconciliation-runs', { propertyId: till.propertyId });
const rowsOf = async (run: ReconciliationRun, meterId?: number) => {
  const { body } = await till.boss.request('GET', `/api/reconciliation-runs/${run.id}/rows`);
  const { items } = body as { items: ReconciliationRow[] };
  return meterId === undefined ? items : items.filter((row) => row.meterId === meterId);
};
const causedBy = async (cause: ReconciliationCause) =>
  (await rowsOf(await compare())).filter((row) => row.cause === cause);
const drift = (rowId: string, client = till.boss) =>
  client.request('POST', `/api/reconciliation-rows/${rowId}/drift`, { reason: 'the meter rounds by itself' });

interface Read {
  readonly count?: number;
  readonly balanceMinor?: bigint;
  /** SQL of the instant at which it was read; a second from now unless said otherwise. */
  readonly at?: string;
}

/** Registers as if they had been read: what is in the book, and so much beside it. */
async function read(meterId: number, change: Read = {}): Promise<void> {
  const { db, owner } = till.server.database;
  const { count } = await till.purse(meterId);
  // What the meter used between its reads is of no concern here: the books are made to agree with what it holds.
  const held = -(await till.book('prepaidInMeter', `meter:${meterId}`));
  const at = change.at ?? new Date(Date.now() + 1_000).toISOString();
  await owner.query(sql`
    insert into register_reading (meter_id, instant, read_at, quality, source, energy_wh, balance_minor, purchase_count)
    select meter_id, ${at}, ${at}, 'measured', 'registers', cursor_wh,
      ${held + (change.balanceMinor ?? 0n)}, ${count + (change.count ?? 0)} from charge_stream where meter_id = ${meterId}
    on conflict (meter_id, instant) do update set balance_minor = excluded.balance_minor`);
  await db.query(sql`
    update charge_stream s set cursor_at = (select max(instant) from register_reading r where r.meter_id = s.meter_id)
    where meter_id = ${meterId}`);
}

/** A sale into a meter that is there, and a read after it that says so much. */
async function soldAndRead(change: Read = {}) {
  const { account, meterId } = await till.fresh();
  const sale = await till.becomes((await till.sell(meterId, '10000')).saleId, 'CONFIRMED');
  await read(meterId, change);
  return { account, meterId, sale };
}

/** Money in a drawer that is said to be about something. */
const banked = (kind: string, refId: string, amountMinor: bigint, from: 'granted' | 'electricity', refKind = 'vend') =>
  till.server.database.db.tx((tx) =>
    till.server.app.money.ledger.post(tx, {
      ...{ propertyId: till.propertyId, kind, key: randomUUID(), refKind, refId },
      ...{ eventAtMs: Date.now(), actor: { userId: undefined, name: 'test' } },
      entries: [
        { account: { kind: from === 'granted' ? 'cash' : 'meterDrift', subject: '' }, amountMinor },
        { account: { kind: from, subject: '' }, amountMinor: -amountMinor },
      ],
    }),
  );

describe('the comparison of meters, books and payments', () => {
  test('lists nothing of a meter that agrees, and the sums of the day by drawer', async () => {
    const { meterId } = await soldAndRead();
    const run = await compare();
    expect(await rowsOf(run, meterId)).toEqual([]);
    expect(run).toMatchObject({ meters: 1, matched: 1, differing: 0, explained: 0 });
    expect(run.payments).toEqual([{ drawer: 'cash', soldMinor: '10000', bookedMinor: '10000' }]);
  });

  test('what was paid back for a cancelled sale is no difference', async () => {
    const { meterId, meterNumber } = await till.fresh();
    const clear = till.fault(meterNumber, { kind: 'hoarding' });
    const { saleId } = await till.sell(meterId, '4000', { method: 'wechat' });
    await till.becomes(saleId, 'REJECTED');
    clear();
    await till.boss.request('POST', `/api/sales/${saleId}/cancel`, { reason: 'a good reason' });
    await till.becomes(saleId, 'CANCELLED');
    const decision = { decisionId: randomUUID(), outcome: 'approve', reason: 'he has no phone', evidence: 'saw him' };
    const colleague = await till.person('administrator');
    await colleague.request('POST', `/api/vends/${saleId}/decisions`, decision);
    await till.post(`/api/sales/${saleId}/payout`, {
      payoutId: randomUUID(),
      method: 'cash',
      reason: 'he has no phone',
    });
    await read(meterId);
    const run = await compare();
    expect(await rowsOf(run)).toEqual([]);
    expect(run.payments).toEqual([
      { drawer: 'cash', soldMinor: '6000', bookedMinor: '6000' },
      { drawer: 'wechat', soldMinor: '4000', bookedMinor: '4000' },
    ]);
  });

  test('runs once a night by itself', async () => {
    const { db } = till.server.database;
    const { ledger } = till.server.app.money;
    const calendar = zonedCalendar('Asia/Shanghai');
    const tonight = () =>
      reconcileTonight(till.propertyId, {
        ...{ db, ledger, calendarOf: () => calendar, nowMs: () => Date.now() },
        ...{ tellsCumulative: () => true, readPurses: async () => undefined },
      });
    // The server may have been first.
    await tonight();
    expect(await tonight()).toBeUndefined();
    const nights = await db.query(sql`select actor_name from reconciliation_run where user_id is null`);
    expect(nights).toEqual([{ actor_name: 'settlement' }]);
  });
});

describe('what a meter says of itself', () => {
  test('countDiffers: a count that nobody sold, with what was expected', async () => {
    const { meterId, account } = await soldAndRead({ count: 1 });
    const run = await compare();
    const row = { side: 'meter', cause: 'countDiffers', accountId: account.id, meterNumber: expect.any(String) };
    expect(await rowsOf(run, meterId)).toMatchObject([
      { ...row, customerName: account.customer.name, expected: expect.stringContaining('purchases') },
    ]);
    const listed = async (filter: string) => {
      const { body } = await till.boss.request('GET', `/api/reconciliation-runs/${run.id}/rows?${filter}`);
      return (body as { items: ReconciliationRow[] }).items.filter((one) => one.meterId === meterId).length;
    };
    expect([await listed('cause=countDiffers'), await listed('cause=drift'), await listed('open=true')]).toEqual([
      1, 0, 1,
    ]);
  });

  test('balanceDiffers goes into the books when a person says so, once, and then it agrees', async () => {
    const { meterId } = await soldAndRead({ balanceMinor: -250n });
    const [row] = await rowsOf(await compare(), meterId);
    expect(row).toMatchObject({ cause: 'balanceDiffers', differenceMinor: '-250' });
    expect(await till.book('meterDrift', `meter:${meterId}`)).toBe(0n);

    const cashier = await till.person('cashier');
    expect(await drift(row?.id ?? '', cashier)).toMatchObject({ status: 403 });
    expect(await drift(row?.id ?? '')).toMatchObject({ status: 200, body: { drift: { amountMinor: '-250' } } });
    expect(await drift(row?.id ?? '')).toMatchObject({ status: 409, body: { code: 'conflict.changed-meanwhile' } });
    expect(await till.book('meterDrift', `meter:${meterId}`)).toBe(-250n);
    expect(await rowsOf(await compare(), meterId)).toEqual([]);
    const { db } = till.server.database;
    expect((await till.server.app.money.ledger.prove(db)).faults).toEqual([]);
  });

  test('drift: the smallest difference is listed too, as far as rounding explains it', async () => {
    const { meterId } = await soldAndRead({ balanceMinor: -1n });
    const run = await compare();
    expect(run.explained).toBe(1);
    expect(await rowsOf(run, meterId)).toMatchObject([{ cause: 'drift', differenceMinor: '-1' }]);

    // 2,000 kWh at 0.123456, which a meter holds as 0.1235: 8.80 of drift, half a step of the register, half a line, a cent.
    await till.server.database.db.query(sql`
      insert into charge_line (stream_id, period, tariff_version_id, label, component, price, quantity_wh, parts, charged_wh,
        charged_minor)
      select id, date '2026-10-01', 1, 'energy', '', 12345600, 2000000, 24691200000000, 2000000, 24691 from charge_stream
      where meter_id = ${meterId}`);
    await read(meterId, { balanceMinor: -11n, at: new Date(Date.now() + 2_000).toISOString() });
    expect(await rowsOf(await compare(), meterId)).toMatchObject([{ cause: 'drift', differenceMinor: '-11' }]);
    await read(meterId, { balanceMinor: 11n, at: new Date(Date.now() + 2_500).toISOString() });
    expect(await rowsOf(await compare(), meterId)).toMatchObject([{ cause: 'drift', differenceMinor: '11' }]);
    await read(meterId, { balanceMinor: -12n, at: new Date(Date.now() + 3_000).toISOString() });
    expect(await rowsOf(await compare(), meterId)).toMatchObject([{ cause: 'balanceDiffers', differenceMinor: '-12' }]);
  });

  test('vendUnderWay: a read in the middle of a sale is told as that', async () => {
    const { meterId, sale } = await soldAndRead();
    await till.server.database.owner.query(sql`delete from register_reading where meter_id = ${meterId}`);
    await read(meterId, { at: sale.at });
    expect(await rowsOf(await compare(), meterId)).toMatchObject([
      { side: 'meter', cause: 'vendUnderWay', differenceMinor: '10000' },
    ]);
  });

  test('what was sold after the read is not expected in it', async () => {
    const { meterId, sale } = await soldAndRead();
    await till.server.database.owner.query(sql`delete from register_reading where meter_id = ${meterId}`);
    await read(meterId, {
      ...{ count: -1, balanceMinor: -10_000n },
      at: new Date(Date.parse(sale.at) - 1).toISOString(),
    });
    expect(await rowsOf(await compare(), meterId)).toEqual([]);
  });

  test('cumulativeDiffers: somebody else loaded the meter and took the same out of its balance', async () => {
    const { meterId } = await soldAndRead();
    expect(await rowsOf(await compare(), meterId)).toEqual([]);
    const { count, cumulativeMinor = 0n } = await till.purse(meterId);
    await till.server.app.measuring.acquisition.execute(meterId, {
      ...{ kind: 'purchase', amountMinor: 500n, count: count + 1 },
    });
    await read(meterId, { count: -1, at: new Date(Date.now() + 2_000).toISOString() });
    expect(await rowsOf(await compare(), meterId)).toMatchObject([
      {
        ...{ side: 'meter', cause: 'cumulativeDiffers', differenceMinor: '500' },
        ...{ expected: String(cumulativeMinor), found: String(cumulativeMinor + 500n) },
      },
    ]);
  });

  test('notRead: registers, and a sum of purchases that was not told for days', async () => {
    const { meterId } = await till.fresh();
    expect(await rowsOf(await compare(), meterId)).toMatchObject([{ side: 'meter', cause: 'notRead' }]);
    const silent = await soldAndRead();
    const { meterNumber } = till.meters.find(({ id }) => id === silent.meterId) ?? { meterNumber: '' };
    const clear = till.fault(meterNumber, { kind: 'silent' });
    expect(await rowsOf(await compare(), silent.meterId)).toMatchObject([
      { side: 'meter', cause: 'notRead', detail: expect.stringContaining('sum of its purchases') },
    ]);
    clear();
  });
});

describe('what is in drawers and books', () => {
  test('paymentUnknown: money in the book of a sale that there is not', async () => {
    await banked('sale.paid', 'strange', 700n, 'granted');
    expect(await causedBy('paymentUnknown')).toMatchObject([
      { side: 'payments', differenceMinor: '700', detail: 'vend strange' },
    ]);
  });

  test('paymentMissing: money was taken and the book has none of it', async () => {
    const { sale } = await soldAndRead();
    const lost = randomUUID();
    // As if the posting of a second sale like the first had never been made.
    await till.server.database.owner.query(sql`
      insert into vend overriding system value
      select (jsonb_populate_record(v, jsonb_build_object('id', ${lost}::text, 'serial', 900000, 'seq', null))).*
      from vend v where id = ${sale.saleId}`);
    expect(await causedBy('paymentMissing')).toMatchObject([
      { expected: '10000', found: '0', differenceMinor: '-10000', detail: `vend ${lost}, cash` },
    ]);
  });

  test('paymentDiffers: the book has more of a sale than was taken', async () => {
    const { sale, account } = await soldAndRead();
    await banked('sale.paid', sale.saleId, 300n, 'granted');
    expect(await causedBy('paymentDiffers')).toMatchObject([
      { accountId: account.id, expected: '10000', found: '10300', differenceMinor: '300' },
    ]);
  });

  describe('of accounts: deposits, and what is paid at an end, after it, and with a transfer', () => {
    const reason = 'a good reason';
    const deposit = { amountMinor: '9000', method: 'alipay' };
    // What tenants use meanwhile costs nothing here, or now and then a cent less would be paid out.
    let tariffId: number;
    beforeAll(async () => {
      tariffId = await till.server.app.money.tariffs.publishOwn({
        ...{ propertyId: till.propertyId, name: 'Free', medium: 'electricity', body: { kind: 'single', price: '0' } },
        effectiveFromMs: Date.parse('2026-01-01T00:00:00Z'),
      });
    });
    const deposited = () => till.fresh({ custody: 'platform', deposit, tariffId });
    const drawerOf = ({ payments }: ReconciliationRun, name: string) => payments.find(({ drawer }) => drawer === name);
    const ofCases = async () =>
      (await rowsOf(await compare())).filter(({ detail }) => detail.startsWith('accountCase'));
    const casesOf = async (accountId: number, kind: string) => {
      const rows = await till.server.database.db.query<{ id: string }>(
        sql`select id from account_case where account_id = ${accountId} and kind = ${kind}`,
      );
      return rows[0]?.id ?? '';
    };
    const closed = async (accountId: number, refundMethod: string) => {
      const closing = { closingId: randomUUID(), refundMethod, collectMethod: 'receivable', reason };
      await till.post(`/api/accounts/${accountId}/close`, closing);
      await till.agreed(accountId, closing.closingId);
      return closing.closingId;
    };

    test('match where the book has each of them, and count in the sums of the day', async () => {
      const [ended, moved] = [await deposited(), await deposited()];
      await closed(ended.account.id, 'alipay');
      const { id: toCustomerId } = await till.customer('Follows');
      const ways = { balance: 'carry', deposit: 'refund', refundMethod: 'alipay', reason };
      await till.post(`/api/accounts/${moved.account.id}/transfer`, {
        transferId: randomUUID(),
        toCustomerId,
        ...ways,
      });
      const kept = await deposited();
      expect(await ofCases()).toEqual([]);
      expect(drawerOf(await compare(), 'alipay')).toEqual({ drawer: 'alipay', soldMinor: '9000', bookedMinor: '9000' });
      await till.policy({ refundSecondPersonMinor: '0' });
      const closing = { closingId: randomUUID(), refundMethod: 'alipay', collectMethod: 'receivable', reason };
      await till.post(`/api/accounts/${kept.account.id}/close`, closing);
      const colleague = await till.colleague();
      await expect
        .poll(async () => (await till.account(kept.account.id)).running?.state, { timeout: 15_000 })
        .toBe('awaitingApproval');
      const no = { agree: false, reason };
      await colleague.request('POST', `/api/accounts/${kept.account.id}/cases/${closing.closingId}/decision`, no);
      await till.atRest(kept.account.id);
      await till.policy({ refundSecondPersonMinor: '5000000' });
      const settlement = { settlementId: randomUUID(), way: 'payOut', amountMinor: '4000', method: 'alipay', reason };
      await till.post(`/api/accounts/${kept.account.id}/settlement`, settlement);
      expect(await ofCases()).toEqual([]);
      expect(drawerOf(await compare(), 'alipay')).toEqual({ drawer: 'alipay', soldMinor: '5000', bookedMinor: '5000' });
    });

    test('a deposit of which the book has more, a closing that it has not at all, and money of no case are listed', async () => {
      const { account } = await deposited();
      const opening = await casesOf(account.id, 'opening');
      await banked('deposit.taken', opening, 300n, 'granted', 'accountCase');
      const closing = await closed(account.id, 'alipay');
      const lost = randomUUID();
      // As if the closing had been done a second time without its posting.
      await till.server.database.owner.query(sql`
        insert into account_case overriding system value
        select (jsonb_populate_record(c, jsonb_build_object('id', ${lost}::text, 'no', 900000))).*
        from account_case c where c.id = ${closing}`);
      const strange = randomUUID();
      await banked('account.settled', strange, -70n, 'granted', 'accountCase');
      const about = { side: 'payments', accountId: account.id };
      const rows = await ofCases();
      expect(rows).toHaveLength(3);
      expect(rows).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            ...about,
            cause: 'paymentDiffers',
            expected: '9000',
            found: '9300',
            detail: `accountCase ${opening}, alipay`,
          }),
          expect.objectContaining({
            ...about,
            cause: 'paymentMissing',
            expected: '-9000',
            found: '0',
            detail: `accountCase ${lost}, alipay`,
          }),
          expect.objectContaining({
            side: 'payments',
            cause: 'paymentUnknown',
            differenceMinor: '-70',
            detail: `accountCase ${strange}`,
          }),
        ]),
      );
    });
  });

  test('chargesDiffer: income of charges that nobody listed', async () => {
    await banked('charge', 'strange', 50n, 'electricity');
    expect(await causedBy('chargesDiffer')).toMatchObject([{ side: 'book', differenceMinor: '50' }]);
  });

  test('bookUnsound: what the proof of the whole book finds', async () => {
    const { owner } = till.server.database;
    const shift = (by: number) =>
      owner.query(sql`
      update ledger_balance set balance_minor = balance_minor + ${by}
      where account_id = (select min(account_id) from ledger_balance)`);
    await shift(1);
    expect(await causedBy('bookUnsound')).toMatchObject([{ side: 'book', found: 'balance-wrong' }]);
    await shift(-1);
    expect(await causedBy('bookUnsound')).toEqual([]);
  });
});
