import type { Chance } from '#drivers/core/index.ts';

/** How long to leave somebody alone who does not answer. */
export interface BackoffRule {
  readonly firstMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Part of the time that chance may take away, so that many who failed together do not come back together. */
  readonly jitter: number;
}

/**
 * A dead meter costs its line one frame each time: 2 s, 2.6 s, 3.4 s, … 5 min. Not steeper: a meter is told lost after
 * a minute without an answer, and nine tries in that minute tell a dead meter from a line that drops one frame in five.
 */
export const METER_BACKOFF: BackoffRule = { firstMs: 2_000, factor: 1.3, maxMs: 300_000, jitter: 0.2 };

/** A gateway is tried for ever: 0.5 s, 1 s, … 30 s. */
export const LINK_BACKOFF: BackoffRule = { firstMs: 500, factor: 2, maxMs: 30_000, jitter: 0.5 };

/** Wait in ms after the `failures`-th failure in a row (1 or more). Never more than `maxMs`. */
export function backoffMs(rule: BackoffRule, failures: number, chance: Chance): number {
  const full = Math.min(rule.maxMs, rule.firstMs * rule.factor ** Math.max(0, failures - 1));
  return full * (1 - rule.jitter * chance());
}
