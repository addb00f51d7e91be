import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sale } from '#contract/index.ts';
import { claimDue } from '#server/modules/vending/store.ts';
import { LINE_DELIVERIES_MAX } from '#server/modules/vending/worker.ts';
import { startMoneyPlant } from '../accounts/support/moneyHouse.ts';
import { startTill, type Till } from './support/till.ts';

const SALES_A_LINE = 5;

let till: Till;
let stopPlant: () => Promise<void>;
/** Accounts opened on two lines, several on each. */
const lines = new Map<number, number[]>();

beforeAll(async () => {
  const plant = await startMoneyPlant(undefined, 64);
  stopPlant = () => plant.stop();
  till = await startTill({ plant });
  for (const { id, lineId } of till.meters) {
    const taken = lines.get(lineId) ?? [];
    if (taken.length === SALES_A_LINE) continue;
    const customer = await till.customer(`Shop ${id}`);
    await till.open(customer.id, [id], { custody: 'meter' });
    lines.set(lineId, [...taken, id]);
  }
}, 60_000);
afterAll(async () => {
  await till.stop();
  await stopPlant();
});

const claimed = (driven: ReadonlyMap<number, number>, rows = 64) => {
  const nowMs = Date.now();
  const leaseUntilMs = nowMs + 60_000;
  return claimDue(till.server.database.db, { nowMs, leaseUntilMs, rows, lineRows: 2, driven });
};
const sellAll = (): Promise<Sale[]> =>
  Promise.all([...lines.values()].flat().map((meterId) => till.sell(meterId, '1000')));

test('a line that many buy on gets a few vends at a time, and all of them reach their meters', async () => {
  expect([...lines.values()].map(({ length }) => length)).toEqual([SALES_A_LINE, SALES_A_LINE]);
  const sales = await sellAll();
  const seen: number[] = [];
  while (!(await ended(sales))) seen.push(...(await drivenOnLines()));
  expect(Math.max(...seen)).toBeLessThanOrEqual(LINE_DELIVERIES_MAX);
});

test('claims go by line, the oldest first; a line that is full gets none, and what is leased is left alone', async () => {
  await till.server.app.money.vending.stop();
  const [first = [], second = []] = lines.values();
  const [one = 0] = lines.keys();
  // One after the other, so that their order is known.
  const sales: Sale[] = [];
  for (const meterId of [...first, ...second]) sales.push(await till.sell(meterId, '1000'));
  const meterOf = ({ meter_id }: { readonly meter_id: number }) => meter_id;
  const sorted = (ids: readonly number[]) => ids.toSorted((a, b) => a - b);

  expect((await claimed(new Map([[one, 2]]), 1)).map(meterOf)).toEqual([second[0]]);
  const next = await claimed(new Map([[one, 1]]));
  expect(sorted(next.map(meterOf))).toEqual(sorted([first[0], second[1], second[2]].map((id) => id ?? 0)));
  expect(new Set(next.map(({ line_id }) => line_id))).toEqual(new Set(lines.keys()));
  const rest = await claimed(new Map());
  expect(sorted(rest.map(meterOf))).toEqual(sorted([first[1], first[2], second[3], second[4]].map((id) => id ?? 0)));
  expect(sorted((await claimed(new Map())).map(meterOf))).toEqual(sorted(first.slice(3)));
  expect(await claimed(new Map())).toEqual([]);
});

async function ended(sales: readonly Sale[]): Promise<boolean> {
  const now = await Promise.all(sales.map(({ saleId }) => till.sale(saleId)));
  return now.every(({ state }) => state === 'CONFIRMED');
}

/** How many vends somebody drives now, line by line. */
async function drivenOnLines(): Promise<readonly number[]> {
  const rows = await till.server.database.db.query<{ vends: number }>(sql`
    select count(*)::int as vends from vend v join meter m on m.id = v.meter_id
    where v.lease_until is not null and v.finished_at is null group by m.line_id`);
  return rows.map(({ vends }) => vends);
}
