import type {
  LoadBucket,
  LoadQuery,
  MeterTrend,
  TelemetryPoint,
  TelemetryRecord,
  TrendBucket,
  TrendQuery,
  TrendsQuery,
} from './types.ts';

/** What goes to the store, or to the disk, in one piece. */
export interface TelemetryBatch {
  readonly points: readonly TelemetryPoint[];
  readonly records: readonly TelemetryRecord[];
}

/** A database that keeps telemetry. What waits for it, and for how long, is not its concern: telemetry.ts is in front. */
export interface TelemetryStore {
  /** False where `records` of a batch are never looked at. */
  readonly keepsRecords: boolean;
  /**
   * Writes a batch; the same batch twice is the same as once. Resolves with the number of points that the store refuses
   * and always will; they are not to come again. Rejects when the whole batch is to come again, part of it may be
   * written then: with `StoreBusyError` when the store says when.
   */
  write(batch: TelemetryBatch): Promise<number>;
  trend(query: TrendQuery): Promise<readonly TrendBucket[]>;
  trends(query: TrendsQuery): Promise<readonly MeterTrend[]>;
  load(query: LoadQuery): Promise<readonly LoadBucket[]>;
  usualPeaksW(sinceMs: number): Promise<ReadonlyMap<number, number>>;
  isEmpty(): Promise<boolean>;
  /** Computes quarter hours and days that are over and have new points. */
  rollUp(): Promise<void>;
  /** Gives up what is under way. */
  close(): Promise<void>;
}

/** The store has too much to do and said when to come again. */
export class StoreBusyError extends Error {
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreBusyError';
    this.retryAfterMs = retryAfterMs;
  }
}
