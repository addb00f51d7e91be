import { listLedgerTotals, listSales, proveLedger, retrySale, type Sale } from '#contract/index.ts';
import { until } from '../scenarios/support/until.ts';
import type { House } from './house.ts';
import { Refusal } from './people.ts';
import type { Site } from './setUp.ts';
import type { Fulfilled } from './wishes.ts';

/** After the havoc everything ends by itself in this time; what does not is in doubt. */
const REST_MS_MAX = 180_000;
const FINISHED: readonly string[] = ['CONFIRMED', 'CANCELLED'];

/** What a meter really holds of purchases, straight from the plant. */
export type Truth = ReadonlyMap<number, { readonly cumulativeMinor: bigint; readonly count: number }>;

/** One thing that does not fit. */
export interface Finding {
  readonly kind: 'lost' | 'doubled' | 'book';
  readonly text: string;
}

export interface Verdict {
  readonly confirmed: number;
  readonly cancelled: number;
  readonly inDoubt: readonly Sale[];
  readonly sumZero: boolean;
  readonly findings: readonly Finding[];
}

export async function truthOf({ control }: House, { meterNumbers }: Pick<Site, 'meterNumbers'>): Promise<Truth> {
  const truth = new Map<number, { cumulativeMinor: bigint; count: number }>();
  for (const [meterId, number] of meterNumbers) {
    const answer = await fetch(`${control.url}/meters/${number}`);
    const meter = (await answer.json()) as { path: { purchaseCount: number }; purse?: { cumulativeMinor: string } };
    if (meter.purse === undefined) throw new Error(`meter ${number} keeps no money`);
    truth.set(meterId, { cumulativeMinor: BigInt(meter.purse.cumulativeMinor), count: meter.path.purchaseCount });
  }
  return truth;
}

/** True when at most so many vends go on by themselves. */
export async function atMostOpen({ cashier, propertyId }: Site, most: number): Promise<boolean> {
  const { items } = await cashier.call(listSales, { query: { propertyId, state: 'open', limit: 1_000 } });
  return goingOn(items).length <= most;
}

/** Those that end by themselves: not what two persons must decide, nor what waits behind it at the same meter. */
function goingOn(open: readonly Sale[]): readonly Sale[] {
  const blocked = new Set(open.filter(({ state }) => state === 'QUARANTINED').map(({ meterId }) => meterId));
  return open.filter(({ meterId }) => !blocked.has(meterId));
}

/** Lets everything end, or waits as long as is reasonable. What two persons must decide is left. */
export async function comeToRest(site: Site): Promise<void> {
  await until('everything is at rest', REST_MS_MAX, async () => {
    await retryRejected(site);
    const open = (await allSales(site)).filter(({ state }) => !FINISHED.includes(state));
    return goingOn(open).length === 0;
  }).catch(() => undefined);
}

/** What a meter refused is tried again, as somebody at the desk would. */
export async function retryRejected({ cashier, propertyId }: Site): Promise<void> {
  const { items } = await cashier.call(listSales, { query: { propertyId, state: 'REJECTED', limit: 1_000 } });
  for (const { saleId } of items) {
    const asked = cashier.call(retrySale, { params: { saleId }, body: { reason: 'the refusal is over' } });
    // Meanwhile it went on by itself.
    await asked.catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
    });
  }
}

export async function compare(
  site: Site,
  fulfilled: readonly Fulfilled[],
  before: Truth,
  after: Truth,
): Promise<Verdict> {
  const sales = await allSales(site);
  const proof = await site.cashier.call(proveLedger);
  const findings = [
    ...ordersFit(sales, fulfilled),
    ...metersFit(sales, before, after, site),
    ...(await bookFits(site, sales)),
    ...proof.faults.map(({ kind, subject, detail }) => ({
      kind: 'book' as const,
      text: `${kind} ${subject} ${detail}`,
    })),
  ];
  return {
    confirmed: sales.filter(({ state }) => state === 'CONFIRMED').length,
    cancelled: sales.filter(({ state }) => state === 'CANCELLED').length,
    inDoubt: sales.filter(({ state }) => !FINISHED.includes(state)),
    sumZero: proof.sumMinor === '0' && proof.faults.length === 0,
    findings,
  };
}

async function allSales({ cashier, propertyId }: Site): Promise<readonly Sale[]> {
  const all: Sale[] = [];
  let cursor: string | undefined;
  do {
    const query = { propertyId, limit: 1_000, ...(cursor === undefined ? {} : { cursor }) };
    const page = await cashier.call(listSales, { query });
    all.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return all;
}

/** Whatever was accepted is there once, as it was asked for; nothing is there that nobody asked for. */
function ordersFit(sales: readonly Sale[], fulfilled: readonly Fulfilled[]): readonly Finding[] {
  const byId = Map.groupBy(sales, ({ saleId }) => saleId);
  const asked = fulfilled.filter(({ kind, outcome }) => kind !== 'replacement' && outcome === 'accepted');
  const ids = new Set(asked.map(({ id }) => id));
  const findings = asked.flatMap(({ id, kind, amountMinor }): Finding[] => {
    const [sale, ...more] = byId.get(id) ?? [];
    if (sale === undefined) return [{ kind: 'lost', text: `${kind} ${id} was accepted and is not there` }];
    const amount = BigInt(sale.paidMinor);
    const same = (amount < 0n ? -amount : amount) === amountMinor && more.length === 0;
    return same ? [] : [{ kind: 'book', text: `${kind} ${id} of ${amountMinor} became ${sale.paidMinor}` }];
  });
  const unasked = sales.filter(({ saleId, kind }) => !ids.has(saleId) && !kind.startsWith('move'));
  return [
    ...findings,
    ...unasked.map((sale): Finding => ({ kind: 'doubled', text: `nobody asked for ${sale.kind} ${sale.saleId}` })),
  ];
}

/** What each meter gained is what was confirmed, no more and no less; a vend in doubt may be either. */
function metersFit(sales: readonly Sale[], before: Truth, after: Truth, { meterNumbers }: Site): readonly Finding[] {
  return [...after].flatMap(([meterId, { cumulativeMinor }]): Finding[] => {
    const gained = cumulativeMinor - (before.get(meterId)?.cumulativeMinor ?? 0n);
    const mine = sales.filter((sale) => sale.meterId === meterId);
    const confirmed = sumOf(mine.filter(({ state }) => state === 'CONFIRMED'));
    const doubtful = mine.filter(({ state }) => !FINISHED.includes(state));
    if (sumsOf(doubtful).has(gained - confirmed)) return [];
    const kind = gained < confirmed ? 'lost' : 'doubled';
    return [{ kind, text: `meter ${meterNumbers.get(meterId)}: ${confirmed} confirmed, ${gained} in the meter` }];
  });
}

const sumOf = (sales: readonly Sale[]): bigint => sales.reduce((sum, { netMinor }) => sum + BigInt(netMinor), 0n);

/** Every sum that some of these make. */
function sumsOf(sales: readonly Sale[]): ReadonlySet<bigint> {
  let sums = new Set([0n]);
  for (const { netMinor } of sales) sums = new Set([...sums, ...[...sums].map((sum) => sum + BigInt(netMinor))]);
  return sums;
}

/** Drawers hold what came in less what was paid out; suspense holds what is in doubt or between two meters. */
async function bookFits({ cashier, propertyId }: Site, sales: readonly Sale[]): Promise<readonly Finding[]> {
  const { items } = await cashier.call(listLedgerTotals, { query: { propertyId } });
  const balanceOf = (kind: string) => {
    const total = items.find((item) => item.kind === kind);
    return BigInt(total?.debitMinor ?? 0) - BigInt(total?.creditMinor ?? 0);
  };
  const paidIn = sales.filter(({ kind }) => kind === 'sale');
  const isBack = (kind: Sale['kind']) => kind === 'refund' || kind === 'reversal';
  const paidOut = sales.filter(({ kind, state }) => isBack(kind) && state === 'CONFIRMED');
  const cash = [...paidIn, ...paidOut].reduce((sum, { paidMinor }) => sum + BigInt(paidMinor), 0n);
  const open = sales.filter(({ kind, state }) => kind === 'sale' && !FINISHED.includes(state));
  const moved = sales.filter(({ kind, state }) => kind.startsWith('move') && state === 'CONFIRMED');
  const suspense = sumOf(moved) - open.reduce((sum, { paidMinor }) => sum + BigInt(paidMinor), 0n);
  const findings: Finding[] = [];
  if (balanceOf('cash') !== cash)
    findings.push({ kind: 'book', text: `drawers hold ${balanceOf('cash')}, sales say ${cash}` });
  if (balanceOf('vendSuspense') !== suspense)
    findings.push({ kind: 'book', text: `suspense holds ${balanceOf('vendSuspense')}, open sales say ${suspense}` });
  return findings;
}
