import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Account } from '#contract/index.ts';
import { until } from '../../scenarios/support/until.ts';
import { startTill, type Till } from '../vending/support/till.ts';

let till: Till;
beforeAll(async () => {
  till = await startTill();
});
afterAll(() => till.stop());

const WAIT_MS = 45_000;
const get = async <T>(path: string): Promise<T> => (await till.boss.request('GET', path)).body as T;
const openNotices = async (accountId: number) =>
  (await get<{ items: { level: string }[] }>(`/api/notices?accountId=${accountId}&open=true`)).items;
const inArrears = async (accountId: number) =>
  (await get<{ items: { accountId: number }[] }>(`/api/arrears?propertyId=${till.propertyId}`)).items.filter(
    (item) => item.accountId === accountId,
  );

/** A wallet of the platform that is used up to the last cent, its customer warned. */
async function usedUp(): Promise<Account> {
  const { account, meterId } = await till.fresh({ custody: 'platform', alarm1Minor: '5000', alarm2Minor: '2000' });
  await till.sell(meterId, '6800');
  const { db, owner } = till.server.database;
  await until('its registers are stored', WAIT_MS, async () => {
    const rows = await db.query(sql`select 1 from register_reading where meter_id = ${meterId}`);
    return rows.length > 0;
  });
  // Nobody but the owner of the tables could say that something was read at another time.
  await owner.query(sql`
    update register_reading set instant = instant - interval '12 hours', read_at = read_at - interval '12 hours'
    where meter_id = ${meterId}`);
  await db.query(sql`
    update charge_stream s set began_at = began_at - interval '1 day', cursor_at = cursor_at - interval '1 day',
      charged_to = charged_to - interval '1 day', began_wh = l.energy_wh - 100000, cursor_wh = l.energy_wh - 100000
    from (select meter_id, energy_wh from register_reading where meter_id = ${meterId} order by instant desc limit 1) l
    where l.meter_id = s.meter_id and account_id = ${account.id}`);
  await till.post('/api/charge-runs', { propertyId: till.propertyId });
  await until('warned', WAIT_MS, async () => (await openNotices(account.id)).length === 3);
  expect(await inArrears(account.id)).toMatchObject([{ level: 'arrears' }]);
  return account;
}
async function nothingIsLeft(accountId: number): Promise<void> {
  await until('its warnings end', WAIT_MS, async () => {
    await till.server.app.money.settlement.weighArrears();
    return (await openNotices(accountId)).length === 0;
  });
  expect(await inArrears(accountId)).toEqual([]);
}

test('whoever has left is in arrears no more, and warned of nothing', async () => {
  const { id } = await usedUp();
  const leaving = { refundMethod: 'cash', collectMethod: 'cash', reason: 'moves out' };
  await till.post(`/api/accounts/${id}/close`, { closingId: randomUUID(), ...leaving });
  await until('closed', WAIT_MS, async () => (await till.account(id)).state === 'closed');
  await nothingIsLeft(id);
}, 120_000);

test('no notice of a wallet counts any more when meters keep the balance, and none for a wallet after them', async () => {
  const { id } = await usedUp();
  await till.post(`/api/accounts/${id}/custody`, { changeId: randomUUID(), custody: 'meter', reason: 'as agreed' });
  expect(await till.account(id)).toMatchObject({ custody: 'meter' });
  await nothingIsLeft(id);
}, 120_000);
