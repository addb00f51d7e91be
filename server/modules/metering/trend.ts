import type { Trend } from '#contract/index.ts';
import type { ZonedCalendar } from '#domain/calendar.ts';
import { QUANTITIES } from '#drivers/core/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import {
  isTelemetryQuantity,
  QUARTER_MS,
  type Telemetry,
  type TelemetryQuantity,
  TREND_ROWS_MAX,
  TREND_STEPS,
  type TrendStep,
} from '#server/platform/telemetry/index.ts';
import { toTrendPoint } from './dto.ts';

const DAY_MS = 86_400_000;
/** `auto` takes the finest step that gives no more points than this. */
const AUTO_POINTS_MAX = 800;
/** A step that was asked for may give this many: a year of half hours, two weeks of minutes. */
const POINTS_MAX = 20_000;
const RANGE_MS_MAX = 10 * 366 * DAY_MS;

/** Raw rows are a minute apart at least, so that they count like minutes. */
const STEP_MS: Readonly<Record<TrendStep, number>> = {
  raw: 60_000,
  '1m': 60_000,
  '15m': 900_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '1d': DAY_MS,
};

export interface TrendRequest {
  readonly meterId: number;
  readonly quantity: string;
  readonly from: string;
  readonly to: string;
  readonly resolution: string | undefined;
}

/** Answers a trend. Throws `request.invalid` for an unknown quantity, a range that runs backwards, too many points. */
export async function answerTrend(
  telemetry: Telemetry,
  request: TrendRequest,
  calendar: ZonedCalendar,
): Promise<Trend> {
  const quantity = quantityNamed(request.quantity);
  const { fromMs, toMs } = parseRange(request);
  const step = chooseStep(request.resolution ?? 'auto', toMs - fromMs);
  const buckets = await telemetry.trend({ meterId: request.meterId, quantity, fromMs, toMs, step, calendar });
  return {
    meterId: request.meterId,
    quantity,
    unit: unitOf(quantity),
    resolution: step,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    points: buckets.map(toTrendPoint),
  };
}

/** Throws `request.invalid` for a name that telemetry does not keep. */
export function quantityNamed(name: string): TelemetryQuantity {
  if (!isTelemetryQuantity(name)) throw invalid('quantity', 'is no quantity that is kept');
  return name;
}

/** Throws `request.invalid` for a range that runs backwards or is longer than anything is kept. */
export function parseRange({ from, to }: { readonly from: string; readonly to: string }): {
  readonly fromMs: number;
  readonly toMs: number;
} {
  const fromMs = parseInstant('from', from);
  const toMs = parseInstant('to', to);
  if (toMs <= fromMs) throw invalid('to', 'must be after from');
  if (toMs - fromMs > RANGE_MS_MAX) throw invalid('from', 'must be within ten years of to');
  return { fromMs, toMs };
}

/** Ms since epoch. Throws `request.invalid` for a text that has the form of an instant and is none (13th month). */
export function parseInstant(field: string, text: string): number {
  const atMs = Date.parse(text);
  if (Number.isNaN(atMs)) throw invalid(field, 'is no instant');
  return atMs;
}

/** The step for a range, ms. Throws `request.invalid` when an explicit one gives too many points. */
export function chooseStep(wanted: string, rangeMs: number): TrendStep {
  const explicit = TREND_STEPS.find((step) => step === wanted);
  if (explicit === undefined) {
    return TREND_STEPS.find((step) => step !== 'raw' && rangeMs / STEP_MS[step] <= AUTO_POINTS_MAX) ?? '1d';
  }
  if (rangeMs / STEP_MS[explicit] > POINTS_MAX) {
    throw invalid('resolution', `would give more than ${POINTS_MAX} points: take a coarser one or a shorter range`);
  }
  if (explicit !== '1d' && rangeMs / QUARTER_MS > TREND_ROWS_MAX) {
    throw invalid('resolution', 'must be 1d for a range of more than 500 days');
  }
  return explicit;
}

export function unitOf(quantity: TelemetryQuantity): string {
  return quantity === 'balanceMinor' ? 'minor' : QUANTITIES[quantity].unit;
}

export function invalid(field: string, message: string): AppError {
  return new AppError('request.invalid', `${field} ${message}.`, [{ field, message }]);
}
