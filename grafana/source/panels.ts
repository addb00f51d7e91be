import type { Text } from './text.ts';

/** Provisioned under these uids (grafana/provisioning/datasources/meterwall.yml). */
export const DATA_SOURCES = {
  /** Readings and figures as they came, kept for some months. */
  raw: { type: 'influxdb', uid: 'meterwall-influxdb' },
  /** Quarter hours and days, in a database of their own because they are kept for good. */
  rollUps: { type: 'influxdb', uid: 'meterwall-rollups' },
} as const;
export type DataSource = keyof typeof DATA_SOURCES;

/** A gap longer than this stays a gap in a line, ms: figures come every ten seconds. */
const GAP_MS = 60_000;

export interface Query {
  readonly query: string;
  /** Name of the series; `$tag_…` and `$col` as Grafana replaces them. */
  readonly name: Text | string;
}

/** One panel without its place; `layOut` gives it one. */
export interface Panel {
  readonly type: 'stat' | 'table' | 'timeseries';
  readonly title: Text;
  readonly [part: string]: unknown;
}

export interface Style {
  /** Name of the series as its query gives it. */
  readonly series: string;
  readonly name?: Text;
  readonly colour?: string;
  readonly unit?: string;
  readonly dashed?: true;
}

interface Common {
  readonly title: Text;
  readonly description?: Text;
  /** A unit of Grafana, e.g. `watt`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** `raw` when it is left out. */
  readonly source?: DataSource;
  readonly styles?: readonly Style[];
  /** The panel looks back so far, whatever the dashboard shows: `2m`. */
  readonly lookBack?: string;
  readonly decimals?: number;
}

export interface Threshold {
  readonly colour: string;
  /** Absent = from the lowest value. */
  readonly from?: number;
}

/** Figures of now. Thresholds, where given, colour the figure; otherwise it is plain. */
export function stat(
  options: Common & { readonly thresholds?: readonly Threshold[]; readonly coloured?: true },
): Panel {
  return {
    ...head('stat', options),
    targets: targetsOf(options, 'time_series'),
    fieldConfig: fieldConfig(options, {
      color: { mode: 'thresholds' },
      thresholds: steps(options.thresholds ?? []),
    }),
    options: {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: options.coloured === true ? 'background' : 'value',
      graphMode: 'none',
      justifyMode: 'auto',
      textMode: 'auto',
      orientation: 'auto',
    },
  };
}

/** Lines, bars or stacked areas over time. */
export function chart(
  options: Common & {
    readonly kind?: 'lines' | 'bars' | 'areas';
    readonly from?: number;
    readonly to?: number;
    /** Drawn as lines. */
    readonly limits?: readonly Threshold[];
  },
): Panel {
  const { kind = 'lines', limits = [] } = options;
  return {
    ...head('timeseries', options),
    targets: targetsOf(options, 'time_series'),
    fieldConfig: fieldConfig(options, {
      color: { mode: 'palette-classic' },
      ...(options.from === undefined ? {} : { min: options.from }),
      ...(options.to === undefined ? {} : { max: options.to }),
      thresholds: steps(limits),
      custom: {
        drawStyle: kind === 'bars' ? 'bars' : 'line',
        lineWidth: kind === 'areas' ? 0 : 1,
        fillOpacity: kind === 'lines' ? 0 : 100,
        barAlignment: 1,
        barWidthFactor: 0.9,
        showPoints: 'never',
        spanNulls: GAP_MS,
        stacking: { mode: kind === 'lines' ? 'none' : 'normal', group: 'A' },
        thresholdsStyle: { mode: limits.length === 0 ? 'off' : 'line' },
      },
    }),
    options: {
      legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] },
      tooltip: { mode: 'multi', sort: 'none' },
    },
  };
}

export interface Column {
  /** A tag, or a field as the query names it; `Time` is the time of the row. */
  readonly field: string;
  readonly name: Text;
  readonly unit?: string;
  readonly thresholds?: readonly Threshold[];
}

/** A list, sorted and cut. Columns that are not named are left out; Grafana's own order of tags is by chance. */
export function table(
  options: Omit<Common, 'queries' | 'styles'> & {
    readonly query: string;
    readonly columns: readonly Column[];
    readonly sort: { readonly by: string; readonly descending: boolean };
    readonly rows: number;
  },
): Panel {
  const { columns, sort } = options;
  const shown = columns.map(({ field }) => field);
  return {
    ...head('table', options),
    targets: targetsOf({ ...options, queries: [{ query: options.query, name: '' }] }, 'table'),
    transformations: [
      { id: 'sortBy', options: { fields: {}, sort: [{ field: sort.by, desc: sort.descending }] } },
      { id: 'limit', options: { limitField: options.rows } },
      {
        id: 'organize',
        options: {
          excludeByName: shown.includes('Time') ? {} : { Time: true },
          indexByName: Object.fromEntries(shown.map((field, index) => [field, index])),
          renameByName: {},
        },
      },
    ],
    fieldConfig: {
      defaults: {
        unit: options.unit,
        color: { mode: 'thresholds' },
        thresholds: steps([]),
        custom: { align: 'auto', cellOptions: { type: 'auto' } },
      },
      overrides: columns.map(({ field, name, unit, thresholds }) => ({
        matcher: { id: 'byName', options: field },
        properties: [
          { id: 'displayName', value: name },
          ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
          ...(thresholds === undefined
            ? []
            : [
                { id: 'thresholds', value: steps(thresholds) },
                { id: 'custom.cellOptions', value: { type: 'color-text' } },
              ]),
        ],
      })),
    },
    options: { showHeader: true, cellHeight: 'sm' },
  };
}

function head<T extends Panel['type']>(type: T, options: Omit<Common, 'queries'>) {
  const { title, description, lookBack, source = 'raw' } = options;
  return {
    type,
    title,
    ...(description === undefined ? {} : { description }),
    datasource: DATA_SOURCES[source],
    ...(lookBack === undefined ? {} : { timeFrom: lookBack }),
  };
}

function targetsOf({ queries, source = 'raw' }: Common, resultFormat: 'time_series' | 'table') {
  return queries.map(({ query, name }, index) => ({
    refId: String.fromCodePoint('A'.charCodeAt(0) + index),
    datasource: DATA_SOURCES[source],
    rawQuery: true,
    query,
    alias: name,
    resultFormat,
  }));
}

function fieldConfig({ unit, decimals, styles = [] }: Common, defaults: Record<string, unknown>) {
  return {
    defaults: { unit, ...(decimals === undefined ? {} : { decimals }), ...defaults },
    overrides: styles.map((style) => ({
      matcher: { id: 'byName', options: style.series },
      properties: [
        ...(style.name === undefined ? [] : [{ id: 'displayName', value: style.name }]),
        ...(style.colour === undefined ? [] : [{ id: 'color', value: { mode: 'fixed', fixedColor: style.colour } }]),
        ...(style.unit === undefined ? [] : [{ id: 'unit', value: style.unit }]),
        ...(style.dashed === undefined ? [] : [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 6] } }]),
      ],
    })),
  };
}

/** Grafana wants a first step without a value. */
function steps(thresholds: readonly Threshold[]) {
  const base = thresholds.find(({ from }) => from === undefined);
  return {
    mode: 'absolute',
    steps: [
      { color: base?.colour ?? 'text', value: null },
      ...thresholds.flatMap(({ colour, from }) => (from === undefined ? [] : [{ color: colour, value: from }])),
    ],
  };
}
