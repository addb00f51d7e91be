import sql from 'sql-template-tag';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MARKS } from '#domain/meterState.ts';
import type { MeterStatus } from '#drivers/core/index.ts';
import { HOUSE_START_MS, type House, openHouse } from '../../support/house.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

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

interface Row {
  readonly kind: string;
  readonly source_id: number;
  readonly open: boolean;
  readonly child_count: number;
  readonly folded: boolean;
}

/** All alarms as "kind source open|cleared", oldest first. */
async function alarms(): Promise<string[]> {
  return (await rows()).map(({ kind, source_id, open, folded }) => {
    const name = ['meter', 'line', 'gateway'].includes(kind) ? '' : nameOf(kind, source_id);
    return `${kind} ${name} ${open ? 'open' : folded ? 'folded' : 'cleared'}`;
  });
}
async function rows(): Promise<readonly Row[]> {
  await house.settle();
  return database.db.query<Row>(sql`
    select kind, source_id, cleared_at is null as open, child_count, cause_id is not null as folded
    from alarm order by id`);
}
function nameOf(kind: string, id: number): string {
  if (kind === 'gatewayLost') return house.estate.gateway(id)?.code ?? '?';
  if (kind === 'lineLost') return house.estate.line(id)?.name ?? '?';
  return house.estate.meter(id)?.meter.meterNumber ?? '?';
}

const EVERYBODY = ['a1', 'a2', 'b1', 'b2', 'feeder', 'o1'];
const LINES = [
  ['GW-1', '1'],
  ['GW-1', '2'],
  ['GW-2', '1'],
  ['GW-3', '1'],
] as const;

/** Lines up, and everybody (but those who are silent) answers every ten seconds. */
function run(seconds: number, silent: readonly string[] = []): void {
  for (let second = 0; second < seconds; second++) {
    if (second % 10 === 0) {
      house.take(...EVERYBODY.filter((number) => !silent.includes(number)).map((number) => house.reading(number)));
    }
    house.pass(1);
  }
}
function linesUp(): void {
  for (const [gateway, line] of LINES) house.line(gateway, line, 'up');
}

describe('lost contact', () => {
  beforeEach(linesUp);

  test('a silent meter raises one alarm, which is cleared when it answers again for a while', async () => {
    run(10);
    run(120, ['a1']);
    expect(await alarms()).toEqual(['meterLost a1 open']);
    run(10);
    expect(await alarms()).toEqual(['meterLost a1 open']);
    run(20);
    expect(await alarms()).toEqual(['meterLost a1 cleared']);
  });

  test('a lost gateway is one alarm with its meters as children, not one for each meter', async () => {
    run(10);
    house.line('GW-1', '1', 'down');
    house.line('GW-1', '2', 'down');
    run(300, ['a1', 'a2', 'b1']);
    expect(await alarms()).toEqual(['gatewayLost GW-1 open']);
    expect((await rows())[0]?.child_count).toBe(3);
  });

  test('a link that comes and goes between two looks is no loss, one that stays away is', async () => {
    run(10);
    for (let second = 0; second < 60; second++) {
      house.line('GW-2', '1', 'up');
      house.line('GW-2', '1', 'down');
      run(1);
    }
    expect(await alarms()).toEqual([]);
    run(20);
    expect(await alarms()).toEqual(['gatewayLost GW-2 open']);
  });

  test('alarms that were raised before are folded into the cause', async () => {
    run(10);
    run(100, ['a1']);
    house.line('GW-1', '2', 'down');
    run(60, ['a1', 'b1']);
    expect(await alarms()).toEqual(['meterLost a1 open', 'lineLost 2 open']);
    house.line('GW-1', '1', 'down');
    run(60, ['a1', 'a2', 'b1']);
    expect(await alarms()).toEqual(['meterLost a1 folded', 'lineLost 2 folded', 'gatewayLost GW-1 open']);
  });

  test('after the gateway came back its meters get their time before they count as lost', async () => {
    run(10);
    house.line('GW-1', '1', 'down');
    house.line('GW-1', '2', 'down');
    run(300, ['a1', 'a2', 'b1']);
    house.line('GW-1', '1', 'up');
    house.line('GW-1', '2', 'up');
    run(50, ['a1']);
    expect(await alarms()).toEqual(['gatewayLost GW-1 cleared']);
    run(30, ['a1']);
    expect(await alarms()).toEqual(['gatewayLost GW-1 cleared', 'meterLost a1 open']);
  });

  test('one line of several is the line, the rest of the gateway stays quiet', async () => {
    run(10);
    house.line('GW-1', '2', 'down');
    run(120, ['b1']);
    expect(await alarms()).toEqual(['lineLost 2 open']);
    expect((await rows())[0]?.child_count).toBe(1);
  });

  test('a gateway that is back within ten seconds raises nothing', async () => {
    run(10);
    house.line('GW-2', '1', 'down');
    run(9, ['b2', 'feeder']);
    house.line('GW-2', '1', 'up');
    run(60);
    expect(await alarms()).toEqual([]);
  });

  test('a gateway that people disable is no alarm, and takes the one it had along', async () => {
    run(10);
    house.line('GW-2', '1', 'down');
    run(60, ['b2', 'feeder']);
    expect(await alarms()).toEqual(['gatewayLost GW-2 open']);
    house.line('GW-2', '1', 'stopped');
    run(120, ['b2', 'feeder']);
    expect(await alarms()).toEqual(['gatewayLost GW-2 cleared']);
  });

  test('a meter that is removed takes its alarms along', async () => {
    run(100, ['a1']);
    expect(await alarms()).toEqual(['meterLost a1 open']);
    await house.estate.importPlant({ properties: [], gateways: [] });
    house.pass(2);
    expect((await rows()).map(({ open }) => open)).toEqual([false]);
  });
});

describe('what a meter says', () => {
  const say = (number: string, status: MeterStatus): void =>
    house.take(house.reading(number, { status: { relay: 'closed', forced: 'none', ...status }, balanceMinor: 18_13n }));

  test('a low balance is raised at once with its value, and cleared after three readings without it', async () => {
    say('a1', { money: 'alarm1' });
    expect(await alarms()).toEqual(['balanceLow1 a1 open']);
    const [stored] = await database.db.query<{ value: number; unit: string; label: unknown; path: unknown }>(
      sql`select value, unit, label, path from alarm`,
    );
    expect(stored).toEqual({
      value: 1_813,
      unit: 'minor',
      label: { zh: 'a1', en: 'a1' },
      path: [{ en: 'mall', zh: 'mall项目' }, { en: 'A' }, { en: '1F' }, { en: 'A-101' }],
    });
    say('a1', { money: 'normal' });
    say('a1', { money: 'normal' });
    expect(await alarms()).toEqual(['balanceLow1 a1 open']);
    say('a1', { money: 'normal' });
    expect(await alarms()).toEqual(['balanceLow1 a1 cleared']);
  });

  test('the next threshold takes the place of the one before', async () => {
    for (const money of ['alarm1', 'alarm2', 'arrears', 'arrears', 'arrears', 'arrears'] as const) say('a1', { money });
    expect(await alarms()).toEqual(['balanceLow1 a1 cleared', 'balanceLow2 a1 cleared', 'arrears a1 open']);
  });

  test('an overload is raised after a minute above the limit, with load and limit', async () => {
    for (let poll = 0; poll < 7; poll++) {
      house.take(house.reading('a2', { values: { activePowerW: 5_400 } }));
      expect(house.meter('a2').state.marks & MARKS.overload).toBe(MARKS.overload);
      if (poll === 5) expect(await alarms()).toEqual([]);
      house.pass(poll < 6 ? 10 : 0);
    }
    expect(await alarms()).toContain('overload a2 open');
    expect(await database.db.query(sql`select value, limit_value, unit from alarm where kind = 'overload'`)).toEqual([
      { value: 5_400, limit_value: 5_000, unit: 'W' },
    ]);
  });

  test('a relay that stays other than commanded is raised, one that is on its way is not', async () => {
    say('b1', { relay: 'open', forced: 'closed' });
    house.pass(10);
    say('b1', { relay: 'closed', forced: 'closed' });
    for (let poll = 0; poll < 4; poll++) {
      say('b2', { relay: 'open', forced: 'closed' });
      house.pass(10);
    }
    expect(await alarms()).toEqual(['relayDisagrees b2 open']);
  });

  test('silence neither raises nor clears what a meter said', async () => {
    say('a1', { money: 'arrears' });
    house.pass(30);
    expect(await alarms()).toEqual(['arrears a1 open']);
  });
});

describe('after a restart', () => {
  test('a meter that answers again at once has its alarm cleared, though nobody saw it lost this time', async () => {
    linesUp();
    run(100, ['a1']);
    await house.settle();
    await house.close();
    house = await openHouse(database, HOUSE_START_MS + 3_600_000);
    linesUp();
    run(30);
    expect(await alarms()).toEqual(['meterLost a1 cleared']);
  });

  test('an open alarm is the same one: not raised twice, cleared by the same rule', async () => {
    linesUp();
    run(100, ['a1']);
    await house.settle();
    await house.close();
    house = await openHouse(database, HOUSE_START_MS + 3_600_000);
    expect(house.meter('a1').state.marks & MARKS.unacknowledgedAlarm).toBe(MARKS.unacknowledgedAlarm);
    linesUp();
    run(100, ['a1']);
    expect(await alarms()).toEqual(['meterLost a1 open']);
    run(40);
    expect(await alarms()).toEqual(['meterLost a1 cleared']);
  });
});

test('two at once for the same source and kind are refused by the database itself', async () => {
  linesUp();
  run(100, ['a1']);
  await house.settle();
  await expect(
    database.db.query(sql`
      insert into alarm (property_id, kind, severity, state, source_kind, source_id, path, search, raised_at, last_raised_at)
      select property_id, kind, severity, state, source_kind, source_id, path, search, raised_at, raised_at from alarm`),
  ).rejects.toThrow('alarm_one_open_key');
});
