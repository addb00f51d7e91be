import type { SerialSettings } from '#drivers/core/index.ts';

/** What one meter cost its line within the window that is looked at. Counters are those of the window alone. */
export interface MeterFacts {
  readonly meterId: number;
  readonly unitAddress: number;
  readonly modelId: string;
  /** Highest rate that its port can be set to; undefined where nobody states it. */
  readonly highestBaud: number | undefined;
  readonly livePollMs: number;
  /** The least that the wire allows for one live visit, and the requests that it takes. */
  readonly limitMs: number;
  readonly liveRequests: number;
  readonly reads: number;
  readonly failures: number;
  readonly overruns: number;
  /** Answers that came damaged. */
  readonly damaged: number;
  /** Time of its answers, of its damaged answers, and of its silence. */
  readonly answeredMs: number;
  readonly damagedMs: number;
  readonly lostMs: number;
  /** As it stands now, not within the window. */
  readonly consecutiveFailures: number;
  readonly backoffMs: number | undefined;
}

/** What a line did within a window. Counters are those of the window alone. */
export interface LineFacts {
  readonly link: 'connecting' | 'up' | 'down';
  /** Length of the window. */
  readonly observedMs: number;
  /** Part of the window in which the gateway could not be reached. */
  readonly closedMs: number;
  /** Part of the window in which the line was occupied. */
  readonly busyMs: number;
  readonly requests: number;
  readonly timeouts: number;
  readonly lateReplies: number;
  readonly reconnects: number;
  readonly serial: SerialSettings;
  readonly responseTimeoutMs: number;
  readonly turnaroundMs: number;
  readonly meters: readonly MeterFacts[];
}

/** Time of the window in whole ms; the parts add up to `observedMs` exactly. */
export const TIME_PARTS = ['wire', 'reply', 'silence', 'damaged', 'pause', 'closed', 'idle'] as const;
/**
 * wire     what the wire takes at least for the reads that succeeded
 * reply    answers beyond that: the meters' own delay and the gateway's
 * silence  deadlines of meters that said nothing
 * damaged  answers that could not be read
 * pause    turnaround and other pauses between frames
 * closed   the gateway could not be reached
 * idle     nothing was due
 */
export type TimePart = (typeof TIME_PARTS)[number];

/** Parts that are a loss; the others are work, pauses or rest. */
export const LOSSES: readonly TimePart[] = ['silence', 'damaged', 'closed'];

/** Time that was lost to silence, damage and a closed way, ms. */
export function lossOf(parts: Readonly<Record<TimePart, number>>): number {
  return LOSSES.reduce((sum, part) => sum + parts[part], 0);
}

/** The same of one meter; its parts of all meters add up to those of the line. */
export interface MeterTime {
  readonly meterId: number;
  readonly unitAddress: number;
  readonly state: 'answers' | 'failing' | 'dead' | 'waiting';
  readonly reads: number;
  readonly failures: number;
  readonly damaged: number;
  readonly overruns: number;
  readonly wireMs: number;
  readonly replyMs: number;
  readonly silenceMs: number;
  readonly damagedMs: number;
  /** Mean time of one of its reads; undefined when there was none. */
  readonly visitMs: number | undefined;
  readonly limitMs: number;
}

/**
 * A meter that failed so often in a row is dead: that many probes fit into the minute after which it is told lost, so
 * that a line that drops one frame in ten has no dead meter.
 */
export const DEAD_AFTER_FAILURES = 7;

export const HOUR_MS = 3_600_000;

export function isDead({ consecutiveFailures }: MeterFacts): boolean {
  return consecutiveFailures >= DEAD_AFTER_FAILURES;
}

/** One read of a meter with everything that it takes, and how often it is wanted. */
export interface Visit {
  readonly meter: MeterFacts;
  /** Its part on the wire, its part beyond it, and its share of the pauses. */
  readonly wireMs: number;
  readonly replyMs: number;
  readonly damagedMs: number;
  readonly pauseMs: number;
}

/** What the silence of one meter costs its line. */
export interface Loss {
  readonly meter: MeterFacts;
  /** In the window. */
  readonly lostMs: number;
  /** In an hour to come. */
  readonly aheadMsPerHour: number;
}

/** A line as arithmetic: what it takes for each read and what it loses besides. Proposals change it and compare. */
export interface BusLoad {
  readonly visits: readonly Visit[];
  readonly losses: readonly Loss[];
  /** Rounds in the window: as many reads as there are meters that were read. */
  readonly rounds: number;
  readonly observedMs: number;
}

export function visitMs({ wireMs, replyMs, damagedMs, pauseMs }: Visit): number {
  return wireMs + replyMs + damagedMs + pauseMs;
}

/** The line as it was measured. Meters that were not read in the window take no visits. */
export function measuredLoad(facts: LineFacts): BusLoad {
  const read = facts.meters.filter(({ reads }) => reads > 0);
  const reads = read.reduce((sum, meter) => sum + meter.reads, 0);
  const occupiedMs = facts.meters.reduce((sum, meter) => sum + meter.answeredMs + meter.damagedMs + meter.lostMs, 0);
  const pauseMs = reads === 0 ? 0 : Math.max(0, facts.busyMs - occupiedMs) / reads;
  return {
    visits: read.map((meter) => {
      const wireMs = Math.min(meter.limitMs, meter.answeredMs / meter.reads);
      return {
        meter,
        wireMs,
        replyMs: meter.answeredMs / meter.reads - wireMs,
        damagedMs: meter.damagedMs / meter.reads,
        pauseMs,
      };
    }),
    losses: facts.meters
      .filter(({ lostMs }) => lostMs > 0)
      .map((meter) => ({ meter, lostMs: meter.lostMs, aheadMsPerHour: lossAhead(meter, facts) })),
    rounds: read.length === 0 ? 0 : reads / read.length,
    observedMs: facts.observedMs,
  };
}

/** Mean time for one round over the meters; undefined when none was read. */
export function cycleMs({ visits, losses, rounds }: BusLoad): number | undefined {
  if (rounds === 0) return undefined;
  const readMs = visits.reduce((sum, visit) => sum + visitMs(visit) * visit.meter.reads, 0);
  return (readMs + losses.reduce((sum, { lostMs }) => sum + lostMs, 0)) / rounds;
}

/** What the wire takes at least for one round. */
export function cycleLimitMs({ visits, rounds }: BusLoad): number | undefined {
  if (rounds === 0) return undefined;
  return visits.reduce((sum, { wireMs, meter }) => sum + wireMs * meter.reads, 0) / rounds;
}

/** Share of the line's time that is wanted of it: above 1 it cannot keep its periods. */
export function wantedLoad(
  { visits, losses }: Pick<BusLoad, 'visits' | 'losses'>,
  pollMs = (visit: Visit) => visit.meter.livePollMs,
): number {
  const lossMsPerHour = losses.reduce((sum, { aheadMsPerHour }) => sum + aheadMsPerHour, 0);
  return visits.reduce((sum, visit) => sum + visitMs(visit) / pollMs(visit), 0) + lossMsPerHour / HOUR_MS;
}

/** Mean time of a deadline that passed; 0 when none did. */
export function silentFrameMs({ meters, timeouts }: LineFacts): number {
  return timeouts === 0 ? 0 : meters.reduce((sum, { lostMs }) => sum + lostMs, 0) / timeouts;
}

/**
 * Silence of a meter in the hours to come: what it cost in the window, but no more than its back-off now lets it cost,
 * for the first probes of a dead meter come thick and fast.
 */
function lossAhead(meter: MeterFacts, facts: LineFacts): number {
  const measured = perHour(meter.lostMs, facts);
  if (meter.backoffMs === undefined) return measured;
  const frameMs = silentFrameMs(facts) || facts.responseTimeoutMs;
  return Math.min(measured, (HOUR_MS / (meter.backoffMs + frameMs)) * frameMs);
}

/** A time of the window, as so much an hour. */
export function perHour(ms: number, { observedMs }: { readonly observedMs: number }): number {
  return observedMs === 0 ? 0 : (ms * HOUR_MS) / observedMs;
}
