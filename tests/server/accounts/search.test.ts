import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Account, Customer } from '#contract/index.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';

let house: HouseServer;
let tariffId: number;
beforeAll(async () => {
  house = await startHouseServer();
  tariffId = await house.server.app.money.tariffs.publishOwn({
    ...{ propertyId: house.propertyId('mall'), name: 'Single', medium: 'electricity' },
    ...{ effectiveFromMs: Date.parse('2026-01-01T00:00:00Z'), body: { kind: 'single', price: '0.68' } },
  });
  await open('a1', '星河咖啡', '138 0000 1234');
  await open('a2', 'Star Noodles', '13900005678');
  await open('b1', '单雄信', undefined);
}, 60_000);
afterAll(() => house.stop());

async function post<T>(path: string, body: object): Promise<T> {
  const answer = await house.boss.request('POST', path, body);
  if (answer.status !== 201) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

/** Gateways of this house are mute: registers are stated. */
async function open(meterNumber: string, name: string, phone: string | undefined): Promise<Account> {
  const propertyId = house.propertyId('mall');
  const more = phone === undefined ? {} : { phone };
  const customer = await post<Customer>('/api/customers', { requestId: randomUUID(), propertyId, name, ...more });
  const meterId = house.meterId(meterNumber);
  return post('/api/accounts', {
    ...{ openingId: randomUUID(), customerId: customer.id, meterIds: [meterId], tariffId, custody: 'platform' },
    stated: [{ meterId, energyWh: '1000', reason: 'read by eye' }],
  });
}

async function found(client: Client, text: string): Promise<string[]> {
  const { body } = await client.request('GET', `/api/accounts/search?text=${encodeURIComponent(text)}`);
  return (body as { items: Account[] }).items.map(({ customer }) => customer.name);
}

test.each([
  ['xh', ['星河咖啡']],
  ['星河', ['星河咖啡']],
  ['star', ['Star Noodles']],
  ['sxx', ['单雄信']],
  ['dxx', ['单雄信']],
  ['A-102', ['Star Noodles']],
  ['b1', ['单雄信']],
  ['5678', ['Star Noodles']],
  // Words must all be found; the one whose name begins with it comes first.
  ['s a-1', ['Star Noodles']],
  ['nobody', []],
])('%s finds %j', async (text, names) => {
  expect(await found(house.boss, text)).toEqual(names);
});

test('without a word everything that is open is listed, by name', async () => {
  expect(await found(house.boss, '')).toEqual(['Star Noodles', '单雄信', '星河咖啡'].toSorted());
});

test('a customer who changes name and phone is found by the new ones only; the change needs the version that was read', async () => {
  const list = await house.boss.request('GET', '/api/customers?text=Star');
  const [customer] = (list.body as { items: Customer[] }).items;
  const path = `/api/customers/${customer?.id}`;
  const change = { version: customer?.version, name: '重庆小面', phone: null };
  expect(await house.boss.request('PATCH', path, change)).toMatchObject({ status: 200, body: { initials: 'cqxm' } });
  expect(await house.boss.request('PATCH', path, change)).toMatchObject({
    body: { code: 'conflict.changed-meanwhile' },
  });
  expect(await found(house.boss, 'cqxm')).toEqual(['重庆小面']);
  expect(await found(house.boss, '5678')).toEqual([]);
});

describe('a right on one building', () => {
  test('finds and opens the accounts of its rooms, and none of the others', async () => {
    const cashier = await house.userWith('cashier', 'building', 'B');
    expect(await found(cashier, '')).toEqual(['单雄信']);
    const all = (await house.boss.request('GET', '/api/accounts')).body as { items: Account[] };
    for (const { id, customer } of all.items) {
      const mine = customer.name === '单雄信';
      expect((await cashier.request('GET', `/api/accounts/${id}`)).status).toBe(mine ? 200 : 404);
      expect((await cashier.request('PATCH', `/api/customers/${customer.id}`, { version: 99 })).status).toBe(
        mine ? 409 : 404,
      );
    }
    const propertyId = house.propertyId('mall');
    const body = { requestId: randomUUID(), propertyId, name: 'New In B' };
    const customer = (await cashier.request('POST', '/api/customers', body)).body as Customer;
    const openingOf = (meterNumber: string) => ({
      ...{ openingId: randomUUID(), customerId: customer.id, tariffId, custody: 'platform' },
      meterIds: [house.meterId(meterNumber)],
      stated: [{ meterId: house.meterId(meterNumber), energyWh: '1', reason: 'read by eye' }],
    });
    expect((await cashier.request('POST', '/api/accounts', openingOf('feeder'))).status).toBe(404);
    expect((await cashier.request('POST', '/api/accounts', openingOf('b2'))).status).toBe(201);
  });

  test('sees the money settings and may not set them', async () => {
    const accountant = await house.userWith('accountant', 'building', 'B');
    const path = `/api/properties/${house.propertyId('mall')}/money-policy`;
    const { status, body } = await accountant.request('GET', path);
    expect(status).toBe(200);
    const { propertyId: _id, ...policy } = body as { propertyId: number };
    expect((await accountant.request('PUT', path, policy)).status).toBe(404);
    const set = await house.boss.request('PUT', path, { ...policy, serviceFeePpm: 10_000 });
    expect(set).toMatchObject({ status: 400, body: { details: [{ field: 'serviceFeeLegalBasis' }] } });
    const basis = { serviceFeePpm: 10_000, serviceFeeLegalBasis: 'lease contract, clause 12' };
    expect((await house.boss.request('PUT', path, { ...policy, ...basis })).status).toBe(200);
    expect((await house.boss.request('GET', path)).body).toMatchObject(basis);
  });
});

test('a customer is made once for each key', async () => {
  const propertyId = house.propertyId('mall');
  const body = { requestId: randomUUID(), propertyId, name: 'Once' };
  const [first, again] = [await post<Customer>('/api/customers', body), await post<Customer>('/api/customers', body)];
  expect(again).toEqual(first);
  const other = await house.boss.request('POST', '/api/customers', { ...body, name: 'Twice' });
  expect(other).toMatchObject({ status: 409, body: { code: 'request.key-reused' } });
});
