import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startTestServer, type TestServer } from '../../support/server.ts';
import { paidIn } from './support/book.ts';

const PASSWORD = 'correct-horse-battery';
let server: TestServer;
let admin: Client;
let accountant: Client;
let cashier: Client;
let mine: number;
let theirs: number;

beforeAll(async () => {
  server = await startTestServer();
  admin = await server.signedIn();
  mine = await addProperty('A');
  theirs = await addProperty('B');
  accountant = await person('accountant');
  cashier = await person('cashier');
  const { ledger } = server.app.money;
  await server.app.db.tx(async (tx) => {
    for (const key of ['one', 'two', 'three'])
      await ledger.post(tx, { ...paidIn(key, `account:${key}`, 100n), propertyId: mine });
    await ledger.post(tx, { ...paidIn('one', 'account:9', 900n), propertyId: theirs });
  });
});
afterAll(() => server.stop());

async function addProperty(en: string): Promise<number> {
  const { body } = await admin.request('POST', '/api/places', { kind: 'property', names: { en } });
  return (body as { id: number }).id;
}

async function person(role: string): Promise<Client> {
  const grants = [{ role, scope: 'property', placeId: mine }];
  await admin.request('POST', '/api/users', { user: role, displayName: role, password: PASSWORD, grants });
  return server.signedIn(role, PASSWORD);
}

test('the proof covers what the right covers', async () => {
  expect(await (await admin.request('GET', '/api/ledger/proof')).body).toEqual({
    ...{ txns: '4', entries: '8', sumMinor: '0', faults: [] },
  });
  expect((await accountant.request('GET', '/api/ledger/proof')).body).toMatchObject({ txns: '3', faults: [] });
  expect((await cashier.request('GET', '/api/ledger/proof')).status).toBe(403);
});

describe('postings', () => {
  const list = (query: string) => accountant.request('GET', `/api/ledger/transactions?${query}`);

  test('newest first, in pages, amounts as text', async () => {
    const first = (await list(`propertyId=${mine}&limit=2`)).body as { items: { key: string }[]; nextCursor: string };
    expect(first.items.map(({ key }) => key)).toEqual(['three', 'two']);
    const second = (await list(`propertyId=${mine}&limit=2&cursor=${first.nextCursor}`)).body;
    expect(second).toMatchObject({
      items: [
        {
          key: 'one',
          month: '2026-11',
          actor: 'Cashier',
          entries: [
            { kind: 'cash', subject: '', amountMinor: '100' },
            { kind: 'wallet', subject: 'account:one', amountMinor: '-100', balanceAfterMinor: '-100' },
          ],
        },
      ],
    });
    expect(second).not.toHaveProperty('nextCursor');
  });

  test.for([
    ['an account', 'kind=wallet&subject=account:two', ['two']],
    ['a kind of account', 'kind=cash', ['three', 'two', 'one']],
    ['what they are about', 'refKind=test&refId=one', ['one']],
  ] as const)('of %s', async ([, filter, keys]) => {
    const { body } = await list(`propertyId=${mine}&${filter}`);
    expect((body as { items: { key: string }[] }).items.map(({ key }) => key)).toEqual(keys);
  });

  test('those of another property are not there', async () => {
    expect((await list(`propertyId=${theirs}`)).status).toBe(404);
    expect((await list(`propertyId=${mine}&kind=treasure`)).body).toMatchObject({ code: 'request.invalid' });
  });
});

test('totals: what came in and went out, by kind of account', async () => {
  const { body } = await accountant.request('GET', `/api/ledger/totals?propertyId=${mine}`);
  expect(body).toEqual({
    items: [
      { kind: 'cash', accounts: 1, debitMinor: '300', creditMinor: '0' },
      { kind: 'wallet', accounts: 3, debitMinor: '0', creditMinor: '300' },
    ],
  });
  expect((await accountant.request('GET', `/api/ledger/totals?propertyId=${theirs}`)).status).toBe(404);
});

describe('closing a month', () => {
  const close = (client: Client, propertyId: number, month: string) =>
    client.request('POST', '/api/ledger/periods', { propertyId, month });

  test('a past one, once, by those who may; with a row in the audit log', async () => {
    expect((await close(cashier, mine, '2026-01')).status).toBe(403);
    expect((await close(accountant, theirs, '2026-01')).status).toBe(404);
    const { body } = await close(accountant, mine, '2026-01');
    expect(body).toMatchObject({ month: '2026-01', closedBy: 'accountant', txns: '0' });
    expect((await close(accountant, mine, '2026-01')).body).toEqual(body);
    expect((await accountant.request('GET', `/api/ledger/periods?propertyId=${mine}`)).body).toEqual({ items: [body] });
    const { body: rows } = await accountant.request('GET', '/api/audit?subjectKind=ledger');
    expect(rows).toMatchObject({ items: [{ action: 'ledger.close', after: body }, { action: 'ledger.close' }] });
  });

  test('never one that is not over', async () => {
    const { body } = await close(accountant, mine, '2099-01');
    expect(body).toMatchObject({ code: 'request.invalid', details: [{ field: 'month' }] });
  });
});
