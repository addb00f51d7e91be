import sql from 'sql-template-tag';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PlantHistoryRow } from '#drivers/simulator/manifest.ts';
import { takePlantHistory } from '#server/plantHistory.ts';
import { silentLog } from '#server/platform/log.ts';
import { type House, openHouse } from '../../support/house.ts';
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

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}
/** A plant with one meter, which may end in the middle of its tale. */
function plantThat(asked: Range[], endsAfter = Number.POSITIVE_INFINITY) {
  return {
    async history(range: Range, take: (rows: readonly PlantHistoryRow[]) => void): Promise<void> {
      asked.push(range);
      if (asked.length > endsAfter) throw new Error('the plant ended');
      for (let atMs = range.fromMs; atMs < range.toMs; atMs += range.stepMs) {
        take([
          { meterNumber: 'a1', atMs, values: { activePowerW: 1, energyWh: atMs / 1_000 }, balanceMinor: undefined },
        ]);
      }
    },
  };
}
const deps = (asked: Range[], endsAfter?: number) => ({
  plant: plantThat(asked, endsAfter),
  metering: house.metering,
  meterCount: 6,
  clock: house.clock,
  log: silentLog,
  stopped: () => false,
});
const heldInstants = async (): Promise<number> => {
  const rows = await database.db.query<{ count: number }>(sql`select count(*)::int as count from register_reading`);
  return rows[0]?.count ?? 0;
};

test('eight days come piece by piece, the newest first, up to the last billing instant', async () => {
  const asked: Range[] = [];
  await takePlantHistory(deps(asked));
  expect(await heldInstants()).toBe(8 * 48);
  expect(asked[0]?.toMs).toBe(Date.parse('2026-11-22T04:00:00Z'));
  for (const [index, piece] of asked.slice(1).entries()) expect(piece.toMs).toBe(asked[index]?.fromMs);
  expect(await database.db.query(sql`select count(*)::int as count from telemetry_1d`)).toEqual([{ count: 8 }]);
});

test('it is taken once', async () => {
  await takePlantHistory(deps([]));
  const again: Range[] = [];
  await takePlantHistory(deps(again));
  expect(again).toEqual([]);
});

test('cut short, it is taken again and nothing is stored twice', async () => {
  await expect(takePlantHistory(deps([], 3))).rejects.toThrow('ended');
  expect(await heldInstants()).toBe(3 * 12);
  await takePlantHistory(deps([]));
  expect(await heldInstants()).toBe(8 * 48);
});

test('a plant so large that its past would take an hour brings none', async () => {
  const asked: Range[] = [];
  await takePlantHistory({ ...deps(asked), meterCount: 10_000 });
  expect(asked).toEqual([]);
});
