export { isTelemetryQuantity } from './columns.ts';
export { openPostgresTelemetry, type PostgresTelemetryDeps } from './postgresTelemetry.ts';
export { QUARTER_MS, type ZoneMeters } from './rollUp.ts';
export type {
  LoadBucket,
  LoadQuery,
  Telemetry,
  TelemetryFigures,
  TelemetryPoint,
  TelemetryQuantity,
  TelemetryRecord,
  TelemetrySpoolFigures,
  TrendBucket,
  TrendQuery,
  TrendStep,
} from './types.ts';
export { TREND_STEPS } from './types.ts';
