import type { Chance } from '#drivers/core/index.ts';

/** How long to leave somebody alone who does not answer. */
export interface BackoffRule {
  readonly firstMs: number;
  /** What each wait is longer than the one before by: `gentle` until `gentleUntilMs` is reached, `factor` from there on. */
  readonly gentle: number;
  readonly gentleUntilMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Part of the time that chance may take away, so that many who failed together do not come back together. */
  readonly jitter: number;
}

/**
 * A dead meter costs its line one frame each time: 2 s, 2.4 s, 2.9 s, … 10 s, 15 s, … 5 min. A meter is told lost after
 * a minute without an answer, and eleven tries in that minute tell a dead meter from a line that drops one frame in
 * five; after that nothing is left to save, and the waits grow with the time that it has been away.
 */
export const METER_BACKOFF: BackoffRule = {
  firstMs: 2_000,
  gentle: 1.2,
  gentleUntilMs: 10_000,
  factor: 1.5,
  maxMs: 300_000,
  jitter: 0.2,
};

/** A gateway is tried for ever: 0.5 s, 1 s, … 30 s. */
export const LINK_BACKOFF: BackoffRule = {
  firstMs: 500,
  gentle: 2,
  gentleUntilMs: 0,
  factor: 2,
  maxMs: 30_000,
  jitter: 0.5,
};

/** Wait in ms after the `failures`-th failure in a row (1 or more). Never more than `maxMs`. */
export function backoffMs(rule: BackoffRule, failures: number, chance: Chance): number {
  let fullMs = rule.firstMs;
  for (let failure = 1; failure < failures && fullMs < rule.maxMs; failure += 1) {
    fullMs *= fullMs < rule.gentleUntilMs ? rule.gentle : rule.factor;
  }
  return Math.min(rule.maxMs, fullMs) * (1 - rule.jitter * chance());
}
