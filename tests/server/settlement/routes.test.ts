import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Charge, ChargeCorrection, QuarantinedRead, RegisterEdit } from '#contract/index.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';
import { rowsOf, type SheetContent } from '../../support/workbook.ts';

const DAY = '2026-11-10T00:00:00Z';
let house: HouseServer;
let tariffId: number;
let mall: number;
/** Somebody with every right in the other property. */
let stranger: Client;
beforeAll(async () => {
  house = await startHouseServer();
  mall = house.propertyId('mall');
  tariffId = await house.server.app.money.tariffs.publishOwn({
    ...{ propertyId: mall, name: 'single', medium: 'electricity', effectiveFromMs: Date.parse('2026-01-01T00:00:00Z') },
    body: { kind: 'single', price: '1' },
  });
  stranger = await house.userWith('administrator', 'property', 'office');
});
afterAll(() => house.stop());

const items = async <T>(client: Client, path: string): Promise<T[]> =>
  ((await client.request('GET', path)).body as { items: T[] }).items;
const runNow = (client = house.boss) => client.request('POST', '/api/charge-runs', { propertyId: mall });

/** A stream as an opening a day before would have begun it, and what the meter was read at since. */
async function stream(meterNumber: string, accountId: number, ...readsWh: readonly number[]): Promise<void> {
  const { db } = house.server.database;
  const meterId = house.meterId(meterNumber);
  await db.query(sql`
    insert into charge_stream (property_id, account_id, meter_id, epoch, custody, mode, utility, multiplier, tariffs, began_at,
      began_wh, cursor_at, cursor_wh, charged_to)
    values (${mall}, ${accountId}, ${meterId}, 1, 'platform', 'realTime', 'electricity', 1,
      ${JSON.stringify([{ fromMs: 0, tariffId }])}, ${DAY}, 500000, ${DAY}, 500000, ${DAY})`);
  for (const [index, energyWh] of readsWh.entries()) await read(meterNumber, index + 1, energyWh);
}
const read = (meterNumber: string, hours: number, energyWh: number) => {
  const at = new Date(Date.parse(DAY) + hours * 3_600_000);
  return house.server.database.db.query(sql`
    insert into register_reading (meter_id, instant, read_at, quality, source, energy_wh)
    values (${house.meterId(meterNumber)}, ${at}, ${at}, 'measured', 'registers', ${energyWh})`);
};

describe('charges', () => {
  test('are told with their registers, to those of the property only', async () => {
    await stream('a1', 901, 502_000);
    expect(await runNow(stranger)).toMatchObject({ status: 404 });
    expect(await runNow()).toMatchObject({ status: 200, body: { charges: 1, amountMinor: '200', held: 0 } });
    const [charge] = await items<Charge>(house.boss, '/api/charges?accountId=901');
    expect(charge).toMatchObject({ amountMinor: '200', quantityWh: '2000', reason: 'reading', meterNumber: 'a1' });
    expect(await house.boss.request('GET', `/api/charges/${charge?.id}`)).toMatchObject({
      body: {
        segments: [{ fromWh: '500000', toWh: '502000', multiplier: '1', toRead: { quality: 'measured' } }],
      },
    });

    expect(await items(stranger, '/api/charges')).toEqual([]);
    expect(await stranger.request('GET', `/api/charges/${charge?.id}`)).toMatchObject({ status: 404 });
    expect(await stranger.request('GET', `/api/charges?propertyId=${mall}`)).toMatchObject({ status: 404 });
  });

  test('are a workbook, by the filter of the list', async () => {
    const [charge] = await items<Charge>(house.boss, '/api/charges?accountId=901');
    const file = async (filter: string) => {
      const { body } = await house.boss.request('GET', `/api/exports/charges?accountId=901&lang=en${filter}`);
      return (body as readonly SheetContent[]).slice(1).flatMap(rowsOf);
    };
    expect(await file(`&from=${charge?.chargedAt}`)).toMatchObject([
      { Number: charge?.id, 'Meter number': 'a1', Used: 2, Unit: 'kWh', Amount: 2, 'Put right since': 'no' },
    ]);
    expect(await file(`&to=${charge?.chargedAt}`)).toEqual([]);
  });

  test('of many come in pages', async () => {
    await stream('a2', 902, 501_000);
    await runNow();
    const first = await house.boss.request('GET', '/api/charges?limit=1');
    expect(first.body).toMatchObject({ items: [{ accountId: 902 }], nextCursor: expect.any(String) });
    const { nextCursor } = first.body as { nextCursor: string };
    expect(await items(house.boss, `/api/charges?limit=1&cursor=${nextCursor}`)).toMatchObject([{ accountId: 901 }]);
  });
});

describe('a read that nothing is charged over', () => {
  const decide = (doubt: QuarantinedRead | undefined, decision: string, client = house.boss) =>
    client.request('POST', `/api/quarantined-reads/${doubt?.id}/decision`, {
      ...{ decision, readAt: doubt?.read.at, reason: 'looked at the meter' },
    });
  const listed = async (meterNumber: string) =>
    (await items<QuarantinedRead>(house.boss, '/api/quarantined-reads?open=true')).find(
      ({ meterId }) => meterId === house.meterId(meterNumber),
    );

  test('is left aside by a person: what was read later counts from the last good one', async () => {
    await stream('b1', 903, 400_000);
    expect(await runNow()).toMatchObject({ body: { held: 1 } });
    const held = await listed('b1');
    expect(held).toMatchObject({ cause: 'backward', lastGood: { energyWh: '500000' }, read: { energyWh: '400000' } });
    expect(await items(house.boss, '/api/charge-holds')).toMatchObject([{ accountId: 903, cause: 'quarantine' }]);
    expect(await decide(held, 'ignored', stranger)).toMatchObject({ status: 404 });
    expect(await decide(held, 'ignored')).toMatchObject({ status: 200, body: { decision: 'ignored' } });
    expect(await decide(held, 'rebased')).toMatchObject({ status: 409 });
    await runNow();
    expect(await listed('b1')).toBeUndefined();
    await read('b1', 2, 503_000);
    expect(await runNow()).toMatchObject({ body: { amountMinor: '300' } });
    expect(await items(house.boss, '/api/charge-holds')).toEqual([]);
  });

  test('is decided as it was looked at: a newer one has taken its place', async () => {
    await stream('feeder', 913, 400_000);
    await runNow();
    const seen = await listed('feeder');
    await read('feeder', 2, 390_000);
    await runNow();
    expect(await decide(seen, 'rebased')).toMatchObject({ status: 409, body: { code: 'conflict.changed-meanwhile' } });
    const now = await listed('feeder');
    expect(now).toMatchObject({ id: seen?.id, read: { energyWh: '390000' } });
    expect(await decide(now, 'ignored')).toMatchObject({ status: 200 });
    await read('feeder', 3, 501_000);
    expect(await runNow()).toMatchObject({ body: { amountMinor: '100', held: 0 } });
  });

  test('becomes the new beginning when a person says so', async () => {
    await stream('b2', 904, 1_000);
    await runNow();
    expect(await decide(await listed('b2'), 'rebased')).toMatchObject({ status: 200 });
    await read('b2', 2, 4_000);
    expect(await runNow()).toMatchObject({ body: { amountMinor: '300', held: 0 } });
    const [charge] = await items<Charge>(house.boss, '/api/charges?accountId=904');
    expect(charge).toMatchObject({ quantityWh: '3000', amountMinor: '300' });
  });
});

describe('a register that a person corrects', () => {
  /** As if nothing had ever been read of this meter before. */
  async function afresh(meterNumber: string, accountId: number, ...readsWh: readonly number[]): Promise<void> {
    const { owner } = house.server.database;
    const meterId = house.meterId(meterNumber);
    await owner.query(sql`delete from register_reading where meter_id = ${meterId}`);
    await owner.query(sql`delete from charge_stream where meter_id = ${meterId}`);
    await stream(meterNumber, accountId, ...readsWh);
  }
  const hour = (hours: number) => new Date(Date.parse(DAY) + hours * 3_600_000).toISOString();
  const edit = (meterNumber: string, hours: number, energyWh: string | null, client = house.boss) =>
    client.request('POST', '/api/register-edits', {
      ...{ meterId: house.meterId(meterNumber), at: hour(hours), energyWh, reason: 'read off the display' },
    });
  const walletOf = async (accountId: number) =>
    (await items<Charge>(house.boss, `/api/charges?accountId=${accountId}`)).reduce(
      (sum, { amountMinor }) => sum + Number(amountMinor),
      0,
    );

  test('after it was charged: the charge stays, the difference is one of its own, asked twice is once', async () => {
    await afresh('a1', 905, 502_000);
    await runNow();
    const [charged] = await items<Charge>(house.boss, '/api/charges?accountId=905');
    const { db } = house.server.database;

    expect(await edit('a1', 1, '501500', stranger)).toMatchObject({ status: 404 });
    expect(await edit('a1', 7, '501500')).toMatchObject({ status: 404, body: { code: 'not-found' } });
    const answer = await edit('a1', 1, '501500');
    expect(answer).toMatchObject({
      status: 201,
      body: { rawWh: '502000', beforeWh: '502000', afterWh: '501500', correctionId: expect.any(String) },
    });
    const { correctionId } = answer.body as RegisterEdit;
    expect((await edit('a1', 1, '501500')).body).toEqual(answer.body);
    expect(await walletOf(905)).toBe(150);

    const [correction] = await items<ChargeCorrection>(house.boss, '/api/corrections?accountId=905');
    expect(correction).toMatchObject({ id: correctionId, cause: 'edit', chargeIds: [charged?.id], amountMinor: '-50' });
    expect(await house.boss.request('GET', `/api/charges/${correction?.chargeId}`)).toMatchObject({
      body: {
        charge: { reason: 'correction', correctionId, amountMinor: '-50', lines: [{ month: '2026-11' }] },
        segments: [{ toWh: '501500' }],
        replaced: [{ toWh: '502000' }],
        corrections: [{ id: correctionId, chargeIds: [charged?.id] }],
      },
    });
    expect(await house.boss.request('GET', `/api/charges/${charged?.id}`)).toMatchObject({
      body: {
        charge: { ...charged, corrected: true },
        segments: [{ toWh: '502000' }],
        corrections: [{ id: correctionId, cause: 'edit', chargeId: correction?.chargeId }],
        edits: [{ correctionId, reason: 'read off the display' }],
      },
    });
    expect(await items(stranger, '/api/corrections')).toEqual([]);
    expect(await items(stranger, '/api/register-edits')).toEqual([]);

    // A tenth of a cent more: nothing to charge now, and not forgotten.
    expect(await edit('a1', 1, '501501')).toMatchObject({ status: 201 });
    expect(await walletOf(905)).toBe(150);
    // Charging goes on from what the person said.
    await read('a1', 2, 503_000);
    expect(await runNow()).toMatchObject({ body: { charges: 1, amountMinor: '150' } });
    expect(await walletOf(905)).toBe(300);
    const quantities = (await items<Charge>(house.boss, '/api/charges?accountId=905')).map(
      ({ quantityWh }) => quantityWh,
    );
    expect(quantities).toEqual(['1500', '-500', '2000']);
    const audited = sql`select before, after from audit where action = 'registerReading.edit' order by id limit 1`;
    expect(await db.query(audited)).toEqual([
      {
        before: { energyWh: '502000', rawWh: '502000' },
        after: { energyWh: '501500', reason: 'read off the display' },
      },
    ]);
    expect((await house.server.app.money.ledger.prove(db)).faults).toEqual([]);
  });

  test('what the meter said is kept beside it, and nobody can change that', async () => {
    const { db } = house.server.database;
    const meterId = house.meterId('a1');
    const [row] = await db.query(sql`
      select energy_wh, edited_wh from register_reading where meter_id = ${meterId} and instant = ${hour(1)}`);
    expect(row).toEqual({ energy_wh: 502_000n, edited_wh: 501_501n });
    await expect(db.query(sql`update register_reading set energy_wh = 1 where meter_id = ${meterId}`)).rejects.toThrow(
      'permission denied',
    );
    const listed = await items(house.boss, `/api/meters/${meterId}/registers?from=${hour(1)}&to=${hour(2)}`);
    expect(listed).toMatchObject([{ registers: { energyWh: '502000' }, edited: { energyWh: '501501' } }]);
  });

  test('taken out, it counts for nothing: what it told is shared by time again', async () => {
    await afresh('a2', 906, 502_000, 503_000);
    await runNow();
    expect(await edit('a2', 2, null)).toMatchObject({ status: 409, body: { code: 'reading.not-correctable' } });
    expect(await edit('a2', 1, '400000')).toMatchObject({ status: 409, body: { code: 'reading.not-correctable' } });
    expect(await edit('a2', 1, '509000')).toMatchObject({ status: 409, body: { code: 'reading.not-correctable' } });
    const { db } = house.server.database;
    expect(await db.query(sql`select from register_edit where meter_id = ${house.meterId('a2')}`)).toEqual([]);
    // One price: it costs the same, whenever it was used.
    expect(await edit('a2', 1, null)).toMatchObject({ status: 201, body: { afterWh: null } });
    expect(await edit('a2', 1, null)).toMatchObject({ status: 201 });
    expect(await walletOf(906)).toBe(300);
    expect(await edit('a2', 1, '502000')).toMatchObject({ status: 201, body: { beforeWh: null, rawWh: '502000' } });
    expect(await walletOf(906)).toBe(300);
  });

  test('is left as it is where it is too old, or the account has been settled since', async () => {
    const { db } = house.server.database;
    await read('feeder', -10_000, 400_000);
    expect(await edit('feeder', -10_000, '400100')).toMatchObject({
      ...{ status: 409, body: { code: 'reading.not-correctable', message: expect.stringContaining('366 days') } },
    });
    await afresh('b2', 908, 502_000);
    await runNow();
    await db.query(sql`
      update charge_stream set ended_at = cursor_at, ended_wh = cursor_wh, closed = true where account_id = 908`);
    expect(await edit('b2', 1, '501000')).toMatchObject({ status: 409, body: { code: 'reading.not-correctable' } });
    expect(await walletOf(908)).toBe(200);
  });

  test('that nothing was charged over is charged with the value of the person', async () => {
    await afresh('b1', 907, 400_000);
    await runNow();
    const listed = () => items<QuarantinedRead>(house.boss, '/api/quarantined-reads');
    const held = (await listed()).find(({ accountId }) => accountId === 907);
    expect(held).toMatchObject({ cause: 'backward' });
    expect(await edit('b1', 1, '501000')).toMatchObject({ status: 201, body: { rawWh: '400000' } });
    expect((await listed()).find(({ id }) => id === held?.id)).toMatchObject({
      decision: 'edited',
      decidedBy: expect.any(String),
    });
    expect(await runNow()).toMatchObject({ body: { charges: 1, amountMinor: '100', held: 0 } });
  });
});
