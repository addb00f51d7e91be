import { setTimeout as sleep } from 'node:timers/promises';
import { getAccount, refund, replaceMeter, sell } from '#contract/index.ts';
import { Refusal } from './people.ts';
import { uuidOf, type Wish } from './plan.ts';
import type { Account, Site } from './setUp.ts';

/** Refusals that pass: something of this account is under way, or has not arrived. A new request is a new id. */
const PASSING: readonly string[] = [
  'account.busy',
  'vend.replacement-running',
  'vend.account-not-open',
  'conflict.changed-meanwhile',
  'refund.exceeds-purchases',
  'refund.exceeds-balance',
];
const TRY_AGAIN_MS = 500;
/** Whoever was refused asks again after so long: each asking is read from the meter, whose line has better things to do. */
const REFUSED_PAUSE_MS = 8_000;
const TRIES_MAX = 8;
/** A replacement moves money between meters, through everything that goes wrong. */
const REPLACED_MS_MAX = 180_000;

/** What came of a wish; `id` is that of the request that was accepted. */
export interface Fulfilled {
  readonly wish: Wish;
  readonly outcome: 'accepted' | 'refused';
  readonly id: string;
  readonly meterId: number;
  readonly code: string | undefined;
}

export interface Progress {
  /** Wishes with an answer. */
  done: number;
}

/**
 * Each desk takes the next wish; those of one account follow each other. A replacement is a fitter's work and whoever
 * wants money back comes again when the meter has it: no desk waits for these, only their accounts do.
 */
export async function fulfil(
  site: Site,
  wishes: readonly Wish[],
  desks: number,
  seed: number,
  progress: Progress,
): Promise<readonly Fulfilled[]> {
  const waiting = [...wishes];
  const busy = new Set<number>();
  const fulfilled: Fulfilled[] = [];
  const others: Promise<void>[] = [];
  const see = async (wish: Wish): Promise<void> => {
    busy.add(wish.account);
    fulfilled.push(await untilAccepted(site, wish, seed));
    busy.delete(wish.account);
    progress.done += 1;
  };
  const desk = async (): Promise<void> => {
    while (waiting.length > 0) {
      const index = waiting.findIndex(({ account }) => !busy.has(account));
      const [wish] = index < 0 ? [] : waiting.splice(index, 1);
      if (wish === undefined) await sleep(TRY_AGAIN_MS);
      else if (wish.kind === 'sale') await see(wish);
      else others.push(see(wish));
    }
  };
  await Promise.all(Array.from({ length: desks }, desk));
  await Promise.all(others);
  return fulfilled;
}

async function untilAccepted(site: Site, wish: Wish, seed: number): Promise<Fulfilled> {
  const account = site.accounts[wish.account];
  if (account === undefined) throw new Error(`no account ${wish.account}`);
  for (let again = 0; ; again += 1) {
    const id = again === 0 ? wish.id : uuidOf(seed, wish.no, again);
    const { meterId } = account;
    try {
      await ask(site, account, wish, id);
      return { wish, outcome: 'accepted', id, meterId, code: undefined };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const passes = PASSING.includes(error.code) && again < TRIES_MAX;
      if (!passes) return { wish, outcome: 'refused', id, meterId, code: error.code };
    }
    await sleep(REFUSED_PAUSE_MS);
  }
}

async function ask(site: Site, account: Account, wish: Wish, id: string): Promise<void> {
  const { cashier } = site;
  const amount = String(wish.amountMinor);
  const { meterId } = account;
  switch (wish.kind) {
    case 'sale':
      await cashier.call(sell, { body: { saleId: id, meterId, paidMinor: amount, method: 'cash' } });
      return;
    case 'refund':
      await cashier.call(refund, {
        body: { refundId: id, meterId, amountMinor: amount, method: 'cash', reason: 'moving out' },
      });
      return;
    case 'replacement':
      await replace(site, account, id);
  }
}

/** The old meter lies in the drawer afterwards, and replaces another one some day. */
async function replace({ cashier, spareMeterIds }: Site, account: Account, replacementId: string): Promise<void> {
  const newMeterId = spareMeterIds.shift();
  if (newMeterId === undefined) throw new Refusal('no-spare', 'there is no meter left');
  const oldMeterId = account.meterId;
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
