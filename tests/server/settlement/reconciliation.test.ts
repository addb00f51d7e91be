import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ReconciliationRow, ReconciliationRun } from '#contract/index.ts';
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
const drift = (rowId: string, client = till.boss) =>
  client.request('POST', `/api/reconciliation-rows/${rowId}/drift`, { reason: 'the meter rounds by itself' });

/** A sale into a meter that is there, and a read after it that says so much. */
async function soldAndRead(change: { readonly count?: number; readonly balanceMinor?: bigint } = {}) {
  const { account, meterId } = await till.fresh();
  const sale = await till.becomes((await till.sell(meterId, '10000')).saleId, 'CONFIRMED');
  const { count, balanceMinor } = await till.purse(meterId);
  const { db } = till.server.database;
  // What the meter used between its reads is of no concern here: the books are made to agree with what it holds.
  const held = -(await till.book('prepaidInMeter', `meter:${meterId}`));
  await db.query(sql`
    insert into register_reading (meter_id, instant, read_at, quality, source, energy_wh, balance_minor, purchase_count)
    select meter_id, now() + interval '1 second', now() + interval '1 second', 'measured', 'registers', cursor_wh,
      ${held + (change.balanceMinor ?? 0n)}, ${count + (change.count ?? 0)} from charge_stream where meter_id = ${meterId}`);
  await db.query(sql`
    update charge_stream s set cursor_at = (select max(instant) from register_reading r where r.meter_id = s.meter_id)
    where meter_id = ${meterId}`);
  expect(balanceMinor).toBeGreaterThan(0n);
  return { account, meterId, sale };
}

describe('the comparison of meters, books and payments', () => {
  test('lists nothing of a meter that agrees, and the sums of the day by drawer', async () => {
    const { meterId } = await soldAndRead();
    const run = await compare();
    expect(await rowsOf(run, meterId)).toEqual([]);
    expect(run).toMatchObject({ meters: 1, matched: 1, differing: 0 });
    expect(run.payments).toEqual([{ drawer: 'cash', soldMinor: '10000', bookedMinor: '10000' }]);
  });

  test('lists a count that nobody sold, with what was expected', async () => {
    const { meterId, account } = await soldAndRead({ count: 1 });
    expect(await rowsOf(await compare(), meterId)).toMatchObject([
      { side: 'meter', cause: 'countDiffers', accountId: account.id, expected: expect.stringContaining('purchases') },
    ]);
  });

  test('a difference of a balance goes into the books when a person says so, once, and then it agrees', async () => {
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

  test('lists money in the book of a sale that there is not', async () => {
    const { ledger } = till.server.app.money;
    const { db } = till.server.database;
    await db.tx((tx) =>
      ledger.post(tx, {
        ...{ propertyId: till.propertyId, kind: 'sale.paid', key: 'strange', refKind: 'vend', refId: 'strange' },
        ...{ eventAtMs: Date.now(), actor: { userId: undefined, name: 'test' } },
        entries: [
          { account: { kind: 'cash', subject: '' }, amountMinor: 700n },
          { account: { kind: 'granted', subject: '' }, amountMinor: -700n },
        ],
      }),
    );
    const payments = (await rowsOf(await compare())).filter(({ side }) => side === 'payments');
    expect(payments).toMatchObject([{ cause: 'paymentUnknown', differenceMinor: '700', detail: 'vend strange' }]);
  });

  test('runs once a night by itself', async () => {
    const { db } = till.server.database;
    const { ledger } = till.server.app.money;
    const calendar = zonedCalendar('Asia/Shanghai');
    const tonight = () =>
      reconcileTonight(till.propertyId, { db, ledger, calendarOf: () => calendar, nowMs: () => Date.now() });
    // The server may have been first.
    await tonight();
    expect(await tonight()).toBeUndefined();
    const nights = await db.query(sql`select actor_name from reconciliation_run where user_id is null`);
    expect(nights).toEqual([{ actor_name: 'settlement' }]);
  });
});
