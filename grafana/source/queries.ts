import type { Variable } from './dashboard.ts';
import { text } from './text.ts';

/** Measurements, as the server writes them. */
export const RAW = '"electric"';
export const QUARTERS = '"electric_15m"';
export const DAYS = '"electric_1d"';

/** Time zones differ by quarters of an hour: in such buckets the days of every property keep their own beginning. */
export const ZONE_STEP = 'time(15m)';

/** `:regex` escapes what people chose; "all" is `.*`, which also matches what has no such tag. */
const tagIs = (tag: string, variable: string) => `"${tag}" =~ /^\${${variable}:regex}$/`;

/** In the dashboard's time and the properties that were chosen. */
export const IN_ESTATE = `${tagIs('property', 'property')} AND $timeFilter`;
/** The same for meters, in the buildings that were chosen. */
export const IN_BUILDINGS = `${tagIs('property', 'property')} AND ${tagIs('building', 'building')} AND $timeFilter`;
/** The meters that were chosen. */
export const OF_METERS = `${tagIs('meter_number', 'meter')} AND $timeFilter`;

export const PROPERTY: Variable = {
  name: 'property',
  label: text('项目', 'Property'),
  query: 'SHOW TAG VALUES FROM "estate" WITH KEY = "property"',
  all: true,
};
export const BUILDING: Variable = {
  name: 'building',
  label: text('楼栋', 'Building'),
  query: `SHOW TAG VALUES FROM "electric" WITH KEY = "building" WHERE ${tagIs('property', 'property')}`,
  all: true,
};
export const METER: Variable = {
  name: 'meter',
  label: text('电表', 'Meter'),
  query: `SHOW TAG VALUES FROM "electric" WITH KEY = "meter_number" WHERE ${tagIs('property', 'property')} AND ${tagIs('building', 'building')}`,
  all: false,
};

/** Sums over properties (or lines) of the last figure in each interval. `sums`: field → name of the sum. */
export function sumOfLast(measurement: string, by: string, fields: readonly string[], where: string): string {
  const inner = fields.map((field) => `last("${field}") AS "${field}"`).join(', ');
  const outer = fields.map((field) => `sum("${field}") AS "${field}"`).join(', ');
  return (
    `SELECT ${outer} FROM (SELECT ${inner} FROM "${measurement}" WHERE ${where}` +
    ` GROUP BY time($__interval), "${by}" fill(none)) WHERE $timeFilter GROUP BY time($__interval) fill(null)`
  );
}

/** The same of now: one figure. */
export function sumNow(measurement: string, by: string, fields: readonly string[], where: string): string {
  const inner = fields.map((field) => `last("${field}") AS "${field}"`).join(', ');
  const outer = fields.map((field) => `sum("${field}") AS "${field}"`).join(', ');
  return `SELECT ${outer} FROM (SELECT ${inner} FROM "${measurement}" WHERE ${where} GROUP BY "${by}") WHERE $timeFilter`;
}

/** Rate per second of a counter that begins anew with its process, summed. */
export function rate(measurement: string, by: string | undefined, field: string, where: string): string {
  const tag = by === undefined ? '' : `, "${by}"`;
  return (
    `SELECT sum("rate") FROM (SELECT non_negative_derivative(last("${field}"), 1s) AS "rate" FROM "${measurement}"` +
    ` WHERE ${where} GROUP BY time($__interval)${tag} fill(none)) WHERE $timeFilter GROUP BY time($__interval) fill(null)`
  );
}

export interface UseOptions {
  /** Field of the counter without `_last` → name of the column. */
  readonly counters: Readonly<Record<string, string>>;
  readonly where: string;
  /** Tags that are told apart; everything else is summed. */
  readonly by: readonly string[];
}

/** What every meter used from one of its days to the next, at the beginning of the later day, summed. */
export function useByDay({ counters, where, by }: UseOptions): string {
  const inner = Object.entries(counters)
    .map(([counter, name]) => `non_negative_difference("${counter}_last") AS "${name}"`)
    .join(', ');
  const outer = Object.values(counters)
    .map((name) => `sum("${name}") AS "${name}"`)
    .join(', ');
  return (
    `SELECT ${outer} FROM (SELECT ${inner} FROM ${DAYS} WHERE ${where} GROUP BY ${tags(['meter_id', ...by])})` +
    ` WHERE $timeFilter GROUP BY ${[ZONE_STEP, ...by.map((tag) => `"${tag}"`)].join(', ')} fill(none)`
  );
}

/** What the meters used in each full hour, summed. Dear: a step for each meter and hour. */
export function useByHour(where: string, by: readonly string[]): string {
  return (
    `SELECT sum("wh") FROM (SELECT non_negative_difference(last("energy_wh_last")) AS "wh" FROM ${QUARTERS} WHERE ${where}` +
    ` GROUP BY time(1h), ${tags(['meter_id', ...by])} fill(none))` +
    ` WHERE $timeFilter GROUP BY time(1h), ${tags(by)} fill(none)`
  );
}

/** What was used in all days of the time shown, summed; told apart by tags, if there are any. */
export function useInAll(where: string, by: readonly string[]): string {
  const grouped = by.length === 0 ? '' : ` GROUP BY ${tags(by)}`;
  return (
    `SELECT sum("wh") AS "wh" FROM (SELECT non_negative_difference("energy_wh_last") AS "wh" FROM ${DAYS} WHERE ${where}` +
    ` GROUP BY ${tags(['meter_id', ...by])}) WHERE $timeFilter${grouped}`
  );
}

function tags(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
