import sql from 'sql-template-tag';
import { PAY_METHODS, type PaymentMethod } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';

/** What an account paid by one method, less what went back by it. */
export interface WaySum {
  readonly minor: bigint;
  /** Share of it that cancelled sales are still owed: it waits for them. */
  readonly owedMinor: bigint;
}

/**
 * Each method's sum: sales that arrived or were cancelled, refunds and reversals from the moment they are asked for, payouts,
 * and what use cases of the account took and paid (deposits, closings, settlements) as the book has it. A transfer ends the account
 * that it pays: nothing can go back to that one any more.
 */
export async function selectWaySums(db: Queryable, accountId: number): Promise<ReadonlyMap<PaymentMethod, WaySum>> {
  const rows = await db.query<{ method: PaymentMethod; minor: bigint; owed: bigint }>(sql`
    with moved as (
      select v.method, v.paid_minor as minor,
        case when v.state = 'CANCELLED' and v.paid_out_at is null then v.owed_minor else 0 end as owed
      from vend v where v.account_id = ${accountId} and v.method is not null
        and case when v.paid_minor > 0 then v.state in ('CONFIRMED', 'CANCELLED') else v.state <> 'CANCELLED' end
      union all
      select p.method, -p.amount_minor, 0 from vend_payout p join vend v on v.id = p.vend_id
      where v.account_id = ${accountId}
      union all
      select case t.kind when 'deposit.taken' then c.input -> 'deposit' ->> 'method'
          when 'account.settled' then c.input ->> 'method'
          else c.input ->> case when e.amount_minor > 0 then 'collectMethod' else 'refundMethod' end end, e.amount_minor, 0
      from account_case c
      join ledger_txn t on t.property_id = c.property_id and t.ref_kind = 'accountCase' and t.ref_id = c.id::text
      join ledger_entry e on e.txn_id = t.id join ledger_account a on a.id = e.account_id
      where c.account_id = ${accountId} and a.kind in ('cash', 'bank', 'wechat', 'alipay') and t.kind <> 'account.transferred')
    select method, sum(minor)::int8 as minor, sum(owed)::int8 as owed from moved group by method`);
  const sums = new Map(rows.map(({ method, minor, owed }) => [method, { minor, owedMinor: owed }] as const));
  return new Map(PAY_METHODS.map((method) => [method, sums.get(method) ?? { minor: 0n, owedMinor: 0n }]));
}
