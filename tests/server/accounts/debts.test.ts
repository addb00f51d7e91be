import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../scenarios/support/until.ts';
import { startTill, type Till } from '../vending/support/till.ts';

let till: Till;
beforeAll(async () => {
  // A worker that came to the end of its patience leaves the vend to the next one soon.
  till = await startTill({ vendTimes: { backOffMs: [30, 60, 120], leaseMs: 2_000, quietMs: 1_500 } });
}, 60_000);
afterAll(() => till.stop());

const DEBT_MINOR = 1_234n;
const WAIT_MS = 20_000;

/** An account whose meter owes money, as after its supply was kept on by force. */
async function indebted() {
  const meter = till.meters.find(({ id }) => till.server.app.money.accounts.accountOfMeter(id) === undefined);
  if (meter === undefined) throw new Error('the plant has no more meters');
  const { acquisition } = till.server.app.measuring;
  await acquisition.execute(meter.id, { kind: 'setPurse', balanceMinor: -DEBT_MINOR, count: 0 });
  return till.fresh();
}
const close = (accountId: number) =>
  till.post(`/api/accounts/${accountId}/close`, {
    ...{ closingId: randomUUID(), refundMethod: 'cash', collectMethod: 'receivable', reason: 'moves out' },
  });
const balanceOf = (meterNumber: string) => till.plant.meter(meterNumber)?.image.balanceMinor;
const proven = async () =>
  expect(await till.server.app.money.ledger.prove(till.server.database.db)).toMatchObject({ sumMinor: 0n, faults: [] });

test('a debt in a meter becomes a claim on who leaves, and the meter owes nothing to who comes', async () => {
  const { account, meterId, meterNumber } = await indebted();
  expect(balanceOf(meterNumber)).toBe(-DEBT_MINOR);
  await close(account.id);
  expect(await till.atRest(account.id)).toMatchObject({ state: 'closed', meters: [] });
  expect(await till.book('receivable', `account:${account.id}`)).toBe(DEBT_MINOR);
  expect(balanceOf(meterNumber)).toBe(0n);
  expect(await till.book('prepaidInMeter', `meter:${meterId}`)).toBe(0n);
  await proven();

  const customer = await till.customer('Who comes');
  const next = await till.open(customer.id, [meterId], { custody: 'meter' });
  expect(next.meters).toMatchObject([{ epoch: 2 }]);
  expect(await till.book('prepaidInMeter', `meter:${meterId}`)).toBe(0n);
});

test('a meter that refuses what would end its debt holds up nobody: the debt stays in it, and is claimed all the same', async () => {
  const { account, meterId, meterNumber } = await indebted();
  const end = till.fault(meterNumber, { kind: 'hoarding' });
  await close(account.id);
  await until('the meter refused', WAIT_MS, async () => {
    const rows = await till.server.database.db.query(sql`
      select from vend_step s join vend v on v.id = s.vend_id
      where v.meter_id = ${meterId} and v.kind = 'moveIn' and s.to_state = 'REJECTED'`);
    return rows.length > 0;
  });
  end();
  expect(await till.atRest(account.id)).toMatchObject({ state: 'closed' });
  expect(await till.book('receivable', `account:${account.id}`)).toBe(DEBT_MINOR);
  expect(await till.book('refundPayable', `account:${account.id}`)).toBe(0n);
  expect(await till.book('prepaidInMeter', `meter:${meterId}`)).toBe(0n);
  await proven();
}, 60_000);
