import type { Pulse } from '#contract/live.ts';

/** A pulse of a property where all is well. */
export const pulse: Pulse = {
  propertyId: 1,
  epoch: 'a',
  seq: 1,
  atMs: 0,
  loadW: 0,
  oldestReadingMs: 0,
  gatewaysUp: 1,
  gateways: 1,
  lines: 1,
  unacknowledgedAlarms: 0,
  commandsInFlight: 0,
  readingsPerSecond: 0,
  release: '0.0.0',
};
