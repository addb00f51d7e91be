/** Handle of a pending timer. */
export interface TimerHandle {
  cancel(): void;
}

/** Time as a parameter: the system's in production, a virtual one in tests. */
export interface Clock {
  /** Wall time, ms since epoch. May be stepped. */
  nowMs(): number;
  /** Monotonic time in ms for durations and deadlines. Never stepped. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs` (0 or more) of monotonic time. */
  after(delayMs: number, callback: () => void): TimerHandle;
}

/** Chance as a parameter: a number in [0, 1). */
export type Chance = () => number;

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
