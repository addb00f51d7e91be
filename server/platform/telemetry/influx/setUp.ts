import type { Log } from '../../log.ts';
import { DAY_MS } from '../quarters.ts';
import { type InfluxClient, InfluxQueryError, statusOf } from './client.ts';
import { OUR_MEASUREMENTS } from './names.ts';
import { type InfluxSettings, rollUpName } from './settings.ts';
import { InfluxSetUpError, settingOfName, settingOfSecret } from './setUpError.ts';
import { prepareDatabase } from './setUpV1.ts';
import { prepareBucket } from './setUpV2.ts';
import { prepareDatabaseOfV3 } from './setUpV3.ts';

const PING_MS_MAX = 5_000;

/**
 * Makes the databases (buckets) where they are missing and sets their retention. Idempotent. Rejects with
 * `InfluxSetUpError` for what people must put right, with anything else when the server is down.
 */
export async function setUpInflux(
  client: InfluxClient,
  settings: InfluxSettings,
  retentionDays: number,
  log: Log,
): Promise<void> {
  try {
    checkVersion(settings, await client.ping(PING_MS_MAX));
    await prepare(client, settings, settings.name, retentionDays * DAY_MS, log);
    // Roll-ups stay.
    await prepare(client, settings, rollUpName(settings), undefined, log);
  } catch (error) {
    if (statusOf(error) === 401) {
      throw new InfluxSetUpError(
        `${settingOfSecret(settings)} is not accepted by the InfluxDB of INFLUX_URL=${settings.url}.`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** Settings of another generation would only lead to errors that name none of them. */
function checkVersion({ version, url }: InfluxSettings, said: string | undefined): void {
  const major = Number(/^v?(\d+)\./.exec(said ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(major) || major === version) return;
  const wanted: Readonly<Record<number, string>> = {
    1: 'INFLUX_USER and INFLUX_PASSWORD, or none of them, and no INFLUX_TOKEN',
    2: 'INFLUX_ORG, INFLUX_BUCKET and INFLUX_TOKEN',
    3: 'INFLUX_TOKEN and INFLUX_DATABASE, and no INFLUX_ORG',
  };
  throw new InfluxSetUpError(
    `INFLUX_URL=${url} is InfluxDB ${said}, and the settings are those of ${version}.x: set ${wanted[major] ?? 'one of 1.x to 3.x'}.`,
  );
}

async function prepare(
  client: InfluxClient,
  settings: InfluxSettings,
  name: string,
  retentionMs: number | undefined,
  log: Log,
): Promise<void> {
  const database = { name, retentionMs, isOurs: () => holdsOursOnly(client, name), log };
  try {
    switch (settings.version) {
      case 1:
        return await prepareDatabase(client, database);
      case 2:
        return await prepareBucket(client, settings, database);
      case 3:
        return await prepareDatabaseOfV3(client, database);
    }
  } catch (error) {
    if (statusOf(error) !== 403) throw error;
    throw new InfluxSetUpError(
      `${settingOfSecret(settings)} may not make "${name}": make it, or give more rights, or choose another ${settingOfName(settings)}.`,
      { cause: error },
    );
  }
}

/** Retention deletes: it is not ours to set where others keep their data. */
async function holdsOursOnly(client: InfluxClient, name: string): Promise<boolean> {
  const names = await measurementsOf(client, name);
  return names.every((measurement) => OUR_MEASUREMENTS.has(measurement));
}

/** Names of all measurements; none for a database that is not there. */
export async function measurementsOf(client: InfluxClient, name: string): Promise<readonly string[]> {
  try {
    const series = await client.query(name, 'SHOW MEASUREMENTS');
    return series.flatMap(({ columns, values }) => {
      const column = Math.max(0, columns.indexOf('name'));
      return values.map((row) => String(row[column]));
    });
  } catch (error) {
    if (error instanceof InfluxQueryError && error.message.includes('not found')) return [];
    if (statusOf(error) === 404) return [];
    throw error;
  }
}
