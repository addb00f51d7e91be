import { createGateway, createPlace, getTrend, getTrends } from '#contract/index.ts';
import type { Api } from '../../scenarios/support/api.ts';
import { metersOf } from '../../scenarios/support/estateByApi.ts';
import type { Measured } from './bench.ts';
import { type System, startSystem } from './system.ts';

const METERS = 500;
const METERS_A_GATEWAY = 125;
export const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const QUARTERS_A_DAY = 96;
const PAIRS = 15;
/** Not measured: statements are planned, code is compiled. */
const WARM_PAIRS = 4;

/** A run of quarter hours of some meters. `toMs` is the start of the first one that does not belong to it. */
export interface QuarterRange {
  readonly meterIds: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** A telemetry store of which the server knows, and which can be asked without it. */
export interface BareStore {
  /** What makes the server use it. */
  readonly settings: Readonly<Record<string, string>>;
  /** Fills the roll-ups as a year of operation leaves them. */
  fill(range: QuarterRange): Promise<void>;
  /** Asks for the rows as somebody without a server would; resolves with their number. */
  ask(range: QuarterRange): Promise<number>;
  stop(): Promise<void>;
}

interface Question {
  readonly name: string;
  readonly path: string;
  readonly range: QuarterRange;
  readonly rows: number;
}

/** Mean load of one quarter hour of the history that a bench makes, W. */
export function loadAt(meterId: number, atMs: number): number {
  return 1_000 + 900 * Math.sin(atMs / 13_751_000 + meterId);
}

/** Measures both questions in pairs with the bare store; the worse of the two is the figure. */
export async function trendRun(store: BareStore, say: (line: string) => void): Promise<Measured> {
  const system = await startSystem('trend', store.settings);
  const meterIds = await enterMeters(system.api);
  const measured = [];
  for (const question of questionsOf(meterIds)) {
    await store.fill(question.range);
    const one = await compare(system, store, question);
    say(`${question.name}: ${one.apiMs.toFixed(1)} ms by the API, ${one.bareMs.toFixed(1)} ms the bare query`);
    measured.push(one);
  }
  await system.stop();
  await store.stop();
  const [worst] = measured.toSorted((a, b) => b.ratio - a.ratio);
  if (worst === undefined) throw new Error('nothing was asked');
  const told = measured.map(({ name, ratio, kilobytes }) => [name, `ratio ${ratio.toFixed(2)}, ${kilobytes} kB`]);
  return { value: worst.apiMs, limit: worst.bareMs, ratio: worst.ratio, notes: Object.fromEntries(told) };
}

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

/** The day is not the year's last one: a store that was just started holds the last day for not yet rolled up. */
function questionsOf(meterIds: readonly number[]): readonly Question[] {
  const toMs = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS;
  const year = { meterIds: meterIds.slice(0, 1), fromMs: toMs - 365 * DAY_MS, toMs };
  const day = { meterIds, fromMs: toMs - 400 * DAY_MS, toMs: toMs - 399 * DAY_MS };
  const query = ({ fromMs, toMs: endMs }: QuarterRange, more: Readonly<Record<string, string>> = {}) =>
    new URLSearchParams({
      ...more,
      quantity: 'activePowerW',
      from: new Date(fromMs).toISOString(),
      to: new Date(endMs).toISOString(),
      resolution: '30m',
    });
  return [
    {
      name: 'one meter-year',
      path: `${getTrend.path.replace(':meterId', String(meterIds[0]))}?${query(year).toString()}`,
      range: year,
      rows: 365 * QUARTERS_A_DAY,
    },
    {
      name: '500 meters × 1 day',
      path: `${getTrends.path}?${query(day, { meterIds: meterIds.join() }).toString()}`,
      range: day,
      rows: METERS * QUARTERS_A_DAY,
    },
  ];
}

/** In pairs, the one first and the other first in turn; the medians count. */
async function compare({ url, api }: System, store: BareStore, { name, path, range, rows }: Question) {
  const pairs: { readonly apiMs: number; readonly bareMs: number }[] = [];
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
    const found = await store.ask(range);
    if (found !== rows) throw new Error(`${name}: the store gave ${found} rows, not ${rows}`);
    return performance.now() - fromMs;
  };
  for (let pair = 0; pair < WARM_PAIRS + PAIRS; pair += 1) {
    const first = pair % 2 === 0 ? await askApi() : undefined;
    const bareMs = await askStore();
    const apiMs = first ?? (await askApi());
    if (pair >= WARM_PAIRS) pairs.push({ apiMs, bareMs });
  }
  return {
    name,
    apiMs: median(pairs.map(({ apiMs }) => apiMs)),
    bareMs: median(pairs.map(({ bareMs }) => bareMs)),
    ratio: median(pairs.map(({ apiMs, bareMs }) => apiMs / bareMs)),
    kilobytes: Math.round(bytes / 1_000),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
