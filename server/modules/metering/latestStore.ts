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

/** One statement for all; a meter without a last reading is left out. */
export async function upsertLatest(db: Queryable, meters: readonly MeterView[]): Promise<void> {
  const rows = meters.flatMap(({ profile, last, state }) =>
    last === undefined ? [] : { meterId: profile.meter.id, last, state },
  );
  if (rows.length === 0) return;
  const json = (value: unknown): string => JSON.stringify(value);
  await db.query(sql`
    insert into meter_latest
      (meter_id, read_at, reading_values, balance_minor, status, meter_clock, rejected, facts, since)
    select * from unnest(
      ${rows.map(({ meterId }) => meterId)}::int[],
      ${rows.map(({ last }) => new Date(last.readAtMs))}::timestamptz[],
      ${rows.map(({ last }) => json(last.values))}::jsonb[],
      ${rows.map(({ last }) => last.balanceMinor?.toString() ?? null)}::int8[],
      ${rows.map(({ last }) => json(last.status))}::jsonb[],
      ${rows.map(({ last }) => (last.meterClockMs === undefined ? null : new Date(last.meterClockMs)))}::timestamptz[],
      ${rows.map(({ last }) => json(last.rejected))}::jsonb[],
      ${rows.map(({ state }) => json(state.facts))}::jsonb[],
      ${rows.map(({ state }) => json(state.since))}::jsonb[])
    on conflict (meter_id) do update set read_at = excluded.read_at, reading_values = excluded.reading_values,
      balance_minor = excluded.balance_minor, status = excluded.status, meter_clock = excluded.meter_clock,
      rejected = excluded.rejected, facts = excluded.facts, since = excluded.since`);
}
