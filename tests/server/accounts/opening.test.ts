import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Account } from '#contract/index.ts';
import { type MoneyHouse, startMoneyHouse, startMoneyPlant } from './support/moneyHouse.ts';

const NONE = {
  ...{ seqChecked: false, dupReported: false, readRecord: false, readCumulative: false, readBalance: false },
  ...{ zeroPurchase: false, refundCommand: false, setAbsolute: false, secondTariffSet: false },
};

let house: MoneyHouse;
beforeAll(async () => {
  house = await startMoneyHouse();
}, 60_000);
afterAll(() => house.stop());

/** A prepaid meter that no test before took. */
let taken = 0;
function freshMeter() {
  const meter = house.meters[taken++];
  if (meter === undefined) throw new Error('the plant has no more meters');
  return meter;
}

test('an opening reads the meter, keeps its registers and makes the first epoch', async () => {
  const meter = freshMeter();
  const customer = await house.customer('星河咖啡', { phone: '13800001234' });
  expect(customer.initials).toBe('xhkf');
  const account = await house.open(customer.id, [meter.id], { alarm1Minor: '5000', alarm2Minor: '2000' });
  expect(account).toMatchObject({
    state: 'open',
    custody: 'platform',
    balanceMinor: '0',
    depositMinor: '0',
    alarm1Minor: '5000',
    cutLineMinor: '0',
    tariffName: 'Single',
    meters: [{ meterId: meter.id, meterNumber: meter.meterNumber, epoch: 1, ctRatio: meter.ctRatio }],
    rooms: [{ placeId: meter.placeId }],
  });
  const truth = house.plant.meter(meter.meterNumber);
  const energyWh = Number(account.meters[0]?.openingRegisters['energyWh']);
  expect(energyWh).toBeGreaterThan(0);
  expect(Math.abs(energyWh - (truth?.image.values.energyWh ?? 0))).toBeLessThan(1_000 * meter.ctRatio);
});

test('the same opening again is the same account, another one under its key is refused', async () => {
  const meter = freshMeter();
  const customer = await house.customer('Repeat');
  const body = { openingId: randomUUID(), customerId: customer.id, meterIds: [meter.id], tariffId: house.tariffId };
  const first = await house.post<Account>('/api/accounts', { ...body, custody: 'platform' });
  const again = await house.post<Account>('/api/accounts', { ...body, custody: 'platform' });
  expect(again.id).toBe(first.id);
  const other = await house.boss.request('POST', '/api/accounts', { ...body, custody: 'platform', alarm1Minor: '1' });
  expect(other).toMatchObject({ status: 409, body: { code: 'request.key-reused' } });
});

test('two openings of one meter at the same time: one account', async () => {
  const meter = freshMeter();
  const customer = await house.customer('Race');
  const open = () =>
    house.boss.request('POST', '/api/accounts', {
      ...{ openingId: randomUUID(), customerId: customer.id, meterIds: [meter.id] },
      ...{ tariffId: house.tariffId, custody: 'platform' },
    });
  const answers = await Promise.all([open(), open(), open()]);
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
  const refused = answers.filter(({ status }) => status === 409);
  expect(refused.map(({ body }) => (body as { code: string }).code)).toEqual([
    'account.meter-taken',
    'account.meter-taken',
  ]);
});

test('a meter that does not answer is not opened on a guess; with stated registers it is, and says so', async () => {
  const meter = freshMeter();
  const silent = house.plant.faults.set({
    target: { kind: 'meter', meterNumber: meter.meterNumber },
    fault: { kind: 'silent' },
  });
  const customer = await house.customer('Silent');
  const body = { customerId: customer.id, meterIds: [meter.id], tariffId: house.tariffId, custody: 'platform' };
  const refused = await house.boss.request('POST', '/api/accounts', { openingId: randomUUID(), ...body });
  expect(refused).toMatchObject({ status: 504, body: { code: 'meter.not-answering' } });
  const stated = [{ meterId: meter.id, energyWh: '8791070', reason: 'read by eye, line is down' }];
  const account = await house.post<Account>('/api/accounts', { openingId: randomUUID(), ...body, stated });
  expect(account.meters[0]?.openingRegisters).toEqual({ energyWh: '8791070' });
  const rows = await house.server.database.db.query(
    sql`select opening_quality from account_meter where account_id = ${account.id}`,
  );
  expect(rows).toEqual([{ opening_quality: 'stated' }]);
  house.plant.faults.clear(silent.id);
});

test('one account for several meters and rooms; a deposit is in the book, with its line', async () => {
  const meters = [freshMeter(), freshMeter()];
  const customer = await house.customer('Two Rooms');
  const account = await house.open(
    customer.id,
    meters.map(({ id }) => id),
    { deposit: { amountMinor: '50000', method: 'cash' } },
  );
  expect(new Set(account.meters.map(({ meterId }) => meterId))).toEqual(new Set(meters.map(({ id }) => id)));
  expect(account.rooms).toHaveLength(new Set(meters.map(({ placeId }) => placeId)).size);
  expect(account.depositMinor).toBe('50000');
  const proof = await house.server.app.money.ledger.prove(house.server.database.db);
  expect(proof).toMatchObject({ sumMinor: 0n, faults: [] });
});

test('custody in the meter: settings and prices are ordered, and what was found in it is in the book', async () => {
  const meter = freshMeter();
  const customer = await house.customer('In Meter');
  const more = { custody: 'meter', alarm1Minor: '5000', alarm2Minor: '2000', hoardingLimitMinor: '100000000' };
  const account = await house.open(customer.id, [meter.id], more);
  expect(account).toMatchObject({ custody: 'meter', meters: [{ meterId: meter.id }] });
  expect(account.balanceMinor).toBeUndefined();
  const rows = await house.server.database.db.query<{ opening_balance_minor: bigint }>(
    sql`select opening_balance_minor from account_meter where account_id = ${account.id}`,
  );
  expect(await house.book('prepaidInMeter', `meter:${meter.id}`)).toBe(-(rows[0]?.opening_balance_minor ?? 0n));
  const ordered = await house.server.database.db.query<{ kind: string }>(
    sql`select kind from command where meter_id = ${meter.id} order by kind`,
  );
  expect(ordered.map(({ kind }) => kind)).toEqual(['prices', 'restorePrepaid', 'settings']);
});

test('a meter without an account is not opened once others here have one', async () => {
  const { metering } = house.server.app.measuring;
  const opened = house.meters[0];
  const last = house.meters.at(-1);
  expect(metering.meter(last?.id ?? 0)?.state.facts.money).toBe('notOpened');
  // Its wallet was never used, and what the meter itself holds says nothing.
  expect(metering.meter(opened?.id ?? 0)?.state.facts.money).toBe('normal');
});

describe('the balance is kept in no meter', () => {
  const all = { dupReported: true, readRecord: true, readCumulative: true, readBalance: true, zeroPurchase: true };
  const more = { refundCommand: true, setAbsolute: true, secondTariffSet: true };

  test.each([
    ['that nobody has proven', NONE, 'bench-meter'],
    ['that takes a purchase twice', { ...all, ...more, seqChecked: false }, 'count twice'],
  ])('%s, and the answer says why', async (_what, capabilities, words) => {
    const plant = await startMoneyPlant({ ...NONE, ...capabilities });
    const other = await startMoneyHouse({ plant });
    onTestFinished(async () => {
      await other.stop();
      await plant.stop();
    });
    const customer = await other.customer('Unproven');
    const answer = await other.boss.request('POST', '/api/accounts', {
      ...{ openingId: randomUUID(), customerId: customer.id, meterIds: [other.meters[0]?.id] },
      ...{ tariffId: other.tariffId, custody: 'meter' },
    });
    expect(answer).toMatchObject({ status: 409, body: { code: 'account.custody-refused' } });
    expect(JSON.stringify(answer.body)).toContain(words);
  });
});
