import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#drivers/core/index.ts';
import type { Log } from '../../log.ts';
import type { Spool } from '../../spool/index.ts';
import type { ZoneMeters } from '../quarters.ts';
import { createTelemetry } from '../telemetry.ts';
import type { Telemetry } from '../types.ts';
import { InfluxClient } from './client.ts';
import { DirtyTimes } from './dirtyTimes.ts';
import { InfluxStore } from './influxStore.ts';
import type { LineWriterDeps } from './lines.ts';
import type { InfluxSettings } from './settings.ts';
import { InfluxSetUpError } from './setUpError.ts';

export interface InfluxTelemetryDeps extends LineWriterDeps {
  readonly settings: InfluxSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** Days of raw values to keep. */
  readonly retentionDays: number;
  /** All meters by time zone, asked at each roll-up. */
  readonly zones: () => readonly ZoneMeters[];
  /** Folder for what is to be rolled up; made when missing. */
  readonly folder: string;
  /** Where points wait while InfluxDB is down; without one they wait in memory. Closed with the telemetry. */
  readonly spool?: Spool | undefined;
}

/**
 * Telemetry in InfluxDB 1.x, 2.x or 3.x. One that is down is set up when it is there; rejects with a sentence that
 * names a setting when it is there and the settings do not fit.
 */
export async function openInfluxTelemetry(deps: InfluxTelemetryDeps): Promise<Telemetry> {
  const { settings, clock, log, spool } = deps;
  await mkdir(deps.folder, { recursive: true });
  const dirty = await DirtyTimes.open(join(deps.folder, 'influx-rollups.json'), clock.nowMs(), log);
  const store = new InfluxStore({ ...deps, client: new InfluxClient(settings, clock), dirty });
  try {
    await store.ready();
  } catch (error) {
    if (error instanceof InfluxSetUpError) {
      await store.close();
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    log.warn('InfluxDB is not there yet, telemetry waits for it', { url: settings.url, reason });
  }
  return createTelemetry({ store, spool, clock, log });
}
