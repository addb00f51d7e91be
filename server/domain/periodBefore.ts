/** Instants of one period beside those of the period before it: aligned by their position in the period. Pure. */

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The period of the same length that ends where this one begins. */
export function periodBefore({ fromMs, toMs }: Period): Period {
  return { fromMs: 2 * fromMs - toMs, toMs: fromMs };
}

/**
 * Which instant of `present` each instant of the period before stands beside, by its index there: the nearest one after a
 * shift by the period's length, at most half a bucket away. Days of 23 and 25 hours and raw polls are never in step to the
 * millisecond. Each instant of `present` is given once; undefined where nothing stands beside it.
 *
 * @param present ascending, ms
 * @param before ascending, ms
 */
export function alignedBefore(
  present: readonly number[],
  before: readonly number[],
  { fromMs, toMs }: Period,
  bucketMs: number,
): readonly (number | undefined)[] {
  let next = 0;
  return before.map((atMs) => {
    const shiftedMs = atMs + (toMs - fromMs);
    const distance = (index: number) => Math.abs((present[index] ?? Number.POSITIVE_INFINITY) - shiftedMs);
    while (next + 1 < present.length && distance(next + 1) <= distance(next)) next += 1;
    if (distance(next) > bucketMs / 2) return undefined;
    next += 1;
    return next - 1;
  });
}
