/**
 * Who goes first on a line, and why. Between two frames the highest class that waits is served; a visit of several
 * frames is interrupted for a higher one and goes on afterwards.
 */
export const PRIORITY = {
  /** The outcome of a command hangs on it, and with it a tenant's supply or money. */
  readBack: 0,
  /** A person or a rule has decided and waits. */
  command: 1,
  /** What a command centre exists for. */
  alarmScan: 2,
  /** Somebody looks at this meter now. */
  onDemand: 3,
  /** The wall: next round comes soon, so it may wait. */
  livePoll: 4,
  /** Slow, and mostly served along with a live poll. */
  registerPoll: 5,
} as const;

export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];
