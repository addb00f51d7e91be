import {
  type BusLoad,
  cycleLimitMs,
  cycleMs,
  isDead,
  type LineFacts,
  type MeterFacts,
  perHour,
  silentFrameMs,
  type Visit,
} from './busFacts.ts';

/** More polls than this share came too late: one in two hundred is what a burst of probes or a person's read costs. */
export const OVERRUN_SHARE_MAX = 0.005;
/** More frames than this share were lost or damaged: a sound RS-485 bus loses fewer than one in ten thousand. */
export const LOSSY_SHARE_MIN = 0.01;
/** Fewer lost frames than this are chance; also more than a meter has that is about to be told dead. */
export const LOSSY_FRAMES_MIN = 10;
/** A meter has the damage to itself when it has this share of it. */
export const ONE_METER_SHARE_MIN = 0.6;
/** The far half of a bus is worse when it has this many times the damage of the near half. */
export const FAR_HALF_FACTOR_MIN = 3;
/** So many late replies are no accident: the deadline is too short for somebody. */
export const LATE_REPLIES_MIN = 3;
/** So many connections an hour are a link that comes and goes, not a restart of the gateway. */
export const RECONNECTS_AN_HOUR_MAX = 3;
/** What meter and gateway may take for one answer beyond the wire: meters take 5 to 60 ms, serial servers gather 10 to 50. */
export const USUAL_REPLY_MS = 60;
/** Above this, a round takes noticeably longer than wire and usual answers explain. */
export const SLOW_CYCLE_RATIO = 1.5;
/** A meter is slow beside its likes at this many times their answer, when it is noticeable as well. */
export const SLOW_METER_FACTOR = 3;
export const SLOW_METER_MS_MIN = 100;
/** Likes are meters of one model on one line; with fewer there is nothing to compare. */
export const LIKES_MIN = 3;

/** Where on the bus answers are lost; positions are known by unit address only. */
export type DamagePattern =
  | { readonly kind: 'oneMeter'; readonly meter: MeterFacts }
  | { readonly kind: 'farEnd'; readonly fromUnitAddress: number }
  | { readonly kind: 'spread' };

/** A meter whose answers take much longer than those of its model on the same line. */
export interface SlowMeter {
  readonly visit: Visit;
  readonly usualReplyMs: number;
}

/** What is wrong with a line; everything absent or false for one in good order. */
export interface Symptoms {
  readonly unreachable: boolean;
  readonly nobodyAnswers: boolean;
  readonly overrun: boolean;
  readonly dead: readonly MeterFacts[];
  readonly damage: DamagePattern | undefined;
  readonly late: boolean;
  readonly flapping: boolean;
  readonly slowLine: boolean;
  readonly slowMeters: readonly SlowMeter[];
}

export function findSymptoms(facts: LineFacts, load: BusLoad): Symptoms {
  const { meters } = facts;
  const reads = meters.reduce((sum, meter) => sum + meter.reads, 0);
  const overruns = meters.reduce((sum, meter) => sum + meter.overruns, 0);
  const dead = meters.filter(isDead);
  return {
    unreachable: facts.link === 'down',
    // With a single meter, its silence and its bus's cannot be told apart: the meter is blamed.
    nobodyAnswers: meters.length > 1 && meters.every(({ consecutiveFailures }) => consecutiveFailures > 0),
    overrun: overruns > reads * OVERRUN_SHARE_MAX,
    dead,
    damage: damageOf(facts),
    late: facts.lateReplies >= LATE_REPLIES_MIN,
    flapping: facts.reconnects >= 2 && perHour(facts.reconnects, facts) > RECONNECTS_AN_HOUR_MAX,
    slowLine: isSlow(load),
    slowMeters: slowMetersOf(load.visits),
  };
}

/** Frames of a meter that came damaged or not at all, as far as that can be told. */
function lostFrames(meter: MeterFacts, frameMs: number): number {
  return meter.damaged + (isDead(meter) || frameMs === 0 ? 0 : meter.lostMs / frameMs);
}

function damageOf(facts: LineFacts): DamagePattern | undefined {
  const frameMs = silentFrameMs(facts);
  const meters = facts.meters
    .map((meter) => ({ meter, lost: lostFrames(meter, frameMs), asked: meter.reads + meter.failures }))
    .toSorted((a, b) => a.meter.unitAddress - b.meter.unitAddress);
  const lost = meters.reduce((sum, each) => sum + each.lost, 0);
  if (lost < LOSSY_FRAMES_MIN || lost < facts.requests * LOSSY_SHARE_MIN) return undefined;
  const worst = meters.reduce((most, each) => (each.lost > most.lost ? each : most));
  if (meters.length > 1 && worst.lost >= lost * ONE_METER_SHARE_MIN) return { kind: 'oneMeter', meter: worst.meter };
  const rate = (half: typeof meters) => {
    const asked = half.reduce((sum, each) => sum + each.asked, 0);
    return asked === 0 ? 0 : half.reduce((sum, each) => sum + each.lost, 0) / asked;
  };
  const middle = Math.ceil(meters.length / 2);
  const [near, far] = [meters.slice(0, middle), meters.slice(middle)];
  const [first] = far;
  return first !== undefined && far.length >= LIKES_MIN && rate(far) >= FAR_HALF_FACTOR_MIN * rate(near)
    ? { kind: 'farEnd', fromUnitAddress: first.meter.unitAddress }
    : { kind: 'spread' };
}

function isSlow(load: BusLoad): boolean {
  const limitMs = cycleLimitMs(load);
  const lossless = cycleMs({ ...load, losses: [] });
  if (limitMs === undefined || lossless === undefined) return false;
  return isSlowRound(
    lossless,
    limitMs,
    load.visits.reduce((sum, { meter }) => sum + meter.liveRequests, 0),
  );
}

/**
 * Does a round take noticeably longer than its wire and so many usual answers explain? By ratio to the wire alone a fast
 * one would be slow.
 */
export function isSlowRound(roundMs: number, limitMs: number, answers: number): boolean {
  return roundMs > SLOW_CYCLE_RATIO * (limitMs + answers * USUAL_REPLY_MS);
}

function slowMetersOf(visits: readonly Visit[]): readonly SlowMeter[] {
  return [...Map.groupBy(visits, ({ meter }) => meter.modelId).values()].flatMap((likes) => {
    if (likes.length < LIKES_MIN) return [];
    const usualReplyMs = median(likes.map(({ replyMs }) => replyMs));
    return likes
      .filter(
        ({ replyMs }) => replyMs >= SLOW_METER_FACTOR * usualReplyMs && replyMs - usualReplyMs >= SLOW_METER_MS_MIN,
      )
      .map((visit) => ({ visit, usualReplyMs }));
  });
}

export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
