import sql from 'sql-template-tag';
import type { Queryable } from '#server/platform/db/index.ts';

/** What refunds that name this sale have given back, or are about to. */
export async function refundedOf(db: Queryable, saleId: string): Promise<bigint> {
  const [row] = await db.query<{ sum: bigint }>(sql`
    select coalesce(-sum(net_minor), 0)::int8 as sum from vend v
    where v.account_id = (select account_id from vend where id = ${saleId}) and v.original_id = ${saleId}
      and v.kind = 'refund' and v.state <> 'CANCELLED'`);
  return row?.sum ?? 0n;
}

/** Sums of one name within one break-down. */
export interface DayLine {
  readonly part: 'kind' | 'method' | 'operator' | 'total';
  readonly name: string;
  readonly count: number;
  readonly paid: bigint;
  readonly fee: bigint;
  readonly net: bigint;
}

/**
 * A business day by kind, method and operator in one look at the rows, so that the three agree. Money that is here counts,
 * whether or not the meter has it; moves between meters are no business of the day.
 */
export function selectDay(db: Queryable, propertyId: number, day: string): Promise<DayLine[]> {
  return db.query<DayLine>(sql`
    select case grouping(v.kind, v.method, v.user_name) when 3 then 'kind' when 5 then 'method' when 6 then 'operator'
        else 'total' end as part,
      coalesce(v.kind, case when grouping(v.method) = 0 then coalesce(v.method, 'none') end, v.user_name, 'total') as name,
      count(*)::int as count, coalesce(sum(v.paid_minor), 0)::int8 as paid, coalesce(sum(v.fee_minor), 0)::int8 as fee,
      coalesce(sum(v.net_minor), 0)::int8 as net
    from vend v
    where v.property_id = ${propertyId} and v.business_day = ${day}::date and v.kind not in ('moveOut', 'moveIn')
      and v.state <> 'CANCELLED' and (v.kind = 'sale' or v.state = 'CONFIRMED')
    group by grouping sets ((v.kind), (v.method), (v.user_name), ())
    order by 1, 2`);
}
