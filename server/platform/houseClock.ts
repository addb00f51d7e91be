import type { Clock } from '#drivers/core/index.ts';

/** A wall clock that is off by more than this was stepped; less is drift and is followed silently. */
export const CLOCK_STEP_MS = 1_000;

/**
 * The wall time that the whole house keeps. A step of the machine's clock (a time server, a person) is taken over at one
 * instant, so that whoever keeps instants in order to know ages can move them along: no age grows by a step.
 */
export interface HouseClock extends Clock {
  /** Takes over what the machine's clock says now. Returns by how many ms it was stepped; 0 when it was not. */
  follow(): number;
}

/** A house clock on a machine's clock. Until `follow` is called a step is not seen: time runs on by the monotonic clock. */
export function createHouseClock(machine: Clock): HouseClock {
  let offsetMs = machine.nowMs() - machine.monotonicMs();
  const steadyMs = (): number => machine.monotonicMs() + offsetMs;
  return {
    nowMs() {
      const wallMs = machine.nowMs();
      const expectedMs = steadyMs();
      return Math.abs(wallMs - expectedMs) < CLOCK_STEP_MS ? wallMs : Math.round(expectedMs);
    },
    monotonicMs: () => machine.monotonicMs(),
    after: (delayMs, callback) => machine.after(delayMs, callback),
    follow() {
      const offMs = machine.nowMs() - steadyMs();
      offsetMs += offMs;
      return Math.abs(offMs) < CLOCK_STEP_MS ? 0 : Math.round(offMs);
    },
  };
}
