import { array, assert, asyncProperty, bigInt, boolean, integer, record, shuffledSubarray } from 'fast-check';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { minorOfParts } from '#domain/money/amount.ts';
import { type ChargeHouse, meterId, openChargeHouse } from './support/chargeHouse.ts';

/** Real Postgres, so that each run costs some tens of milliseconds. */
const RUNS = 25;
const HALF_HOUR_MS = 1_800_000;
const START_MS = Date.parse('2025-06-20T00:00+08:00');
/** 0.71568600 */
const PRICE = 71_568_600n;

let desk: ChargeHouse;
let tariffId: number;
beforeAll(async () => {
  desk = await openChargeHouse();
  tariffId = await desk.tariff('laws', [
    { from: '2025-01-01T00:00+08:00', body: { kind: 'single', price: '0.715686' } },
  ]);
});
afterAll(() => desk.close());

/** What is used in each half hour, Wh. */
const use = array(bigInt({ min: 0n, max: 20_000n }), { minLength: 3, maxLength: 12 });
const plans = use.chain((used) =>
  record({
    used: boolean().map(() => used),
    /** In which order reads arrive, and after how many of them it is charged. */
    arrival: shuffledSubarray(
      used.map((_, index) => index),
      { minLength: used.length },
    ),
    chargeAfter: array(integer({ min: 1, max: used.length }), { maxLength: 4 }),
    monthEnd: boolean(),
  }),
);
let meters = 0;

async function insertRead(name: string, index: number, energyWh: bigint): Promise<void> {
  const at = new Date(START_MS + (index + 1) * HALF_HOUR_MS);
  await desk.database.db.query(sql`
    insert into register_reading (meter_id, instant, read_at, quality, source, energy_wh)
    values (${meterId(name)}, ${at}, ${at}, 'measured', 'backfill', ${energyWh})`);
}

test('in whatever order reads come and whenever it is charged, the month costs its registers, rounded once (I9, I10, I12, I14)', async () => {
  await assert(
    asyncProperty(plans, async ({ used, arrival, chargeAfter, monthEnd }) => {
      const name = `law ${++meters}`;
      const deduction = monthEnd ? ('monthEnd' as const) : ('realTime' as const);
      const account = desk.account(
        name,
        { tariffId, deduction },
        { fromMs: START_MS, openingRegisters: { energyWh: 0n } },
      );
      const registers = used.map((_, index) => used.slice(0, index + 1).reduce((sum, wh) => sum + wh, 0n));
      for (const [arrived, index] of arrival.entries()) {
        await insertRead(name, index, registers[index] ?? 0n);
        if (chargeAfter.includes(arrived + 1)) await desk.run('2025-06-20T23:00+08:00');
      }
      // The register does not move any more until the month is over.
      const total = registers.at(-1) ?? 0n;
      await desk.read(name, ['2025-07-01T00:00+08:00', kwh(total)]);
      await desk.run('2025-07-01T00:03+08:00');
      await desk.run('2025-07-01T00:10+08:00');

      expect(await desk.wallet(account.id)).toBe(-minorOfParts(total * PRICE));
      const [sums] = await desk.database.db.query<Record<string, bigint | null>>(sql`
        select coalesce(sum(g.delta_wh), 0)::int8 as deltas, max(s.cursor_wh) as cursor, coalesce(max(l.charged_minor), 0) as charged,
          (select coalesce(sum(amount_minor), 0)::int8 from charge where account_id = ${account.id}) as charges
        from charge_stream s left join segment g on g.stream_id = s.id left join charge_line l on l.stream_id = s.id
        where s.account_id = ${account.id}`);
      expect(sums).toEqual({
        deltas: total,
        cursor: total,
        charged: minorOfParts(total * PRICE),
        charges: minorOfParts(total * PRICE),
      });
      // Each charge is the sum of its lines, and what was booked for it.
      const strays = await desk.database.db.query(sql`
        select c.id from charge c join ledger_entry e on e.txn_id = c.txn_id and e.no = 1
        where c.account_id = ${account.id} and (e.amount_minor <> c.amount_minor or c.amount_minor <>
          (select sum((line ->> 'amountMinor')::int8) from jsonb_array_elements(c.lines) line))`);
      expect(strays).toEqual([]);
      desk.dropAccount(account.id);
    }),
    { numRuns: RUNS },
  );
  expect((await desk.ledger.prove(desk.database.db)).faults).toEqual([]);
}, 120_000);

test('the same at prices that change every half hour: what late reads tell is put right, each line rounded once (I1, I9, I10)', async () => {
  const table = Array.from({ length: 96 }, (_, slot) => (slot % 4 < 2 ? ('valley' as const) : ('peak' as const)));
  const byHour = await desk.tariff('laws by hour', [
    {
      from: '2025-01-01T00:00+08:00',
      body: {
        kind: 'timeOfUse',
        prices: { sharp: '9', peak: '0.715686', flat: '9', valley: '0.300007', deepValley: '9' },
        days: { tables: [table], rules: [{ table: 0 }] },
      },
    },
  ]);
  let corrections = 0;
  await assert(
    asyncProperty(plans, async ({ used, arrival, chargeAfter, monthEnd }) => {
      const name = `law ${++meters}`;
      const deduction = monthEnd ? ('monthEnd' as const) : ('realTime' as const);
      const account = desk.account(
        name,
        { tariffId: byHour, deduction },
        { fromMs: START_MS, openingRegisters: { energyWh: 0n } },
      );
      const registers = used.map((_, index) => used.slice(0, index + 1).reduce((sum, wh) => sum + wh, 0n));
      for (const [arrived, index] of arrival.entries()) {
        await insertRead(name, index, registers[index] ?? 0n);
        // A day later, so that what is charged at the month's end runs up as well.
        if (chargeAfter.includes(arrived + 1)) corrections += (await desk.run('2025-06-21T00:03+08:00')).corrections;
      }
      await desk.read(name, ['2025-07-01T00:00+08:00', kwh(registers.at(-1) ?? 0n)]);
      corrections += (await desk.run('2025-07-01T00:03+08:00')).corrections;
      expect(await desk.run('2025-07-01T00:10+08:00')).toMatchObject({ charges: 0, corrections: 0 });

      const at = (odd: number) => used.reduce((sum, wh, index) => (index % 2 === odd ? sum + wh : sum), 0n);
      const due = minorOfParts(at(0) * 30_000_700n) + minorOfParts(at(1) * PRICE);
      expect(await desk.wallet(account.id)).toBe(-due);
      const [sums] = await desk.database.db.query<Record<string, bigint>>(sql`
        select coalesce(sum(delta_wh), 0)::int8 as deltas,
          (select coalesce(sum(charged_minor), 0)::int8 from charge_line l where l.stream_id = max(g.stream_id)) as lines,
          (select coalesce(sum(amount_minor), 0)::int8 from charge where account_id = ${account.id}) as charges
        from segment g join charge_stream s on s.id = g.stream_id
        where s.account_id = ${account.id} and not exists (select from segment_replaced p where p.segment_id = g.id)`);
      expect(sums).toEqual({ deltas: registers.at(-1), lines: due, charges: due });
      desk.dropAccount(account.id);
    }),
    { numRuns: RUNS },
  );
  expect(corrections).toBeGreaterThan(0);
  expect((await desk.ledger.prove(desk.database.db)).faults).toEqual([]);
}, 120_000);

function kwh(wh: bigint): string {
  return `${wh / 1_000n}.${(wh % 1_000n).toString().padStart(3, '0')}`;
}
