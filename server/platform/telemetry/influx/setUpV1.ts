import { type InfluxClient, type InfluxSeries, quoted, statusOf } from './client.ts';
import { mayChangeRetention, type WantedDatabase } from './setUpError.ts';

const HOUR_MS = 3_600_000;

/** 1.x: a database whose own retention policy keeps everything for the time wanted. */
export async function prepareDatabase(client: InfluxClient, wanted: WantedDatabase): Promise<void> {
  const { name, retentionMs, log } = wanted;
  const there = valuesOf(await client.query(undefined, 'SHOW DATABASES'), 'name');
  const duration = retentionMs === undefined ? 'INF' : `${Math.round(retentionMs / HOUR_MS)}h`;
  if (!there.includes(name)) {
    await client.query(undefined, `CREATE DATABASE ${quoted(name)} WITH DURATION ${duration} REPLICATION 1`);
    log.info('InfluxDB database made', { database: name, kept: duration });
    return;
  }
  try {
    const policy = defaultPolicy(await client.query(undefined, `SHOW RETENTION POLICIES ON ${quoted(name)}`));
    if (policy === undefined || hoursOf(policy.duration) === hoursOf(duration)) return;
    if (!(await mayChangeRetention(wanted, policy.duration))) return;
    await client.query(
      undefined,
      `ALTER RETENTION POLICY ${quoted(policy.name)} ON ${quoted(name)} DURATION ${duration}`,
    );
    log.info('InfluxDB retention set', { database: name, kept: duration });
  } catch (error) {
    if (statusOf(error) !== 403) throw error;
    log.warn('the user of InfluxDB may not set the retention, it stays as it is', { database: name, wanted: duration });
  }
}

function valuesOf(series: readonly InfluxSeries[], column: string): readonly string[] {
  return series.flatMap(({ columns, values }) => values.map((row) => String(row[columns.indexOf(column)])));
}

function defaultPolicy(
  series: readonly InfluxSeries[],
): { readonly name: string; readonly duration: string } | undefined {
  const names = valuesOf(series, 'name');
  const durations = valuesOf(series, 'duration');
  const at = valuesOf(series, 'default').indexOf('true');
  const name = names[at];
  const duration = durations[at];
  return name === undefined || duration === undefined ? undefined : { name, duration };
}

/** "2160h0m0s" or "2160h" → 2160; "0s" and "INF", which is for ever, → 0. */
function hoursOf(duration: string): number {
  return Number(/^(\d+)h/.exec(duration)?.[1] ?? 0);
}
