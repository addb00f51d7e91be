import { zoneOffsetMs } from '../../charts/zoneTime.ts';

const SECOND_MS = 1_000;

/**
 * How far the meter's own clock is ahead (+) or behind (−) at the read, whole seconds. The meter shows the property's
 * local time and its reading carries it as if it were UTC, so that the zone's offset is taken off first.
 */
export function clockDeviationS(meterClock: string, readAt: string, timeZone: string): number {
  const readMs = Date.parse(readAt);
  const deviationMs = Date.parse(meterClock) - zoneOffsetMs(readMs, timeZone) - readMs;
  return Math.round(deviationMs / SECOND_MS);
}
