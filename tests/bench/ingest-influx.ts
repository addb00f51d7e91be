import { COLUMNS, columnValue } from '#server/platform/telemetry/columns.ts';
import type { TelemetryPoint } from '#server/platform/telemetry/index.ts';
import { type Influx, startInflux } from '../support/influx.ts';
import type { Bench } from './support/bench.ts';
import { ingestRun, ownName, type RawWrite } from './support/ingestRun.ts';

/** Lines in one request, as many as InfluxData advises. */
const BATCH_LINES = 5_000;

export const bench: Bench = {
  name: 'ingest-influx',
  what: 'the same with telemetry in InfluxDB 1.x; limit: the same points as bare line protocol by HTTP',
  unit: 'readings/s',
  aim: { of: 'ratio', least: 0.5 },
  async run(say) {
    const influx = await startInflux();
    try {
      return await ingestRun({ INFLUX_URL: influx.url, INFLUX_DATABASE: 'meterwall' }, () => bareLines(influx), say);
    } finally {
      await influx.stop();
    }
  },
};

/** Batch after batch into a database of its own, each meter known by its id alone. */
async function bareLines({ url, query }: Influx): Promise<RawWrite> {
  const database = ownName();
  await query(`CREATE DATABASE "${database}"`);
  const address = `${url}/write?db=${database}&precision=ms`;
  return async (points) => {
    for (let first = 0; first < points.length; first += BATCH_LINES) {
      const body = points
        .slice(first, first + BATCH_LINES)
        .map(lineOf)
        .join('\n');
      const { status } = await fetch(address, { method: 'POST', body });
      if (status !== 204) throw new Error(`InfluxDB answered ${status}`);
    }
  };
}

function lineOf(point: TelemetryPoint): string {
  let fields = '';
  for (const { quantity, name } of COLUMNS) {
    const value = columnValue(point, quantity);
    if (value !== null) fields += `${fields === '' ? '' : ','}${name}=${value}`;
  }
  return `electric,meter_id=${point.meterId} ${fields} ${point.atMs}`;
}
