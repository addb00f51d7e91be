import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MODELS } from '#drivers/models/index.ts';
import type { PlantGateway, PlantManifest } from '#drivers/simulator/manifest.ts';
import { createEstate, type Estate } from '#server/modules/estate/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

const GATEWAYS = 320;
const METERS_PER_LINE = 32;

let database: TestDatabase;
let estate: Estate;
beforeAll(async () => {
  database = await createTestDatabase();
  estate = createEstate({ db: database.db, models: MODELS });
  await estate.start();
});
afterAll(() => database.drop());

test('ten thousand meters in under three seconds; again, nothing changes but the ports', async () => {
  const startedMs = performance.now();
  await estate.importPlant(manifest(GATEWAYS, 20_000));
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  expect(estate.meterIds().length).toBe(GATEWAYS * METERS_PER_LINE);
  const before = await rows();
  await estate.importPlant(manifest(GATEWAYS, 40_000));
  const after = await rows();
  expect(after.filter((row) => !row.startsWith('line '))).toEqual(before.filter((row) => !row.startsWith('line ')));
  expect(estate.lineConfig(estate.lineIds()[0] ?? 0)?.transport).toMatchObject({ port: 40_000 });
});

test('what people changed stays', async () => {
  const [property] = estate.properties();
  await database.db.query(sql`update place set names = ${'{"en":"Ours"}'}::jsonb where id = ${property?.id}`);
  await estate.importPlant(manifest(GATEWAYS, 20_000));
  expect(estate.properties()[0]?.names).toEqual({ en: 'Ours' });
});

test('simulated gateways are not run before their plant is there: their ports are old', async () => {
  const restarted = createEstate({ db: database.db, models: MODELS });
  await restarted.start();
  const [lineId = 0] = restarted.lineIds();
  expect(restarted.lineConfig(lineId)).toBeUndefined();
  expect(restarted.line(lineId)?.link).toBe('stopped');
  await restarted.importPlant(manifest(GATEWAYS, 20_000));
  expect(restarted.lineConfig(lineId)).toBeDefined();
});

test('a smaller plant takes away what it does not have', async () => {
  await estate.importPlant(manifest(2, 20_000));
  expect(estate.meterIds().length).toBe(2 * METERS_PER_LINE);
  expect(estate.lineIds().length).toBe(2);
});

test('a gateway of the same code that people made is left alone', async () => {
  await estate.importPlant(manifest(1, 20_000));
  await database.db.query(
    sql`insert into gateway (property_id, code) select id, 'GW-1' from place where plant_key = 'p'`,
  );
  await estate.importPlant(manifest(2, 20_000));
  const made = await database.db.query(sql`select simulated from gateway where code = 'GW-1'`);
  expect(made).toEqual([{ simulated: false }]);
  await database.db.query(sql`delete from gateway where code = 'GW-1'`);
});

test('no plant leaves no trace but the history of its meters', async () => {
  await estate.retirePlant();
  expect(estate.properties()).toEqual([]);
  expect(estate.lineIds()).toEqual([]);
  const [row] = await database.db.query<{ kept: bigint }>(
    sql`select count(*) as kept from meter where removed_at is not null`,
  );
  expect(Number(row?.kept)).toBeGreaterThanOrEqual(GATEWAYS * METERS_PER_LINE);
});

/** Every row of the simulated estate as text, ids included. */
async function rows(): Promise<string[]> {
  const found = await database.db.query<{ row: string }>(sql`
    select 'place ' || p::text as row from place p union all select 'gateway ' || g::text from gateway g
    union all select 'line ' || l::text from line l union all select 'meter ' || m::text from meter m order by 1`);
  return found.map(({ row }) => row);
}

function manifest(gateways: number, firstPort: number): Pick<PlantManifest, 'properties' | 'gateways'> {
  const rooms = Array.from({ length: 40 }, (_, index) => ({
    key: `r${index}`,
    names: { en: `R${index}` },
    position: index,
  }));
  const floors = [{ key: 'f', names: { zh: '一楼' }, position: 1, rooms }];
  const buildings = [{ key: 'b', names: { en: 'B' }, position: 1, shape: 'tower' as const, floors }];
  return {
    properties: [{ key: 'p', names: { en: 'P' }, timeZone: 'Asia/Shanghai', currency: 'CNY', buildings }],
    gateways: Array.from({ length: gateways }, (_, index) => gateway(index, firstPort + index)),
  };
}

function gateway(index: number, port: number): PlantGateway {
  const meters = Array.from({ length: METERS_PER_LINE }, (_, unit) => ({
    unitAddress: unit + 1,
    modelId: 'acrel-dtsy1352',
    meterNumber: `M${index}-${unit}`,
    placeKey: `r${unit}`,
    role: 'tenant' as const,
    names: undefined,
    ctRatio: 1,
    ptRatio: 1,
    circuit: undefined,
    overloadLimitW: 5_000,
    energyCategory: undefined,
  }));
  const serial = { baud: 9600, parity: 'none', stopBits: 1 } as const;
  const lines = [{ name: '1', transport: { kind: 'modbus-tcp' as const, host: '127.0.0.1', port }, serial, meters }];
  return { code: `GW-${index}`, names: undefined, propertyKey: 'p', placeKey: 'b', lines };
}
