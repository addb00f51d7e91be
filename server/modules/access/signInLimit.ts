/** Failures that cost nothing, then each doubles the wait from one second up to a bound. */
export const USER_LIMIT = { free: 5, waitMsMax: 60_000 } as const;
export const ADDRESS_LIMIT = { free: 20, waitMsMax: 900_000 } as const;
/** Without a failure for so long, all is forgotten. */
const FORGET_MS = 3_600_000;
/** Users and addresses remembered each; the longest untouched one goes first. */
const REMEMBERED_MAX = 10_000;

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

interface Limit {
  readonly free: number;
  readonly waitMsMax: number;
}

export interface SignInLimit {
  /**
   * Asks to try now. An allowed try counts as failed until `succeeded` says otherwise, so that a thousand at the same
   * moment are not a thousand guesses. Returns how long to wait, 0 = go.
   */
  begin(user: string, address: string): number;
  /** Forgets the failures of this user; the address only gets this one try back: it may be guessing others. */
  succeeded(user: string, address: string): void;
}

/**
 * Limits guessing per user (many addresses, one victim) and per address (one guesser, many victims). In memory. Waits are
 * of monotonic time: a clock that is set back must not lock anybody out for an hour.
 */
export function createSignInLimit(monotonicMs: () => number): SignInLimit {
  const users = new Map<string, Failures>();
  const addresses = new Map<string, Failures>();
  return {
    begin(user, address) {
      const at = monotonicMs();
      const waitMs = Math.max(
        waitOf(users.get(user), USER_LIMIT, at),
        waitOf(addresses.get(address), ADDRESS_LIMIT, at),
      );
      if (waitMs > 0) return waitMs;
      count(users, user, at);
      count(addresses, address, at);
      return 0;
    },
    succeeded(user, address) {
      users.delete(user);
      const failures = addresses.get(address);
      if (failures !== undefined) addresses.set(address, { ...failures, count: failures.count - 1 });
    },
  };
}

function waitOf(failures: Failures | undefined, limit: Limit, atMs: number): number {
  if (failures === undefined || failures.count < limit.free) return 0;
  const ms = Math.min(1_000 * 2 ** Math.min(failures.count - limit.free, 30), limit.waitMsMax);
  return Math.max(0, failures.lastMs + ms - atMs);
}

function count(map: Map<string, Failures>, key: string, atMs: number): void {
  const before = map.get(key);
  const fresh = before === undefined || atMs - before.lastMs > FORGET_MS;
  map.delete(key);
  map.set(key, { count: fresh ? 1 : before.count + 1, lastMs: atMs });
  const oldest = map.keys().next();
  if (map.size > REMEMBERED_MAX && oldest.done === false) map.delete(oldest.value);
}
