import sql, { raw } from 'sql-template-tag';
import { openDb } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { codeOf } from '#server/platform/telemetry/columns.ts';
import { databaseUrl, startTestCluster } from '../support/postgresCluster.ts';
import type { Bench } from './support/bench.ts';
import { fillQuarters } from './support/systemHistory.ts';
import { type BareStore, trendRun } from './support/systemTrend.ts';

/** The API's answer is read whole, as text; asked without compression, as nobody compresses on loopback. */
export const bench: Bench = {
  name: 'trend',
  what: 'one meter-year at 30 min, and 500 meters × 1 day, by the API; limit: the bare query of the same rows in Postgres (the worse of both)',
  unit: 'ms',
  aim: { of: 'ratio', most: 1.5 },
  run: async (say) => trendRun(await barePostgres(), say),
};

async function barePostgres(): Promise<BareStore> {
  const cluster = await startTestCluster();
  const url = databaseUrl(cluster.url, 'meterwall_trend');
  const admin = openDb({ url: cluster.url, log: silentLog, connectionsMax: 1, asOwner: true });
  await admin.query(raw('create database meterwall_trend'));
  await admin.close();
  const db = openDb({ url, log: silentLog, connectionsMax: 1, asOwner: true });
  const code = codeOf('activePowerW');
  return {
    settings: { DATABASE_URL: url },
    fill: (range) => fillQuarters(db, range),
    async ask({ meterIds, fromMs, toMs }) {
      const rows = await db.query(sql`
        select meter_id, at, counts[${code}::int] as count, sums[${code}::int] as sum, mins[${code}::int] as min,
          maxs[${code}::int] as max, lasts[${code}::int] as last
        from telemetry_15m
        where meter_id = any(${meterIds}::int[]) and at >= ${new Date(fromMs)} and at < ${new Date(toMs)}
        order by meter_id, at`);
      return rows.length;
    },
    async stop() {
      await db.close();
      await cluster.stop();
    },
  };
}
