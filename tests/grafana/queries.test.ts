import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '#drivers/core/index.ts';
import { type App, startApp } from '#server/app.ts';
import { readConfig } from '#server/config.ts';
import { silentLog } from '#server/platform/log.ts';
import { until } from '../scenarios/support/until.ts';
import { type Influx, type Series, startInflux } from '../support/influx.ts';
import { databaseUrl, startTestCluster, TEMPLATE_DATABASE, type TestCluster } from '../support/postgresCluster.ts';
import { describeReal, realInflux } from '../support/realParts.ts';
import { type DashboardFile, dashboardsOnDisk, type PanelFile, type Target } from './support/dashboardFiles.ts';
import { type Choice, interpolate, intervalOf, rangeOf, type TimeRange } from './support/interpolate.ts';

const DATABASE = 'meterwall';
/** Data source → database, as provisioned. */
const DATABASES: Readonly<Record<string, string>> = {
  'meterwall-influxdb': DATABASE,
  'meterwall-rollups': `${DATABASE}_rollup`,
};
/** The data source's own least interval (grafana/provisioning/datasources). */
const LEAST_MS: Readonly<Record<string, number>> = { 'meterwall-influxdb': 10_000, 'meterwall-rollups': 900_000 };
/** Width of one of the grid's 24 columns on a large screen. */
const PIXELS_A_COLUMN = 75;
/** Rates need two intervals of the widest time that a dashboard shows first. */
const FIGURES_MS = 75_000;
const QUARTER_MS = 15 * 60_000;
/** A quarter hour is rolled up a minute after its end: the server's clock is set so that one ends while we wait. */
const QUARTER_LEFT_MS = 30_000;
const clock: Clock = setForward(QUARTER_MS - QUARTER_LEFT_MS - (Date.now() % QUARTER_MS));

/** Columns that may be empty, with the reason. */
const MAY_BE_EMPTY: readonly (readonly [column: string, why: string])[] = [
  ['L2', 'the meter that was chosen may have one phase'],
  ['L3', 'the meter that was chosen may have one phase'],
];

/** Each dashboard once: the other language asks the same (dashboards.test.ts). */
const dashboards = dashboardsOnDisk().filter(({ language }) => language === 'zh');

describeReal('InfluxDB', realInflux, () => {
  let cluster: TestCluster;
  let influx: Influx;
  let app: App;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meterwall-grafana-'));
    chmodSync(folder, 0o755);
    [cluster, influx] = await Promise.all([startTestCluster(), startInflux()]);
    const config = readConfig({
      NODE_ENV: 'test',
      PORT: '0',
      DATA_DIR: join(folder, 'data'),
      DATABASE_URL: databaseUrl(cluster.url, TEMPLATE_DATABASE),
      INFLUX_URL: influx.url,
      INFLUX_DATABASE: DATABASE,
      PLANT: '64',
      PLANT_WIRE: 'off',
    });
    app = await startApp(config, { log: silentLog, clock });
    const startedMs = clock.nowMs();
    const { metering, telemetry } = app.measuring;
    await until('the past is stored', 120_000, () => metering.hasHistory('plant'));
    await telemetry.settle();
    await until('figures of some intervals, and of yesterday', 2 * FIGURES_MS, async () => {
      if (clock.nowMs() - startedMs < FIGURES_MS) return false;
      const [series] = await influx.query('SELECT last("load_week_ago_w") FROM "estate"', DATABASE);
      return series !== undefined;
    });
    await telemetry.settle();
  }, 400_000);
  afterAll(async () => {
    await app?.stop();
    await influx?.stop();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(dashboards)('$path', (dashboard) => {
    test('every variable finds something to choose, and narrows what follows', async () => {
      const nowMs = clock.nowMs();
      const all = await choicesFor(dashboard, nowMs, influx);
      expect(Object.keys(all.values)).toEqual(dashboard.templating.list.map(({ name }) => name));
      for (const [name, values] of Object.entries(all.values)) expect.soft(values, name).not.toEqual([]);
    });

    for (const [how, choose] of [
      ['everything', false],
      ['what somebody chose', true],
    ] as const) {
      test.each(dashboard.panels.map((panel) => [panel.title, panel] as const))(`%s: ${how}`, async (_title, panel) => {
        const nowMs = clock.nowMs();
        const { choices } = await choicesFor(dashboard, nowMs, influx, choose);
        for (const target of panel.targets) {
          const answer = await ask(
            panel,
            target,
            rangeOf(panel.timeFrom ?? dashboard.time.from, nowMs),
            choices,
            influx,
          );
          expect.soft(emptyColumns(answer), target.query).toEqual([]);
        }
      });
    }
  });

  test('what a tenant used by the counter is what the dashboards add up', async () => {
    const energy = dashboards.find(({ path }) => path === 'zh/energy.json');
    const panel = energy?.panels.find(({ title }) => title === '所选电表每日用电量');
    const [target] = panel?.targets ?? [];
    if (energy === undefined || panel === undefined || target === undefined) throw new Error('the panel is gone');
    const nowMs = clock.nowMs();
    const { choices, values } = await choicesFor(energy, nowMs, influx);
    const [answer] = await ask(panel, target, rangeOf('30d', nowMs), choices, influx);
    const [meter = ''] = values['meter'] ?? [];
    const counters = await influx.query(
      `SELECT "energy_wh_last" FROM "electric_1d" WHERE "meter_number" = '${meter}'`,
      `${DATABASE}_rollup`,
    );
    const readings = (counters[0]?.values ?? []).map(([, value]) => Number(value));
    const used = (answer?.values ?? []).reduce((sum, [, value]) => sum + Number(value), 0);
    expect(readings.length).toBeGreaterThan(5);
    expect(used).toBeGreaterThan(0);
    expect(used).toBeCloseTo((readings.at(-1) ?? 0) - (readings[0] ?? 0), 3);
  });
});

function setForward(byMs: number): Clock {
  return { ...systemClock, nowMs: () => systemClock.nowMs() + byMs };
}

interface Choices {
  readonly choices: Readonly<Record<string, Choice>>;
  /** What could be chosen. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

/** As a dashboard opens: "all", or the first value of a variable that knows no "all". With `narrow` always the first. */
async function choicesFor(dashboard: DashboardFile, nowMs: number, influx: Influx, narrow = false): Promise<Choices> {
  const choices: Record<string, Choice> = {};
  const values: Record<string, readonly string[]> = {};
  for (const { name, query, includeAll, allValue = '' } of dashboard.templating.list) {
    const asked = interpolate(query, rangeOf(dashboard.time.from, nowMs), 10_000, choices);
    const series = await influx.query(asked, DATABASE);
    const found = series.flatMap((one) => one.values.map(([, value]) => String(value))).toSorted();
    values[name] = found;
    choices[name] = includeAll && !narrow ? { all: allValue } : { values: found.slice(0, 1) };
  }
  return { choices, values };
}

function ask(
  panel: PanelFile,
  { datasource, query }: Target,
  range: TimeRange,
  choices: Readonly<Record<string, Choice>>,
  influx: Influx,
): Promise<readonly Series[]> {
  const leastMs = LEAST_MS[datasource.uid] ?? 0;
  const intervalMs = intervalOf(range, panel.gridPos.w * PIXELS_A_COLUMN, leastMs);
  return influx.query(interpolate(query, range, intervalMs, choices), DATABASES[datasource.uid]);
}

/** Columns without any value, in all series together; `(no series)` for an empty answer. */
function emptyColumns(answer: readonly Series[]): readonly string[] {
  const columns = answer[0]?.columns ?? ['time', '(no series)'];
  return columns.filter((column, index) => {
    if (column === 'time' || MAY_BE_EMPTY.some(([name]) => name === column)) return false;
    return !answer.some(({ values }) => values.some((row) => row[index] !== null));
  });
}
