import sql, { raw, type Sql } from 'sql-template-tag';
import { createGateway, createPlace, getTrend, getTrends } from '#contract/index.ts';
import { type Db, openDb } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { codeOf } from '#server/platform/telemetry/columns.ts';
import type { Api } from '../scenarios/support/api.ts';
import { metersOf } from '../scenarios/support/estateByApi.ts';
import { databaseUrl, startTestCluster } from '../support/postgresCluster.ts';
import type { Bench } from './support/bench.ts';
import { type System, startSystem } from './support/system.ts';
import { fillQuarters } from './support/systemHistory.ts';

const METERS = 500;
const METERS_A_GATEWAY = 125;
const DAY_MS = 86_400_000;
const PAIRS = 15;
/** Not measured: statements are planned, code is compiled. */
const WARM_PAIRS = 4;

interface Question {
  readonly name: string;
  readonly path: string;
  readonly bare: Sql;
  readonly rows: number;
}

/** The API's answer is read whole, as text; asked without compression, as nobody compresses on loopback. */
export const bench: Bench = {
  name: 'trend',
  what: 'one meter-year at 30 min, and 500 meters × 1 day, by the API; limit: the bare query of the same rows (the worse of both)',
  unit: 'ms',
  aim: { of: 'ratio', most: 1.5 },
  async run(say) {
    const cluster = await startTestCluster();
    const url = databaseUrl(cluster.url, 'meterwall_trend');
    const admin = openDb({ url: cluster.url, log: silentLog, connectionsMax: 1 });
    await admin.query(raw('create database meterwall_trend'));
    await admin.close();
    const system = await startSystem('trend', { DATABASE_URL: url });
    const db = openDb({ url, log: silentLog, connectionsMax: 1 });
    const meterIds = await enterMeters(system.api);
    const questions = await fill(db, meterIds);
    const measured = [];
    for (const question of questions) {
      const one = await compare(system, db, question);
      say(`${question.name}: ${one.apiMs.toFixed(1)} ms by the API, ${one.bareMs.toFixed(1)} ms the bare query`);
      measured.push(one);
    }
    await db.close();
    await system.stop();
    await cluster.stop();
    const worst = measured.toSorted((a, b) => b.ratio - a.ratio)[0];
    const notes = Object.fromEntries(
      measured.map(({ name, ratio, kilobytes }) => [name, `${ratio.toFixed(2)}, ${kilobytes} kB`]),
    );
    return {
      value: worst?.apiMs ?? Number.NaN,
      limit: worst?.bareMs ?? Number.NaN,
      ratio: worst?.ratio ?? Number.NaN,
      notes,
    };
  },
};

/** Meters whose gateways are not run: nothing but the questions keeps the server busy. */
async function enterMeters(api: Api): Promise<readonly number[]> {
  const { id } = await api.call(createPlace, {
    body: { kind: 'property', names: { en: 'Trend' }, timeZone: 'Asia/Shanghai' },
  });
  for (let first = 0; first < METERS; first += METERS_A_GATEWAY) {
    const meters = Array.from({ length: METERS_A_GATEWAY }, (_, index) => ({
      placeId: id,
      unitAddress: index + 1,
      modelId: 'acrel-adw300',
      meterNumber: `T-${first + index}`,
      role: 'tenant' as const,
    }));
    const transport = { kind: 'modbus-tcp', host: '127.0.0.1', port: 1 } as const;
    await api.call(createGateway, {
      body: { propertyId: id, code: `GW-${first}`, enabled: false, lines: [{ name: '1', transport, meters }] },
    });
  }
  return [...(await metersOf(api, id)).values()].map((meter) => meter.id);
}

async function fill(db: Db, meterIds: readonly number[]): Promise<readonly Question[]> {
  const [first = 0, ...others] = meterIds;
  const toMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const [dayMs, yearMs] = [toMs - DAY_MS, toMs - 365 * DAY_MS];
  await fillQuarters(db, [first], yearMs, toMs);
  await fillQuarters(db, others, dayMs, toMs);
  const iso = (atMs: number): string => new Date(atMs).toISOString();
  const year = new URLSearchParams({ quantity: 'activePowerW', from: iso(yearMs), to: iso(toMs), resolution: '30m' });
  const day = new URLSearchParams({
    ...{ meterIds: meterIds.join(), quantity: 'activePowerW', from: iso(dayMs), to: iso(toMs), resolution: '30m' },
  });
  return [
    {
      name: 'one meter-year',
      path: `${getTrend.path.replace(':meterId', String(first))}?${year}`,
      bare: quarters([first], yearMs, toMs),
      rows: 365 * 96,
    },
    {
      name: '500 meters × 1 day',
      path: `${getTrends.path}?${day}`,
      bare: quarters(meterIds, dayMs, toMs),
      rows: METERS * 96,
    },
  ];
}

function quarters(meterIds: readonly number[], fromMs: number, toMs: number): Sql {
  const code = codeOf('activePowerW');
  return sql`
    select meter_id, at, counts[${code}::int] as count, sums[${code}::int] as sum, mins[${code}::int] as min,
      maxs[${code}::int] as max, lasts[${code}::int] as last
    from telemetry_15m
    where meter_id = any(${meterIds}::int[]) and at >= ${new Date(fromMs)} and at < ${new Date(toMs)}
    order by meter_id, at`;
}

/** In pairs, the one first and the other first in turn; the medians count. */
async function compare({ url, api }: System, db: Db, { name, path, bare, rows }: Question) {
  const [apiMs, bareMs, ratios]: number[][] = [[], [], []];
  let bytes = 0;
  const askApi = async (): Promise<number> => {
    const fromMs = performance.now();
    const answer = await fetch(new URL(path, url), { headers: { cookie: api.cookie, 'accept-encoding': 'identity' } });
    bytes = (await answer.arrayBuffer()).byteLength;
    if (answer.status !== 200) throw new Error(`${name}: the API answered ${answer.status}`);
    return performance.now() - fromMs;
  };
  const askStore = async (): Promise<number> => {
    const fromMs = performance.now();
    const found = await db.query(bare);
    if (found.length !== rows) throw new Error(`${name}: the store gave ${found.length} rows, not ${rows}`);
    return performance.now() - fromMs;
  };
  for (let pair = 0; pair < WARM_PAIRS + PAIRS; pair += 1) {
    const before = pair % 2 === 0 ? await askApi() : undefined;
    const store = await askStore();
    const api_ = before ?? (await askApi());
    if (pair < WARM_PAIRS) continue;
    apiMs?.push(api_);
    bareMs?.push(store);
    ratios?.push(api_ / store);
  }
  return {
    name,
    apiMs: median(apiMs),
    bareMs: median(bareMs),
    ratio: median(ratios),
    kilobytes: Math.round(bytes / 1_000),
  };
}

function median(values: readonly number[] = []): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
