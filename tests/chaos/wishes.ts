import { setTimeout as sleep } from 'node:timers/promises';
import { cancelSale, getAccount, getSale, refund, replaceMeter, reverseSale, sell } from '#contract/index.ts';
import type { ChaosOptions } from './options.ts';
import { Refusal } from './people.ts';
import { uuidOf, type Wish, type WishKind, wishOf } from './plan.ts';
import type { Account, Site } from './setUp.ts';

/** Refusals that pass: something of this account is under way, or has not arrived. A new request is a new id. */
const PASSING: readonly string[] = [
  'account.busy',
  'vend.replacement-running',
  'vend.account-not-open',
  'conflict.changed-meanwhile',
  'refund.exceeds-purchases',
  'refund.exceeds-balance',
  'vend.not-confirmed',
];
const TRY_AGAIN_MS = 500;
/** Whoever was refused asks again after so long: each asking is read from the meter, whose line has better things to do. */
const REFUSED_PAUSE_MS = 8_000;
const TRIES_MAX = 8;
/** Wishes asked for each one that is to be accepted: somebody who is always refused must come to an end. */
const ASKED_EACH = 3;
/** Numbers of wishes that come before another one begin here. */
const BEFORE_NO = 1_000_000_000;
/** A replacement moves money between meters, through everything that goes wrong. */
const REPLACED_MS_MAX = 180_000;

/** What was done for a wish: `kind` is a sale where the cancel came too late. */
interface Done {
  readonly kind: WishKind;
  readonly amountMinor: bigint;
}

/** What came of a wish; `id` is that of the request that was accepted. */
export interface Fulfilled extends Done {
  readonly wish: Wish;
  readonly outcome: 'accepted' | 'refused';
  readonly id: string;
  readonly meterId: number;
  readonly code: string | undefined;
}

export interface Progress {
  accepted: number;
}

/**
 * Each desk takes the next wish until enough are accepted; those of one account follow each other. A replacement is a fitter's
 * work and whoever wants money back comes again when the meter has it: no desk waits for these, only their accounts do. Nor does the
 * run count on them while they are open, so that it ends with the slowest of them and not with one after the other.
 */
export async function fulfil(
  site: Site,
  { sales, clients, seed }: ChaosOptions,
  progress: Progress,
): Promise<readonly Fulfilled[]> {
  const busy = new Set<number>();
  const fulfilled: Fulfilled[] = [];
  /** Taken, and waiting for their account; as many as there are accounts, so that no few of them hold up all desks. */
  const put: Wish[] = [];
  let asked = 0;
  /** Sales under way, which as good as never are refused. */
  let selling = 0;
  const enough = () => progress.accepted >= sales;
  const fulfilOne = async (wish: Wish): Promise<void> => {
    const one = await untilAccepted(site, wish, seed);
    fulfilled.push(one);
    if (one.outcome === 'accepted') progress.accepted += 1;
  };
  const see = async (wish: Wish): Promise<void> => {
    busy.add(wish.account);
    try {
      const nothingSold = site.accounts[wish.account]?.lastSale === undefined;
      if (givesBack(wish) && nothingSold) await fulfilOne(saleBefore(wish, seed));
      await fulfilOne(wish);
    } finally {
      busy.delete(wish.account);
    }
  };
  /** The oldest wish whose account is free; undefined while there is none, or the sales under way will be enough. */
  const next = (): Wish | undefined => {
    if (progress.accepted + selling >= sales) return undefined;
    const index = put.findIndex(({ account }) => !busy.has(account));
    if (index >= 0) return put.splice(index, 1)[0];
    while (put.length < site.accounts.length && asked < sales * ASKED_EACH) {
      const wish = wishOf({ seed }, site.accounts.length, asked++);
      if (!busy.has(wish.account)) return wish;
      put.push(wish);
    }
    return undefined;
  };
  let failed = false;
  const over = () => failed || enough() || (asked >= sales * ASKED_EACH && put.length + busy.size === 0);
  const others: Promise<void>[] = [];
  const desk = async (): Promise<void> => {
    while (!over()) {
      const wish = next();
      if (wish === undefined) await sleep(TRY_AGAIN_MS);
      else if (wish.kind === 'sale' || wish.kind === 'cancel') {
        selling += 1;
        await see(wish);
        selling -= 1;
      } else {
        const seen = see(wish);
        seen.catch(() => {
          failed = true;
        });
        others.push(seen);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, desk));
  await Promise.all(others);
  return fulfilled;
}

const givesBack = ({ kind }: Wish): boolean => kind === 'refund' || kind === 'reversal';

/** What a reversal or refund takes back where the account has nothing else. */
const saleBefore = (wish: Wish, seed: number): Wish => {
  const no = BEFORE_NO + wish.no;
  return { ...wish, no, id: uuidOf(seed, no, 0), kind: 'sale', amountMinor: 5_000n };
};

async function untilAccepted(site: Site, wish: Wish, seed: number): Promise<Fulfilled> {
  const account = site.accounts[wish.account];
  if (account === undefined) throw new Error(`no account ${wish.account}`);
  for (let again = 0; ; again += 1) {
    const id = again === 0 ? wish.id : uuidOf(seed, wish.no, again);
    const { meterId } = account;
    try {
      const done = await ask(site, account, wish, id);
      return { ...done, wish, outcome: 'accepted', id, meterId, code: undefined };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const passes = PASSING.includes(error.code) && again < TRIES_MAX;
      const { kind, amountMinor } = wish;
      if (!passes) return { kind, amountMinor, wish, outcome: 'refused', id, meterId, code: error.code };
    }
    await sleep(REFUSED_PAUSE_MS);
  }
}

async function ask(site: Site, account: Account, wish: Wish, id: string): Promise<Done> {
  const { cashier } = site;
  const { amountMinor, kind } = wish;
  const amount = String(amountMinor);
  const { meterId } = account;
  switch (kind) {
    case 'sale':
    case 'cancel':
      await cashier.call(sell, { body: { saleId: id, meterId, paidMinor: amount, method: 'cash' } });
      if (kind === 'cancel' && (await isCancelled(site, id))) return { kind, amountMinor };
      account.lastSale = { id, amountMinor };
      return { kind: 'sale', amountMinor };
    case 'refund':
      await cashier.call(refund, {
        body: { refundId: id, meterId, amountMinor: amount, method: 'cash', reason: 'moving out' },
      });
      return { kind, amountMinor };
    case 'reversal':
      return { kind, amountMinor: await reverse(site, account, id) };
    case 'replacement':
      await replace(site, account, id);
      return { kind, amountMinor };
  }
}

/** Asks for the end of a sale wherever it is; false where its meter had it already. An answer that was lost is asked for again. */
async function isCancelled({ cashier }: Site, saleId: string): Promise<boolean> {
  try {
    await cashier.call(cancelSale, { params: { saleId }, body: { reason: 'the wrong shop' } });
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const sale = await cashier.call(getSale, { params: { saleId } });
    return sale.cancelAsked || sale.state === 'CANCELLED';
  }
}

/** What was taken back, minor units. */
async function reverse({ cashier }: Site, account: Account, reversalId: string): Promise<bigint> {
  const sale = account.lastSale;
  if (sale === undefined) throw new Refusal('no-sale', 'there is nothing to be reversed');
  await cashier.call(reverseSale, { params: { saleId: sale.id }, body: { reversalId, reason: 'the wrong shop' } });
  account.lastSale = undefined;
  return sale.amountMinor;
}

/** The old meter lies in the drawer afterwards, and replaces another one some day. */
async function replace({ cashier, spareMeterIds }: Site, account: Account, replacementId: string): Promise<void> {
  const newMeterId = spareMeterIds.shift();
  if (newMeterId === undefined) throw new Refusal('no-spare', 'there is no meter left');
  const oldMeterId = account.meterId;
  account.lastSale = undefined;
  try {
    await cashier.call(replaceMeter, {
      params: { accountId: account.id },
      body: { replacementId, oldMeterId, newMeterId, reason: 'its seal is broken' },
    });
  } catch (error) {
    spareMeterIds.push(newMeterId);
    throw error;
  }
  const giveUpMs = performance.now() + REPLACED_MS_MAX;
  for (;;) {
    const now = await cashier.call(getAccount, { params: { accountId: account.id } });
    if (now.running === undefined && now.meters.some(({ meterId }) => meterId === newMeterId)) break;
    if (performance.now() > giveUpMs) return;
    await sleep(TRY_AGAIN_MS);
  }
  account.meterId = newMeterId;
  spareMeterIds.push(oldMeterId);
}
