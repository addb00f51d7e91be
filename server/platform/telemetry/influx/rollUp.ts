import { COLUMNS } from '../columns.ts';
import { QUARTER_MS, startOfQuarter, type ZoneMeters } from '../quarters.ts';
import type { InfluxClient, InfluxSeries } from './client.ts';
import type { DirtyTimes } from './dirtyTimes.ts';
import { fieldsLine, seriesKey } from './lines.ts';
import { AGGREGATES, DAY_SUFFIX, MEDIA, METER_TAG, QUARTER_SUFFIX } from './names.ts';

/** Quarter hours in one question: two hours. */
const QUARTERS_A_RUN_MAX = 8;
/** Meter quarter hours in one question: some 60,000 values, 15 ms of this process. */
const METER_QUARTERS_A_QUERY = 200;
/** The same for days, whose quarter hours have five values a quantity. */
const METER_DAYS_A_QUERY = 10;

export interface RollUpDeps {
  readonly client: InfluxClient;
  readonly dirty: DirtyTimes;
  readonly raw: string;
  readonly rollUps: string;
  readonly send: (database: string, lines: readonly string[]) => Promise<unknown>;
  readonly nowMs: () => number;
}

/**
 * Brings the roll-ups up to date. Rows are fetched and summed up here: InfluxDB 1.x needs ten times the processor for
 * a hundred aggregates a meter than for the rows themselves, and only 1.x could write them back. Each series is
 * computed for itself and written with its own tags, so that a second time gives the same points.
 */
export async function rollUpInflux(
  deps: RollUpDeps,
  zones: readonly ZoneMeters[],
  writtenIds: Iterable<number>,
): Promise<void> {
  const { dirty, raw, nowMs } = deps;
  const meterIds = [...new Set([...zones.flatMap((zone) => zone.meterIds), ...writtenIds])];
  for (;;) {
    const run = dirty.nextRun(nowMs(), QUARTERS_A_RUN_MAX);
    if (run === undefined) break;
    const perQuery = Math.floor((METER_QUARTERS_A_QUERY * QUARTER_MS) / (run.toMs - run.fromMs));
    const part = { database: raw, suffix: '', into: QUARTER_SUFFIX, fromMs: run.fromMs, toMs: run.toMs };
    await rollPart(deps, { ...part, startOf: startOfQuarter }, meterIds, perQuery, RAW_CELLS);
    await dirty.quartersDone(run, zones);
  }
  for (const zone of zones) {
    for (const day of dirty.daysOver(zone, nowMs())) {
      const toMs = zone.calendar.startOfDayAfter(day.atMs, 1);
      const part = { database: deps.rollUps, suffix: QUARTER_SUFFIX, into: DAY_SUFFIX, fromMs: day.atMs, toMs };
      await rollPart(deps, { ...part, startOf: () => day.atMs }, zone.meterIds, METER_DAYS_A_QUERY, QUARTER_CELLS);
      await dirty.dayDone(day);
    }
  }
}

interface Part {
  readonly database: string;
  readonly suffix: string;
  readonly into: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly startOf: (atMs: number) => number;
}

async function rollPart(
  deps: RollUpDeps,
  part: Part,
  meterIds: readonly number[],
  perQuery: number,
  cellsOf: CellReader,
): Promise<void> {
  const { database, suffix, into, fromMs, toMs } = part;
  for (const medium of MEDIA) {
    for (let at = 0; at < meterIds.length; at += perQuery) {
      const meters = metersClause(meterIds.slice(at, at + perQuery));
      const series = await deps.client.query(
        database,
        `SELECT * FROM "${medium}${suffix}" WHERE time >= ${fromMs}ms AND time < ${toMs}ms AND (${meters}) GROUP BY *`,
      );
      const lines = series.flatMap((one) => linesOf(one, `${medium}${into}`, part.startOf, cellsOf));
      if (lines.length > 0) await deps.send(deps.rollUps, lines);
    }
  }
}

/** Meters as InfluxQL finds them fastest: each by its tag. */
export function metersClause(meterIds: readonly number[]): string {
  return meterIds.map((id) => `"${METER_TAG}"='${id}'`).join(' OR ');
}

class Cell {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  last = Number.NaN;

  add(count: number, sum: number, min: number, max: number, last: number): void {
    this.count += count;
    this.sum += sum;
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
    this.last = last;
  }
}

type Row = InfluxSeries['values'][number];
/** Adds the quantity's part of a row to its cell; false when the row has none. */
type AddRow = (row: Row, cell: Cell) => void;
/** How to read the cells of a series: for each quantity that it has, its name and how a row is added. */
type CellReader = (columns: readonly string[]) => readonly { readonly name: string; readonly add: AddRow }[];

const RAW_CELLS: CellReader = (columns) =>
  COLUMNS.flatMap(({ name }) => {
    const at = columns.indexOf(name);
    if (at < 0) return [];
    const add: AddRow = (row, cell) => {
      const value = row[at];
      if (typeof value === 'number') cell.add(1, value, value, value, value);
    };
    return [{ name, add }];
  });

const QUARTER_CELLS: CellReader = (columns) =>
  COLUMNS.flatMap(({ name }) => {
    const places = AGGREGATES.map((aggregate) => columns.indexOf(`${name}_${aggregate}`));
    if (places.includes(-1)) return [];
    const add: AddRow = (row, cell) => {
      const [count, mean, min, max, last] = places.map((place) => row[place]);
      if (typeof count !== 'number' || typeof mean !== 'number' || count <= 0) return;
      cell.add(count, count * mean, Number(min), Number(max), Number(last));
    };
    return [{ name, add }];
  });

function linesOf(
  { tags = {}, columns, values }: InfluxSeries,
  measurement: string,
  startOf: (atMs: number) => number,
  cellsOf: CellReader,
): readonly string[] {
  const readers = cellsOf(columns);
  const key = seriesKey(measurement, tags);
  const timeAt = columns.indexOf('time');
  const buckets = new Map<number, readonly Cell[]>();
  for (const row of values) {
    const atMs = startOf(Number(row[timeAt]));
    let cells = buckets.get(atMs);
    if (cells === undefined) {
      cells = readers.map(() => new Cell());
      buckets.set(atMs, cells);
    }
    for (const [index, { add }] of readers.entries()) {
      const cell = cells[index];
      if (cell !== undefined) add(row, cell);
    }
  }
  return [...buckets].flatMap(([atMs, cells]) => {
    const fields = readers.flatMap(({ name }, index) => fieldsOf(name, cells[index]));
    return fieldsLine(key, fields, atMs) ?? [];
  });
}

function fieldsOf(name: string, cell: Cell | undefined): readonly (readonly [string, number])[] {
  if (cell === undefined || cell.count === 0) return [];
  const { count, sum, min, max, last } = cell;
  const values = { count, mean: sum / count, min, max, last };
  return AGGREGATES.map((aggregate) => [`${name}_${aggregate}`, values[aggregate]]);
}
