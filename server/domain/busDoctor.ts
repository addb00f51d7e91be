import {
  type BusLoad,
  cycleLimitMs,
  cycleMs,
  isDead,
  type LineFacts,
  type MeterFacts,
  type MeterTime,
  measuredLoad,
  TIME_PARTS,
  type TimePart,
  wantedLoad,
} from './busFacts.ts';
import { type Proposal, propose } from './busProposals.ts';
import { findSymptoms, type Symptoms } from './busSymptoms.ts';
import { wholeParts } from './wholeParts.ts';

/**
 * How a line does, worst first.
 * closed   its gateway cannot be reached, or nobody behind it answers
 * overrun  it cannot keep its periods
 * dead     meters on it do not answer
 * lossy    answers come damaged, late or not at all; or the connection comes and goes
 * slow     answers take much longer than the wire needs
 * waiting  too young for a verdict
 */
export const VERDICTS = ['closed', 'overrun', 'dead', 'lossy', 'slow', 'waiting', 'healthy'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What the doctor says of a line. Times in whole ms. */
export interface Diagnosis {
  readonly verdict: Verdict;
  readonly observedMs: number;
  /** Share of the window in which the line was occupied, 0 to 1. */
  readonly utilisation: number;
  /** Share of its time that the periods ask of it; above 1 it cannot keep them. */
  readonly load: number;
  /**
   * Mean time of one round over the meters that were read, and what the wire takes for it at least. Undefined where
   * none was read or the way is closed.
   */
  readonly cycleMs: number | undefined;
  readonly cycleLimitMs: number | undefined;
  /** Adds up to `observedMs`. */
  readonly parts: Readonly<Record<TimePart, number>>;
  /** By unit address; each column adds up to the part of the line. */
  readonly meters: readonly MeterTime[];
  readonly answering: number;
  readonly dead: number;
  readonly overruns: number;
  /** What to change, the greatest effect first. None for a line in good order. */
  readonly proposals: readonly Proposal[];
}

/**
 * A verdict needs so many rounds: the first one is no measure, since everybody is due at once and the registers are
 * read with it.
 */
export const ROUNDS_LEAST = 2;

/** Says how a line did within a window, where its time went, and what would help. Pure. */
export function examine(facts: LineFacts): Diagnosis {
  const load = measuredLoad(facts);
  const symptoms = findSymptoms(facts, load);
  const verdict = judge(facts, load, symptoms);
  const parts = partsOf(facts, load);
  const meters = metersOf(facts, load, parts);
  return {
    verdict,
    observedMs: Math.round(facts.observedMs),
    utilisation: facts.observedMs === 0 ? 0 : Math.min(1, facts.busyMs / facts.observedMs),
    load: wantedLoad(load),
    // Behind a closed way there are no rounds: what was measured before it closed would be divided by hardly any.
    cycleMs: verdict === 'closed' ? undefined : cycleMs(load),
    cycleLimitMs: verdict === 'closed' ? undefined : cycleLimitMs(load),
    parts,
    meters,
    answering: meters.filter(({ state }) => state === 'answers').length,
    dead: symptoms.dead.length,
    overruns: facts.meters.reduce((sum, { overruns }) => sum + overruns, 0),
    proposals: verdict === 'healthy' || verdict === 'waiting' ? [] : propose(facts, load, symptoms),
  };
}

function judge(facts: LineFacts, { rounds }: BusLoad, symptoms: Symptoms): Verdict {
  if (symptoms.unreachable || symptoms.nobodyAnswers) return 'closed';
  if (symptoms.overrun) return 'overrun';
  if (symptoms.dead.length > 0) return 'dead';
  if (symptoms.damage !== undefined || symptoms.late || symptoms.flapping) return 'lossy';
  if (symptoms.slowLine || symptoms.slowMeters.length > 0) return 'slow';
  return rounds < ROUNDS_LEAST || facts.meters.length === 0 ? 'waiting' : 'healthy';
}

/** Where the time of the window went, in whole ms that add up. */
function partsOf(facts: LineFacts, { visits }: BusLoad): Readonly<Record<TimePart, number>> {
  const sum = (of: (meter: MeterFacts) => number) => facts.meters.reduce((total, meter) => total + of(meter), 0);
  const answeredMs = sum((meter) => meter.answeredMs);
  const wire = visits.reduce((total, visit) => total + visit.wireMs * visit.meter.reads, 0);
  const reply = Math.max(0, answeredMs - wire);
  const silence = sum((meter) => meter.lostMs);
  const damaged = sum((meter) => meter.damagedMs);
  const pause = Math.max(0, facts.busyMs - answeredMs - silence - damaged);
  const occupied = wire + reply + silence + damaged + pause;
  // A frame that began before the window, or a pause that ends after it, is booked whole: the window is not longer.
  const scale = occupied > facts.observedMs ? facts.observedMs / occupied : 1;
  const free = facts.observedMs - occupied * scale;
  const closed = Math.min(facts.closedMs, free);
  const all = [wire * scale, reply * scale, silence * scale, damaged * scale, pause * scale, closed, free - closed];
  const whole = wholeParts(all, Math.round(facts.observedMs));
  return Object.fromEntries(TIME_PARTS.map((part, index) => [part, whole[index] ?? 0])) as Record<TimePart, number>;
}

/** The meters' part in it; every column adds up to the line's. */
function metersOf(facts: LineFacts, { visits }: BusLoad, parts: Readonly<Record<TimePart, number>>): MeterTime[] {
  const meters = facts.meters.toSorted((a, b) => a.unitAddress - b.unitAddress);
  const wireOf = new Map(visits.map(({ meter, wireMs }) => [meter.meterId, wireMs * meter.reads]));
  const column = (part: TimePart, of: (meter: MeterFacts) => number) => {
    const figures = meters.map(of);
    const sum = figures.reduce((total, figure) => total + figure, 0);
    return wholeParts(sum === 0 ? figures : figures.map((figure) => (figure * parts[part]) / sum), parts[part]);
  };
  const wireMs = column('wire', ({ meterId }) => wireOf.get(meterId) ?? 0);
  const replyMs = column('reply', ({ meterId, answeredMs }) => Math.max(0, answeredMs - (wireOf.get(meterId) ?? 0)));
  const silenceMs = column('silence', ({ lostMs }) => lostMs);
  const damagedMs = column('damaged', (meter) => meter.damagedMs);
  return meters.map((meter, index) => ({
    meterId: meter.meterId,
    unitAddress: meter.unitAddress,
    state: stateOf(meter),
    reads: meter.reads,
    failures: meter.failures,
    damaged: meter.damaged,
    overruns: meter.overruns,
    wireMs: wireMs[index] ?? 0,
    replyMs: replyMs[index] ?? 0,
    silenceMs: silenceMs[index] ?? 0,
    damagedMs: damagedMs[index] ?? 0,
    visitMs: meter.reads === 0 ? undefined : meter.answeredMs / meter.reads,
    limitMs: meter.limitMs,
  }));
}

function stateOf(meter: MeterFacts): MeterTime['state'] {
  if (isDead(meter)) return 'dead';
  if (meter.consecutiveFailures > 0) return 'failing';
  return meter.reads > 0 ? 'answers' : 'waiting';
}
