interface Count {
  readonly sinceMs: number;
  requests: number;
}

type Told = (error: Error | null, result?: { current: number; ttl: number }) => void;

/**
 * The requests of each address in the window under way, for the limiter. The limiter's own store asks the wall clock: set
 * back by an hour, its windows last an hour and shut out whoever works. At most `addressesMax` are remembered, those that
 * asked last.
 */
export function requestCounts(monotonicMs: () => number, addressesMax: number) {
  const counts = new Map<string, Count>();
  return class RequestCounts {
    incr(address: string, told: Told, windowMs = 0): void {
      const nowMs = monotonicMs();
      const known = counts.get(address);
      const count = known !== undefined && nowMs - known.sinceMs < windowMs ? known : { sinceMs: nowMs, requests: 0 };
      count.requests += 1;
      counts.delete(address);
      counts.set(address, count);
      const oldest = counts.keys().next();
      if (counts.size > addressesMax && oldest.done === false) counts.delete(oldest.value);
      told(null, { current: count.requests, ttl: windowMs - (nowMs - count.sinceMs) });
    }

    child(): RequestCounts {
      return this;
    }
  };
}
