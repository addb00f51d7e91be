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

/** Points of a line with a null in every gap wider than a bucket and a half. `bucketMs` is the expected distance. */
export function withGaps(points: readonly (readonly [number, number])[], bucketMs: number): readonly ChartPoint[] {
  const drawn: ChartPoint[] = [];
  let previousMs: number | undefined;
  for (const [atMs, value] of points) {
    if (previousMs !== undefined && atMs - previousMs > bucketMs * GAP_TOLERANCE)
      drawn.push([previousMs + bucketMs, null]);
    drawn.push([atMs, value]);
    previousMs = atMs;
  }
  return drawn;
}

/**
 * Spans inside [fromMs, toMs] without a reading: between buckets, before the first and after the last.
 * Each is at least a whole bucket long, so that a poll that came a moment late draws no hatch.
 */
export function gapsOf(samples: readonly TrendSample[], range: Span, bucketMs: number): readonly Span[] {
  const gaps: Span[] = [];
  let coveredMs = range.fromMs;
  for (const { atMs } of samples) {
    if (atMs < range.fromMs) continue;
    if (atMs - coveredMs >= bucketMs) gaps.push({ fromMs: coveredMs, toMs: Math.min(atMs, range.toMs) });
    coveredMs = Math.max(coveredMs, atMs + bucketMs);
  }
  if (range.toMs - coveredMs >= bucketMs) gaps.push({ fromMs: coveredMs, toMs: range.toMs });
  return gaps;
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
