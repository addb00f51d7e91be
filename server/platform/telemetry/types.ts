import type { ZonedCalendar } from '#domain/calendar.ts';
import type { Quantity, Values } from '#drivers/core/index.ts';
import type { SpoolFigures } from '../spool/index.ts';

/** What telemetry keeps: every quantity, and the balance as a chart (never as money). */
export type TelemetryQuantity = Quantity | 'balanceMinor';

/** One reading of one meter as telemetry keeps it. */
export interface TelemetryPoint {
  readonly meterId: number;
  readonly atMs: number;
  readonly values: Values;
  readonly balanceMinor: bigint | undefined;
}

export const TREND_STEPS = ['raw', '1m', '15m', '30m', '1h', '1d'] as const;
export type TrendStep = (typeof TREND_STEPS)[number];

export interface TrendQuery {
  readonly meterId: number;
  readonly quantity: TelemetryQuantity;
  /** Half open: `fromMs` ≤ bucket start < `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly step: TrendStep;
  /** Hours and days are those of the property's clock. */
  readonly calendar: ZonedCalendar;
}

/** The same question for many meters of one time zone; never single readings or minutes. */
export interface TrendsQuery extends Omit<TrendQuery, 'meterId'> {
  readonly meterIds: readonly number[];
}

/** Buckets of one of many meters, oldest first; none where it has no readings. */
export interface MeterTrend {
  readonly meterId: number;
  readonly buckets: readonly TrendBucket[];
}

/** One bucket that has readings; a bucket without is not there. */
export interface TrendBucket {
  readonly atMs: number;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
}

export interface LoadQuery {
  readonly meterIds: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** Mean load of all asked meters together in a quarter of an hour, W. */
export interface LoadBucket {
  readonly atMs: number;
  readonly loadW: number;
}

/**
 * A row of figures beside the meters' readings: lines, estate, platform. Only stores that Grafana reads keep them; others
 * ignore them.
 */
export interface TelemetryRecord {
  readonly measurement: 'line' | 'estate' | 'platform';
  readonly atMs: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, number>>;
}

/** Counters for `/metrics`, all since start. */
export interface TelemetryFigures {
  /** Readings in memory; what waits on disk is in `spool`. */
  readonly queued: number;
  readonly written: number;
  /** Readings that had to go, from memory or disk, because a bound was reached while the store was down. */
  readonly dropped: number;
  /** Refused by the store, or older than what it keeps. */
  readonly refused: number;
  readonly failures: number;
  /** Undefined where nothing waits on disk. */
  readonly spool: SpoolFigures | undefined;
  /** Since when the store has not been writable; undefined = the last write succeeded. */
  readonly storeDownSinceMs: number | undefined;
}

/** The telemetry store: charts and Grafana ask it, money never does. */
export interface Telemetry {
  /** Queues points; never blocks. While the store is down they wait on disk within a bound, the oldest go first. */
  write(points: readonly TelemetryPoint[]): void;
  /** False where `note` is ignored: nobody need collect figures then. */
  readonly keepsRecords: boolean;
  /** Queues figures beside the readings; never blocks. A store that keeps none ignores them. */
  note(records: readonly TelemetryRecord[]): void;
  /** Oldest first. Rejects when the store is down, with `TelemetryAwayError` once that is known. */
  trend(query: TrendQuery): Promise<readonly TrendBucket[]>;
  /** One for each asked meter, in the order asked. Meters × quarter hours may be TREND_ROWS_MAX at most. */
  trends(query: TrendsQuery): Promise<readonly MeterTrend[]>;
  /** Oldest first; quarters without any reading are absent. */
  load(query: LoadQuery): Promise<readonly LoadBucket[]>;
  /** Usual peak per meter: the mean of its daily peak loads since an instant, W. Meters without any are absent. */
  usualPeaksW(sinceMs: number): Promise<ReadonlyMap<number, number>>;
  /** True when the store holds nothing at all. */
  isEmpty(): Promise<boolean>;
  /** Writes what waits, in memory and on disk. Rejects when the store is down. */
  flush(): Promise<void>;
  /** The same, and brings the roll-ups up to date; for tests and for the end of a backfill. */
  settle(): Promise<void>;
  figures(): TelemetryFigures;
  /** Hands on what is queued, to the store or else to the disk, and stops. */
  close(): Promise<void>;
}
