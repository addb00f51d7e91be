import sql from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AlarmEventKind, AlarmKind, AlarmState } from '#contract/index.ts';
import { selectAnnouncements } from '#server/modules/alarms/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import { HOUSE_MANIFEST, HOUSE_START_MS, type House, openHouse } from '../../support/house.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const EVERYBODY = ['a1', 'a2', 'b1', 'b2', 'feeder', 'o1'];
const EVERYWHERE: Scope = { all: true, propertyIds: [], buildingIds: [] };

let database: TestDatabase;
let house: House;
beforeEach(async () => {
  database = await createTestDatabase();
  house = await openHouse(database);
  linesUp();
});
afterEach(async () => {
  await house.close();
  await database.drop();
});

async function restart(afterMs: number): Promise<void> {
  await house.close();
  house = await openHouse(database, HOUSE_START_MS + afterMs);
}
function linesUp(): void {
  for (const [code, line] of [
    ['GW-1', '1'],
    ['GW-1', '2'],
    ['GW-2', '1'],
    ['GW-3', '1'],
  ] as const) {
    house.line(code, line, 'up');
  }
}
/** Everybody but the silent answers every ten seconds. */
function run(seconds: number, silent: readonly string[] = []): void {
  for (let second = 0; second < seconds; second += 1) {
    if (second % 10 === 0) {
      house.take(...EVERYBODY.filter((number) => !silent.includes(number)).map((number) => house.reading(number)));
    }
    house.pass(1);
  }
}
const say = (number: string, money: 'normal' | 'arrears'): void =>
  house.take(house.reading(number, { status: { relay: 'closed', forced: 'none', money } }));
/** In arrears, then in good order for as many readings as it takes. */
function comeAndGo(number: string): void {
  say(number, 'arrears');
  house.pass(10);
  for (let reading = 0; reading < 3; reading += 1) say(number, 'normal');
  house.pass(10);
}

interface Row {
  readonly id: number;
  readonly kind: AlarmKind;
  readonly state: AlarmState;
  readonly occurrences: number;
  readonly cause_id: number | null;
  readonly child_count: number;
  readonly child_peak: number;
}
async function rows(kind?: AlarmKind): Promise<readonly Row[]> {
  await house.settle();
  return database.db.query<Row>(sql`
    select id, kind, state, occurrences, cause_id, child_count, child_peak from alarm
    where kind = coalesce(${kind ?? null}, kind) order by id`);
}
const states = async (kind?: AlarmKind): Promise<string[]> =>
  (await rows(kind)).map((row) => `${row.kind} ${row.state}${row.occurrences > 1 ? ` ×${row.occurrences}` : ''}`);
async function history(kind: AlarmKind): Promise<string[]> {
  await house.settle();
  const events = await database.db.query<{ event: AlarmEventKind; state: AlarmState; announce: string | null }>(
    sql`select event, state, announce from alarm_event where kind = ${kind} order by id`,
  );
  return events.map(({ event, state, announce }) => `${event} ${state}${announce === null ? '' : ` !${announce}`}`);
}
async function announced(): Promise<string[]> {
  await house.settle();
  const found = await selectAnnouncements(database.db, 0n, 100);
  return found.map(({ what, alarm }) => `${what} ${alarm.kind}`);
}
/** Puts the open alarms of a kind on the shelf, as a person would have. */
async function shelve(kind: AlarmKind, untilMs: number): Promise<void> {
  await house.settle();
  await database.db.query(sql`
    update alarm set state = 'shelved', shelved_at = now(), shelved_until = ${new Date(untilMs)}, shelved_name = 'Zhou Min'
    where kind = ${kind}`);
}

describe('an alarm that comes again', () => {
  test('before anybody saw it is the same alarm, waits for a hand anew, and each time is in its history', async () => {
    comeAndGo('a1');
    expect(await states()).toEqual(['arrears returned']);
    say('a1', 'arrears');
    expect(await states()).toEqual(['arrears unacknowledged ×2']);
    expect(await history('arrears')).toEqual([
      'raised unacknowledged !raised',
      'cleared returned !returned',
      'raised unacknowledged !raised',
    ]);
  });

  test('after it was closed is another one', async () => {
    say('a1', 'arrears');
    await house.settle();
    await database.db.query(sql`
      update alarm set state = 'acknowledged', acknowledged_at = now(), acknowledged_name = 'Zhou Min'`);
    for (let reading = 0; reading < 3; reading += 1) say('a1', 'normal');
    house.pass(10);
    say('a1', 'arrears');
    expect(await states()).toEqual(['arrears closed', 'arrears unacknowledged']);
  });
});

describe('on the shelf', () => {
  const UNTIL_MS = HOUSE_START_MS + 7_200_000;

  test('what comes again is counted and not told; at the end what still holds is told', async () => {
    say('a1', 'arrears');
    await shelve('arrears', UNTIL_MS);
    await restart(3_600_000);
    for (let reading = 0; reading < 3; reading += 1) say('a1', 'normal');
    house.pass(10);
    say('a1', 'arrears');
    expect(await states()).toEqual(['arrears shelved ×2']);
    expect(house.alarms.counts(EVERYWHERE)).toMatchObject({
      ...{ unacknowledged: 0, high: 0, calling: 0, states: { shelved: 1 } },
    });
    expect(await announced()).toEqual(['raised arrears']);
    house.clock.setNow(UNTIL_MS - 1);
    expect(await states('arrears')).toEqual(['arrears shelved ×2']);
    house.clock.setNow(UNTIL_MS);
    expect(await states('arrears')).toEqual(['arrears unacknowledged ×2']);
    // So much later the meter is lost as well, which is another alarm.
    expect((await announced()).filter((what) => what.endsWith('arrears'))).toEqual([
      'raised arrears',
      'raised arrears',
    ]);
    expect(house.alarms.counts(EVERYWHERE)).toMatchObject({ high: 1, calling: 3, states: { shelved: 0 } });
  });

  test('what is gone at the end is closed; a server that was down then closes it at its start', async () => {
    comeAndGo('a1');
    await shelve('arrears', UNTIL_MS);
    await restart(10_800_000);
    expect(await states()).toEqual(['arrears closed']);
    expect((await history('arrears')).slice(-2)).toEqual(['unshelved closed', 'closed closed']);
  });
});

describe('a greater loss', () => {
  test('holds back the alarms of its meters; when it is over only those that still fail come back', async () => {
    run(120, ['a1', 'b1']);
    expect(await states('meterLost')).toEqual(['meterLost unacknowledged', 'meterLost unacknowledged']);
    house.line('GW-1', '1', 'down');
    house.line('GW-1', '2', 'down');
    run(30, ['a1', 'a2', 'b1']);
    const [gateway] = await rows('gatewayLost');
    expect(await rows('meterLost')).toMatchObject([
      { state: 'suppressed', cause_id: gateway?.id },
      { state: 'suppressed', cause_id: gateway?.id },
    ]);
    expect(house.alarms.counts(EVERYWHERE)).toMatchObject({ unacknowledged: 1, states: { suppressed: 2 } });
    house.line('GW-1', '1', 'up');
    house.line('GW-1', '2', 'up');
    run(240, ['b1']);
    expect(await states('gatewayLost')).toEqual(['gatewayLost returned']);
    const after = await rows('meterLost');
    expect(after.map(({ state }) => state)).toEqual(['closed', 'closed', 'unacknowledged']);
    expect((await announced()).filter((what) => what === 'raised meterLost')).toHaveLength(3);
  });

  test('a line that goes before its gateway gives its meters on to it', async () => {
    run(120, ['a1']);
    house.line('GW-1', '1', 'down');
    run(30, ['a1', 'a2']);
    expect(await states()).toEqual(['meterLost suppressed', 'lineLost unacknowledged']);
    house.line('GW-1', '2', 'down');
    run(30, ['a1', 'a2', 'b1']);
    const [gateway] = await rows('gatewayLost');
    expect((await rows('meterLost'))[0]).toMatchObject({ state: 'suppressed', cause_id: gateway?.id });
    expect((await rows('lineLost'))[0]).toMatchObject({ state: 'suppressed', cause_id: gateway?.id });
  });

  test('the count of its meters follows the estate while it lasts, and keeps the most when it is over', async () => {
    house.line('GW-1', '1', 'down');
    run(30, ['a1', 'a2']);
    expect(await rows('lineLost')).toMatchObject([{ child_count: 2, child_peak: 2 }]);
    const withoutA2 = HOUSE_MANIFEST.gateways.map((gateway) => ({
      ...gateway,
      lines: gateway.lines.map((line) => ({
        ...line,
        meters: line.meters.filter(({ meterNumber }) => meterNumber !== 'a2'),
      })),
    }));
    await house.estate.importPlant({ ...HOUSE_MANIFEST, gateways: withoutA2 });
    house.pass(5);
    expect(await rows('lineLost')).toMatchObject([{ state: 'unacknowledged', child_count: 1, child_peak: 2 }]);
  });
});

describe('a room without an account', () => {
  const opened = new Set<number>();
  beforeEach(() => {
    opened.clear();
    house.metering.setMoneySource({ of: (meterId) => (opened.has(meterId) ? undefined : { opened: false }) });
  });

  test('holds back its silent meter, visibly; once somebody lives there it is told', async () => {
    run(20);
    run(120, ['a1']);
    expect(await states()).toEqual(['meterLost suppressed']);
    expect(house.alarms.counts(EVERYWHERE)).toMatchObject({ unacknowledged: 0, medium: 0, states: { suppressed: 1 } });
    expect(await announced()).toEqual([]);
    opened.add(house.meterId('a1'));
    house.metering.judgeAnew([house.meterId('a1')]);
    run(10, ['a1']);
    expect(await states()).toEqual(['meterLost unacknowledged']);
    expect(await announced()).toEqual(['raised meterLost']);
    expect(await history('meterLost')).toEqual(['raised suppressed', 'unsuppressed unacknowledged !raised']);
  });

  test('after a restart it is held back as before', async () => {
    run(20);
    run(120, ['a1']);
    expect(await states()).toEqual(['meterLost suppressed']);
    await restart(600_000);
    house.metering.setMoneySource({ of: () => ({ opened: false }) });
    linesUp();
    run(120, ['a1']);
    expect(await states()).toEqual(['meterLost suppressed']);
  });
});

describe('chatter', () => {
  test('the third time in ten minutes marks it and holds its announcements, until it rests', async () => {
    comeAndGo('a1');
    comeAndGo('a1');
    say('a1', 'arrears');
    expect(await states()).toEqual(['arrears unacknowledged ×3']);
    expect(house.alarms.counts(EVERYWHERE).chattering).toBe(1);
    expect(await announced()).toEqual([
      ...['raised arrears', 'returned arrears', 'raised arrears', 'returned arrears'],
    ]);
    house.pass(599);
    await house.settle();
    expect(house.alarms.counts(EVERYWHERE).chattering).toBe(1);
    house.pass(2);
    await house.settle();
    expect(house.alarms.counts(EVERYWHERE).chattering).toBe(0);
    expect((await history('arrears')).slice(-3)).toEqual([
      'raised unacknowledged',
      'chattering unacknowledged',
      'rested unacknowledged !raised',
    ]);
  });
});

test('who reads announcements on from a cursor gets each once, in order', async () => {
  say('a1', 'arrears');
  await house.settle();
  const begin = (await selectAnnouncements(database.db, 0n, 100)).at(-1)?.cursor ?? 0n;
  comeAndGo('b1');
  say('o1', 'arrears');
  await house.settle();
  const seen: string[] = [];
  for (let cursor = begin; ; ) {
    const [next] = await selectAnnouncements(database.db, cursor, 1);
    if (next === undefined) break;
    seen.push(`${next.what} ${next.alarm.label?.en}`);
    cursor = next.cursor;
  }
  expect(seen).toEqual(['raised b1', 'returned b1', 'raised o1']);
});

test('answers of actions are forgotten when no queue can ask for them any more', async () => {
  await database.db.query(sql`
    insert into alarm_request (id, user_id, input_hash, outcomes, at)
    select gen_random_uuid(), 1, '\\x00', '[]', at from unnest(${[HOUSE_START_MS - 47 * 3_600_000, HOUSE_START_MS].map(
      (ms) => new Date(ms).toISOString(),
    )}::timestamptz[]) at`);
  house.clock.advance(3_660_000);
  await house.settle();
  expect(await database.db.query(sql`select at from alarm_request`)).toEqual([{ at: new Date(HOUSE_START_MS) }]);
});

test('the history of an alarm cannot be changed', async () => {
  say('a1', 'arrears');
  await house.settle();
  await expect(database.owner.query(sql`update alarm_event set note = 'x'`)).rejects.toThrow('append-only');
  await expect(database.owner.query(sql`delete from alarm_event`)).rejects.toThrow('append-only');
});
