import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Account, Meter } from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { expectEmptied, type MoneyHouse, makeReal, startMoneyHouse, startMoneyPlant } from './support/moneyHouse.ts';

/**
 * Every point between two things that are stored: a case is stopped there for good, as by a kill, and goes on only after the
 * server was started anew on the same database.
 */
const KEEPER = { user: 'keeper', password: 'a-long-enough-password' };
let plant: Plant;
let database: TestDatabase;
let house: MoneyHouse;
/** Points that each case has passed, and where it shall stop. */
const passed = new Map<string, string[]>();
const stopAt = new Map<string, string>();
const stopped = new Set<string>();

function probe(point: string, caseId: string): void {
  if (!stopped.has(caseId)) {
    passed.set(caseId, [...(passed.get(caseId) ?? []), point]);
    if (stopAt.get(caseId) !== point) return;
    stopped.add(caseId);
  }
  throw new Error('the power went');
}

beforeAll(async () => {
  plant = await startMoneyPlant(undefined, 128);
  database = await createTestDatabase();
  house = await startMoneyHouse({ plant, database, probe });
  // The first administrator's password is shown once only.
  const grants = [{ role: 'administrator', scope: 'group' }];
  await house.post('/api/users', { ...KEEPER, displayName: 'Keeper', grants });
  const { body } = await house.boss.request('GET', `/api/properties/${house.propertyId}/money-policy`);
  const { propertyId: _id, ...policy } = body as { propertyId: number };
  const path = `/api/properties/${house.propertyId}/money-policy`;
  await house.boss.request('PUT', path, { ...policy, refundSecondPersonMinor: '100000000' });
}, 60_000);
afterAll(async () => {
  await house.stop();
  await plant.stop();
  await database.drop();
});

/** One that holds money. */
let taken = 0;
function freshMeter(): Meter {
  const meter = house.meters[taken++];
  if (meter === undefined) throw new Error('the plant has no more meters');
  return purseOf(meter) > 0n ? meter : freshMeter();
}

interface Run {
  readonly caseId: string;
  readonly accountId: number;
  readonly check: () => Promise<void>;
}
const purseOf = (meter: Meter): bigint => plant.meter(meter.meterNumber)?.image.balanceMinor ?? -1n;
const nothingLeft = async (accountId: number) => {
  for (const kind of ['wallet', 'deposit', 'refundPayable', 'receivable'] as const)
    expect(await house.book(kind, `account:${accountId}`)).toBe(0n);
};

/** Starts a use case; what it answers does not matter, the caller of a killed server hears nothing either. */
type Begin = (stop: string | undefined) => Promise<Run>;

async function asked(path: string, body: object, caseId: string, stop: string | undefined): Promise<void> {
  if (stop !== undefined) stopAt.set(caseId, stop);
  await house.boss.request('POST', path, body);
}

const closing =
  (custody: 'meter' | 'platform', prepare?: (meter: Meter) => Promise<void>): Begin =>
  async (stop) => {
    const meter = freshMeter();
    await prepare?.(meter);
    const customer = await house.customer(`Closing ${meter.meterNumber}`);
    const deposit = { amountMinor: '7700', method: 'cash' };
    const { id } = await house.open(customer.id, [meter.id], { custody, deposit });
    const caseId = randomUUID();
    const body = { closingId: caseId, refundMethod: 'cash', collectMethod: 'cash', reason: 'moves out' };
    await asked(`/api/accounts/${id}/close`, body, caseId, stop);
    const check = async () => {
      // The request that died before anything was stored is sent again by the screen, with the same key.
      await house.boss.request('POST', `/api/accounts/${id}/close`, body);
      // What was found in a meter came by no way of ours: a second person lets it go.
      expect(await house.agreed(id, caseId)).toMatchObject({ state: 'closed', meters: [], depositMinor: '0' });
      await nothingLeft(id);
      if (custody === 'meter') expect(purseOf(meter)).toBe(0n);
      const rows = await database.db.query<{ count: number }>(
        sql`select count(*)::int as count from ledger_txn where kind = 'account.closed' and ref_id = ${caseId}`,
      );
      expect(rows).toEqual([{ count: 1 }]);
    };
    return { caseId, accountId: id, check };
  };

const replacement: Begin = async (stop) => {
  const [old, fresh] = [freshMeter(), freshMeter()];
  const customer = await house.customer(`Replaced ${old.meterNumber}`);
  const { id } = await house.open(customer.id, [old.id], { custody: 'meter' });
  const both = purseOf(old) + purseOf(fresh);
  const caseId = randomUUID();
  const body = { replacementId: caseId, oldMeterId: old.id, newMeterId: fresh.id, reason: 'display broken' };
  await asked(`/api/accounts/${id}/replace-meter`, body, caseId, stop);
  const check = async () => {
    await house.boss.request('POST', `/api/accounts/${id}/replace-meter`, body);
    const account = await house.atRest(id);
    expect(account.meters).toMatchObject([{ meterId: fresh.id }]);
    expectEmptied(purseOf(old));
    const used = both - purseOf(fresh);
    expect(used).toBeGreaterThanOrEqual(0n);
    expect(used).toBeLessThan(500n);
  };
  return { caseId, accountId: id, check };
};

const custodyChange: Begin = async (stop) => {
  const meter = freshMeter();
  const customer = await house.customer(`Custody ${meter.meterNumber}`);
  const { id } = await house.open(customer.id, [meter.id], { custody: 'meter' });
  const held = purseOf(meter);
  const caseId = randomUUID();
  const body = { changeId: caseId, custody: 'platform', reason: 'firmware is not trusted' };
  await asked(`/api/accounts/${id}/custody`, body, caseId, stop);
  const check = async () => {
    await house.boss.request('POST', `/api/accounts/${id}/custody`, body);
    const account: Account = await house.atRest(id);
    expect(account).toMatchObject({ custody: 'platform', state: 'open' });
    expectEmptied(purseOf(meter));
    const used = held - BigInt(account.balanceMinor ?? 0);
    expect(used).toBeGreaterThanOrEqual(0n);
    expect(used).toBeLessThan(500n);
  };
  return { caseId, accountId: id, check };
};

/** As a tenant leaves it who was kept on by force. */
async function indebted({ id }: Meter): Promise<void> {
  const { acquisition } = house.server.app.measuring;
  const told = await acquisition.execute(id, { kind: 'setPurse', balanceMinor: -1_234n, count: 0 });
  expect(told).toMatchObject({ sent: true, reply: 'accepted' });
}

const KINDS = {
  closingMeter: closing('meter'),
  closingDebt: closing('meter', indebted),
  closingPlatform: closing('platform'),
  replacement,
  custodyChange,
};

test('wherever the power goes, nothing is lost, done twice or left half done', async () => {
  const runs: Run[] = [];
  for (const begin of Object.values(KINDS)) {
    const whole = await begin(undefined);
    await whole.check();
    const points = [...new Set(passed.get(whole.caseId))];
    expect(points.length).toBeGreaterThan(4);
    for (const point of points) runs.push(await begin(point));
  }
  await expect.poll(() => runs.filter(({ caseId }) => !stopped.has(caseId)).length, { timeout: 30_000 }).toBe(0);
  await makeReal(house);
  await house.server.stop();

  house = await startMoneyHouse({ plant, database, signIn: KEEPER });
  for (const run of runs) await run.check();
  const { money } = house.server.app;
  expect(await money.ledger.prove(database.db)).toMatchObject({ sumMinor: 0n, faults: [] });
  const suspense = await database.db.query(sql`
    select a.subject from ledger_account a join ledger_balance b on b.account_id = a.id
    where a.kind = 'vendSuspense' and b.balance_minor <> 0`);
  expect(suspense).toEqual([]);
}, 180_000);
