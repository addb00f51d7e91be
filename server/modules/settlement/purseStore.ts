import sql from 'sql-template-tag';
import type { Queryable } from '#server/platform/db/index.ts';

/** A visit of a meter's prepaid side, as it is kept. */
export interface PurseReading {
  readonly meterId: number;
  readonly readAtMs: number;
  readonly count: number;
  readonly balanceMinor: bigint;
  readonly cumulativeMinor: bigint | undefined;
}

/** Meters of a property that hold their own balance. */
export async function selectPrepaidMeters(db: Queryable, propertyId: number): Promise<number[]> {
  const rows = await db.query<{ meter_id: number }>(sql`
    select meter_id from charge_stream where property_id = ${propertyId} and custody = 'meter' and ended_at is null
    order by meter_id`);
  return rows.map(({ meter_id }) => meter_id);
}

export async function insertPurseReadings(
  db: Queryable,
  propertyId: number,
  reads: readonly PurseReading[],
): Promise<void> {
  if (reads.length === 0) return;
  const column = <T>(read: (row: PurseReading) => T): T[] => reads.map(read);
  await db.query(sql`
    insert into purse_reading (property_id, meter_id, read_at, purchase_count, balance_minor, cumulative_minor)
    select ${propertyId}::int, n.* from unnest(
      ${column(({ meterId }) => meterId)}::int[], ${column(({ readAtMs }) => new Date(readAtMs).toISOString())}::timestamptz[],
      ${column(({ count }) => count)}::int[], ${column(({ balanceMinor }) => String(balanceMinor))}::int8[],
      ${column(({ cumulativeMinor }) => cumulativeMinor?.toString() ?? null)}::int8[]) as n
    on conflict do nothing`);
}

/** A meter's own sum of purchases beside what was sold to it, both since the first time that its epoch's sum was known. */
export interface CumulativeBooks {
  readonly account_id: number;
  readonly meter_id: number;
  /** Null: its purchases were not read in this epoch, or not told. */
  readonly read_at: Date | null;
  readonly found_minor: bigint | null;
  readonly expected_minor: bigint | null;
  /** Money was on its way at that very read. */
  readonly under_way: boolean;
}

/**
 * The last visit of each meter that holds its own balance, with what its sum should have been then: the sum before the
 * first purchase of its epoch (where nothing was sold yet, at the first visit) and every net amount that was proven
 * since. A balance that was set anew is no purchase; the cent of a fence is one.
 */
export function selectCumulativeBooks(db: Queryable, propertyId: number): Promise<CumulativeBooks[]> {
  return db.query<CumulativeBooks>(sql`
    select s.account_id, s.meter_id, r.read_at, r.cumulative_minor as found_minor, coalesce(v.under_way, false) as under_way,
      (coalesce(b.cumulative, f.cumulative_minor) + coalesce(v.sold, 0))::int8 as expected_minor
    from charge_stream s
    join account_meter m on m.meter_id = s.meter_id and m.epoch = s.epoch
    left join lateral (
      select read_at, cumulative_minor from purse_reading
      where meter_id = s.meter_id and read_at >= m.from_at order by read_at desc limit 1) r on true
    left join lateral (
      select read_at, cumulative_minor from purse_reading
      where meter_id = s.meter_id and read_at >= m.from_at and cumulative_minor is not null order by read_at limit 1) f on true
    left join lateral (
      select bound_cumulative_minor as cumulative, seq from vend
      where meter_id = s.meter_id and epoch = s.epoch and bound_cumulative_minor is not null order by seq limit 1) b on true
    left join lateral (
      select bool_or(at <= r.read_at and state <> 'DRAFT' and coalesce(finished_at > r.read_at, true)) as under_way,
        sum(case
          when finished_at > r.read_at or path = 'absolute' then 0
          when coalesce(seq < b.seq, finished_at <= f.read_at) then 0
          when state = 'CONFIRMED' then net_minor
          when state = 'CANCELLED' and fence = 'cent' then (
            select coalesce(-sum(e.amount_minor), 0) from ledger_txn t join ledger_entry e on e.txn_id = t.id
              join ledger_account a on a.id = e.account_id
            where t.property_id = s.property_id and t.ref_kind = 'vend' and t.ref_id = vend.id::text
              and a.kind = 'prepaidInMeter')
          else 0 end) as sold
      from vend where meter_id = s.meter_id and epoch = s.epoch and custody = 'meter') v on true
    where s.property_id = ${propertyId} and s.custody = 'meter' and s.ended_at is null order by s.meter_id`);
}
