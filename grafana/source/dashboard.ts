import { DATA_SOURCES, type Panel } from './panels.ts';
import { inLanguage, type Language, type Text, text } from './text.ts';

/** Of Grafana 12. */
const SCHEMA_VERSION = 42;
/** Grafana's grid. */
const COLUMNS = 24;

/** Panels side by side; the widths of a row are 24 columns together. */
export interface Row {
  /** In units of Grafana's grid, about 30 pixels. */
  readonly height: number;
  readonly panels: readonly (readonly [width: number, panel: Panel])[];
}

export interface Variable {
  readonly name: string;
  readonly label: Text;
  readonly query: string;
  /** With "all", which matches what has no such tag too; without it the first value is taken. */
  readonly all: boolean;
}

export interface Dashboard {
  /** Also the name of the file; the uid is `meterwall-<key>-<language>`. */
  readonly key: string;
  readonly title: Text;
  readonly description: Text;
  /** What it shows when it is opened: `now-24h`. */
  readonly from: string;
  readonly refresh: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

/** The dashboard as the JSON that Grafana provisions. */
export function render(dashboard: Dashboard, language: Language): string {
  const model = {
    uid: `meterwall-${dashboard.key}-${language}`,
    title: dashboard.title,
    description: dashboard.description,
    tags: ['meterwall', language],
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: false,
    graphTooltip: 1,
    timezone: 'browser',
    time: { from: dashboard.from, to: 'now' },
    refresh: dashboard.refresh,
    links: [
      {
        type: 'dashboards',
        title: text('其他看板', 'Other dashboards'),
        tags: ['meterwall', language],
        asDropdown: true,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
      },
    ],
    annotations: { list: [] },
    templating: { list: dashboard.variables.map(variableModel) },
    panels: layOut(dashboard.rows),
  };
  return `${JSON.stringify(inLanguage(model, language), undefined, 2)}\n`;
}

function variableModel({ name, label, query, all }: Variable) {
  return {
    type: 'query',
    name,
    label,
    datasource: DATA_SOURCES.raw,
    query,
    definition: query,
    // Anew whenever the time range changes: meters come and go.
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: all,
    ...(all ? { allValue: '.*', current: { selected: true, text: ['All'], value: ['$__all'] } } : {}),
    hide: 0,
    regex: '',
    skipUrlSync: false,
  };
}

function layOut(rows: readonly Row[]) {
  let y = 0;
  let id = 0;
  return rows.flatMap(({ height, panels }) => {
    let x = 0;
    const placed = panels.map(([width, panel]) => {
      id += 1;
      const gridPos = { x, y, w: width, h: height };
      x += width;
      return { id, ...panel, gridPos };
    });
    if (x !== COLUMNS) throw new Error(`a row of ${x} columns, it must be ${COLUMNS}`);
    y += height;
    return placed;
  });
}
