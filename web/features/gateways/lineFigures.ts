import type { Gateway, LineHealthDto } from '#contract/index.ts';
import { isSlowRound } from '#domain/busSymptoms.ts';

/** Worst link of the lines of a gateway; a gateway without a reachable line is down. */
export function gatewayLink(gateway: Gateway): 'up' | 'partly' | 'connecting' | 'down' | 'stopped' {
  const links = gateway.lines.map(({ link }) => link);
  if (!gateway.enabled || links.every((link) => link === 'stopped')) return 'stopped';
  if (links.every((link) => link === 'up')) return 'up';
  if (links.includes('up')) return 'partly';
  return links.includes('connecting') ? 'connecting' : 'down';
}

/** How far a set of new meters has come. */
export interface Answering {
  readonly answering: number;
  readonly total: number;
  /** Meters that have not answered since `sinceMs`, by unit address. */
  readonly silent: readonly number[];
}

/** Meters of some lines that have replied since an instant (ms): "12 of 40 answering". */
export function answeringSince(lines: readonly LineHealthDto[], sinceMs: number): Answering {
  const meters = lines.flatMap((line) => line.meters);
  const silent = meters.filter(({ lastReply }) => lastReply === undefined || Date.parse(lastReply) < sinceMs);
  return {
    answering: meters.length - silent.length,
    total: meters.length,
    silent: silent.map(({ unitAddress }) => unitAddress),
  };
}

/** How a line keeps up: `overrun` when polls come too late, `slow` by the bus doctor's rule. */
export function cycleVerdict(health: LineHealthDto): 'unknown' | 'good' | 'slow' | 'overrun' {
  if (health.cycleMs === undefined) return 'unknown';
  if (health.overruns > 0) return 'overrun';
  const answering = health.meters.filter(({ consecutiveFailures }) => consecutiveFailures === 0).length;
  return isSlowRound(health.cycleMs, health.cycleLimitMs, answering) ? 'slow' : 'good';
}

/** State of one address in the strip of a line. */
export type AddressState = 'answers' | 'failing' | 'quarantined' | 'waiting';

export function addressState(meter: LineHealthDto['meters'][number], nowMs: number): AddressState {
  if (meter.backoffUntil !== undefined && Date.parse(meter.backoffUntil) > nowMs) return 'quarantined';
  if (meter.consecutiveFailures > 0) return 'failing';
  return meter.reads > 0 ? 'answers' : 'waiting';
}
