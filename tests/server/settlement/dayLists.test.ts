import sql, { raw } from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TariffBodyText } from '#contract/index.ts';
import { rebaseStream } from '#server/modules/settlement/quarantineStore.ts';
import { createTariffBook } from '#server/modules/tariffs/book.ts';
import { replaceDayLists } from '#server/modules/tariffs/dayLists.ts';
import { type ChargeHouse, openChargeHouse, wh } from './support/chargeHouse.ts';

let desk: ChargeHouse;
beforeAll(async () => {
  desk = await openChargeHouse();
});
afterAll(() => desk.close());

const actor = {
  ...{ userId: 1, user: 'boss', displayName: 'Boss', sessionId: 's', ip: '127.0.0.1' },
  scope: () => ({ all: true, propertyIds: [], buildingIds: [] }),
};
const lists = new Map<string, readonly string[]>();
/** Stores what days a list has, as its route does; charging knows of it once the tariffs are loaded. */
async function store(at: string, list: string, ...days: readonly string[]): Promise<void> {
  const { db } = desk.database;
  const { estate, clock } = desk.house;
  clock.setNow(Date.parse(at));
  lists.set(list, days);
  const book = createTariffBook();
  await book.load(db);
  const deps = { db, book, estate, calendarOf: () => desk.calendar, nowMs: () => clock.nowMs() };
  await replaceDayLists(deps, actor, desk.propertyId, {
    version: book.settings(desk.propertyId).version,
    dayLists: [...lists].map(([name, own]) => ({ name, days: [...own] })),
  });
}
async function nameDays(at: string, list: string, ...days: readonly string[]): Promise<void> {
  await store(at, list, ...days);
  await desk.tariffs.load(desk.database.db);
}

const rows = (statement: ReturnType<typeof sql>) =>
  desk.database.db.query<{ readonly [column: string]: unknown }>(statement);
const chargesOf = (accountId: number) =>
  rows(sql`select amount_minor, quantity_wh, reason from charge where account_id = ${accountId} order by id`);
const correctionsOf = (accountId: number) =>
  rows(sql`select cause, charge_ids, lines from correction where account_id = ${accountId} order by id`);
const openDays = () => rows(sql`select list from changed_day where settled_at is null`);
const proven = async () => expect((await desk.ledger.prove(desk.database.db)).faults).toEqual([]);

const all = (rate: 'flat' | 'sharp' | 'peak', night: 'flat' | 'valley' = 'flat') =>
  Array.from({ length: 96 }, (_, slot) => (slot < 32 ? night : rate));
/** 1 on other days, 3 from eight o'clock on days of the list. */
const hot = (list: string): TariffBodyText => ({
  kind: 'timeOfUse',
  prices: { sharp: '3', peak: '2', flat: '1', valley: '0.5', deepValley: '0.2' },
  days: { tables: [all('sharp'), all('flat')], rules: [{ table: 0, list }, { table: 1 }] },
});
const since = '2025-01-01T00:00+08:00';
async function tariffOf(list: string): Promise<number> {
  await nameDays('2025-07-01T09:00+08:00', list);
  return desk.tariff(`by ${list}`, [{ from: since, body: hot(list) }]);
}
const from = (at: string) => ({ fromMs: Date.parse(at), openingRegisters: { energyWh: 0n } });
/** Ten at noon, charged. */
async function charged(meter: string, change: object, day = '2025-07-10') {
  const account = desk.account(meter, change, from(`${day}T11:00+08:00`));
  await desk.read(meter, [`${day}T12:00+08:00`, '10']);
  await desk.run(`${day}T12:03+08:00`);
  return account;
}

describe('a day that is named in the evening', () => {
  test('costs what it costs, also what was charged at noon: by a charge of its own, once', async () => {
    const account = await charged('evening', { tariffId: await tariffOf('evening') });
    expect(await desk.wallet(account.id)).toBe(-10_00n);
    const first = await chargesOf(account.id);
    await nameDays('2025-07-10T19:00+08:00', 'evening', '2025-07-10');
    await desk.read('evening', ['2025-07-10T20:00+08:00', '20']);
    expect(await desk.run('2025-07-10T20:03+08:00')).toMatchObject({ charges: 1, corrections: 1 });
    expect(await desk.wallet(account.id)).toBe(-60_00n);
    const now = await chargesOf(account.id);
    expect(now.slice(0, 1)).toEqual(first);
    expect(now[2]).toMatchObject({ amount_minor: 20_00n, quantity_wh: 0n, reason: 'correction' });
    expect(await correctionsOf(account.id)).toMatchObject([
      { cause: 'dayList', charge_ids: [expect.anything(), expect.anything()] },
    ]);
    expect(await desk.run('2025-07-10T20:10+08:00')).toMatchObject({ charges: 0, corrections: 0 });
    expect(await desk.wallet(account.id)).toBe(-60_00n);
    expect(await openDays()).toEqual([]);
    await proven();
  });

  test('and is named no more costs what it did: to and fro end at what the list says', async () => {
    const account = await charged('fro', { tariffId: await tariffOf('fro') });
    await nameDays('2025-07-10T19:00+08:00', 'fro', '2025-07-10');
    await desk.run('2025-07-10T19:03+08:00');
    expect(await desk.wallet(account.id)).toBe(-30_00n);
    await nameDays('2025-07-11T09:00+08:00', 'fro');
    await desk.run('2025-07-11T09:03+08:00');
    expect(await desk.wallet(account.id)).toBe(-10_00n);
    expect(await chargesOf(account.id)).toMatchObject([
      { amount_minor: 10_00n },
      { amount_minor: 20_00n },
      { amount_minor: -20_00n },
    ]);
    // Before anybody charged in between.
    await nameDays('2025-07-11T10:00+08:00', 'fro', '2025-07-10');
    await nameDays('2025-07-11T10:01+08:00', 'fro');
    await nameDays('2025-07-11T10:02+08:00', 'fro', '2025-07-10');
    expect(await desk.run('2025-07-11T10:03+08:00')).toMatchObject({ corrections: 1 });
    expect(await desk.wallet(account.id)).toBe(-30_00n);
    expect(await openDays()).toEqual([]);
    await proven();
  });

  test('changes its own hours only, between local midnights', async () => {
    const tariffId = await tariffOf('midnight');
    const account = desk.account('midnight', { tariffId }, from('2025-07-09T22:00+08:00'));
    const reads = [
      ['2025-07-10T00:00+08:00', '2'],
      ['2025-07-10T12:00+08:00', '12'],
      ['2025-07-11T12:00+08:00', '22'],
    ] as const;
    for (const read of reads) {
      await desk.read('midnight', read);
      await desk.run(read[0]);
    }
    await nameDays('2025-07-11T13:00+08:00', 'midnight', '2025-07-10');
    await desk.run('2025-07-11T13:03+08:00');
    // By time: 10 kWh from midnight to noon, a third from eight on at 3; 10 kWh to the next noon, half of them before midnight.
    const thirds = 2_00n + 6_67n + 10_00n + 15_00n + 5_00n;
    expect(await desk.wallet(account.id)).toBe(-thirds);
    await proven();
  });

  test('makes no charge of a month that is not charged yet: it costs at its end what it would have cost', async () => {
    const tariffId = await tariffOf('month');
    const account = desk.account('month', { tariffId, deduction: 'monthEnd' }, from('2025-07-10T11:00+08:00'));
    await desk.read('month', ['2025-07-10T12:00+08:00', '10'], ['2025-07-11T00:00+08:00', '10']);
    await desk.run('2025-07-11T00:03+08:00');
    await nameDays('2025-07-11T09:00+08:00', 'month', '2025-07-10');
    expect(await desk.run('2025-07-11T09:03+08:00')).toMatchObject({ corrections: 1 });
    expect(await chargesOf(account.id)).toEqual([]);
    await desk.read('month', ['2025-08-01T00:00+08:00', '10']);
    await desk.run('2025-08-01T00:03+08:00');
    expect(await chargesOf(account.id)).toMatchObject([{ amount_minor: 30_00n, quantity_wh: wh('10') }]);
    // The month is charged: what is named now is a charge of the next one.
    await nameDays('2025-08-02T09:00+08:00', 'month');
    await desk.run('2025-08-02T09:03+08:00');
    expect(await desk.wallet(account.id)).toBe(-10_00n);
    await proven();
  });
});

test('where a register began anew on that day, what lies on either side of it costs what it costs', async () => {
  const account = await charged('anew', { tariffId: await tariffOf('anew') });
  await desk.read('anew', ['2025-07-10T13:00+08:00', '1']);
  await desk.run('2025-07-10T13:03+08:00');
  const doubt = sql`select stream_id from quarantine where account_id = ${account.id}`;
  const [held] = await desk.database.db.query<{ stream_id: bigint }>(doubt);
  if (held === undefined) throw new Error('nothing is in doubt');
  const at = { streamId: held.stream_id, atMs: Date.parse('2025-07-10T13:00+08:00'), energyWh: wh('1') };
  await desk.database.db.tx((tx) => rebaseStream(tx, at));
  await desk.read('anew', ['2025-07-10T14:00+08:00', '6']);
  await desk.run('2025-07-10T14:03+08:00');
  expect(await desk.wallet(account.id)).toBe(-15_00n);
  await nameDays('2025-07-10T19:00+08:00', 'anew', '2025-07-10');
  await desk.run('2025-07-10T19:03+08:00');
  expect(await desk.wallet(account.id)).toBe(-45_00n);
  await proven();
});

describe('what a named day leaves alone', () => {
  test('prices that know no such list', async () => {
    const tariffId = await desk.tariff('single', [{ from: since, body: { kind: 'single', price: '1' } }]);
    const account = await charged('single', { tariffId });
    const other = await charged('other list', { tariffId: await tariffOf('other') });
    await nameDays('2025-07-10T19:00+08:00', 'stranger', '2025-07-10');
    expect(await desk.run('2025-07-10T19:03+08:00')).toMatchObject({ corrections: 0 });
    expect(await correctionsOf(account.id)).toEqual([]);
    expect(await correctionsOf(other.id)).toEqual([]);
    expect(await openDays()).toEqual([]);
  });

  test('days further back than 62, and those to come', async () => {
    const account = await charged('old', { tariffId: await tariffOf('old') });
    await nameDays('2025-09-11T09:00+08:00', 'old', '2025-07-10', '2025-09-12');
    expect(await openDays()).toEqual([]);
    await desk.run('2025-09-11T09:03+08:00');
    expect(await desk.wallet(account.id)).toBe(-10_00n);
  });
});

describe('a change of a list and a charging at the same time', () => {
  test('a day waits until charging knows of it', async () => {
    const account = await charged('racing', { tariffId: await tariffOf('racing') });
    // Committed; what the charging has in memory is older for a moment.
    await store('2025-07-10T19:00+08:00', 'racing', '2025-07-10');
    await desk.read('racing', ['2025-07-10T19:00+08:00', '20']);
    expect(await desk.run('2025-07-10T19:00:30+08:00')).toMatchObject({ charges: 1, corrections: 0 });
    expect(await openDays()).toEqual([{ list: 'racing' }]);
    await desk.tariffs.load(desk.database.db);
    await desk.run('2025-07-10T19:33+08:00');
    expect(await desk.wallet(account.id)).toBe(-60_00n);
  });

  test('who is killed in between goes on, and charges nothing twice', async () => {
    const tariffId = await tariffOf('killed');
    const account = await charged('killed 1', { tariffId });
    const second = await charged('killed 2', { tariffId });
    await nameDays('2025-07-10T19:00+08:00', 'killed', '2025-07-10');
    const { owner } = desk.database;
    const id = sql`select id from charge_stream where account_id = ${second.id}`;
    const [stream] = await owner.query<{ id: bigint }>(id);
    // The last thing of the second one's transaction fails, as if the server had died right before its end.
    await owner.query(raw(`alter table changed_day add constraint dies check (at_stream <> ${stream?.id}) not valid`));
    await expect(desk.run('2025-07-10T19:03+08:00')).rejects.toThrow('dies');
    expect(await desk.wallet(account.id)).toBe(-30_00n);
    expect(await desk.wallet(second.id)).toBe(-10_00n);
    await owner.query(sql`alter table changed_day drop constraint dies`);
    expect(await desk.run('2025-07-10T19:10+08:00')).toMatchObject({ corrections: 1 });
    expect(await desk.wallet(account.id)).toBe(-30_00n);
    expect(await desk.wallet(second.id)).toBe(-30_00n);
    expect(await openDays()).toEqual([]);
    await proven();
  });
});
