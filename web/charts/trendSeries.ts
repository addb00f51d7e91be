/** From trend points to what is drawn: gaps stay gaps, counters become energy per bucket. */

/** One bucket of a trend; instants in ms. */
export interface TrendSample {
  readonly atMs: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
}

/** A drawn point; null breaks the line. */
export type ChartPoint = readonly [atMs: number, value: number | null];

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A bucket may start this much later than expected before it counts as missing. */
const GAP_TOLERANCE = 1.5;
/** History is kept at the central reading's pace; readings further apart than that are never one line. */
const CADENCE_MAX_MS = 30 * 60_000;

/**
 * The distance of readings that is usual around the step to `index`, ms: the wider of the steps beside it, so that a
 * slowly polled stretch is a line and not dots; never less than a bucket, never more than the central reading's.
 */
function cadenceAt(instantsMs: readonly number[], index: number, bucketMs: number): number {
  const step = (to: number) => (instantsMs[to] ?? Number.NaN) - (instantsMs[to - 1] ?? Number.NaN);
  const beside = Math.max(step(index - 1) || 0, step(index + 1) || 0);
  return Math.max(bucketMs, Math.min(beside, CADENCE_MAX_MS));
}

/** True when readings are missing between the instants `index - 1` and `index`. */
function isGap(instantsMs: readonly number[], index: number, bucketMs: number): boolean {
  if (index === 0) return false;
  const stepMs = (instantsMs[index] ?? 0) - (instantsMs[index - 1] ?? 0);
  return stepMs > cadenceAt(instantsMs, index, bucketMs) * GAP_TOLERANCE;
}

/** Points of a line with a null in every gap. `bucketMs` is the least distance that two points can have. */
export function withGaps(points: readonly (readonly [number, number])[], bucketMs: number): readonly ChartPoint[] {
  const instantsMs = points.map(([atMs]) => atMs);
  return points.flatMap(([atMs, value], index): readonly ChartPoint[] => {
    const breakMs = (instantsMs[index - 1] ?? atMs) + bucketMs;
    const gap: readonly ChartPoint[] = isGap(instantsMs, index, bucketMs) ? [[breakMs, null]] : [];
    return [...gap, [atMs, value]];
  });
}

/**
 * Spans inside the range without a reading: between buckets, before the first and after the last.
 * A poll that came a moment late draws no hatch.
 */
export function gapsOf(samples: readonly TrendSample[], range: Span, bucketMs: number): readonly Span[] {
  const instantsMs = samples.flatMap(({ atMs }) =>
    atMs + bucketMs <= range.fromMs || atMs > range.toMs ? [] : [atMs],
  );
  const first = instantsMs[0];
  const last = instantsMs.at(-1);
  if (first === undefined || last === undefined) return [range];
  const between = instantsMs.flatMap((toMs, index): readonly Span[] =>
    isGap(instantsMs, index, bucketMs) ? [{ fromMs: (instantsMs[index - 1] ?? toMs) + bucketMs, toMs }] : [],
  );
  const usualMs = (index: number) => cadenceAt(instantsMs, index, bucketMs) * GAP_TOLERANCE;
  const before = first - range.fromMs > usualMs(0) ? [{ fromMs: range.fromMs, toMs: first }] : [];
  const after =
    range.toMs - last > bucketMs + usualMs(instantsMs.length) ? [{ fromMs: last + bucketMs, toMs: range.toMs }] : [];
  return [...before, ...between, ...after];
}

/** Energy of one bucket, Wh. `wh` null: the bucket before is missing, so the share of this one is unknown. */
export interface EnergyBucket {
  readonly atMs: number;
  readonly wh: number | null;
}

/**
 * Energy per bucket from the last counter value of each. A bucket whose neighbour before it is missing, or whose
 * counter fell (meter replaced), has no known share: null, never zero and never a guess.
 * Counters are whole Wh below 2^53, so that the subtraction is exact.
 */
export function energyPerBucket(samples: readonly TrendSample[], bucketMs: number): readonly EnergyBucket[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index];
    const known =
      before !== undefined && sample.atMs - before.atMs <= bucketMs * GAP_TOLERANCE && sample.last >= before.last;
    return { atMs: sample.atMs, wh: known ? sample.last - before.last : null };
  });
}

/** Counters must span this share of a range for their difference to stand for its energy. */
const COVERAGE_MIN = 0.9;

/** True when the counters span (nearly) the whole range, so that its energy can be compared with another's. */
export function coversRange(samples: readonly TrendSample[], range: Span): boolean {
  const spannedMs = (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
  return spannedMs >= (range.toMs - range.fromMs) * COVERAGE_MIN;
}

/** Energy between the first and the last counter, gaps included; falls are left out. Wh, null when unknown. */
export function energyOfRange(samples: readonly TrendSample[]): number | null {
  if (samples.length < 2) return null;
  let totalWh = 0;
  for (let index = 1; index < samples.length; index += 1) {
    const step = (samples[index]?.last ?? 0) - (samples[index - 1]?.last ?? 0);
    if (step > 0) totalWh += step;
  }
  return totalWh;
}

export interface RangeSummary {
  /** Unweighted mean of the buckets' means. */
  readonly mean: number;
  readonly highest: { readonly value: number; readonly atMs: number };
  readonly lowest: { readonly value: number; readonly atMs: number };
  readonly measured: number;
}

/** Mean, highest and lowest of a range; undefined without a single bucket. */
export function summarise(samples: readonly TrendSample[]): RangeSummary | undefined {
  const first = samples[0];
  if (!first) return undefined;
  let sum = 0;
  let highest = { value: first.max, atMs: first.atMs };
  let lowest = { value: first.min, atMs: first.atMs };
  for (const { atMs, mean, min, max } of samples) {
    sum += mean;
    if (max > highest.value) highest = { value: max, atMs };
    if (min < lowest.value) lowest = { value: min, atMs };
  }
  return { mean: sum / samples.length, highest, lowest, measured: samples.length };
}

/** Smallest distance between neighbours: the bucket that an `auto` or `raw` answer really has. */
export function bucketOf(samples: readonly TrendSample[], fallbackMs: number): number {
  const distances: number[] = [];
  for (let index = 1; index < samples.length; index += 1) {
    distances.push((samples[index]?.atMs ?? 0) - (samples[index - 1]?.atMs ?? 0));
  }
  distances.sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 2)] ?? fallbackMs;
}
