import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { getSalesDay, LedgerProof, ResponseOf, Sale } from '#contract/index.ts';
import type { Client } from '../../support/server.ts';
import { startTill, type Till } from './support/till.ts';

/** Invariants of money on its way, over whatever is asked: the whole server, real frames, real Postgres. */
let till: Till;
let cashier: Client;
beforeAll(async () => {
  till = await startTill();
  cashier = await till.person('administrator');
}, 60_000);
afterAll(() => till.stop());

const step = fc.record({
  kind: fc.constantFrom('sale', 'sale', 'refund', 'makeup', 'reversal'),
  meter: fc.nat(2),
  amount: fc.integer({ min: 200, max: 9_000 }),
  method: fc.constantFrom('cash', 'wechat', 'bankCard'),
  /** A refund of the sale before it, in part or whole. */
  named: fc.constantFrom('part', 'whole', undefined),
  byCashier: fc.boolean(),
});
const reason = 'a good reason';
const RUNS = 10;

test('I3, I4, I5, I6, I11, I12: whatever is sold, given back and undone', { timeout: 120_000 }, async () => {
  const { db } = till.server.database;
  const meters = [await till.fresh(), await till.fresh(), await till.fresh({ custody: 'platform' })];
  const cumulative = async (index: number) => (await till.purse(meters[index]?.meterId ?? 0)).cumulativeMinor ?? 0n;
  const before = [await cumulative(0), await cumulative(1)];
  let last: Sale | undefined;
  /** What was accepted, to be said again. */
  const said: { readonly client: Client; readonly path: string; readonly body: object; readonly saleId: string }[] = [];

  async function take({
    kind,
    meter,
    amount,
    method,
    named,
    byCashier,
  }: typeof step extends fc.Arbitrary<infer T> ? T : never) {
    const sale = kind === 'refund' && named !== undefined && last?.kind === 'sale' ? last : undefined;
    const meterId = sale?.meterId ?? meters[meter]?.meterId ?? 0;
    const client = byCashier ? cashier : till.boss;
    const id = randomUUID();
    const text = named === 'whole' && sale !== undefined ? sale.netMinor : String(amount);
    const of = sale === undefined ? {} : { saleId: sale.saleId };
    const bodies = {
      sale: ['/api/sales', { saleId: id, meterId, paidMinor: text, method }],
      refund: ['/api/refunds', { refundId: id, meterId, amountMinor: text, method, reason, ...of }],
      makeup: ['/api/makeups', { makeupId: id, meterId, amountMinor: text, reason }],
      reversal: [`/api/sales/${last?.saleId}/reverse`, { reversalId: id, reason }],
    } as const;
    const [path, body] = bodies[kind];
    const { status, body: answer } = await client.request('POST', path, body);
    expect(status).toBeLessThan(500);
    if (status >= 300) return;
    said.push({ client, path, body, saleId: (answer as Sale).saleId });
    // A large one, or cash where less came in, waits for somebody else for ever: it is no money yet.
    const ended = await till.becomes((answer as Sale).saleId, 'CONFIRMED', 'CANCELLED', 'DRAFT');
    if (kind === 'sale') last = ended;
  }

  async function holds(): Promise<void> {
    // I3: nothing is left in the suspense of what has ended; all that is open is what was paid for it.
    const suspense = await db.query(sql`
      select v.id from vend v join ledger_account a on a.kind = 'vendSuspense' and a.subject = 'vend:' || v.id
      join ledger_balance b on b.account_id = a.id
      where b.balance_minor <> case when v.finished_at is null then -v.paid_minor else 0 end`);
    expect(suspense).toEqual([]);
    // I4: what a meter says that it was ever sold is what was confirmed.
    for (const index of [0, 1]) {
      const [sum] = await db.query<{ net: bigint }>(sql`
        select coalesce(sum(net_minor), 0)::int8 as net from vend
        where meter_id = ${meters[index]?.meterId} and state = 'CONFIRMED'`);
      expect((await cumulative(index)) - (before[index] ?? 0n)).toBe(sum?.net);
    }
    // I5: no purchase count twice, and no two under way to one meter.
    expect(
      await db.query(sql`select 1 from vend_seq where not released group by meter_id, seq having count(*) > 1`),
    ).toEqual([]);
    expect(
      await db.query(sql`
        select 1 from vend where state in ('RESERVED', 'SENT', 'UNKNOWN', 'FENCING', 'REJECTED', 'QUARANTINED')
        group by meter_id having count(*) > 1`),
    ).toEqual([]);
    // I6: no sale gives back more than it brought, and none is reversed beside that.
    expect(
      await db.query(sql`
        select o.id from vend o join vend b on b.original_id = o.id and b.state <> 'CANCELLED'
        group by o.id, o.net_minor having -sum(b.net_minor) > o.net_minor or count(*) filter (where b.kind = 'reversal') > 1`),
    ).toEqual([]);
    await breakDownsAgree();
    const proof = (await till.boss.request('GET', '/api/ledger/proof')).body as LedgerProof;
    expect(proof).toMatchObject({ sumMinor: '0', faults: [] });
  }

  /** I12: everything that was accepted is said again, the last first: the same answers, and nothing moves. */
  async function saidAgain(): Promise<void> {
    const stored = () =>
      db.query(sql`
        select (select count(*) from ledger_txn where ref_kind = 'vend') as txns, count(*) as vends,
          md5(string_agg(concat(id, state, net_minor, paid_txn, confirmed_txn), ',' order by id)) as content from vend`);
    const first = await stored();
    for (const { client, path, body, saleId } of said.splice(0).toReversed()) {
      const again = await client.request('POST', path, body);
      expect({ status: again.status, saleId: (again.body as Sale).saleId }).toEqual({ status: 201, saleId });
    }
    expect(await stored()).toEqual(first);
  }

  /** I11: by kind, by method, by operator, the total, and the drawers of the book. */
  async function breakDownsAgree(): Promise<void> {
    const days = await db.query<{ day: string }>(
      sql`select distinct to_char(business_day, 'YYYY-MM-DD') as day from vend`,
    );
    let paid = 0n;
    for (const { day } of days) {
      const { body } = await till.boss.request('GET', `/api/sales-days/${day}?propertyId=${till.propertyId}`);
      const report = body as ResponseOf<typeof getSalesDay>;
      const sumOf = (lines: readonly { paidMinor: string; feeMinor: string; netMinor: string; count: number }[]) =>
        lines.reduce(
          (sum, line) => ({
            ...{ count: sum.count + line.count, paid: sum.paid + BigInt(line.paidMinor) },
            ...{ fee: sum.fee + BigInt(line.feeMinor), net: sum.net + BigInt(line.netMinor) },
          }),
          { count: 0, paid: 0n, fee: 0n, net: 0n },
        );
      const total = sumOf([report.total]);
      for (const lines of [report.byKind, report.byMethod, report.byOperator]) expect(sumOf(lines)).toEqual(total);
      paid += total.paid;
    }
    const [drawers] = await db.query<{ sum: bigint }>(sql`
      select coalesce(sum(e.amount_minor), 0)::int8 as sum from ledger_entry e join ledger_account a on a.id = e.account_id
      where a.kind in ('cash', 'bank', 'wechat', 'alipay')`);
    expect(drawers?.sum).toBe(paid);
  }

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 9 }), async (steps) => {
      for (const asked of steps) await take(asked);
      await holds();
      await saidAgain();
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});
