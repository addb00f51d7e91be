import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '#drivers/core/index.ts';
import { createLedger, hashOfInput } from '#server/modules/ledger/index.ts';
import {
  createSaleQueue,
  SALE_STATEMENTS_MAX,
  SALES_PER_STATEMENT_MAX,
  SALES_WAITING_MAX,
} from '#server/modules/vending/saleQueue.ts';
import { insertSales, type NewSale } from '#server/modules/vending/saleStore.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

/** Sales at the same moment, on the statements themselves: who shares one keeps an outcome of one's own. */
const OPEN = [1, 2, 3, 4];
const PAUSED = 5;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.query(sql`
    insert into customer (property_id, name, initials, request_id, request_hash)
    values (1, 'Shop', 's', ${randomUUID()}, ${Buffer.alloc(32)})`);
  await database.db.query(sql`
    insert into account (property_id, customer_id, state, custody, deduction, tariff_id, alarm1_minor, alarm2_minor,
      cut_line_minor, opened_at)
    select 1, 1, case when i = ${PAUSED} then 'paused' else 'open' end, 'platform', 'realTime', 1, 0, 0, 0, now()
    from generate_series(1, ${PAUSED}::int) as i`);
});
afterAll(() => database.drop());

const queueOf = () => createSaleQueue((sales) => insertSales(database.db, sales));
/** A hundred yuan into the wallet of an account. */
function saleTo(accountId: number, more: Partial<NewSale> = {}): NewSale {
  const id = more.id ?? randomUUID();
  const entry = (kind: 'wechat' | 'wallet', subject: string, amountMinor: bigint) => ({
    ...{ account: { kind, subject }, amountMinor },
  });
  return {
    ...{ id, kind: 'sale', propertyId: 1, buildingId: undefined, accountId, meterId: accountId, meterNumber: 'M' },
    ...{ customerName: 'Shop', custody: 'platform', epoch: 1, userId: 7, userName: 'Till', ip: '127.0.0.1' },
    ...{ path: 'wallet', fence: 'quiet', paidMinor: 10_000n, feeMinor: 0n, feePpm: 0, netMinor: 10_000n },
    ...{ method: 'wechat', channelTradeNo: null, reason: null, originalId: null, batchId: null, moveId: null },
    ...{ paidTxn: null, state: 'QUEUED', inputHash: hashOfInput({ id, accountId }), atMs: Date.UTC(2026, 10, 22, 4) },
    ...{ day: '2026-11-22', period: '2026-11-01', roomMinor: null },
    entries: [entry('wechat', '', 10_000n), entry('wallet', `account:${accountId}`, -10_000n)],
    ...more,
  } as const;
}

/** What is stored of these: vends, postings, audit rows and news, each once or not at all. */
async function storedOf(sales: readonly NewSale[]): Promise<readonly (readonly [number, number, number, number])[]> {
  const rows = await database.db.query<{ counts: [number, number, number, number] }>(sql`
    select array[(select count(*) from vend v where v.id = s.id),
      (select count(*) from ledger_txn t join ledger_entry e on e.txn_id = t.id where t.key = s.id || ':paid'),
      (select count(*) from audit a where a.subject_id = s.id::text),
      (select count(*) from vend_outbox o where o.vend_id = s.id)]::int[] as counts
    from unnest(${sales.map(({ id }) => id)}::uuid[]) with ordinality as s (id, i) order by i`);
  return rows.map(({ counts }) => counts);
}
const WHOLE = [1, 2, 1, 1] as const;
const NOTHING = [0, 0, 0, 0] as const;

async function bookIsSound(): Promise<void> {
  const ledger = createLedger({ db: database.db, clock: systemClock, timeZoneOf: () => 'Asia/Shanghai' });
  expect((await ledger.prove(database.db)).faults).toEqual([]);
}

test('one alone is one statement; many at the same moment share few, each stored whole and once', async () => {
  const queue = queueOf();
  expect(await queue.sell(saleTo(1))).toMatchObject({ outcome: 'created' });
  expect(queue.figures()).toEqual({ waiting: 0, statements: 1, refused: 0 });
  const many = Array.from({ length: 200 }, (_, no) => saleTo(OPEN[no % OPEN.length] ?? 1));
  const sold = await Promise.all(many.map((sale) => queue.sell(sale)));
  expect(new Set(sold.map(({ serial }) => serial)).size).toBe(many.length);
  expect(new Set(sold.map(({ txnId }) => txnId)).size).toBe(many.length);
  expect(await storedOf(many)).toEqual(many.map(() => WHOLE));
  expect(queue.figures().statements).toBeLessThanOrEqual(
    1 + Math.ceil(200 / SALES_PER_STATEMENT_MAX) + SALE_STATEMENTS_MAX,
  );
  await bookIsSound();
});

test('what is refused or was there before leaves its neighbours alone', async () => {
  const queue = queueOf();
  const first = saleTo(1);
  await queue.sell(first);
  const other = saleTo(1, { id: first.id, inputHash: hashOfInput('something else') });
  const group = [saleTo(2), saleTo(PAUSED), saleTo(3), other, saleTo(1), first];
  const sold = await Promise.all(group.map((sale) => queue.sell(sale)));
  expect(sold.map(({ outcome }) => outcome)).toEqual([
    ...['created', 'notOpen', 'created', 'reused', 'created', 'repeated'],
  ]);
  expect(await storedOf(group)).toEqual([WHOLE, NOTHING, WHOLE, WHOLE, WHOLE, WHOLE]);
  await bookIsSound();
});

test('a sale that the database refuses fails alone', async () => {
  const queue = queueOf();
  const crooked = saleTo(2);
  const group = [
    saleTo(1),
    { ...crooked, entries: crooked.entries.slice(0, 1) },
    saleTo(3, { meterNumber: 'nul\u0000' }),
    saleTo(4),
  ];
  const sold = await Promise.allSettled(group.map((sale) => queue.sell(sale)));
  expect(sold.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
  expect(await storedOf(group)).toEqual([WHOLE, NOTHING, NOTHING, WHOLE]);
  await bookIsSound();
});

test('the same sale many times at the same moment, at two servers: stored once, the others hear so', async () => {
  const queues = [queueOf(), queueOf()];
  const twice = Array.from({ length: 10 }, () => saleTo(2));
  const sold = await Promise.all(
    twice.flatMap((sale) => queues.flatMap((queue) => [queue.sell(sale), queue.sell(sale), queue.sell(sale)])),
  );
  const outcomes = sold.map(({ outcome }) => outcome);
  expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(twice.length);
  expect(outcomes.filter((outcome) => outcome === 'repeated')).toHaveLength(twice.length * 5);
  expect(await storedOf(twice)).toEqual(twice.map(() => WHOLE));
  await bookIsSound();
});

/** The same for a meter, which takes so much more. */
function saleIntoMeter(accountId: number, roomMinor: bigint): NewSale {
  const sale = saleTo(accountId, { custody: 'meter', path: 'checked', fence: 'zero', roomMinor });
  const [taken, into] = sale.entries;
  if (taken === undefined || into === undefined) throw new Error('a sale has two entries');
  return { ...sale, entries: [taken, { ...into, account: { kind: 'vendSuspense', subject: `vend:${sale.id}` } }] };
}

test('a meter that may not hold more is sold to until it is full, whoever asks at the same moment', async () => {
  const queues = [queueOf(), queueOf(), queueOf()];
  const room = 35_000n;
  // Those of one queue share a statement; those of the others are stored at the same time.
  const group = Array.from({ length: 12 }, () => saleIntoMeter(4, room));
  const parts = queues.map((queue, at) => ({ queue, sales: group.slice(at * 4, at * 4 + 4) }));
  const sold = await Promise.all(parts.flatMap(({ queue, sales }) => sales.map((sale) => queue.sell(sale))));
  const outcomes = sold.map(({ outcome }) => outcome);
  expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(3);
  expect(outcomes.filter((outcome) => outcome === 'hoarding')).toHaveLength(9);
  expect(await storedOf(group.filter((_, no) => outcomes[no] === 'hoarding'))).toEqual(
    Array.from({ length: 9 }, () => NOTHING),
  );
  const [first] = group.filter((_, no) => outcomes[no] === 'created');
  const again = first === undefined ? undefined : await queueOf().sell(first);
  expect(again?.outcome).toBe('repeated');
  await bookIsSound();
});

test('a statement that cannot be asked fails for all of it; the next one is tried', async () => {
  let away = true;
  const queue = createSaleQueue(async (sales) => {
    if (away) throw new Error('Connection terminated unexpectedly');
    return insertSales(database.db, sales);
  });
  const group = [saleTo(1), saleTo(2), saleTo(3)];
  const lost = await Promise.allSettled(group.map((sale) => queue.sell(sale)));
  expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  away = false;
  const sold = await Promise.all(group.map((sale) => queue.sell(sale)));
  expect(sold.map(({ outcome }) => outcome)).toEqual(['created', 'created', 'created']);
});

test('more than may wait are refused at once', async () => {
  let answer = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const queue = createSaleQueue(async (sales) => {
    await held;
    return sales.map(() => ({ outcome: 'notOpen', serial: null, txnId: null }) as const);
  });
  const sale = saleTo(1);
  const all = Array.from({ length: SALES_WAITING_MAX + 1 }, (_, no) => queue.sell({ ...sale, id: String(no) }));
  await expect(all.at(-1)).rejects.toMatchObject({ code: 'server.busy' });
  expect(queue.figures()).toMatchObject({ waiting: SALES_WAITING_MAX, refused: 1 });
  answer();
  expect((await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled')).toHaveLength(
    SALES_WAITING_MAX,
  );
});
