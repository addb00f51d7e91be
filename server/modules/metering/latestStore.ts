import sql from 'sql-template-tag';
import type { SinceMs } from '#domain/evaluate.ts';
import type { MeterFacts } from '#domain/meterState.ts';
import type { MeterStatus, Rejection, Values } from '#drivers/core/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import type { LastRead, MeterView } from './types.ts';

/** What a restart begins with. */
export interface StoredLatest {
  readonly meterId: number;
  readonly last: LastRead;
  readonly facts: MeterFacts;
  readonly since: SinceMs;
}

interface LatestRow {
  readonly meter_id: number;
  readonly read_at: Date;
  readonly reading_values: Values;
  readonly balance_minor: bigint | null;
  readonly status: MeterStatus;
  readonly meter_clock: Date | null;
  readonly rejected: readonly Rejection[];
  readonly facts: MeterFacts;
  readonly since: SinceMs;
}

export async function selectLatest(db: Queryable): Promise<readonly StoredLatest[]> {
  const rows = await db.query<LatestRow>(sql`
    select meter_id, read_at, reading_values, balance_minor, status, meter_clock, rejected, facts, since
    from meter_latest`);
  return rows.map((row) => ({
    meterId: row.meter_id,
    facts: row.facts,
    since: row.since,
    last: {
      readAtMs: row.read_at.getTime(),
      values: row.reading_values,
      balanceMinor: row.balance_minor ?? undefined,
      status: row.status,
      meterClockMs: row.meter_clock?.getTime(),
      rejected: row.rejected,
    },
  }));
}

/**
 * One statement for all; a meter without a last reading is left out. The rows travel as one JSON text: as arrays of
 * jsonb each value would be written, escaped and copied several times, half of all that the server ever allocated.
 */
export async function upsertLatest(db: Queryable, meters: readonly MeterView[]): Promise<void> {
  const rows = meters.flatMap(({ profile, last, state }) =>
    last === undefined ? [] : [toRow(profile.meter.id, last, state)],
  );
  if (rows.length === 0) return;
  await db.query(sql`
    insert into meter_latest
      (meter_id, read_at, reading_values, balance_minor, status, meter_clock, rejected, facts, since)
    select meter_id, to_timestamp(read_at / 1000), reading_values, balance_minor, status,
      to_timestamp(meter_clock / 1000), rejected, facts, since
    from json_to_recordset(${JSON.stringify(rows)}::json) as r (meter_id int, read_at double precision,
      reading_values jsonb, balance_minor int8, status jsonb, meter_clock double precision, rejected jsonb, facts jsonb,
      since jsonb)
    on conflict (meter_id) do update set read_at = excluded.read_at, reading_values = excluded.reading_values,
      balance_minor = excluded.balance_minor, status = excluded.status, meter_clock = excluded.meter_clock,
      rejected = excluded.rejected, facts = excluded.facts, since = excluded.since`);
}

function toRow(meterId: number, last: LastRead, { facts, since }: MeterView['state']) {
  return {
    meter_id: meterId,
    read_at: last.readAtMs,
    reading_values: last.values,
    balance_minor: last.balanceMinor?.toString() ?? null,
    status: last.status,
    meter_clock: last.meterClockMs ?? null,
    rejected: last.rejected,
    facts,
    since,
  };
}
