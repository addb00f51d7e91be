import {
  type BusLoad,
  cycleMs,
  HOUR_MS,
  type LineFacts,
  type Loss,
  type MeterFacts,
  perHour,
  silentFrameMs,
  type Visit,
  visitMs,
  wantedLoad,
} from './busFacts.ts';
import { type DamagePattern, type SlowMeter, type Symptoms, USUAL_REPLY_MS } from './busSymptoms.ts';

/** The rate that buses of meters run at without new cables; above it stubs and length begin to matter. */
export const BAUD_TARGET = 19_200;
/** Share of a line that its live polls may ask for: the rest is for registers, people and an answer asked for twice. */
export const LOAD_TARGET = 0.9;
/** Longest live poll that is proposed; a line that cannot keep even that has to be split. */
export const POLL_S_MAX = 3_600;
/** A deadline is safe at so many times the slowest meter's mean answer: single answers take twice the mean. */
export const TIMEOUT_MARGIN = 3;
/** Below this one lost packet on the way to a gateway is a lost answer: TCP repeats after 200 ms at the earliest. */
export const TIMEOUT_MS_MIN = 300;
export const TIMEOUT_STEP_MS = 50;
/** A deadline is worth changing when it becomes shorter by this share at least. */
export const TIMEOUT_GAIN_MIN = 0.3;
/** Replies come later than the deadline by an unknown time: twice the deadline catches most. */
export const TIMEOUT_RAISE_FACTOR = 2;
export const TIMEOUT_MS_MAX = 10_000;
/** All that a transceiver needs to turn around; meters that want more say so in their manual. */
export const TURNAROUND_MS_ENOUGH = 10;
/** What wins less than this is not worth anybody's way. */
export const WORTH_MS_PER_HOUR = 1_000;

/** What to change, with everything that one must know to do it. */
export type Action =
  | { readonly kind: 'restoreLink' }
  | { readonly kind: 'checkBus' }
  | { readonly kind: 'checkLink'; readonly reconnects: number }
  | { readonly kind: 'raiseBaud'; readonly fromBaud: number; readonly toBaud: number }
  | { readonly kind: 'splitLine'; readonly afterUnitAddress: number; readonly meters: readonly [number, number] }
  | { readonly kind: 'lengthenPoll'; readonly fromMs: number; readonly toMs: number; readonly meters: number }
  | { readonly kind: 'lowerTimeout'; readonly fromMs: number; readonly toMs: number; readonly slowestReplyMs: number }
  | { readonly kind: 'raiseTimeout'; readonly fromMs: number; readonly toMs: number; readonly lateReplies: number }
  | {
      readonly kind: 'repairMeters';
      readonly meters: readonly {
        readonly meterId: number;
        readonly unitAddress: number;
        readonly wonMsPerHour: number;
      }[];
    }
  | { readonly kind: 'reduceTurnaround'; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: 'checkMeterWiring'; readonly meterId: number; readonly unitAddress: number }
  | { readonly kind: 'checkFarEnd'; readonly fromUnitAddress: number }
  | { readonly kind: 'checkNoise' }
  | {
      readonly kind: 'slowMeter';
      readonly meterId: number;
      readonly unitAddress: number;
      readonly replyMs: number;
      readonly usualReplyMs: number;
    }
  | { readonly kind: 'checkReplyDelay'; readonly replyMs: number; readonly usualReplyMs: number };
export type ActionKind = Action['kind'];

/** What a change does, computed from what was measured. Never negative gains. */
export interface Effect {
  /** One round over the meters that are read; undefined where none is. */
  readonly cycleBeforeMs: number | undefined;
  readonly cycleAfterMs: number | undefined;
  /** Share of the line's time that is wanted of it. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  /** Time of the line that is free for something else afterwards. */
  readonly wonMsPerHour: number;
  /** Readings that come in besides, an hour. */
  readonly wonReadsPerHour: number;
  /** Only where the line cannot keep its periods: will it? */
  readonly endsOverruns: boolean | undefined;
}

export interface Proposal {
  readonly action: Action;
  readonly effect: Effect;
  /**
   * computed  arithmetic on what was measured
   * likely    holds if the part that is blamed is the cause
   * hint      where to look first
   */
  readonly confidence: 'computed' | 'likely' | 'hint';
}

interface Case {
  readonly facts: LineFacts;
  readonly load: BusLoad;
  readonly symptoms: Symptoms;
  /** The line is asked for more than it can give. */
  readonly overloaded: boolean;
}

/** What would help this line, the greatest effect first. */
export function propose(facts: LineFacts, load: BusLoad, symptoms: Symptoms): readonly Proposal[] {
  const overloaded = symptoms.overrun && wantedLoad(load) > LOAD_TARGET;
  const patient = { facts, load, symptoms, overloaded };
  // Behind a closed way nothing else can be told from what is measured.
  if (symptoms.unreachable || symptoms.nobodyAnswers) return openWay(patient);
  return [
    ...lessLoad(patient),
    ...deadlines(patient),
    ...repairs(patient),
    ...wiring(patient),
    ...answers(patient),
    ...links(patient),
  ]
    .filter(isWorthwhile)
    .toSorted(byEffect);
}

/** Something is broken: that is told however little it costs, for readings hang on it. */
const REPAIRS: ReadonlySet<ActionKind> = new Set<ActionKind>([
  'repairMeters',
  'checkLink',
  'checkMeterWiring',
  'checkFarEnd',
  'checkNoise',
]);

function isWorthwhile({ action, effect }: Proposal): boolean {
  if (REPAIRS.has(action.kind) || effect.endsOverruns === true || effect.wonReadsPerHour > 0) return true;
  return (
    effect.wonMsPerHour >= WORTH_MS_PER_HOUR || effect.loadBefore - effect.loadAfter >= WORTH_MS_PER_HOUR / HOUR_MS
  );
}

function byEffect(a: Proposal, b: Proposal): number {
  return Number(b.effect.endsOverruns === true) - Number(a.effect.endsOverruns === true) || worth(b) - worth(a);
}

/** A reading is worth the time that one takes. */
function worth({ effect }: Proposal): number {
  return effect.wonMsPerHour + effect.wonReadsPerHour * USUAL_REPLY_MS;
}

function openWay({ facts, load, symptoms }: Case): readonly Proposal[] {
  const lostMs = facts.meters.reduce((sum, meter) => sum + meter.lostMs, 0);
  const wonMsPerHour = perHour(symptoms.unreachable ? facts.closedMs : lostMs, facts);
  const effect = {
    ...effectOf(load, load, undefined),
    cycleBeforeMs: undefined,
    cycleAfterMs: undefined,
    wonMsPerHour,
  };
  return [{ action: { kind: symptoms.unreachable ? 'restoreLink' : 'checkBus' }, effect, confidence: 'likely' }];
}

/** Faster, fewer or rarer: for a line that is asked for more than it can give. */
function lessLoad({ facts, load, overloaded }: Case): readonly Proposal[] {
  if (!overloaded) return [];
  const { baud } = facts.serial;
  const canAll = facts.meters.every(({ highestBaud = 0 }) => highestBaud >= BAUD_TARGET);
  const proposals: Proposal[] = [];
  if (baud < BAUD_TARGET && canAll) {
    // Characters and silences shrink alike up to 19,200 baud; what meters and gateway take does not.
    const after = withVisits(load, (visit) => ({ ...visit, wireMs: (visit.wireMs * baud) / BAUD_TARGET }));
    proposals.push({
      action: { kind: 'raiseBaud', fromBaud: baud, toBaud: BAUD_TARGET },
      effect: effectOf(load, after, overloaded),
      confidence: 'computed',
    });
  }
  // Of those that win the same the cheapest first: a setting before a cable.
  return [...proposals, ...lengthenPoll(load), ...splitLine(load)];
}

/** Two lines of meters that stand together, as even as their reads allow; the cycle is that of the longer half. */
function splitLine(load: BusLoad): readonly Proposal[] {
  const visits = load.visits.toSorted((a, b) => a.meter.unitAddress - b.meter.unitAddress);
  if (visits.length < 2) return [];
  // Silence goes with the half where the dead meter is; which one, nobody plans for.
  const loadOf = (part: readonly Visit[]) => wantedLoad({ ...load, visits: part });
  let cut = 1;
  for (let at = 1; at < visits.length; at++) {
    const worse = (size: number) => Math.max(loadOf(visits.slice(0, size)), loadOf(visits.slice(size)));
    if (worse(at) < worse(cut)) cut = at;
  }
  const halves = [visits.slice(0, cut), visits.slice(cut)] as const;
  const [longer] = halves.toSorted((a, b) => loadOf(b) - loadOf(a));
  const rounds = longer === undefined ? 0 : longer.reduce((sum, { meter }) => sum + meter.reads, 0) / longer.length;
  const after = { ...load, visits: longer ?? [], rounds };
  const action: Action = {
    kind: 'splitLine',
    afterUnitAddress: halves[0].at(-1)?.meter.unitAddress ?? 0,
    meters: [halves[0].length, halves[1].length],
  };
  // The time is needed all the same, on two wires instead of one.
  return [{ action, effect: { ...effectOf(load, after, true), wonMsPerHour: 0 }, confidence: 'computed' }];
}

/** The shortest live poll, in whole seconds, that the line can keep for everybody; longer ones stay. */
function lengthenPoll(load: BusLoad): readonly Proposal[] {
  const wanted = (pollMs: number) => wantedLoad(load, ({ meter }) => Math.max(meter.livePollMs, pollMs));
  let tooShortS = 0;
  let enoughS = POLL_S_MAX;
  if (wanted(enoughS * 1_000) > LOAD_TARGET) return [];
  while (enoughS - tooShortS > 1) {
    const middleS = Math.floor((enoughS + tooShortS) / 2);
    if (wanted(middleS * 1_000) <= LOAD_TARGET) enoughS = middleS;
    else tooShortS = middleS;
  }
  const toMs = enoughS * 1_000;
  const touched = load.visits.filter(({ meter }) => meter.livePollMs < toMs);
  const fromMs = Math.min(...touched.map(({ meter }) => meter.livePollMs));
  const effect = { ...effectOf(load, load, true), loadAfter: wanted(toMs), endsOverruns: true };
  return touched.length === 0
    ? []
    : [{ action: { kind: 'lengthenPoll', fromMs, toMs, meters: touched.length }, effect, confidence: 'computed' }];
}

/** How long to wait for an answer: no longer than it can come, and not shorter. */
function deadlines({ facts, load, symptoms, overloaded }: Case): readonly Proposal[] {
  const fromMs = facts.responseTimeoutMs;
  if (facts.lateReplies > 0) {
    const toMs = Math.min(TIMEOUT_MS_MAX, fromMs * TIMEOUT_RAISE_FACTOR);
    if (!symptoms.late || toMs <= fromMs) return [];
    const effect = {
      ...effectOf(load, load, endOf(overloaded)),
      wonReadsPerHour: perHour(facts.lateReplies, facts),
    };
    return [
      { action: { kind: 'raiseTimeout', fromMs, toMs, lateReplies: facts.lateReplies }, effect, confidence: 'likely' },
    ];
  }
  const slowestReplyMs = Math.max(0, ...load.visits.map(replyMsEach));
  const safeMs = Math.ceil((slowestReplyMs * TIMEOUT_MARGIN) / TIMEOUT_STEP_MS) * TIMEOUT_STEP_MS;
  const toMs = Math.max(TIMEOUT_MS_MIN, safeMs);
  const frameMs = silentFrameMs(facts);
  // Without an answer in the window nobody knows how long answers take.
  if (load.visits.length === 0 || frameMs === 0 || toMs > fromMs * (1 - TIMEOUT_GAIN_MIN)) return [];
  const share = Math.min(1, (fromMs - toMs) / frameMs);
  const effect = effectOf(
    load,
    withLosses(load, () => 1 - share),
    endOf(overloaded),
  );
  return [{ action: { kind: 'lowerTimeout', fromMs, toMs, slowestReplyMs }, effect, confidence: 'computed' }];
}

function repairs({ load, symptoms, overloaded }: Case): readonly Proposal[] {
  if (symptoms.dead.length === 0) return [];
  const meters = symptoms.dead
    .map((meter) => ({
      meterId: meter.meterId,
      unitAddress: meter.unitAddress,
      wonMsPerHour: load.losses.find((loss) => loss.meter === meter)?.aheadMsPerHour ?? 0,
    }))
    .toSorted((a, b) => b.wonMsPerHour - a.wonMsPerHour || a.unitAddress - b.unitAddress);
  const after = withLosses(load, ({ meter }) => (symptoms.dead.includes(meter) ? 0 : 1));
  const effect = effectOf(load, after, endOf(overloaded));
  return [{ action: { kind: 'repairMeters', meters }, effect, confidence: 'computed' }];
}

function wiring({ load, symptoms, overloaded }: Case): readonly Proposal[] {
  const { damage } = symptoms;
  if (damage === undefined) return [];
  const struck = (meter: MeterFacts) => {
    if (damage.kind === 'oneMeter') return meter.meterId === damage.meter.meterId;
    return damage.kind === 'spread' || meter.unitAddress >= damage.fromUnitAddress;
  };
  const tightened = withLosses(load, ({ meter }) => (struck(meter) && !symptoms.dead.includes(meter) ? 0 : 1));
  const after = withVisits(tightened, (visit) => (struck(visit.meter) ? { ...visit, damagedMs: 0 } : visit));
  const effect = effectOf(load, after, endOf(overloaded));
  // A place on the bus is guessed from addresses; a single meter is not.
  const confidence = damage.kind === 'oneMeter' ? 'likely' : 'hint';
  return [{ action: wiringAction(damage), effect, confidence }];
}

function wiringAction(damage: DamagePattern): Action {
  if (damage.kind === 'spread') return { kind: 'checkNoise' };
  if (damage.kind === 'farEnd') return { kind: 'checkFarEnd', fromUnitAddress: damage.fromUnitAddress };
  const { meterId, unitAddress } = damage.meter;
  return { kind: 'checkMeterWiring', meterId, unitAddress };
}

/** Pauses and answers that take longer than they need. */
function answers({ facts, load, symptoms, overloaded }: Case): readonly Proposal[] {
  const proposals: Proposal[] = [];
  const { turnaroundMs } = facts;
  if (turnaroundMs >= 2 * TURNAROUND_MS_ENOUGH) {
    const reads = load.visits.reduce((sum, { meter }) => sum + meter.reads, 0);
    const savedMs = reads === 0 ? 0 : (facts.requests * (turnaroundMs - TURNAROUND_MS_ENOUGH)) / reads;
    const after = withVisits(load, (visit) => ({ ...visit, pauseMs: Math.max(0, visit.pauseMs - savedMs) }));
    proposals.push({
      action: { kind: 'reduceTurnaround', fromMs: turnaroundMs, toMs: TURNAROUND_MS_ENOUGH },
      effect: effectOf(load, after, endOf(overloaded)),
      confidence: 'likely',
    });
  }
  proposals.push(...symptoms.slowMeters.map((slow) => slowMeter(slow, load, overloaded)));
  if (symptoms.slowLine) {
    const after = withVisits(load, (visit) => {
      return { ...visit, replyMs: Math.min(visit.replyMs, USUAL_REPLY_MS * visit.meter.liveRequests) };
    });
    const replyMs = load.visits.reduce((sum, visit) => sum + replyMsEach(visit), 0) / Math.max(1, load.visits.length);
    const effect = effectOf(load, after, endOf(overloaded));
    const action: Action = { kind: 'checkReplyDelay', replyMs, usualReplyMs: USUAL_REPLY_MS };
    if (effect.wonMsPerHour > 0) proposals.push({ action, effect, confidence: 'likely' });
  }
  return proposals;
}

function slowMeter({ visit, usualReplyMs }: SlowMeter, load: BusLoad, overloaded: boolean): Proposal {
  const { meterId, unitAddress } = visit.meter;
  const after = withVisits(load, (each) => (each === visit ? { ...each, replyMs: usualReplyMs } : each));
  return {
    action: { kind: 'slowMeter', meterId, unitAddress, replyMs: visit.replyMs, usualReplyMs },
    effect: effectOf(load, after, endOf(overloaded)),
    confidence: 'likely',
  };
}

function links({ facts, load, symptoms, overloaded }: Case): readonly Proposal[] {
  if (!symptoms.flapping) return [];
  const effect = { ...effectOf(load, load, endOf(overloaded)), wonMsPerHour: perHour(facts.closedMs, facts) };
  return [{ action: { kind: 'checkLink', reconnects: facts.reconnects }, effect, confidence: 'hint' }];
}

/** `endsOverruns` is a question only where there are any. */
function endOf(overloaded: boolean): true | undefined {
  return overloaded ? true : undefined;
}

/** What one answer takes beyond the wire; a visit may take several. */
function replyMsEach({ replyMs, meter }: Visit): number {
  return replyMs / Math.max(1, meter.liveRequests);
}

function withVisits(load: BusLoad, change: (visit: Visit) => Visit): BusLoad {
  return { ...load, visits: load.visits.map(change) };
}

/** The same line with its silence cut to a share of what it was. */
function withLosses(load: BusLoad, share: (loss: Loss) => number): BusLoad {
  return {
    ...load,
    losses: load.losses.map((loss) => {
      const left = share(loss);
      return { ...loss, lostMs: loss.lostMs * left, aheadMsPerHour: loss.aheadMsPerHour * left };
    }),
  };
}

/** Compares a line before and after. `overruns`: the line has some, so that it matters whether they end. */
function effectOf(before: BusLoad, after: BusLoad, overruns: boolean | undefined): Effect {
  const cycleBeforeMs = cycleMs(before);
  const cycleAfterMs = cycleMs(after);
  const loadBefore = wantedLoad(before);
  const loadAfter = Math.min(loadBefore, wantedLoad(after));
  return {
    cycleBeforeMs,
    cycleAfterMs:
      cycleBeforeMs === undefined || cycleAfterMs === undefined ? undefined : Math.min(cycleBeforeMs, cycleAfterMs),
    loadBefore,
    loadAfter,
    wonMsPerHour: Math.max(0, busyMsPerHour(before) - busyMsPerHour(after)),
    wonReadsPerHour: 0,
    endsOverruns: overruns === undefined ? undefined : loadAfter <= LOAD_TARGET,
  };
}

/** Time that the line is occupied in an hour to come, at the reads of the window. */
function busyMsPerHour(load: BusLoad): number {
  const readMs = load.visits.reduce((sum, visit) => sum + visitMs(visit) * visit.meter.reads, 0);
  return perHour(readMs, load) + load.losses.reduce((sum, { aheadMsPerHour }) => sum + aheadMsPerHour, 0);
}
