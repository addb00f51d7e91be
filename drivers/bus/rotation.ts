import type { PolledMeter } from './polledMeter.ts';

/** The meter to visit now, or when there will be one. Both undefined: there is no meter. */
export interface Turn {
  readonly polled: PolledMeter | undefined;
  /** It is due for a live poll (or for a probe, which stands in for one). */
  readonly live: boolean;
  readonly wakeMs: number | undefined;
}

/**
 * Whose turn it is: live polls before registers, then whoever has been due for longest. Who has just been visited is
 * due last, so a line that is too slow still turns to everybody.
 */
export function whoseTurn(meters: readonly PolledMeter[], nowMs: number): Turn {
  let chosen: PolledMeter | undefined;
  let chosenLive = false;
  let chosenDueMs = Number.POSITIVE_INFINITY;
  let wakeMs = Number.POSITIVE_INFINITY;
  for (const polled of meters) {
    const dueMs = polled.dueMs();
    if (dueMs > nowMs) {
      if (dueMs < wakeMs) wakeMs = dueMs;
      continue;
    }
    const live = polled.failing || polled.live.dueMs <= nowMs;
    const sinceMs = live && !polled.failing ? polled.live.dueMs : dueMs;
    if (live === chosenLive ? sinceMs < chosenDueMs : live) {
      chosen = polled;
      chosenLive = live;
      chosenDueMs = sinceMs;
    }
  }
  if (chosen !== undefined) return { polled: chosen, live: chosenLive, wakeMs: undefined };
  return { polled: undefined, live: false, wakeMs: wakeMs === Number.POSITIVE_INFINITY ? undefined : wakeMs };
}
