import { COLUMNS, columnValue } from '#server/platform/telemetry/columns.ts';
import type { TelemetryPoint } from '#server/platform/telemetry/index.ts';
import { type Influx, startInflux } from '../support/influx.ts';
import type { Bench } from './support/bench.ts';
import { ingestRun, ownName, type RawWrite } from './support/ingestRun.ts';

/** Lines in one request, as many as InfluxData advises. */
const BATCH_LINES = 5_000;

const DATABASE = 'meterwall';

export const bench: Bench = {
  name: 'ingest-influx',
  what: 'the same with telemetry in InfluxDB 1.x; limit: the same points as bare line protocol by HTTP',
  unit: 'readings/s',
  aim: { of: 'ratio', least: 0.5 },
  async run(say) {
    const influx = await startInflux();
    try {
      return await ingestRun({ INFLUX_URL: influx.url, INFLUX_DATABASE: DATABASE }, () => bareLines(influx), say);
    } finally {
      await influx.stop();
    }
  },
};

/** Batch after batch into a database of its own, with the tags that the server gave the same meters before. */
async function bareLines({ url, query }: Influx): Promise<RawWrite> {
  const database = ownName();
  await query(`CREATE DATABASE "${database}"`);
  const address = `${url}/write?db=${database}&precision=ms`;
  let keys: ReadonlyMap<number, string> | undefined;
  return async (points) => {
    keys ??= keysOf(await query('SHOW SERIES FROM electric', DATABASE));
    const known = keys;
    for (let first = 0; first < points.length; first += BATCH_LINES) {
      const body = points
        .slice(first, first + BATCH_LINES)
        .map((point) => lineOf(known.get(point.meterId) ?? 'electric', point))
        .join('\n');
      const { status } = await fetch(address, { method: 'POST', body });
      if (status !== 204) throw new Error(`InfluxDB answered ${status}`);
    }
  };
}

/** Measurement and tags by meter, as the server wrote them in the first round. */
function keysOf(series: Awaited<ReturnType<Influx['query']>>): ReadonlyMap<number, string> {
  const keys = series.flatMap(({ values }) => values.map(([key]) => String(key)));
  return new Map(keys.map((key) => [Number(/meter_id=(\d+)/.exec(key)?.[1]), key]));
}

function lineOf(key: string, point: TelemetryPoint): string {
  let fields = '';
  for (const { quantity, name } of COLUMNS) {
    const value = columnValue(point, quantity);
    if (value !== null) fields += `${fields === '' ? '' : ','}${name}=${value}`;
  }
  return `${key} ${fields} ${point.atMs}`;
}
