import { DAY_MS } from '../quarters.ts';
import { type InfluxClient, statusOf } from './client.ts';
import type { WantedDatabase } from './setUpError.ts';

/** 3.x: a database with its retention. One that is there keeps what it has; the first write makes one as well. */
export async function prepareDatabaseOfV3(client: InfluxClient, wanted: WantedDatabase): Promise<void> {
  const { name, retentionMs, log } = wanted;
  const retention = retentionMs === undefined ? {} : { retention_period: `${Math.round(retentionMs / DAY_MS)}d` };
  try {
    await client.manage('POST', '/api/v3/configure/database', { db: name, ...retention });
    log.info('InfluxDB database made', { database: name, ...retention });
  } catch (error) {
    const status = statusOf(error);
    if (status === undefined || status === 401 || status === 403 || status >= 500) throw error;
    if (status !== 409)
      log.warn('InfluxDB did not make the database, the first write will', { database: name, status });
  }
}
