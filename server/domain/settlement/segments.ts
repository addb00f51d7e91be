import { divideHalfUp } from '../money/amount.ts';
import { type RegisterLimits, type RegisterPoint, registerDelta } from './register.ts';

/**
 * `measured`: both ends were read. `rolledOver`: the register began anew in between. `prorated`: an end was computed by
 * time between two real reads, because nothing was read at the instant itself.
 */
export type SegmentQuality = 'measured' | 'rolledOver' | 'prorated';

/** Consumption as the difference of one register of one meter epoch within one price. Half-open: [from, to). */
export interface Segment {
  readonly from: RegisterPoint;
  readonly to: RegisterPoint;
  readonly delta: bigint;
  readonly quality: SegmentQuality;
}

/** A read that cannot follow the last good one; nothing is charged over it. */
export interface RefusedRead {
  readonly cause: 'backward' | 'implausible';
  readonly read: RegisterPoint;
  /** The last good read before it. */
  readonly after: RegisterPoint;
  /** Most that could have flowed, Wh. */
  readonly cap: bigint;
}

export interface Cutting {
  /** Where the last segment ended. */
  readonly from: RegisterPoint;
  /** Real reads in any order; those not after `from` change nothing. */
  readonly reads: readonly RegisterPoint[];
  /** Instants that no segment may span: a new price, a new month. */
  readonly cutsMs: readonly number[];
  readonly limits: RegisterLimits;
  /** Added to the time between two reads: a read may stand for an instant that was a little earlier. */
  readonly slackMs: number;
}

export interface Cut {
  readonly segments: readonly Segment[];
  readonly refused: readonly RefusedRead[];
  /** What the segments rest upon, `from` first. */
  readonly steps: readonly Step[];
}

/** A good read with what had flowed up to it since `from`. */
export interface Step {
  readonly point: RegisterPoint;
  readonly flowed: bigint;
  readonly rolledOver: boolean;
}

/**
 * Segments from `from` to the last believable read, cut at every instant of `cutsMs` in between: at the read of that
 * instant where there is one, else at a value computed by time from its neighbours and flagged. Late reads may come in any
 * order and any number of them changes no sum: Σ deltas is always the difference of the registers at both ends.
 */
export function cutSegments(cutting: Cutting): Cut {
  const { steps, refused } = believable(cutting);
  const last = steps.at(-1)?.point.atMs ?? cutting.from.atMs;
  const inside = cutting.cutsMs.filter((atMs) => atMs > cutting.from.atMs && atMs < last);
  const ends = [...new Set(inside), ...(steps.length > 1 ? [last] : [])].toSorted((a, b) => a - b);
  const segments: Segment[] = [];
  let start = steps[0];
  for (const endMs of ends) {
    if (start === undefined) break;
    const end = stepAt(steps, endMs, cutting.limits.modulus);
    segments.push(segmentBetween(steps, start, end));
    start = end;
  }
  return { segments, refused, steps };
}

function believable({ from, reads, limits, slackMs }: Cutting): { steps: Step[]; refused: RefusedRead[] } {
  let last: Step = { point: from, flowed: 0n, rolledOver: false };
  const steps = [last];
  const refused: RefusedRead[] = [];
  for (const read of reads.toSorted((a, b) => a.atMs - b.atMs)) {
    if (read.atMs <= last.point.atMs) continue;
    const elapsedMs = read.atMs - last.point.atMs + slackMs;
    const found = registerDelta(last.point.value, read.value, limits, elapsedMs);
    if ('cap' in found) {
      refused.push({ cause: found.kind, read, after: last.point, cap: found.cap });
      continue;
    }
    last = { point: read, flowed: last.flowed + found.delta, rolledOver: found.kind === 'rolledOver' };
    steps.push(last);
  }
  return { steps, refused };
}

/** The read at this instant, or what it would have been. The instant lies within the steps. */
function stepAt(steps: readonly Step[], atMs: number, modulus: bigint): Step {
  const afterIndex = steps.findIndex(({ point }) => point.atMs >= atMs);
  const after = steps[afterIndex];
  const before = steps[afterIndex - 1];
  if (after === undefined || (before === undefined && after.point.atMs !== atMs))
    throw new RangeError('an instant outside of the reads cannot be estimated');
  if (before === undefined || after.point.atMs === atMs) return after;
  const part = shareByTime(after.flowed - before.flowed, before.point.atMs, after.point.atMs, atMs);
  const value = (before.point.value + part) % modulus;
  return { point: { atMs, value, estimated: true }, flowed: before.flowed + part, rolledOver: false };
}

function segmentBetween(steps: readonly Step[], start: Step, end: Step): Segment {
  const rolledOver = steps.some(
    (step) => step.rolledOver && step.point.atMs > start.point.atMs && step.point.atMs <= end.point.atMs,
  );
  const prorated = start.point.estimated || end.point.estimated;
  return {
    from: start.point,
    to: end.point,
    delta: end.flowed - start.flowed,
    quality: prorated ? 'prorated' : rolledOver ? 'rolledOver' : 'measured',
  };
}

/** The part of what flowed in [fromMs, toMs) that falls before `atMs`, as if it had flowed evenly. */
function shareByTime(flowed: bigint, fromMs: number, toMs: number, atMs: number): bigint {
  return divideHalfUp(flowed * BigInt(atMs - fromMs), BigInt(toMs - fromMs));
}
