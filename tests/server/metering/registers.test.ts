import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sql, { raw } from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { zonedCalendar } from '#domain/calendar.ts';
import { commError } from '#drivers/core/index.ts';
import { REGISTERS_WAITING_MAX, RegisterKeeper } from '#server/modules/metering/registerKeeper.ts';
import { silentLog } from '#server/platform/log.ts';
import { HOUSE_START_MS, type House, openHouse } from '../../support/house.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const MINUTE_MS = 60_000;
/** The half hour that the house starts in. */
const INSTANT_MS = Date.parse('2026-11-22T04:00:00Z');

let database: TestDatabase;
let house: House;

beforeEach(async () => {
  database = await createTestDatabase();
  house = await openHouse(database);
});
afterEach(async () => {
  await house.close();
  await database.drop();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meterwall-registers-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
function newKeeper(spoolDir: string): RegisterKeeper {
  return new RegisterKeeper({ db: database.db, clock: house.clock, log: silentLog, spoolDir });
}
/** Postgres without this table takes nothing into it. */
async function away(table: string, during: () => Promise<void>): Promise<void> {
  await database.owner.query(raw(`alter table ${table} rename to away`));
  await during();
  await database.owner.query(raw(`alter table away rename to ${table}`));
}

interface Stored {
  readonly instant: Date;
  readonly quality: string;
  readonly source: string;
  readonly energy_wh: bigint;
  readonly balance_minor: bigint;
}
async function stored(): Promise<readonly Stored[]> {
  await house.metering.flush();
  return database.db.query<Stored>(sql`
    select instant, quality, source, energy_wh, balance_minor from register_reading order by meter_id, instant`);
}

test('the first complete reading at or after a billing instant stands for it, exactly, and is never replaced', async () => {
  house.clock.setNow(INSTANT_MS + 30 * MINUTE_MS - 1);
  house.take(house.reading('a1', { values: { ...house.reading('a1').values, energyWh: 899_999_999_999_990 } }));
  house.clock.setNow(INSTANT_MS + 30 * MINUTE_MS);
  house.take(house.reading('a1', { values: { ...house.reading('a1').values, energyWh: 899_999_999_999_993 } }));
  house.clock.advance(10_000);
  house.take(house.reading('a1', { values: { ...house.reading('a1').values, energyWh: 899_999_999_999_999 } }));
  expect(await stored()).toEqual([
    {
      instant: new Date(INSTANT_MS),
      quality: 'late',
      source: 'live',
      energy_wh: 899_999_999_999_990n,
      balance_minor: 5_000n,
    },
    {
      instant: new Date(INSTANT_MS + 30 * MINUTE_MS),
      quality: 'measured',
      source: 'live',
      energy_wh: 899_999_999_999_993n,
      balance_minor: 5_000n,
    },
  ]);
});

test('a restart within the half hour does not replace what was held', async () => {
  house.take(house.reading('a1'));
  await house.close();
  house = await openHouse(database, HOUSE_START_MS + MINUTE_MS);
  house.take(house.reading('a1', { values: { ...house.reading('a1').values, energyWh: 999_999_999 } }));
  expect((await stored()).map(({ energy_wh }) => energy_wh)).toEqual([123_456_780n]);
});

test('a live reading without all counters leaves the instant to the central reading', async () => {
  house.take(house.reading('a1', { values: { energyWh: 1 } }));
  expect(await stored()).toEqual([]);
  house.take(house.reading('a1', { source: 'registers' }));
  expect((await stored()).map(({ source, energy_wh }) => [source, energy_wh])).toEqual([['registers', 123_456_780n]]);
});

test('a reading without any counter holds nothing: absent is not zero', async () => {
  house.take(house.reading('a1', { source: 'registers', values: { activePowerW: 1 } }));
  expect(await stored()).toEqual([]);
});

test('every instant of an hour of polls is held once for each meter', async () => {
  for (let minute = 0; minute < 60; minute++) {
    house.take(house.reading('a1'), house.reading('b2'));
    house.clock.advance(MINUTE_MS);
  }
  expect((await stored()).map(({ instant }) => instant.toISOString().slice(11, 16))).toEqual([
    ...['04:00', '04:30', '05:00'],
    ...['04:00', '04:30', '05:00'],
  ]);
});

describe('a meter whose live poll leaves registers out', () => {
  /** Ten minutes around a billing instant; the feeder answers when it is asked, or it does not. */
  async function tenMinutes(answers: boolean): Promise<number[]> {
    await house.close();
    const asked: number[] = [];
    house = await openHouse(database, INSTANT_MS + 28 * MINUTE_MS, (opened) => ({
      health: () => undefined,
      path: () => 'up',
      readBack: () => Promise.resolve(undefined),
      execute: () => Promise.resolve(undefined),
      readPurse: () => Promise.resolve(undefined),
      async readNow(meterId) {
        asked.push(meterId);
        if (!answers) return { ok: false, error: commError('timeout', 'no answer') };
        const reading = opened().reading('feeder', { source: 'onDemand' });
        opened().take(reading);
        return { ok: true, reading };
      },
    }));
    for (let seconds = 0; seconds < 600; seconds += 10) {
      house.take(house.reading('a1'), house.reading('feeder', { values: { activePowerW: 9 } }));
      house.pass(10);
      await Promise.resolve();
    }
    return asked;
  }

  test('is asked for them at the billing instant; others and past instants are not', async () => {
    expect(await tenMinutes(true)).toEqual([house.meterId('feeder')]);
    expect((await stored()).filter(({ source }) => source === 'onDemand')).toEqual([
      expect.objectContaining({ instant: new Date(INSTANT_MS + 30 * MINUTE_MS), quality: 'measured' }),
    ]);
  });

  test('is asked once, also when it does not answer', async () => {
    expect(await tenMinutes(false)).toEqual([house.meterId('feeder')]);
  });
});

describe('while Postgres is down', () => {
  test('registers wait and are stored when it is back', async () => {
    await away('register_reading', async () => {
      house.take(house.reading('a1'));
      await expect(house.metering.flush()).rejects.toThrow();
    });
    expect(await stored()).toHaveLength(1);
  });

  test('polls within one half hour add nothing to what waits', async () => {
    const keeper = newKeeper(newFolder());
    for (let poll = 0; poll < 5; poll++) keeper.take(house.reading('a1'), [], zonedCalendar('Asia/Shanghai'));
    expect(keeper.figures.waiting).toBe(1);
    await keeper.close();
  });

  test('what waits goes to the disk within seconds, survives a kill, and is stored at the next start', async () => {
    const folder = newFolder();
    await away('register_reading', async () => {
      const killed = newKeeper(folder);
      await killed.open();
      killed.take(house.reading('a1'), [], zonedCalendar('Asia/Shanghai'));
      await vi.waitFor(() => {
        house.clock.advance(500);
        expect(killed.figures.spool).toMatchObject({ items: 1 });
      }, 10_000);
      expect(killed.figures).toMatchObject({ waiting: 1, stored: 0 });
      onTestFinished(() => killed.close());
    });
    const next = newKeeper(folder);
    await next.open();
    expect(next.figures).toMatchObject({ waiting: 0, stored: 1 });
    // What the next process reads in the same half hour comes second, and does not stand for the instant.
    const later = { ...house.reading('a1').values, energyWh: 999_999_999 };
    next.take(house.reading('a1', { values: later }), [], zonedCalendar('Asia/Shanghai'));
    await next.close();
    expect((await stored()).map(({ energy_wh }) => energy_wh)).toEqual([123_456_780n]);
  });

  test('a stop during the outage leaves everything for the next start, exactly', async () => {
    const folder = newFolder();
    const energyWh = 899_999_999_999_993;
    await away('register_reading', async () => {
      const stopped = newKeeper(folder);
      await stopped.open();
      stopped.take(
        house.reading('a1', { values: { ...house.reading('a1').values, energyWh }, balanceMinor: -7n }),
        [],
        zonedCalendar('Asia/Shanghai'),
      );
      await stopped.close();
    });
    const next = newKeeper(folder);
    await next.open();
    await next.close();
    expect(await stored()).toMatchObject([{ energy_wh: 899_999_999_999_993n, balance_minor: -7n, quality: 'late' }]);
  });

  test('a row that Postgres refuses takes no other along, and is counted', async () => {
    const keeper = newKeeper(newFolder());
    await keeper.open();
    const calendar = zonedCalendar('Asia/Shanghai');
    for (const number of ['a1', 'a2', 'b1']) {
      // One more than an int4 holds.
      const purchaseCount = number === 'a2' ? 2_147_483_648 : 1;
      keeper.take(house.reading(number, { values: { ...house.reading(number).values, purchaseCount } }), [], calendar);
    }
    await keeper.flush();
    expect(keeper.figures).toMatchObject({ waiting: 0, stored: 2, refused: 1 });
    await keeper.close();
  });

  test('while the disk fails too, what waits is bounded, the oldest go first and are counted', async () => {
    const keeper = newKeeper(newFolder());
    const calendar = zonedCalendar('Asia/Shanghai');
    for (let index = 0; index < REGISTERS_WAITING_MAX + 2; index++) {
      keeper.take({ ...house.reading('a1', { source: 'backfill' }), atMs: index }, [], calendar);
    }
    expect(keeper.figures).toMatchObject({ waiting: REGISTERS_WAITING_MAX, dropped: 2 });
    await away('register_reading', () => keeper.close());
  });
});

test('history fills registers and trends, and leaves the latest values alone', async () => {
  house.take(house.reading('a1'));
  const atMs = INSTANT_MS - 24 * 60 * MINUTE_MS;
  const row = { meterNumber: 'a1', atMs, values: { activePowerW: 640, energyWh: 77 }, balanceMinor: '-3' };
  await house.metering.takeHistory([row, { ...row, meterNumber: 'nobody' }]);
  await house.metering.takeHistory([row]);
  expect(await stored()).toMatchObject([
    { instant: new Date(atMs), quality: 'measured', source: 'backfill', energy_wh: 77n, balance_minor: -3n },
    { source: 'live' },
  ]);
  expect(house.meter('a1').last?.values.activePowerW).toBe(1_000);
  const trend = await house.telemetry.trend({
    meterId: house.meterId('a1'),
    quantity: 'activePowerW',
    fromMs: atMs,
    toMs: INSTANT_MS,
    step: '15m',
    calendar: zonedCalendar('Asia/Shanghai'),
  });
  expect(trend).toEqual([{ atMs, count: 1, sum: 640, min: 640, max: 640, last: 640 }]);
});

test('telemetry keeps one live reading a minute and every central one', async () => {
  for (const seconds of [0, 10, 20, 30, 40, 50, 60]) {
    house.clock.setNow(HOUSE_START_MS + seconds * 1_000);
    house.take(house.reading('a1'));
  }
  house.clock.setNow(HOUSE_START_MS + 65_000);
  house.take(house.reading('a1', { source: 'registers' }));
  await house.settle();
  expect(await database.db.query(sql`select count(*)::int as count from telemetry_raw`)).toEqual([{ count: 3 }]);
});
