import { join } from 'node:path';
import type { Clock } from '#drivers/core/index.ts';
import type { Config } from './config.ts';
import { createMeterDescriptions } from './meterDescriptions.ts';
import type { EstateReader } from './modules/estate/index.ts';
import { zonesOf } from './modules/metering/index.ts';
import type { Db } from './platform/db/index.ts';
import type { Log } from './platform/log.ts';
import { addFigures, type Metrics } from './platform/metricsFigures.ts';
import { openSpool } from './platform/spool/index.ts';
import { openInfluxTelemetry, openPostgresTelemetry, type Telemetry } from './platform/telemetry/index.ts';

export interface TelemetryParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly estate: EstateReader;
}

type TelemetryConfig = Pick<Config, 'dataDir' | 'influx' | 'spoolBytes' | 'telemetryRetentionDays'>;

/** Telemetry in the store of the settings, with the disk in front. Rejects with a sentence for what people can put right. */
export async function openTelemetry(config: TelemetryConfig, parts: TelemetryParts): Promise<Telemetry> {
  const { clock, estate, db } = parts;
  const log = parts.log.child('telemetry');
  const folder = join(config.dataDir, 'telemetry');
  const spool = await openSpool({ dir: join(folder, 'spool'), maxBytes: config.spoolBytes, log });
  const common = { clock, log, retentionDays: config.telemetryRetentionDays, zones: zonesOf(estate), spool };
  const telemetry =
    config.influx === undefined
      ? openPostgresTelemetry({ ...common, db })
      : await openInfluxTelemetry({
          ...common,
          ...createMeterDescriptions(estate),
          settings: config.influx,
          folder,
        }).catch(async (error: unknown) => {
          await spool.close();
          throw error;
        });
  addTelemetryFigures(parts.metrics, telemetry, clock);
  return telemetry;
}

function addTelemetryFigures(metrics: Metrics, telemetry: Telemetry, clock: Clock): void {
  const spool = () => telemetry.figures().spool;
  const downS = () => {
    const sinceMs = telemetry.figures().storeDownSinceMs;
    return sinceMs === undefined ? 0 : Math.max(0, clock.nowMs() - sinceMs) / 1_000;
  };
  const gauge = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'gauge' as const });
  addFigures(metrics, [
    gauge('telemetry_store_down_seconds', 'Since when the telemetry store cannot be written, 0 = it can', downS),
    gauge('telemetry_spool_records', 'Batches of telemetry waiting on disk', () => spool()?.records ?? 0),
    gauge('telemetry_spool_bytes', 'Bytes of telemetry waiting on disk', () => spool()?.bytes ?? 0),
    gauge('telemetry_spool_bytes_max', 'Bytes of telemetry that may wait on disk', () => spool()?.maxBytes ?? 0),
    {
      name: 'telemetry_spool_dropped_total',
      help: 'Readings that had to go from the disk, as its bound was reached',
      kind: 'counter',
      read: () => spool()?.droppedItems ?? 0,
    },
  ]);
}
