import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sql, { raw } from 'sql-template-tag';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HOUSE_START_MS, type House, openHouse } from '../../support/house.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let folder: string;
let house: House;

beforeEach(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'meterwall-waiting-'));
  house = await openHouse(database, HOUSE_START_MS, undefined, folder);
  house.line('GW-1', '1', 'up');
});
afterEach(async () => {
  await house.close();
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const say = (money: 'normal' | 'arrears'): void =>
  house.take(house.reading('a1', { status: { relay: 'closed', forced: 'none', money } }));
const goAway = () => database.owner.query(raw('alter table alarm rename to away'));
const comeBack = () => database.owner.query(raw('alter table away rename to alarm'));
const raises = () =>
  database.db.query<{ at: Date; event: string }>(sql`
    select at, event from alarm_event where kind = 'arrears' and event in ('raised', 'cleared') order by id`);
const stored = () =>
  database.db.query<{ kind: string; raised_at: Date; cleared_at: Date | null }>(
    sql`select kind, raised_at, cleared_at from alarm where kind = 'arrears' order by raised_at`,
  );
const after = (seconds: number): Date => new Date(HOUSE_START_MS + seconds * 1_000);

test('an alarm that comes and goes while Postgres is away is in the history with its own times', async () => {
  await goAway();
  say('arrears');
  house.pass(60);
  for (let look = 0; look < 3; look += 1) say('normal');
  house.pass(60);
  await comeBack();
  await house.settle();
  expect(await stored()).toEqual([{ kind: 'arrears', raised_at: after(0), cleared_at: after(60) }]);
});

test('through a stop during the outage: raised before it, cleared after it', async () => {
  await goAway();
  say('arrears');
  await house.close();
  await comeBack();
  house = await openHouse(database, HOUSE_START_MS + 3_600_000, undefined, folder);
  expect(await stored()).toEqual([{ kind: 'arrears', raised_at: after(0), cleared_at: null }]);
  for (let look = 0; look < 3; look += 1) say('normal');
  await house.settle();
  expect(await stored()).toEqual([{ kind: 'arrears', raised_at: after(0), cleared_at: after(3_600) }]);
});

test('transitions that come twice are stored once, also when the alarm was raised again since', async () => {
  await goAway();
  say('arrears');
  house.pass(10);
  for (let look = 0; look < 3; look += 1) say('normal');
  // Both wait on the disk now; a copy of the folder is what a crash before the mark of delivery leaves.
  await vi.waitFor(() => {
    house.clock.advance(500);
    expect(house.alarms.waiting().spool).toMatchObject({ items: 2 });
  }, 10_000);
  await house.close();
  await comeBack();
  const copy = `${folder}.copy`;
  cpSync(folder, copy, { recursive: true });
  house = await openHouse(database, HOUSE_START_MS + 60_000, undefined, folder);
  say('arrears');
  await house.close();
  // It came again before anybody closed it: the same alarm, with what happened to it.
  expect(await stored()).toEqual([{ kind: 'arrears', raised_at: after(0), cleared_at: null }]);
  const once = await raises();
  expect(once).toEqual([
    { event: 'raised', at: after(0) },
    { event: 'cleared', at: after(10) },
    { event: 'raised', at: after(60) },
  ]);
  house = await openHouse(database, HOUSE_START_MS + 120_000, undefined, copy);
  expect(await raises()).toEqual(once);
  rmSync(copy, { recursive: true, force: true });
});
