import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Account, AccountCase, Meter } from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { capabilitiesOfWords, PURSE_WORDS } from '#drivers/simulator/purseWords.ts';
import type { Client } from '../../support/server.ts';
import { startTill, type Till } from '../vending/support/till.ts';
import { startMoneyPlant } from './support/moneyHouse.ts';

/** Meters that take money in and give nothing back, by any road. */
let plant: Plant;
let till: Till;
let colleague: Client;
beforeAll(async () => {
  plant = await startMoneyPlant(capabilitiesOfWords('noRefund,noSet'));
  till = await startTill({ plant });
  colleague = await till.colleague();
}, 60_000);
afterAll(async () => {
  await till.stop();
  await plant.stop();
});

const reason = 'a good reason';
const TEST_MS_MAX = 60_000;
const leaving = () => ({ refundMethod: 'cash', collectMethod: 'receivable', reason });
const purseOf = (meterNumber: string): bigint => plant.meter(meterNumber)?.image.balanceMinor ?? 0n;
/** A meter that holds money: what it was found with, and something that was bought. */
async function filled(more: object = {}): ReturnType<Till['fresh']> {
  const subject = await till.fresh(more);
  await till.becomes((await till.sell(subject.meterId, '10000')).saleId, 'CONFIRMED');
  return purseOf(subject.meterNumber) > 9_500n ? subject : filled(more);
}
const decide = (accountId: number, caseId: string, agree = true) =>
  colleague.request('POST', `/api/accounts/${accountId}/cases/${caseId}/decision`, { agree, reason });
async function caseOf(accountId: number, caseId: string): Promise<AccountCase> {
  const { body } = await till.boss.request('GET', `/api/accounts/${accountId}/cases`);
  const found = (body as { items: AccountCase[] }).items.find((one) => one.caseId === caseId);
  if (found === undefined) throw new Error(`account ${accountId} has no case ${caseId}`);
  return found;
}
/** What the record says that a meter still holds. */
function leftIn(record: AccountCase | undefined, meterId: number): bigint | undefined {
  const meters = record?.facts['meters'] as { meterId: number; leftInMeter?: true; balanceMinor?: string }[];
  const found = meters.find((meter) => meter.meterId === meterId);
  return found?.leftInMeter === true ? BigInt(found.balanceMinor ?? '0') : undefined;
}
async function asksSomebody(accountId: number): Promise<void> {
  await expect
    .poll(async () => (await till.account(accountId)).running?.state, { timeout: 20_000 })
    .toBe('awaitingApproval');
}
const proven = async () =>
  expect(await till.server.app.money.ledger.prove(till.server.database.db)).toMatchObject({ sumMinor: 0n, faults: [] });
const bookOf = async (meterId: number) => -(await till.book('prepaidInMeter', `meter:${meterId}`));
/** What was counted as taken out of a meter that gave nothing. */
async function countedAs(meterId: number): Promise<readonly bigint[]> {
  const rows = await till.server.database.db.query<{ amount_minor: bigint }>(sql`
    select e.amount_minor from ledger_entry e join ledger_txn t on t.id = e.txn_id
    join ledger_account a on a.id = e.account_id
    where t.kind = 'move.leftInMeter' and a.kind = 'prepaidInMeter' and a.subject = ${`meter:${meterId}`}`);
  return rows.map(({ amount_minor: minor }) => minor);
}
const drawer = async () => {
  const { body } = await till.boss.request('GET', '/api/session');
  return till.book('cash', `operator:${(body as { userId: number }).userId}`);
};
/** All meters become known as these words say, whatever they really do. */
async function knownAs(words: string): Promise<void> {
  const capabilities = capabilitiesOfWords(words);
  const gateways = plant.manifest.gateways.map((gateway) => ({
    ...gateway,
    lines: gateway.lines.map((line) => ({ ...line, meters: line.meters.map((meter) => ({ ...meter, capabilities })) })),
  }));
  await till.server.app.estate.importPlant({ ...plant.manifest, gateways });
}

/** Nobody's yet; from the end, where `fresh` does not take them. */
function freeMeter(): Meter {
  const { accounts } = till.server.app.money;
  const meter = till.meters.findLast(({ id }) => accounts.accountOfMeter(id) === undefined);
  if (meter === undefined) throw new Error('the plant has no more meters');
  return meter;
}
async function rejectedMove(accountId: number): Promise<string> {
  const query = sql`select id from vend where account_id = ${accountId} and kind = 'moveIn' and state = 'REJECTED'`;
  const rejected = async () => (await till.server.database.db.query<{ id: string }>(query))[0]?.id;
  await expect.poll(rejected, { timeout: 20_000 }).toBeDefined();
  return (await rejected()) ?? '';
}
const decidedLost = (who: Client, saleId: string) =>
  who.request('POST', `/api/vends/${saleId}/decisions`, {
    ...{ decisionId: randomUUID(), outcome: 'cancel', reason, evidence: 'photo 17 in folder 3' },
  });

describe('a meter that gives nothing back', () => {
  test('closed: two persons let what it holds be paid out, and whoever comes next finds it there', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const { account, meterId, meterNumber } = await filled();
    expect((await till.account(account.id)).meters).toMatchObject([{ givesBack: false }]);
    const cash = await drawer();
    const closingId = randomUUID();
    const asked = await till.post<Account>(`/api/accounts/${account.id}/close`, { closingId, ...leaving() });
    expect(asked).toMatchObject({ state: 'closing', running: { state: 'awaitingApproval' } });
    expect(leftIn(asked.running, meterId)).toBeGreaterThan(9_000n);
    const own = `/api/accounts/${account.id}/cases/${closingId}/decision`;
    expect(await till.boss.request('POST', own, { agree: true, reason })).toMatchObject({
      body: { code: 'approval.same-person' },
    });
    expect(await decide(account.id, closingId)).toMatchObject({ status: 200 });
    expect(await till.atRest(account.id)).toMatchObject({ state: 'closed', meters: [] });
    const left = leftIn(await caseOf(account.id, closingId), meterId) ?? 0n;
    expect(left).toBeGreaterThan(9_000n);
    expect(purseOf(meterNumber)).toBeGreaterThan(0n);
    expect(cash - (await drawer())).toBe(left);
    expect(await countedAs(meterId)).toEqual([left]);
    for (const kind of ['wallet', 'deposit', 'refundPayable', 'receivable'] as const)
      expect(await till.book(kind, `account:${account.id}`)).toBe(0n);
    await proven();

    const found = await till.book('opening', `meter:${meterId}`);
    const next = await till.open((await till.customer('Who comes')).id, [meterId], { custody: 'meter' });
    expect(next.meters).toMatchObject([{ epoch: 2 }]);
    const credit = (await till.book('opening', `meter:${meterId}`)) - found;
    expect(credit).toBeGreaterThan(9_000n);
    // What was used meanwhile is a matter of cents.
    expect((await bookOf(meterId)) - credit).toBeLessThan(100n);
    expect((await bookOf(meterId)) - credit).toBeGreaterThan(-100n);
    await proven();
  });

  test('whoever let go what a meter holds has not let go what else is paid out', { timeout: TEST_MS_MAX }, async () => {
    const { account } = await filled({ deposit: { amountMinor: '90000', method: 'cash' } });
    const closingId = randomUUID();
    await till.post(`/api/accounts/${account.id}/close`, { closingId, ...leaving() });
    const cash = await drawer();
    expect(await decide(account.id, closingId)).toMatchObject({ status: 200 });
    await asksSomebody(account.id);
    expect(await caseOf(account.id, closingId)).toMatchObject({ step: 'payOut' });
    expect(await drawer()).toBe(cash);
    expect(await decide(account.id, closingId)).toMatchObject({ status: 200 });
    expect(await till.atRest(account.id)).toMatchObject({ state: 'closed', meters: [] });
    expect(cash - (await drawer())).toBeGreaterThan(90_000n);
    await proven();
  });

  test('a second person who declines leaves an account that rested at rest', { timeout: TEST_MS_MAX }, async () => {
    const { account } = await filled();
    const path = `/api/accounts/${account.id}`;
    await till.post(`${path}/pause`, { pauseId: randomUUID(), reason });
    const closingId = randomUUID();
    await till.post(`${path}/close`, { closingId, ...leaving() });
    expect(await decide(account.id, closingId, false)).toMatchObject({ body: { state: 'paused' } });
  });

  test('a second person who declines leaves the account open, and selling', { timeout: TEST_MS_MAX }, async () => {
    const { account, meterId } = await filled();
    const path = `/api/accounts/${account.id}`;
    for (const [caseId, way, body] of [
      [randomUUID(), 'close', (id: string) => ({ closingId: id, ...leaving() })],
      [randomUUID(), 'custody', (id: string) => ({ changeId: id, custody: 'platform', reason })],
    ] as const) {
      await till.post(`${path}/${way}`, body(caseId));
      await asksSomebody(account.id);
      expect(await decide(account.id, caseId, false)).toMatchObject({ status: 200 });
      expect(await till.account(account.id)).toMatchObject({ state: 'open', custody: 'meter' });
      expect(await caseOf(account.id, caseId)).toMatchObject({ state: 'refused' });
    }
    expect(await countedAs(meterId)).toEqual([]);
    await till.becomes((await till.sell(meterId, '5000')).saleId, 'CONFIRMED');
    await proven();
  });

  test('replaced: what it holds goes into the next meter, and the old one is swapped only once two persons agree', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const { account, meterId, meterNumber } = await filled();
    const to = freeMeter();
    const before = purseOf(to.meterNumber);
    const replacementId = randomUUID();
    const body = { replacementId, oldMeterId: meterId, newMeterId: to.id, reason };
    const asked = await till.post<Account>(`/api/accounts/${account.id}/replace-meter`, body);
    expect(asked).toMatchObject({ running: { state: 'awaitingApproval' }, meters: [{ meterId }] });
    expect(await decide(account.id, replacementId)).toMatchObject({ status: 200 });
    expect(await till.atRest(account.id)).toMatchObject({ state: 'open', meters: [{ meterId: to.id }] });
    const record = await caseOf(account.id, replacementId);
    const left = leftIn(record, meterId) ?? 0n;
    expect(record.facts['movedMinor']).toBe(String(left));
    expect(purseOf(meterNumber)).toBeGreaterThan(0n);
    const gained = purseOf(to.meterNumber) - before;
    expect(gained).toBeLessThanOrEqual(left);
    expect(gained).toBeGreaterThan(left - 100n);
    await till.becomes((await till.sell(to.id, '5000')).saleId, 'CONFIRMED');
    await proven();
  });

  test('into custody of the platform: the wallet gets what it holds, once', { timeout: TEST_MS_MAX }, async () => {
    const { account, meterId, meterNumber } = await filled();
    const changeId = randomUUID();
    await till.post(`/api/accounts/${account.id}/custody`, { changeId, custody: 'platform', reason });
    await asksSomebody(account.id);
    expect(await decide(account.id, changeId)).toMatchObject({ status: 200 });
    const after = await till.atRest(account.id);
    const left = leftIn(await caseOf(account.id, changeId), meterId) ?? 0n;
    expect(after).toMatchObject({ state: 'open', custody: 'platform', meters: [{ epoch: 2 }] });
    expect(left - BigInt(after.balanceMinor ?? '0')).toBeLessThan(100n);
    expect(purseOf(meterNumber)).toBeGreaterThan(0n);
    expect(await countedAs(meterId)).toEqual([left]);
    expect(await till.book('refundPayable', `account:${account.id}`)).toBe(0n);
    await proven();
  });

  test('silent when the second person agrees: nothing happens, and either may try again', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const { account, meterId, meterNumber } = await filled();
    const closingId = randomUUID();
    await till.post(`/api/accounts/${account.id}/close`, { closingId, ...leaving() });
    const clear = till.fault(meterNumber, { kind: 'silent' });
    expect(await decide(account.id, closingId)).toMatchObject({ body: { code: 'meter.not-answering' } });
    clear();
    expect((await till.account(account.id)).running).toMatchObject({ state: 'awaitingApproval' });
    await expect.poll(async () => (await decide(account.id, closingId)).status, { timeout: 15_000 }).toBe(200);
    expect(await till.atRest(account.id)).toMatchObject({ state: 'closed' });
    expect(await till.book('refundPayable', `account:${account.id}`)).toBe(0n);
    expect(leftIn(await caseOf(account.id, closingId), meterId)).toBeGreaterThan(0n);
    await proven();
  });
});

describe('a meter that is not what it is known as', () => {
  test.for([true, false])(
    'swapped, and the old one refuses: a second person decides what goes over (agrees: %s)',
    {
      timeout: TEST_MS_MAX,
    },
    async (agrees) => {
      const { account, meterId } = await filled();
      const to = freeMeter();
      const before = purseOf(to.meterNumber);
      await knownAs('full');
      const replacementId = randomUUID();
      const body = { replacementId, oldMeterId: meterId, newMeterId: to.id, reason };
      await till.post<Account>(`/api/accounts/${account.id}/replace-meter`, body);
      await asksSomebody(account.id);
      expect((await till.account(account.id)).running).toMatchObject({ step: 'moveBalance' });
      await knownAs('noRefund,noSet');
      expect(await decide(account.id, replacementId, agrees)).toMatchObject({ status: 200 });
      expect(await till.atRest(account.id)).toMatchObject({ state: 'open', meters: [{ meterId: to.id }] });
      const record = await caseOf(account.id, replacementId);
      const left = leftIn(record, meterId) ?? 0n;
      expect(record.facts['movedMinor']).toBe(agrees ? String(left) : '0');
      expect(await countedAs(meterId)).toEqual(agrees ? [left] : []);
      expect(purseOf(to.meterNumber) - before > 9_000n).toBe(agrees);
      await till.becomes((await till.sell(to.id, '5000')).saleId, 'CONFIRMED');
      await proven();
    },
  );

  test('found not to tell its balance: closed by what two persons saw on its display', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const { account, meterId } = await filled();
    const last = await till.server.app.measuring.metering.lastPair(meterId);
    await knownAs('noBalance');
    const closingId = randomUUID();
    const path = `/api/accounts/${account.id}/close`;
    const refused = await till.boss.request('POST', path, { closingId, ...leaving() });
    expect(refused).toMatchObject({ body: { code: 'meter.not-answering' } });
    const stated = [{ meterId, energyWh: String(last?.energyWh), balanceMinor: '9876', reason }];
    await till.post(path, { closingId, ...leaving(), stated });
    await asksSomebody(account.id);
    const cash = await drawer();
    expect(await decide(account.id, closingId)).toMatchObject({ status: 200 });
    expect(await till.atRest(account.id)).toMatchObject({ state: 'closed' });
    expect(cash - (await drawer())).toBe(9_876n);
    await knownAs('noRefund,noSet');
    await proven();
  });

  test('it refuses to give back though it should: after some tries two persons are asked', {
    timeout: TEST_MS_MAX,
  }, async () => {
    const { account, meterId, meterNumber } = await filled();
    await knownAs('full');
    const closingId = randomUUID();
    await till.post(`/api/accounts/${account.id}/close`, { closingId, ...leaving() });
    await asksSomebody(account.id);
    await knownAs('noRefund,noSet');
    expect(await decide(account.id, closingId)).toMatchObject({ status: 200 });
    expect(await till.atRest(account.id)).toMatchObject({ state: 'closed' });
    expect(leftIn(await caseOf(account.id, closingId), meterId)).toBeGreaterThan(0n);
    expect(purseOf(meterNumber)).toBeGreaterThan(0n);
    await proven();
  });

  test('never tried: what two persons call lost on its way into the next meter is owed, and the account goes on', {
    timeout: TEST_MS_MAX,
  }, async () => {
    await till.policy({ unprovenMeters: 'writeOnce' });
    await knownAs(PURSE_WORDS.join());
    const { account, meterId } = await filled();
    const to = freeMeter();
    const clear = till.fault(to.meterNumber, { kind: 'hoarding' });
    const replacementId = randomUUID();
    const body = { replacementId, oldMeterId: meterId, newMeterId: to.id, reason };
    await till.post<Account>(`/api/accounts/${account.id}/replace-meter`, body);
    expect(await decide(account.id, replacementId)).toMatchObject({ status: 200 });
    const saleId = await rejectedMove(account.id);
    for (const who of [await till.person('accountant'), await till.person('accountant')])
      await expect.poll(async () => (await decidedLost(who, saleId)).status, { timeout: 10_000 }).toBe(200);
    clear();
    expect(await till.atRest(account.id)).toMatchObject({ state: 'open', meters: [{ meterId: to.id }] });
    const record = await caseOf(account.id, replacementId);
    const left = leftIn(record, meterId) ?? 0n;
    expect(record.facts).toMatchObject({ movedMinor: '0', owedMinor: String(left) });
    expect(await till.book('refundPayable', `account:${account.id}`)).toBe(-left);
    // More than was ever paid in cash: what stood in the meter before came by no way.
    const payout = { payoutId: randomUUID(), method: 'cash', reason };
    const alone = await till.boss.request('POST', `/api/sales/${saleId}/payout`, payout);
    expect(alone).toMatchObject({ status: 409, body: { code: 'payout.needs-two' } });
    const agreed = { decisionId: randomUUID(), outcome: 'approve', reason, evidence: 'photo 17 in folder 3' };
    expect((await colleague.request('POST', `/api/vends/${saleId}/decisions`, agreed)).status).toBe(200);
    await till.post(`/api/sales/${saleId}/payout`, payout);
    expect(await till.book('refundPayable', `account:${account.id}`)).toBe(0n);
    await till.becomes((await till.sell(to.id, '5000')).saleId, 'CONFIRMED');
    await proven();
  });
});
