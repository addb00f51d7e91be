export { TREND_ROWS_MAX } from './buckets.ts';
export { isTelemetryQuantity } from './columns.ts';
export { type InfluxTelemetryDeps, openInfluxTelemetry } from './influx/influxTelemetry.ts';
export type { MeterDescription } from './influx/names.ts';
export type { InfluxSettings } from './influx/settings.ts';
export { openPostgresTelemetry, type PostgresTelemetryDeps } from './postgres/postgresTelemetry.ts';
export { QUARTER_MS, type ZoneMeters } from './quarters.ts';
export type {
  LoadBucket,
  LoadQuery,
  Telemetry,
  TelemetryFigures,
  TelemetryPoint,
  TelemetryQuantity,
  TelemetryRecord,
  TrendBucket,
  TrendQuery,
  TrendStep,
} from './types.ts';
export { TREND_STEPS } from './types.ts';
