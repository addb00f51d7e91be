import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Account, LedgerProof, Sale } from '#contract/index.ts';
import { startTill, type Till } from './support/till.ts';

/**
 * I4 where money goes from meter to meter, from customer to customer, out of meters into wallets and back: the whole server, real
 * frames, real Postgres.
 */
let till: Till;
beforeAll(async () => {
  till = await startTill();
}, 60_000);
afterAll(() => till.stop());

const reason = 'a good reason';
const RUNS = 12;
const TEST_MS_MAX = 120_000;
const STRIKES = ['dropped', 'request-lost', 'request-doubled', 'lying-refusal'] as const;
const STRIKE_SECONDS = 0.2;

type Kind = 'sale' | 'refund' | 'reversal' | 'replacement' | 'transfer' | 'custody';
interface Step {
  readonly kind: Kind;
  readonly place: number;
  readonly amount: number;
  /** What becomes of frames that want something of the meter, for a moment. */
  readonly fault: (typeof STRIKES)[number] | undefined;
}
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Kind>('sale', 'sale', 'refund', 'reversal', 'replacement', 'transfer', 'custody'),
  place: fc.nat(2),
  amount: fc.integer({ min: 200, max: 9_000 }),
  fault: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(...STRIKES) },
  ),
});
const inOrder = (place: number, ...kinds: readonly Kind[]): Step[] =>
  kinds.map((kind, no) => ({ kind, place, amount: 5_000 - no * 100, fault: undefined }));
/** Whatever chance brings: each of them once, and a sale taken back after its money went elsewhere. */
const EXAMPLES: [Step[]][] = [
  [inOrder(0, 'sale', 'refund', 'replacement', 'sale', 'reversal', 'transfer', 'sale', 'custody', 'transfer')],
  [inOrder(1, 'sale', 'custody', 'reversal')],
];

/** Where somebody takes electricity: by turns with other accounts, customers and meters. */
interface Place {
  accountId: number;
  meterId: number;
  readonly customers: [number, number];
  last: Sale | undefined;
}

/** The house with three places and two meters that nobody has, and what was said to it. */
async function openHouse() {
  const free = till.meters.slice(0, 5).map(({ id }) => id);
  const places: Place[] = [];
  for (const custody of ['meter', 'meter', 'platform']) {
    const meterId = free.shift() ?? 0;
    const customers: [number, number] = [(await till.customer('One')).id, (await till.customer('Other')).id];
    const { id: accountId } = await till.open(customers[0], [meterId], { custody });
    places.push({ accountId, meterId, customers, last: undefined });
  }
  const known = [...places.map(({ meterId }) => meterId), ...free];
  const cumulative = async () =>
    new Map(await Promise.all(known.map(async (id) => [id, (await till.purse(id)).cumulativeMinor ?? 0n] as const)));
  return { places, free, cumulative, before: await cumulative(), done: new Set<Kind>(), acceptedMinor: 0n };
}
type House = Awaited<ReturnType<typeof openHouse>>;

/** Undefined where it is refused, as much of what chance asks for is. */
async function asked<T>(path: string, body: object): Promise<T | undefined> {
  const { status, body: answer } = await till.boss.request('POST', path, body);
  // 504: the meter did not answer.
  expect(status === 504 ? 0 : status).toBeLessThan(500);
  return status < 300 ? (answer as T) : undefined;
}

/** Money in or out; true where it came to its end. */
async function pays(house: House, place: Place, { kind, amount }: Step): Promise<boolean> {
  const { meterId, last } = place;
  const id = randomUUID();
  const minor = String(amount);
  if (kind === 'reversal' && last === undefined) return false;
  const sale = await (kind === 'sale'
    ? asked<Sale>('/api/sales', { saleId: id, meterId, paidMinor: minor, method: 'cash' })
    : kind === 'refund'
      ? asked<Sale>('/api/refunds', { refundId: id, meterId, amountMinor: minor, method: 'cash', reason })
      : asked<Sale>(`/api/sales/${last?.saleId}/reverse`, { reversalId: id, reason }));
  if (sale === undefined) return false;
  // What waits for a second person is no money yet.
  const { state, netMinor } = await till.becomes(sale.saleId, 'CONFIRMED', 'CANCELLED', 'DRAFT');
  if (state !== 'CONFIRMED') return false;
  house.acceptedMinor += BigInt(netMinor);
  place.last = kind === 'sale' ? sale : undefined;
  return true;
}

/** Something is done to the account; true where it was. */
async function changes({ free }: House, place: Place, kind: Kind): Promise<boolean> {
  const path = `/api/accounts/${place.accountId}`;
  if (kind === 'transfer') {
    const [from, to] = place.customers;
    const way = { balance: 'carry', deposit: 'carry', reason };
    const account = await asked<Account>(`${path}/transfer`, { transferId: randomUUID(), toCustomerId: to, ...way });
    if (account === undefined) return false;
    place.accountId = account.id;
    place.customers.splice(0, 2, to, from);
    return true;
  }
  if (kind === 'custody') {
    const { custody } = await till.account(place.accountId);
    if (custody === 'platform') await emptyWallet(place);
    const body = { changeId: randomUUID(), custody: custody === 'meter' ? 'platform' : 'meter', reason };
    if ((await asked(`${path}/custody`, body)) === undefined) return false;
    return (await till.atRest(place.accountId)).custody !== custody;
  }
  const [newMeterId] = free;
  const body = { replacementId: randomUUID(), oldMeterId: place.meterId, newMeterId, reason };
  if ((await asked(`${path}/replace-meter`, body)) === undefined) return false;
  expect((await till.atRest(place.accountId)).meters).toMatchObject([{ meterId: newMeterId }]);
  free.push(place.meterId);
  place.meterId = free.shift() ?? 0;
  return true;
}

/** Back into the meter goes who has nothing left. Beside the till, since not all of it was bought by this customer. */
async function emptyWallet({ accountId }: Place): Promise<void> {
  const wallet = { kind: 'wallet', subject: `account:${accountId}` } as const;
  const minor = -(await till.book(wallet.kind, wallet.subject));
  if (minor === 0n) return;
  const { app, database } = till.server;
  await database.db.tx((tx) =>
    app.money.ledger.post(tx, {
      ...{ propertyId: till.propertyId, kind: 'test', key: randomUUID(), refKind: 'test', refId: '' },
      ...{ eventAtMs: Date.now(), actor: { userId: undefined, name: 'test' } },
      entries: [
        { account: wallet, amountMinor: minor },
        { account: { kind: 'granted', subject: '' }, amountMinor: -minor },
      ],
    }),
  );
}

/** One step, through frames that are struck; what of it went through is noted. */
async function take(house: House, one: Step): Promise<void> {
  const place = house.places[one.place];
  if (place === undefined) throw new Error('there is no such place');
  const { kind, fault } = one;
  const struck = till.meters.filter(({ id }) => id === place.meterId || id === house.free[0]);
  const clears = struck.flatMap(({ meterNumber }) =>
    fault === undefined
      ? []
      : [till.fault(meterNumber, { kind: fault }, { on: 'writes', durationSeconds: STRIKE_SECONDS })],
  );
  const isMoney = kind === 'sale' || kind === 'refund' || kind === 'reversal';
  const did = await (isMoney ? pays(house, place, one) : changes(house, place, kind));
  for (const clear of clears) clear();
  if (did) house.done.add(kind);
}

async function holds({ before, cumulative, acceptedMinor }: House): Promise<void> {
  const { db } = till.server.database;
  const gained = new Map([...(await cumulative())].map(([id, minor]) => [id, minor - (before.get(id) ?? 0n)]));
  // What a meter says that it was ever sold is what was confirmed: sales, less what was given back, and what was carried over.
  const confirmed = await db.query<{ meter_id: number; net: bigint }>(sql`
    select meter_id, sum(net_minor)::int8 as net from vend where custody = 'meter' and state = 'CONFIRMED' group by 1`);
  const netOf = new Map(confirmed.map(({ meter_id: id, net }) => [id, net]));
  expect(gained).toEqual(new Map([...gained.keys()].map((id) => [id, netOf.get(id) ?? 0n])));
  // In meters and wallets together is what was paid: nothing is lost on the way from one to the other, nothing is there twice.
  const [wallets] = await db.query<{ sum: bigint }>(sql`
    select coalesce(-sum(e.amount_minor), 0)::int8 as sum
    from ledger_entry e join ledger_account a on a.id = e.account_id join ledger_txn t on t.id = e.txn_id
    where a.kind = 'wallet' and t.ref_kind in ('vend', 'accountCase')`);
  const inMeters = [...gained.values()].reduce((sum, minor) => sum + minor, 0n);
  expect(inMeters + (wallets?.sum ?? 0n)).toBe(acceptedMinor);
  const proof = (await till.boss.request('GET', '/api/ledger/proof')).body as LedgerProof;
  expect(proof).toMatchObject({ sumMinor: '0', faults: [] });
}

test('I4: money that is carried from meter to meter and between customers and wallets is neither lost nor doubled', {
  timeout: TEST_MS_MAX,
}, async () => {
  const house = await openHouse();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 8 }), async (steps) => {
      for (const one of steps) await take(house, one);
      await holds(house);
    }),
    { numRuns: RUNS, endOnFailure: true, examples: EXAMPLES },
  );
  expect([...house.done].toSorted()).toEqual(['custody', 'refund', 'replacement', 'reversal', 'sale', 'transfer']);
});
