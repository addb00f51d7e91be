import sql, { raw, type Sql } from 'sql-template-tag';
import type { Db, Tx } from '../../db/index.ts';
import { COLUMNS } from '../columns.ts';
import { DAY_AFTER_MS, QUARTER_MS, ROLL_AFTER_MS, type ZoneMeters } from '../quarters.ts';

/** Quarter hours next to each other are rolled up in one statement: two hours, a million rows of ten thousand meters. */
const QUARTERS_A_STATEMENT_MAX = 8;
/** Any number that nothing else locks: two servers on one database must not roll up at once. */
const ROLL_LOCK = 7_655_875;

/**
 * Brings the roll-ups up to date: each quarter hour that has new raw rows and is over is computed anew from all its raw
 * rows, then each day from its quarter hours. Computing anew makes it idempotent: after a crash, a late batch or a
 * second run the same raw rows give the same roll-up.
 */
export async function rollUp(db: Db, zones: readonly ZoneMeters[], nowMs: number): Promise<void> {
  for (;;) {
    const more = await db.tx(async (tx) => {
      await tx.query(sql`select pg_advisory_xact_lock(${ROLL_LOCK})`);
      return rollQuarters(tx, zones, nowMs);
    });
    if (!more) break;
  }
  await db.tx(async (tx) => {
    await tx.query(sql`select pg_advisory_xact_lock(${ROLL_LOCK})`);
    await rollDays(tx, zones, nowMs);
  });
}

/** Rolls up one run of neighbouring quarter hours; true when there may be more. */
async function rollQuarters(tx: Tx, zones: readonly ZoneMeters[], nowMs: number): Promise<boolean> {
  const dirty = await tx.query<{ at: Date; version: number }>(sql`
    select at, version from telemetry_dirty_15m where at <= ${new Date(nowMs - QUARTER_MS - ROLL_AFTER_MS)}
    order by at limit ${QUARTERS_A_STATEMENT_MAX}`);
  const first = dirty[0];
  if (first === undefined) return false;
  const endMs = first.at.getTime() + QUARTERS_A_STATEMENT_MAX * QUARTER_MS;
  const run = dirty.filter(({ at }) => at.getTime() < endMs);
  const last = run.at(-1) ?? first;
  await tx.query(quartersFromRaw(first.at, new Date(last.at.getTime() + QUARTER_MS)));
  await markDays(
    tx,
    zones,
    run.map(({ at }) => at.getTime()),
  );
  // Rows that came while we computed have raised the version: their quarter hour stays dirty.
  await tx.query(sql`
    delete from telemetry_dirty_15m d
    using unnest(${run.map(({ at }) => at)}::timestamptz[], ${run.map(({ version }) => version)}::int[]) as seen (at, version)
    where d.at = seen.at and d.version = seen.version`);
  return dirty.length > run.length || dirty.length === QUARTERS_A_STATEMENT_MAX;
}

async function markDays(tx: Tx, zones: readonly ZoneMeters[], quartersMs: readonly number[]): Promise<void> {
  for (const { calendar } of zones) {
    const days = new Set(quartersMs.map((quarter) => calendar.startOfDay(quarter)));
    await tx.query(sql`
      insert into telemetry_dirty_1d (time_zone, at)
      select ${calendar.timeZone}, unnest(${[...days].map((day) => new Date(day))}::timestamptz[])
      on conflict do nothing`);
  }
}

async function rollDays(tx: Tx, zones: readonly ZoneMeters[], nowMs: number): Promise<void> {
  const dirty = await tx.query<{ time_zone: string; at: Date }>(
    sql`select time_zone, at from telemetry_dirty_1d order by at`,
  );
  for (const { calendar, meterIds } of zones) {
    for (const { at } of dirty.filter((row) => row.time_zone === calendar.timeZone)) {
      const end = new Date(calendar.startOfDayAfter(at.getTime(), 1));
      if (end.getTime() + ROLL_AFTER_MS + DAY_AFTER_MS > nowMs) continue;
      await tx.query(dayFromQuarters(at, end, meterIds));
      await tx.query(sql`delete from telemetry_dirty_1d where time_zone = ${calendar.timeZone} and at = ${at}`);
    }
  }
}

const REPLACE = raw(`on conflict (meter_id, at) do update set counts = excluded.counts, sums = excluded.sums,
  mins = excluded.mins, maxs = excluded.maxs, lasts = excluded.lasts`);

/** The last value that is not null, from rows that come in the order of time. */
const lastOf = (expression: string): string =>
  `(array_agg(${expression}) filter (where ${expression} is not null))[count(${expression})]`;

const arrayOf = (aggregate: (column: { readonly name: string; readonly code: number }) => string): string =>
  `array[${COLUMNS.map(aggregate).join(', ')}]`;

function quartersFromRaw(from: Date, to: Date): Sql {
  return sql`
    insert into telemetry_15m (meter_id, at, counts, sums, mins, maxs, lasts)
    select meter_id, date_bin('15 minutes', at, 'epoch'), ${raw(
      [
        `${arrayOf(({ name }) => `count(${name})`)}::int[]`,
        arrayOf(({ name }) => `sum(${name})`),
        arrayOf(({ name }) => `min(${name})`),
        arrayOf(({ name }) => `max(${name})`),
        arrayOf(({ name }) => lastOf(name)),
      ].join(',\n'),
    )}
    from (select * from telemetry_raw where at >= ${from} and at < ${to} order by meter_id, at) as in_order
    group by 1, 2 ${REPLACE}`;
}

function dayFromQuarters(from: Date, to: Date, meterIds: readonly number[]): Sql {
  return sql`
    insert into telemetry_1d (meter_id, at, counts, sums, mins, maxs, lasts)
    select meter_id, ${from}::timestamptz, ${raw(
      [
        `${arrayOf(({ code }) => `sum(counts[${code}])`)}::int[]`,
        arrayOf(({ code }) => `sum(sums[${code}])`),
        arrayOf(({ code }) => `min(mins[${code}])`),
        arrayOf(({ code }) => `max(maxs[${code}])`),
        arrayOf(({ code }) => lastOf(`lasts[${code}]`)),
      ].join(',\n'),
    )}
    from (
      select * from telemetry_15m where at >= ${from} and at < ${to} and meter_id = any(${meterIds}::int[])
      order by meter_id, at
    ) as in_order
    group by meter_id ${REPLACE}`;
}
