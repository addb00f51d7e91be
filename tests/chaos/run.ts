import { setTimeout as sleep } from 'node:timers/promises';
import { atMostOpen, comeToRest, compare, retryRejected, type Truth, truthOf, type Verdict } from './compare.ts';
import { wreak } from './havoc.ts';
import { type House, openHouse } from './house.ts';
import type { ChaosOptions } from './options.ts';
import { type Site, setUp } from './setUp.ts';
import { type Fulfilled, fulfil } from './wishes.ts';

const TELL_EVERY_MS = 10_000;
/** What was accepted is delivered in the midst of the havoc: it goes on until only these are under way, or so long. */
const LEFT_SHARE = 0.03;
const HAVOC_MS_MAX = 20 * 60_000;
const LOOK_EVERY_MS = 3_000;

/** What a run found. */
export interface ChaosReport extends Verdict {
  readonly fulfilled: readonly Fulfilled[];
  readonly kills: { readonly server: number; readonly postgres: number };
  readonly minutes: number;
}

/** Everything from an empty folder to the verdict. `say` gets a line of progress now and then. */
export async function runChaos(
  options: ChaosOptions,
  say: (line: string) => void,
  stopped: AbortSignal = new AbortController().signal,
): Promise<ChaosReport> {
  const house = await openHouse(options);
  const cut = new Promise<never>((_, reject) => {
    stopped.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
  });
  cut.catch(() => undefined);
  try {
    return await Promise.race([wholeRun(house, options, say), cut]);
  } finally {
    await house.stop();
  }
}

async function wholeRun(house: House, options: ChaosOptions, say: (line: string) => void): Promise<ChaosReport> {
  const beganMs = performance.now();
  say(`a house with ${options.meters} meters; its server says ${house.logFile}`);
  const site = await setUp(house, options.seed);
  const before = await truthOf(house, site);
  say(`${site.accounts.length} accounts; until ${options.sales} wishes are accepted, seed ${options.seed}`);
  const { fulfilled, kills } = await underHavoc(house, site, options, say);
  say('the havoc is over; everything may come to rest');
  await comeToRest(site);
  const after: Truth = await truthOf(house, site);
  const verdict = await compare(site, fulfilled, before, after);
  return { ...verdict, fulfilled, kills, minutes: (performance.now() - beganMs) / 60_000 };
}

async function underHavoc(house: House, site: Site, options: ChaosOptions, say: (line: string) => void) {
  const { sales, seed } = options;
  const havoc = wreak(house, seed);
  const progress = { accepted: 0 };
  const telling = setInterval(() => {
    const { server, postgres } = havoc.kills();
    say(`${progress.accepted} of ${sales} accepted; server killed ${server} times, Postgres ${postgres} times`);
  }, TELL_EVERY_MS);
  const over = new AbortController();
  const foreman = attend(site, over.signal);
  try {
    const fulfilled = await Promise.race([fulfil(site, options, progress), havoc.broken]);
    say('all are accepted; the havoc goes on until most is delivered');
    await Promise.race([delivered(site, Math.ceil(sales * LEFT_SHARE)), havoc.broken]);
    return { fulfilled, kills: havoc.kills() };
  } finally {
    clearInterval(telling);
    over.abort();
    await Promise.all([foreman, havoc.stop()]);
  }
}

/** Somebody looks after what meters refused, all day. */
async function attend(site: Site, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await retryRejected(site);
    await sleep(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

async function delivered(site: Site, left: number): Promise<void> {
  const giveUpMs = performance.now() + HAVOC_MS_MAX;
  while (performance.now() < giveUpMs && !(await atMostOpen(site, left))) await sleep(LOOK_EVERY_MS);
}
