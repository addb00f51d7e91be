import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DISPLAY_STATES } from '#domain/meterState.ts';
import { STATE_FIELDS } from '../../grafana/source/colours.ts';
import { dashboardFiles } from '../../grafana/source/files.ts';
import { LANGUAGES } from '../../grafana/source/text.ts';
import { type DashboardFile, dashboardsOnDisk, type PanelFile } from './support/dashboardFiles.ts';
import { type Choice, interpolate, intervalOf } from './support/interpolate.ts';

const dashboards = dashboardsOnDisk();
const CHINESE = /\p{Script=Han}/u;
/** Words that are the same in both languages. */
const UNITS_KNOWN = ['none', 'cps', 'watt', 'watth', 'volt', 'ms', 'bytes', 'percentunit', 'dateTimeFromNow'];

function panelsOf({ panels }: DashboardFile): readonly PanelFile[] {
  return panels;
}

/** Every string below `value` under one of the keys. */
function stringsUnder(value: unknown, keys: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => stringsUnder(item, keys));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    keys.includes(key) && typeof inner === 'string' ? [inner] : stringsUnder(inner, keys),
  );
}

test('the files are those that `npm run grafana` writes', () => {
  for (const [path, content] of dashboardFiles()) {
    expect.soft(readFileSync(`grafana/dashboards/${path}`, 'utf8'), `${path}: run npm run grafana`).toBe(content);
  }
});

test('what people choose reaches InfluxDB as text, whatever it is called', () => {
  const range = { fromMs: 1_000, toMs: 61_000 };
  const query = `SELECT x FROM y WHERE "p" =~ /^\${p:regex}$/ AND $timeFilter GROUP BY time($__interval)`;
  const sent = (choice: Choice) => interpolate(query, range, intervalOf(range, 600, 10_000), { p: choice });
  const rest = 'AND time >= 1000ms and time <= 61000ms GROUP BY time(10000ms)';
  expect(sent({ values: ['A/B (1)'] })).toBe(String.raw`SELECT x FROM y WHERE "p" =~ /^A\/B \(1\)$/ ${rest}`);
  expect(sent({ values: ['A', '东苑'] })).toBe(`SELECT x FROM y WHERE "p" =~ /^(A|东苑)$/ ${rest}`);
  expect(sent({ all: '.*' })).toBe(`SELECT x FROM y WHERE "p" =~ /^.*$/ ${rest}`);
  expect(() => interpolate(query, range, 1, {})).toThrow(/Grafana knows no \$\{p/);
});

test('there are three dashboards in each language, told apart by their uids', () => {
  expect(dashboards.map(({ path }) => path)).toEqual(
    LANGUAGES.flatMap((language) => ['estate', 'energy', 'platform'].map((key) => `${language}/${key}.json`)),
  );
  const uids = dashboards.map(({ uid }) => uid);
  expect(new Set(uids).size).toBe(uids.length);
  // Grafana takes no longer ones.
  expect(uids.filter((uid) => uid.length > 40)).toEqual([]);
});

describe.each(dashboards)('$path', (dashboard) => {
  const panels = panelsOf(dashboard);

  test('is of the schema that Grafana 12 writes, with one id a panel', () => {
    expect(dashboard.schemaVersion).toBe(42);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  test('asks the provisioned data sources, each for what it has', () => {
    const { datasources } = parse(readFileSync('grafana/provisioning/datasources/meterwall.yml', 'utf8'));
    const provisioned = datasources.map(({ uid }: { uid: string }) => uid);
    const targets = panels.flatMap((panel) => panel.targets);
    expect(targets.filter(({ datasource }) => !provisioned.includes(datasource.uid))).toEqual([]);
    // Roll-ups are in a database of their own.
    const wrong = targets.filter(
      ({ datasource, query }) => /_(15m|1d)"/.test(query) !== (datasource.uid === 'meterwall-rollups'),
    );
    expect(wrong.map(({ query }) => query)).toEqual([]);
  });

  test('every panel says its unit', () => {
    const units = panels.map(({ title, fieldConfig }) => [title, fieldConfig.defaults.unit ?? '']);
    expect(units.filter(([, unit = '']) => !UNITS_KNOWN.includes(unit))).toEqual([]);
  });

  test('every word that people read is in its language', () => {
    const titles = stringsUnder(dashboard, ['title', 'description', 'label']);
    const overridden = panels.flatMap(({ fieldConfig }) =>
      fieldConfig.overrides.flatMap(({ properties }) =>
        properties.flatMap(({ id, value }) => (id === 'displayName' ? [String(value)] : [])),
      ),
    );
    const series = panels.flatMap(({ targets }) =>
      targets.flatMap(({ alias }) => (alias === '' || alias.startsWith('$') ? [] : [alias])),
    );
    const words = [...titles, ...overridden, ...series];
    expect(words.length).toBeGreaterThan(panels.length);
    const inChinese = dashboard.language === 'zh';
    expect(words.filter((word) => word.trim() === '' || CHINESE.test(word) !== inChinese)).toEqual([]);
  });

  test('no two panels cover the same place, and none sticks out', () => {
    const taken = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      expect.soft(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect.soft(taken.get(`${x}/${y}`), `${title} lies on`).toBeUndefined();
          taken.set(`${x}/${y}`, title);
        }
      }
    }
  });

  test('every colour is one of the house', () => {
    const css = readFileSync('web/styles/tokens.css', 'utf8');
    const dark = css.slice(0, css.indexOf('data-theme="light"'));
    const known = new Set([...dark.matchAll(/#[0-9a-f]{6}/g)].map(([colour]) => colour));
    const used = stringsUnder(dashboard, ['color', 'fixedColor']).filter((colour) => colour !== 'text');
    expect(used.filter((colour) => !known.has(colour))).toEqual([]);
  });

  test('the other language has the same panels with the same queries', () => {
    const [other] = dashboards.filter(
      ({ path, language }) => path.slice(3) === dashboard.path.slice(3) && language !== dashboard.language,
    );
    const shape = (file: DashboardFile | undefined) =>
      file?.panels.map(({ id, type, gridPos, targets }) => ({
        id,
        type,
        gridPos,
        queries: targets.map(({ query }) => query),
      }));
    expect(shape(other)).toEqual(shape(dashboard));
  });
});

test.each(LANGUAGES)('%s: the states stand in the domain’s order, with its names and colours', (language) => {
  const estate = dashboards.find(({ path }) => path === `${language}/estate.json`);
  const expected = DISPLAY_STATES.map((state, index) => ({
    series: STATE_FIELDS[index]?.field,
    name: state[language],
    colour: state.dark,
  }));
  const drawn = (estate?.panels ?? []).filter(({ targets }) =>
    targets.some(({ query }) => query.includes('"not_opened"')),
  );
  expect(drawn.map(({ type }) => type)).toEqual(['stat', 'timeseries']);
  for (const { title, targets, fieldConfig } of drawn) {
    const value = (properties: PanelFile['fieldConfig']['overrides'][number]['properties'], wanted: string) =>
      properties.find(({ id }) => id === wanted)?.value;
    const shown = fieldConfig.overrides.map(({ matcher, properties }) => ({
      series: matcher.options,
      name: value(properties, 'displayName'),
      colour: Object(value(properties, 'color')).fixedColor,
    }));
    expect.soft(shown, title).toEqual(expected);
    const asked = [...(targets[0]?.query ?? '').matchAll(/sum\("(\w+)"\)/g)].map(([, field]) => field);
    expect.soft(asked, title).toEqual(expected.map(({ series }) => series));
  }
});
