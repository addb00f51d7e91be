import type { Log } from '../../log.ts';
import type { InfluxSettings } from './settings.ts';

/** Something that people must put right: one sentence that names the setting. */
export class InfluxSetUpError extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'InfluxSetUpError';
  }
}

/** A database or bucket as it is to be. */
export interface WantedDatabase {
  readonly name: string;
  /** Undefined = for ever. */
  readonly retentionMs: number | undefined;
  /** Nobody else writes into it. Asked only where it is there already with another retention. */
  isOurs(): Promise<boolean>;
  readonly log: Log;
}

export function settingOfSecret(settings: InfluxSettings): string {
  return settings.version === 1 ? 'INFLUX_USER with INFLUX_PASSWORD' : 'INFLUX_TOKEN';
}

export function settingOfName({ version, name }: InfluxSettings): string {
  return version === 2 ? `INFLUX_BUCKET (${name})` : `INFLUX_DATABASE (${name})`;
}

/** For a database that is there with another retention. */
export async function mayChangeRetention({ name, isOurs, log }: WantedDatabase, found: string): Promise<boolean> {
  if (await isOurs()) return true;
  log.warn('InfluxDB keeps its retention, since others write into the same database', { database: name, found });
  return false;
}
