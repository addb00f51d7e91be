import type { Clock, TimerHandle } from '#drivers/core/index.ts';

export interface ManualClock extends Clock {
  /** Moves both times forward and runs what falls due, in order. */
  advance(byMs: number): void;
  /** Steps the wall time only, as a time server does. */
  setNow(nowMs: number): void;
}

/** A clock that stands still until it is told to move. */
export function manualClock(startMs: number): ManualClock {
  let wallMs = startMs;
  let monotonicMs = 0;
  const timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>();
  return {
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    after(delayMs, callback): TimerHandle {
      const timer = { dueMs: monotonicMs + delayMs, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    setNow(nowMs) {
      wallMs = nowMs;
    },
    advance(byMs) {
      const endMs = monotonicMs + byMs;
      for (;;) {
        const due = [...timers].filter((timer) => timer.dueMs <= endMs).toSorted((a, b) => a.dueMs - b.dueMs)[0];
        if (due === undefined) break;
        timers.delete(due);
        wallMs += Math.max(0, due.dueMs - monotonicMs);
        monotonicMs = Math.max(monotonicMs, due.dueMs);
        due.callback();
      }
      wallMs += endMs - monotonicMs;
      monotonicMs = endMs;
    },
  };
}
