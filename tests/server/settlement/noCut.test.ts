import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Command, MeterNow, Protection } from '#contract/index.ts';
import { zonedCalendar } from '#domain/calendar.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { until } from '../../scenarios/support/until.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { makeReal, startMoneyPlant } from '../accounts/support/moneyHouse.ts';
import { startTill, type Till } from '../vending/support/till.ts';

/** The real server over simulated meters that hold their balance themselves. */
const KEEPER = { user: 'keeper', password: 'a-long-enough-password' };
let plant: Plant;
let database: TestDatabase;
let till: Till;
beforeAll(async () => {
  plant = await startMoneyPlant();
  database = await createTestDatabase();
  till = await startTill({ plant, database });
}, 120_000);
afterAll(async () => {
  await till.stop();
  await plant.stop();
  await database.drop();
});

const WAIT_MS = 40_000;
const DAY_MS = 86_400_000;
const calendar = zonedCalendar('Asia/Shanghai');
const get = async <T>(path: string): Promise<T> => (await till.boss.request('GET', path)).body as T;
const nowOf = (meterId: number) => get<MeterNow>(`/api/meters/${meterId}/now`);
const commandsOf = async (meterId: number) =>
  (await get<{ items: Command[] }>(`/api/commands?meterId=${meterId}`)).items;
const toldOf = async (meterId: number) =>
  (await commandsOf(meterId)).filter(({ rule, order }) => rule === 'noCutWindow' && order.kind === 'protect');
const listed = async (meterId: number) =>
  (await get<{ items: Protection[] }>(`/api/protections?propertyId=${till.propertyId}`)).items.find(
    (item) => item.meterId === meterId,
  );
const sweep = () => till.server.app.money.settlement.guardNoCutHours();
/** What is on its way to a meter lets its protection wait for the next sweep: nobody here waits that long. */
const sweptUntilTold = (meterId: number) =>
  until('told', WAIT_MS, async () => {
    await sweep();
    return (await toldOf(meterId))[0];
  });
/** The orders of its account are through, so that nothing but what is tested lets it be left. */
const idle = (meterId: number) =>
  until('nothing is on its way to it', WAIT_MS, () => !till.server.app.money.commands.inFlight(meterId));
const order = (meterId: number, asked: object) =>
  till.post<Command>('/api/commands', { commandId: randomUUID(), meterId, reason: 'works', order: asked });
const verified = (id: string) =>
  until('verified', WAIT_MS, async () => (await get<Command>(`/api/commands/${id}`)).state === 'verified');

/** Opened meters that were without supply already. */
const dark: number[] = [];
/** An opened meter with supply and money, which is less than the level at which its customer is warned. */
async function low(alarm1Minor = '900000000') {
  const { metering } = till.server.app.measuring;
  for (;;) {
    const { meterId, meterNumber } = await till.fresh({ alarm1Minor, alarm2Minor: '0' });
    const { last, state } = metering.meter(meterId) ?? {};
    // Some of the plant are in debt, tripped or forced.
    if (state?.facts.relay === 'open') dark.push(meterId);
    if ((last?.balanceMinor ?? 0n) < 1_000n || state?.facts.relay !== 'closed') continue;
    if (state.facts.protection !== 'none') continue;
    await idle(meterId);
    return { meterId, meterNumber };
  }
}

/** Nobody is cut today and tomorrow: the instant at which that ends. */
async function holidays(): Promise<string> {
  const days = [0, 1].map((day) => calendar.startOfDayAfter(Date.now(), day));
  const dateOf = (atMs: number) => new Date(atMs + calendar.offsetMs(atMs)).toISOString().slice(0, 10);
  await till.policy({ cutAllowed: [], holidays: days.map(dateOf) });
  return new Date(calendar.startOfDayAfter(days[1] ?? 0, 1)).toISOString();
}
const anyHour = () => till.policy({ cutAllowed: [], holidays: [] });

/** All but one minute, half an hour from now. */
async function minuteSoon(): Promise<void> {
  const soonMs = Date.now() + 30 * 60_000;
  const minute = Math.floor((soonMs + calendar.offsetMs(soonMs)) / 60_000) % 1_440;
  const weekdays = [1, 2, 3, 4, 5, 6, 7];
  const parts = [
    { weekdays, fromMinute: 0, toMinute: minute },
    { weekdays, fromMinute: minute + 1, toMinute: 1_440 },
  ];
  await till.policy({ holidays: [], cutAllowed: parts.filter(({ fromMinute, toMinute }) => fromMinute < toMinute) });
}

const HOUR_MS = 3_600_000;
/** As the sweep does for a window that ends in an hour; it has taken it. */
async function protectedForAnHour() {
  const meter = await low();
  expect(await protect(meter.meterId)).toEqual([meter.meterId]);
  await verified((await toldOf(meter.meterId))[0]?.id ?? '');
  return meter;
}
function protect(meterId: number) {
  const { db, money } = till.server.app;
  const window = { meterIds: [meterId], untilMs: Date.now() + HOUR_MS, reason: 'no-cut window' };
  return db.tx((tx) => money.commands.protectOverWindow(tx, window));
}
/** Its end is now, and the house reads it from the database as after a start. */
async function endNow(meterId: number) {
  await database.db.query(sql`
    update protection set from_at = from_at - interval '1 hour', until_at = now() where meter_id = ${meterId}`);
  await till.server.app.money.commands.load();
}
const restored = async (meterId: number) => (await commandsOf(meterId)).find(({ rule }) => rule === 'protectionEnded');

describe('hours without cuts', () => {
  test('a meter that could be empty before their end is protected until then, once, and says why', async () => {
    const { meterId, meterNumber } = await low();
    const rich = await low('0');
    const endsAt = await holidays();
    const told = await sweptUntilTold(meterId);
    expect(told).toMatchObject({
      order: { until: endsAt },
      reason: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d – /),
    });
    await verified(told.id);
    expect(plant.meter(meterNumber)?.image.status.forced).toBe('closed');
    await until('shown', WAIT_MS, async () => (await nowOf(meterId)).facts.protection === 'noCutWindow');
    expect((await nowOf(meterId)).protection).toEqual({ by: 'window', until: endsAt });
    expect(await listed(meterId)).toMatchObject({ givenBy: 'noCutWindow', until: endsAt, reason: told.reason });

    const ask = { meterIds: [meterId], order: { kind: 'trip' } };
    const { items } = await till.post<{ items: object[] }>('/api/command-batches/preview', ask);
    expect(items).toMatchObject([
      { why: ['protected'], protection: { reason: told.reason, by: 'window', until: endsAt } },
    ]);

    await sweep();
    expect(await toldOf(meterId)).toHaveLength(1);
    expect(await toldOf(rich.meterId)).toEqual([]);
    expect(await listed(rich.meterId)).toBeUndefined();
    await anyHour();
  }, 120_000);

  test('a meter with money is protected, too, when its use of the last days could empty it', async () => {
    const { meterId } = await low('0');
    // What is told by the registers is looked up once for each window.
    await anyHour();
    await sweep();
    await database.db.query(sql`
      insert into register_reading (meter_id, instant, read_at, quality, source, energy_wh)
      select ${meterId}, at, at, 'measured', 'registers', wh
      from (values (now() - interval '3 days', 0::int8), (now() - interval '1 day', 50000000000)) as r (at, wh)`);
    await holidays();
    await sweptUntilTold(meterId);
    await anyHour();
  }, 120_000);

  test('danger is stronger: a person trips what the window protects, and no sweep closes it', async () => {
    const { meterId, meterNumber } = await low();
    await holidays();
    await verified((await sweptUntilTold(meterId)).id);
    expect(await order(meterId, { kind: 'trip' })).toMatchObject({ state: 'held', why: ['protected'] });
    await verified((await order(meterId, { kind: 'trip', cause: 'safety' })).id);
    await sweep();
    expect(await toldOf(meterId)).toHaveLength(1);
    expect(plant.meter(meterNumber)?.image.status.forced).toBe('open');
    await anyHour();
  }, 120_000);

  test('what a person tripped or protects is left as it is', async () => {
    const tripped = await low();
    const kept = await low();
    await verified((await order(tripped.meterId, { kind: 'trip', cause: 'safety' })).id);
    await verified((await order(kept.meterId, { kind: 'protect' })).id);
    const before = await listed(kept.meterId);
    await holidays();
    await sweep();
    expect(await toldOf(tripped.meterId)).toEqual([]);
    expect(await toldOf(kept.meterId)).toEqual([]);
    expect(await listed(kept.meterId)).toEqual(before);
    expect(before?.until).toBeUndefined();
    await anyHour();
  }, 120_000);

  test('a meter is protected ahead of them', async () => {
    const { meterId } = await low();
    await minuteSoon();
    const told = await sweptUntilTold(meterId);
    expect(Date.parse((await listed(meterId))?.until ?? '')).toBeGreaterThan(Date.parse(told.givenAt));
    expect(await listed(meterId)).toMatchObject({ id: told.id });
    await anyHour();
  }, 120_000);
});

describe('a meter that does not take its protection', () => {
  test('is told again, a few times and then once a day', async () => {
    const { meterId } = await low();
    await holidays();
    const { db } = database;
    const failed = (age: string) =>
      db.query(sql`
        update command set state = 'failed', given_at = now() - ${age}::interval
        where meter_id = ${meterId} and rule = 'noCutWindow'`);
    const times = async () => {
      await sweep();
      const told = await toldOf(meterId);
      const [newest] = told;
      if (newest?.state !== 'failed') await verified(newest?.id ?? '');
      return told.length;
    };
    expect(await times()).toBe(1);
    await failed('9 minutes');
    expect(await times()).toBe(1);
    await failed('11 minutes');
    expect(await times()).toBe(2);
    await failed('11 minutes');
    expect(await times()).toBe(3);
    await failed('23 hours');
    expect(await times()).toBe(3);
    await failed('25 hours');
    expect(await times()).toBe(4);
    await anyHour();
  }, 120_000);

  test('because it is silent takes it when it answers again, and was ordered one', async () => {
    const { meterId, meterNumber } = await low();
    const heal = till.fault(meterNumber, { kind: 'silent' });
    await holidays();
    const told = await sweptUntilTold(meterId);
    await until('tried', WAIT_MS, async () => (await get<Command>(`/api/commands/${told.id}`)).attempts > 0);
    await sweep();
    expect(await toldOf(meterId)).toHaveLength(1);
    heal();
    await verified(told.id);
    expect(plant.meter(meterNumber)?.image.status.forced).toBe('closed');
    await anyHour();
  }, 120_000);
});

describe('the end of the hours', () => {
  test('gives the relay back to the balance', async () => {
    const { meterId, meterNumber } = await protectedForAnHour();
    await endNow(meterId);
    await until('restored', WAIT_MS, async () => (await restored(meterId))?.state === 'verified');
    expect(await listed(meterId)).toBeUndefined();
    expect(plant.meter(meterNumber)?.image.status.forced).toBe('none');
    await until('shown', WAIT_MS, async () => (await nowOf(meterId)).facts.protection === 'none');
    expect((await nowOf(meterId)).protection).toBeUndefined();
  }, 120_000);

  test('takes nothing from a person who protected the meter meanwhile', async () => {
    const { meterId } = await protectedForAnHour();
    const tomorrow = new Date(Date.now() + DAY_MS).toISOString();
    const own = await order(meterId, { kind: 'protect', until: tomorrow });
    await verified(own.id);
    expect(await protect(meterId)).toEqual([]);
    expect(await listed(meterId)).toMatchObject({ id: own.id, until: tomorrow, givenBy: 'Administrator' });
  }, 120_000);

  test('of which a meter did not hear is told when it answers', async () => {
    const { meterId, meterNumber } = await protectedForAnHour();
    const heal = till.fault(meterNumber, { kind: 'request-lost' }, { on: 'writes' });
    await endNow(meterId);
    await until('given up', 2 * WAIT_MS, async () => (await restored(meterId))?.state === 'rejected');
    expect(plant.meter(meterNumber)?.image.status.forced).toBe('closed');
    heal();
    await until('put right', 2 * WAIT_MS, () => plant.meter(meterNumber)?.image.status.forced === 'none');
  }, 240_000);
});

test('no hours gave supply back to a meter that was without it before they began', async () => {
  expect(dark.length).toBeGreaterThan(0);
  for (const meterId of dark) expect(await toldOf(meterId)).toEqual([]);
});

test('what a protected meter used without money is taken from the next purchase', async () => {
  const [debtor = 0] = dark;
  expect(await protect(debtor)).toEqual([debtor]);
  await verified((await toldOf(debtor))[0]?.id ?? '');
  await until('supplied', WAIT_MS, async () => (await nowOf(debtor)).facts.relay === 'closed');
  const { balanceMinor: debt } = await till.purse(debtor);
  expect(debt).toBeLessThanOrEqual(0n);
  await till.becomes((await till.sell(debtor, '500000')).saleId, 'CONFIRMED');
  const { balanceMinor: left } = await till.purse(debtor);
  expect(left).toBeGreaterThan(debt);
  expect(left).toBeLessThanOrEqual(debt + 500_000n);
}, 120_000);

test('a restart forgets neither what is on its way nor what ends meanwhile', async () => {
  const grants = [{ role: 'administrator', scope: 'group' }];
  await till.post('/api/users', { ...KEEPER, displayName: 'Keeper', grants });
  const waiting = await low();
  const ending = await protectedForAnHour();
  const heal = till.fault(waiting.meterNumber, { kind: 'silent' });
  await protect(waiting.meterId);
  await database.db.query(sql`
    update protection set from_at = from_at - interval '1 hour', until_at = now() where meter_id = ${ending.meterId}`);
  await makeReal(till);
  await till.server.stop();
  heal();
  till = await startTill({ plant, database, signIn: KEEPER });
  const [told, ...more] = await toldOf(waiting.meterId);
  expect(more).toEqual([]);
  await verified(told?.id ?? '');
  expect(await listed(waiting.meterId)).toMatchObject({ givenBy: 'noCutWindow', until: expect.any(String) });
  await until('restored', WAIT_MS, async () => (await restored(ending.meterId))?.state === 'verified');
  expect(plant.meter(ending.meterNumber)?.image.status.forced).toBe('none');
}, 240_000);
