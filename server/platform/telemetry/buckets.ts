import type { ZonedCalendar } from '#domain/calendar.ts';
import { DAY_MS, QUARTER_MS } from './quarters.ts';
import type { TrendBucket, TrendQuery, TrendStep } from './types.ts';

/** What buckets need to know of a question. */
type Bucketing = Pick<TrendQuery, 'step' | 'calendar'>;

/** Rows that one question may fetch from any table of a store. */
export const TREND_ROWS_MAX = 50_000;

const STEP_MS: Readonly<Record<Exclude<TrendStep, 'raw' | '1d'>, number>> = {
  '1m': 60_000,
  '15m': QUARTER_MS,
  '30m': 2 * QUARTER_MS,
  '1h': 4 * QUARTER_MS,
};

/** Puts rows, oldest first, into the buckets of the question. A raw row is a bucket of one. */
export function toBuckets(rows: readonly TrendBucket[], query: Bucketing): readonly TrendBucket[] {
  return bucketsOf(query)(rows);
}

/** The same for the rows of one meter after another: what the calendar says is asked once. */
export function bucketsOf(query: Bucketing): (rows: readonly TrendBucket[]) => readonly TrendBucket[] {
  const startOfBucket = startOf(query);
  return (rows) => gathered(rows, startOfBucket);
}

function gathered(rows: readonly TrendBucket[], startOfBucket: (atMs: number) => number): readonly TrendBucket[] {
  const buckets: TrendBucket[] = [];
  for (const row of rows) {
    const atMs = startOfBucket(row.atMs);
    const open = buckets.at(-1);
    if (open?.atMs === atMs) buckets[buckets.length - 1] = mergeBuckets(open, row);
    else buckets.push(row.atMs === atMs ? row : { ...row, atMs });
  }
  return buckets;
}

/** One bucket of two; `later` has the last value. */
export function mergeBuckets(earlier: TrendBucket, later: TrendBucket): TrendBucket {
  return {
    atMs: earlier.atMs,
    count: earlier.count + later.count,
    sum: earlier.sum + later.sum,
    min: Math.min(earlier.min, later.min),
    max: Math.max(earlier.max, later.max),
    last: later.last,
  };
}

/** Which bucket an instant belongs to. Hours follow the property's clock, whose offset may be half an hour. */
function startOf({ step, calendar }: Bucketing): (atMs: number) => number {
  if (step === 'raw') return (atMs) => atMs;
  if (step === '1d') return (atMs) => calendar.startOfDay(atMs);
  const stepMs = STEP_MS[step];
  const offsetMs = steadyOffsets(calendar);
  return (atMs) => {
    const offset = offsetMs(atMs);
    return Math.floor((atMs + offset) / stepMs) * stepMs - offset;
  };
}

/** Offsets by day: a year of quarter hours asks the calendar twice a day, not 35,000 times. */
function steadyOffsets(calendar: ZonedCalendar): (atMs: number) => number {
  /** Undefined for a day in which the offset changes. */
  const byDay = new Map<number, number | undefined>();
  return (atMs) => {
    const day = Math.floor(atMs / DAY_MS);
    if (!byDay.has(day)) {
      const atStart = calendar.offsetMs(day * DAY_MS);
      byDay.set(day, atStart === calendar.offsetMs((day + 1) * DAY_MS) ? atStart : undefined);
    }
    return byDay.get(day) ?? calendar.offsetMs(atMs);
  };
}
