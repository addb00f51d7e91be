/**
 * What Grafana 12 does to an InfluxQL query before it sends it: variables in the browser, the time filter and the interval
 * in its back end (pkg/tsdb/influxdb/models/query.go, public/app/features/templating in grafana/grafana).
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const UNITS_MS = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS } as const;

/** Intervals that Grafana rounds to. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 20, 30].map((count) => count * SECOND_MS),
  ...[1, 2, 5, 10, 15, 20, 30].map((count) => count * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR_MS),
  ...[1, 7, 30].map((count) => count * DAY_MS),
];

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What somebody chose for a variable; `all` stands for the variable's own "all" value, which is not escaped. */
export type Choice = { readonly all: string } | { readonly values: readonly string[] };

/** `now-24h` or `24h` → a range that ends now. */
export function rangeOf(expression: string, nowMs: number): TimeRange {
  const [, count, unit] = /^(?:now-)?(\d+)([smhdw])$/.exec(expression) ?? [];
  if (count === undefined || unit === undefined) throw new Error(`no range: ${expression}`);
  return { fromMs: nowMs - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS], toMs: nowMs };
}

/** The interval for about one point a pixel, never less than the data source's own. */
export function intervalOf({ fromMs, toMs }: TimeRange, pixels: number, leastMs: number): number {
  const wantedMs = Math.max(leastMs, (toMs - fromMs) / pixels);
  const nearest = STEPS_MS.toSorted((a, b) => Math.abs(a - wantedMs) - Math.abs(b - wantedMs))[0];
  return Math.max(leastMs, nearest ?? wantedMs);
}

/** The text that reaches InfluxDB. Throws when something is left that only Grafana could read. */
export function interpolate(
  query: string,
  range: TimeRange,
  intervalMs: number,
  choices: Readonly<Record<string, Choice>>,
): string {
  const chosen = query.replaceAll(
    /\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)(?::(\w+))?\]\]|\$(\w+)/g,
    (whole, braced, bracedFormat, bracketed, bracketedFormat, plain) => {
      const choice = choices[braced ?? bracketed ?? plain];
      return choice === undefined ? whole : textOf(choice, bracedFormat ?? bracketedFormat);
    },
  );
  const interval = `${intervalMs}ms`;
  const sent = chosen
    .replaceAll('$timeFilter', `time >= ${range.fromMs}ms and time <= ${range.toMs}ms`)
    .replaceAll('$interval', interval)
    .replaceAll('$__interval_ms', String(intervalMs))
    .replaceAll('$__interval', interval);
  const left = /\$\{?\w+|\[\[/.exec(sent.replaceAll('$/', ''));
  if (left !== null) throw new Error(`Grafana knows no ${left[0]} in ${query}`);
  return sent;
}

function textOf(choice: Choice, format: string | undefined): string {
  if ('all' in choice) return choice.all;
  if (format !== 'regex' && format !== undefined) throw new Error(`the format :${format} is not known here`);
  const escaped = choice.values.map((value) => value.replaceAll(/[\\^$*+?.()|[\]{}/]/g, '\\$&'));
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
}
