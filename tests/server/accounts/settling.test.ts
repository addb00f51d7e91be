import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Account } from '#contract/index.ts';
import type { Client } from '../../support/server.ts';
import { startTill, type Till } from '../vending/support/till.ts';

/** Money that is left when an account is closed. */
let till: Till;
let colleague: Client;
beforeAll(async () => {
  till = await startTill();
  colleague = await till.colleague();
}, 60_000);
afterAll(() => till.stop());

const reason = 'a good reason';
const TEST_MS_MAX = 60_000;
const proven = async () =>
  expect(await till.server.app.money.ledger.prove(till.server.database.db)).toMatchObject({ sumMinor: 0n, faults: [] });
const settle = (accountId: number, body: object) =>
  till.boss.request('POST', `/api/accounts/${accountId}/settlement`, {
    ...{ settlementId: randomUUID(), method: 'cash', reason },
    ...body,
  });
const decide = (accountId: number, caseId: string, agree: boolean) =>
  colleague.request('POST', `/api/accounts/${accountId}/cases/${caseId}/decision`, { agree, reason });
const close = async (accountId: number): Promise<string> => {
  const closingId = randomUUID();
  const ways = { refundMethod: 'cash', collectMethod: 'receivable' };
  await till.post(`/api/accounts/${accountId}/close`, { closingId, ...ways, reason });
  return closingId;
};
const drawer = async () => {
  const { body } = await till.boss.request('GET', '/api/session');
  return till.book('cash', `operator:${(body as { userId: number }).userId}`);
};
const settledRows = (accountId: number) =>
  till.server.database.db.query(sql`
    select from audit where action = 'account.settlement' and subject_id = ${String(accountId)}`);

test('what a second person did not let go stays owed, and is paid out later by two persons, once', {
  timeout: TEST_MS_MAX,
}, async () => {
  const deposit = { amountMinor: '90000', method: 'transfer' };
  const { account } = await till.fresh({ custody: 'platform', deposit });
  expect(await settle(account.id, { way: 'payOut', amountMinor: '1' })).toMatchObject({
    body: { code: 'account.wrong-state' },
  });
  const closingId = await close(account.id);
  await expect.poll(async () => (await decide(account.id, closingId, false)).status, { timeout: 15_000 }).toBe(200);
  expect(await till.atRest(account.id)).toMatchObject({ state: 'closed', owedMinor: '90000' });
  const before = await drawer();
  expect(await settle(account.id, { way: 'collect', amountMinor: '1' })).toMatchObject({
    body: { code: 'account.wrong-state' },
  });
  expect(await settle(account.id, { way: 'payOut', amountMinor: '90001' })).toMatchObject({
    ...{ status: 400, body: { details: [{ field: 'amountMinor' }] } },
  });
  for (const agree of [false, true]) {
    const asked = { settlementId: randomUUID(), way: 'payOut', amountMinor: '90000' };
    // A part of so much needs the second person as well as all of it.
    const part = { settlementId: randomUUID(), way: 'payOut', amountMinor: '1' };
    expect(await settle(account.id, asked)).toMatchObject({
      ...{ status: 201, body: { running: { state: 'awaitingApproval' } } },
    });
    expect(await settle(account.id, part)).toMatchObject({ status: 409, body: { code: 'account.busy' } });
    expect(await drawer()).toBe(before);
    expect(await decide(account.id, asked.settlementId, agree)).toMatchObject({ status: 200 });
    expect(await settle(account.id, asked)).toMatchObject({ status: 201 });
    expect(await settle(account.id, { ...asked, method: 'wechat' })).toMatchObject({
      body: { code: 'request.key-reused' },
    });
    expect(await drawer()).toBe(agree ? before - 90_000n : before);
  }
  expect(await till.book('refundPayable', `account:${account.id}`)).toBe(0n);
  expect((await till.account(account.id)).owedMinor).toBeUndefined();
  expect(await settledRows(account.id)).toHaveLength(2);
  await proven();
});

test('a claim is collected in parts, and no more than it is', { timeout: TEST_MS_MAX }, async () => {
  const meter = till.meters.find(({ id }) => till.server.app.money.accounts.accountOfMeter(id) === undefined);
  const { acquisition } = till.server.app.measuring;
  await acquisition.execute(meter?.id ?? 0, { kind: 'setPurse', balanceMinor: -1_234n, count: 0 });
  const account = await till.open((await till.customer('Owes')).id, [meter?.id ?? 0], { custody: 'meter' });
  await close(account.id);
  const closed = await till.atRest(account.id);
  const claim = -BigInt(closed.owedMinor ?? '0');
  expect(claim).toBeGreaterThanOrEqual(1_234n);
  const before = await drawer();
  const first = await settle(account.id, { way: 'collect', amountMinor: '1000' });
  expect(first).toMatchObject({ status: 201, body: { owedMinor: String(1_000n - claim) } });
  expect(await settle(account.id, { way: 'collect', amountMinor: '1000' })).toMatchObject({ status: 400 });
  const rest = String(claim - 1_000n);
  const last = await settle(account.id, { way: 'collect', amountMinor: rest });
  expect((last.body as Account).owedMinor).toBeUndefined();
  expect(await till.book('receivable', `account:${account.id}`)).toBe(0n);
  expect(await drawer()).toBe(before + claim);
  expect(await settle(account.id, { way: 'collect', amountMinor: '1' })).toMatchObject({
    body: { code: 'account.wrong-state' },
  });
  await proven();
});
