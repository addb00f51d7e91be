import type { TrendSample } from '../../charts/trendSeries.ts';

const DAY_MS = 86_400_000;
/** Less than this was seen of the balance: nothing is said about the days to come. */
export const SEEN_LEAST_MS = DAY_MS / 2;

export interface Outlook {
  /** What a day costs, minor units, rounded: an estimate, not an amount of the books. */
  readonly perDayMinor: bigint;
  readonly days: number;
}

/**
 * How long a balance lasts at the pace at which it fell: from its readings, minor units, oldest first. Stretches in which
 * money came in are left out, time and all. `undefined` where too little was seen or nothing was used.
 */
export function outlookOf(
  samples: readonly TrendSample[],
  balanceMinor: bigint,
  cutLineMinor: bigint,
): Outlook | undefined {
  let fell = 0;
  let seenMs = 0;
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1];
    if (before === undefined || sample.last > before.last) continue;
    fell += before.last - sample.last;
    seenMs += sample.atMs - before.atMs;
  }
  if (seenMs < SEEN_LEAST_MS || fell <= 0) return undefined;
  const perDayMinor = BigInt(Math.round((fell / seenMs) * DAY_MS));
  if (perDayMinor === 0n) return undefined;
  const left = balanceMinor - cutLineMinor;
  return { perDayMinor, days: left <= 0n ? 0 : Number((left * 100n) / perDayMinor) / 100 };
}
