import { AGGREGATES, METER_TAG } from '#server/platform/telemetry/influx/names.ts';
import { startInflux } from '../support/influx.ts';
import type { Bench } from './support/bench.ts';
import { type BareStore, loadAt, QUARTER_MS, type QuarterRange, trendRun } from './support/systemTrend.ts';

const DATABASE = 'meterwall';
const ROLL_UPS = 'meterwall_rollup';
const FIELD = 'active_power_w';
/** Lines in one request, as many as InfluxData advises. */
const BATCH_LINES = 5_000;

export const bench: Bench = {
  name: 'trend-influx',
  what: 'the same with telemetry in InfluxDB 1.x; limit: the bare InfluxQL query of the same rows',
  unit: 'ms',
  aim: { of: 'ratio', most: 1.5 },
  run: async (say) => trendRun(await bareInflux(), say),
};

async function bareInflux(): Promise<BareStore> {
  const influx = await startInflux();
  const fields = AGGREGATES.map((aggregate) => `"${FIELD}_${aggregate}"`).join(', ');
  return {
    settings: { INFLUX_URL: influx.url, INFLUX_DATABASE: DATABASE },
    async fill(range) {
      const lines = linesOf(range);
      for (let first = 0; first < lines.length; first += BATCH_LINES) {
        const body = lines.slice(first, first + BATCH_LINES).join('\n');
        const { status } = await fetch(`${influx.url}/write?db=${ROLL_UPS}&precision=ms`, { method: 'POST', body });
        if (status !== 204) throw new Error(`InfluxDB answered ${status}`);
      }
    },
    async ask({ meterIds, fromMs, toMs }) {
      const meters = meterIds.map((id) => `"${METER_TAG}"='${id}'`).join(' OR ');
      const series = await influx.query(
        `SELECT ${fields} FROM "electric_15m" WHERE time >= ${fromMs}ms AND time < ${toMs}ms AND (${meters})
        GROUP BY "${METER_TAG}"`,
        ROLL_UPS,
      );
      return series.reduce((rows, { values }) => rows + values.length, 0);
    },
    stop: () => influx.stop(),
  };
}

function linesOf({ meterIds, fromMs, toMs }: QuarterRange): readonly string[] {
  const lines: string[] = [];
  for (const id of meterIds) {
    for (let atMs = fromMs; atMs < toMs; atMs += QUARTER_MS) {
      const mean = loadAt(id, atMs);
      const figures = { count: 15, mean, min: mean * 0.8, max: mean * 1.3, last: mean };
      const written = AGGREGATES.map((aggregate) => `${FIELD}_${aggregate}=${figures[aggregate]}`);
      lines.push(`electric_15m,${METER_TAG}=${id} ${written.join()} ${atMs}`);
    }
  }
  return lines;
}
