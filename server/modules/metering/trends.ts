import { TREND_METERS_MAX, type Trends } from '#contract/index.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import {
  QUARTER_MS,
  type Telemetry,
  TREND_ROWS_MAX,
  type TrendBucket,
  type TrendStep,
} from '#server/platform/telemetry/index.ts';
import { chooseStep, invalid, parseRange, quantityNamed, unitOf } from './trend.ts';
import type { MeterView } from './types.ts';

export interface TrendsRequest {
  readonly meterIds: string;
  readonly quantity: string;
  readonly from: string;
  readonly to: string;
  readonly resolution?: string | undefined;
}

/** The ids of a request, each once. Throws `request.invalid` when there are too many. */
export function meterIdsOf({ meterIds }: TrendsRequest): readonly number[] {
  const ids = [...new Set(meterIds.split(',').map(Number))];
  if (ids.length > TREND_METERS_MAX) throw invalid('meterIds', `must be ${TREND_METERS_MAX} at most`);
  return ids;
}

/**
 * Answers the trend of many meters as columns. Throws `request.invalid` for an unknown quantity, a range that runs
 * backwards, meters whose days begin at different instants, and for more than the store would give.
 */
export async function answerTrends(
  telemetry: Telemetry,
  request: TrendsRequest,
  meters: readonly MeterView[],
  calendarOf: (meter: MeterView) => ZonedCalendar,
): Promise<Trends> {
  const quantity = quantityNamed(request.quantity);
  const { fromMs, toMs } = parseRange(request);
  const [calendar, ...others] = new Set(meters.map(calendarOf));
  if (calendar === undefined || others.length > 0) throw invalid('meterIds', 'must be of one time zone');
  // The bucket that a range begins or ends in counts as well.
  const quarters = Math.ceil((toMs - fromMs) / QUARTER_MS) + 1;
  if (quarters * meters.length > TREND_ROWS_MAX) {
    throw invalid('meterIds', `times the quarter hours of the range must not exceed ${TREND_ROWS_MAX}: ask for fewer`);
  }
  const step = stepFor(request.resolution, toMs - fromMs);
  const meterIds = meters.map(({ profile }) => profile.meter.id);
  const trends = await telemetry.trends({ meterIds, quantity, fromMs, toMs, step, calendar });
  const starts = [...new Set(trends.flatMap(({ buckets }) => buckets.map(({ atMs }) => atMs)))].toSorted(
    (a, b) => a - b,
  );
  return {
    quantity,
    unit: unitOf(quantity),
    resolution: step,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    at: starts.map((atMs) => new Date(atMs).toISOString()),
    meters: trends.map(({ meterId, buckets }) => ({ meterId, ...columnsOf(buckets, starts) })),
  };
}

/** Many meters are asked for the past: minutes and single readings are for one at a time. */
function stepFor(resolution: string | undefined, rangeMs: number): TrendStep {
  const step = chooseStep(resolution ?? 'auto', rangeMs);
  return step === 'raw' || step === '1m' ? '15m' : step;
}

function columnsOf(buckets: readonly TrendBucket[], starts: readonly number[]) {
  const columns = {
    mean: [] as (number | null)[],
    min: [] as (number | null)[],
    max: [] as (number | null)[],
    last: [] as (number | null)[],
  };
  let next = 0;
  for (const atMs of starts) {
    const bucket = buckets[next]?.atMs === atMs ? buckets[next] : undefined;
    if (bucket !== undefined) next += 1;
    columns.mean.push(bucket === undefined ? null : bucket.sum / bucket.count);
    columns.min.push(bucket?.min ?? null);
    columns.max.push(bucket?.max ?? null);
    columns.last.push(bucket?.last ?? null);
  }
  return columns;
}
