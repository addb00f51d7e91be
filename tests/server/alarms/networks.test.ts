import sql from 'sql-template-tag';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PlantGateway } from '#drivers/simulator/manifest.ts';
import { HOUSE_MANIFEST, HOUSE_START_MS, type House, openHouse } from '../../support/house.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const GATEWAYS = 20;
const codes: readonly string[] = Array.from({ length: GATEWAYS }, (_, index) => `N-${index + 1}`);

let database: TestDatabase;
let house: House;

beforeEach(async () => {
  database = await createTestDatabase();
  house = await openHouse(database);
  await enterOffice(house);
  for (const code of codes) house.line(code, '1', 'up');
  house.pass(10);
});
afterEach(async () => {
  await house.close();
  await database.drop();
});

/** The office gets twenty gateways with one line and one meter each, in place of its one. */
async function enterOffice({ estate }: House): Promise<void> {
  const [pattern] = HOUSE_MANIFEST.gateways.filter(({ code }) => code === 'GW-3');
  if (pattern === undefined) throw new Error('no GW-3');
  const copyOf = (code: string): PlantGateway => ({
    ...pattern,
    code,
    lines: pattern.lines.map((line) => ({
      ...line,
      meters: line.meters.map((meter) => ({ ...meter, meterNumber: `m-${code}` })),
    })),
  });
  const others = HOUSE_MANIFEST.gateways.filter((gateway) => gateway !== pattern);
  await estate.importPlant({ ...HOUSE_MANIFEST, gateways: [...others, ...codes.map(copyOf)] });
}

const go = (which: readonly string[]): void => {
  for (const code of which) house.line(code, '1', 'down');
};
const comeBack = (which: readonly string[]): void => {
  for (const code of which) house.line(code, '1', 'up');
};

interface Row {
  readonly kind: string;
  readonly state: 'open' | 'folded' | 'cleared';
  readonly child_count: number;
  readonly value: number | null;
  readonly limit_value: number | null;
}
/** Nobody answers in this house: what is said of single meters is another test's. */
async function rows(): Promise<readonly Row[]> {
  await house.settle();
  return database.db.query<Row>(sql`
    select kind, child_count, value, limit_value,
      case when cleared_at is null then 'open' when cause_id is null then 'cleared' else 'folded' end as state
    from alarm where kind <> 'meterLost' order by id`);
}
/** "3 gatewayLost open", by kind and state. */
async function alarms(): Promise<string[]> {
  const groups = Map.groupBy(await rows(), ({ kind, state }) => `${kind} ${state}`);
  return [...groups].map(([what, all]) => `${all.length} ${what}`);
}

test('all gateways of a property gone at once are one alarm with all their meters, however long it lasts', async () => {
  go(codes);
  house.pass(9);
  expect(await alarms()).toEqual([]);
  house.pass(300);
  expect(await rows()).toEqual([
    { kind: 'networkLost', state: 'open', child_count: GATEWAYS, value: GATEWAYS, limit_value: GATEWAYS },
  ]);
});

test('and its return is no alarm: gateways come back one by one within a minute', async () => {
  go(codes);
  house.pass(120);
  for (const code of codes) {
    comeBack([code]);
    house.pass(2);
  }
  house.pass(10);
  expect(await alarms()).toEqual(['1 networkLost cleared']);
});

test('those that stay away when the others are back become alarms of their own', async () => {
  go(codes);
  house.pass(120);
  comeBack(codes.slice(2));
  house.pass(55);
  expect(await alarms()).toEqual(['1 networkLost open']);
  house.pass(25);
  expect(await alarms()).toEqual(['1 networkLost cleared', '2 gatewayLost open']);
});

test('gateways whose silence is noticed one after the other are one alarm too', async () => {
  for (const code of codes) {
    go([code]);
    house.pass(2);
  }
  house.pass(60);
  expect(await alarms()).toEqual(['1 networkLost open']);
});

test('a gateway that was lost before is folded into the network', async () => {
  go(codes.slice(0, 1));
  house.pass(60);
  expect(await alarms()).toEqual(['1 gatewayLost open']);
  go(codes);
  house.pass(60);
  expect(await alarms()).toEqual(['1 gatewayLost folded', '1 networkLost open']);
});

test('one in ten may have another way', async () => {
  go(codes.slice(2));
  house.pass(60);
  expect(await rows()).toEqual([
    { kind: 'networkLost', state: 'open', child_count: GATEWAYS - 2, value: GATEWAYS - 2, limit_value: GATEWAYS },
  ]);
});

test('half of the gateways are half of the gateways, told when no more follow', async () => {
  go(codes.slice(10));
  house.pass(15);
  expect(await alarms()).toEqual([]);
  house.pass(25);
  expect(await alarms()).toEqual(['10 gatewayLost open']);
});

test('gateways that come and go keep the others waiting for a minute, not for ever', async () => {
  for (let second = 0; second < 100; second += 10) {
    go(codes.slice(0, 5));
    house.pass(5);
    comeBack(codes.slice(0, 4));
    house.pass(5);
  }
  expect(await alarms()).toEqual(['1 gatewayLost open']);
});

test('a property of two gateways has no network to lose', async () => {
  for (const [code, line] of [
    ['GW-1', '1'],
    ['GW-1', '2'],
    ['GW-2', '1'],
  ] as const) {
    house.line(code, line, 'down');
  }
  house.pass(60);
  expect(await alarms()).toEqual(['2 gatewayLost open']);
});

test('gateways that people disable take the alarm of their network along', async () => {
  go(codes);
  house.pass(60);
  for (const code of codes) house.line(code, '1', 'stopped');
  house.pass(10);
  expect(await alarms()).toEqual(['1 networkLost cleared']);
});

test('a restart goes on where it was: the same alarm, none beside it', async () => {
  go(codes);
  house.pass(60);
  await house.settle();
  await house.close();
  house = await openHouse(database, HOUSE_START_MS + 3_600_000);
  await enterOffice(house);
  go(codes);
  house.pass(120);
  expect(await alarms()).toEqual(['1 networkLost open']);
  comeBack(codes);
  house.pass(10);
  expect(await alarms()).toEqual(['1 networkLost cleared']);
});
