import sql from 'sql-template-tag';
import type { ReconciliationCause } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

/**
 * What the three sides have stored, read from their tables as they stand: a comparison that asked the modules would believe
 * the very code that it is there to check.
 */

/** Where the money of a method lies in the book. */
const DRAWERS = sql`(values ('cash', 'cash'), ('wechat', 'wechat'), ('alipay', 'alipay'), ('bankCard', 'bank'),
  ('transfer', 'bank')) as d (method, drawer)`;
/** What money of a vend lies in drawers: mirrored sales have none left, refunds count when the meter gave it. */
const TAKEN = sql`case
    when v.kind = 'sale' and v.paid_txn is not null and not exists (
      select from vend r where r.original_id = v.id and r.kind = 'reversal' and r.state = 'CONFIRMED') then v.paid_minor
    when v.kind = 'refund' and v.state = 'CONFIRMED' then v.paid_minor
    else 0 end`;
/** What of it was handed back because the vend was cancelled. */
const HANDED_BACK = sql`coalesce((select p.amount_minor from vend_payout p where p.vend_id = v.id), 0)`;
/**
 * What a use case of an account put into drawers: deposits, what was paid out or collected at an end, afterwards, and with a
 * transfer (null of one that did not yet keep it). The posting of a transfer belongs to the new account's case.
 */
const CASE_TAKEN = sql`case
    when c.state <> 'done' then 0
    when c.kind = 'opening' then coalesce((c.input -> 'deposit' ->> 'amountMinor')::int8, 0)
    when c.kind = 'closing' then case
      when (c.facts ->> 'payOutMinor')::int8 > 0 and c.facts ->> 'payOut' = 'owed' then 0
      when (c.facts ->> 'payOutMinor')::int8 < 0 and c.input ->> 'collectMethod' = 'receivable' then 0
      else -(c.facts ->> 'payOutMinor')::int8 end
    when c.kind = 'settlement' then
      case c.input ->> 'way' when 'collect' then 1 else -1 end * (c.input ->> 'amountMinor')::int8
    when c.kind = 'transfer' and c.account_id = (c.facts ->> 'toAccountId')::int then -(c.facts ->> 'refundedMinor')::int8
    else 0 end`;
const CASE_METHOD = sql`case
    when c.kind = 'opening' then c.input -> 'deposit' ->> 'method'
    when c.kind = 'settlement' then c.input ->> 'method'
    when c.kind = 'closing' and (c.facts ->> 'payOutMinor')::int8 < 0 then c.input ->> 'collectMethod'
    else c.input ->> 'refundMethod' end`;
/** Postings about money that changes hands. */
const PAID = sql`('vend', 'accountCase')`;

/** A meter that holds its own balance, with what the books say that it holds. */
export interface MeterBooks {
  readonly account_id: number;
  readonly meter_id: number;
  /** The last purchase count that was used up by that read (a fence uses one, too), or found at the opening; null: none is known. */
  readonly count: number | null;
  /** Money was on its way at that very read. */
  readonly under_way: boolean;
  /** The read at which charging stands: what was sold less what was used up to there is what it should hold. */
  readonly read_at: Date | null;
  readonly read_balance: bigint | null;
  readonly read_count: number | null;
  /** What the book has in the meter, without what was sold after that read. */
  readonly booked_minor: bigint;
  /** Used up to that read and not yet in the book. */
  readonly open_minor: bigint;
  /** What four decimals, a step of the register and the rounding of lines may make of it, either way. */
  readonly drift_minor: bigint;
}

/** Wh of one step of a register as meters show it, before their ratios. */
const REGISTER_STEP_WH = 10;

export function selectMeterBooks(db: Queryable, propertyId: number): Promise<MeterBooks[]> {
  return db.query<MeterBooks>(sql`
    select s.account_id, s.meter_id, coalesce(v.last_seq, m.opening_count) as count, coalesce(v.under_way, false) as under_way,
      r.read_at, r.balance_minor as read_balance, r.purchase_count as read_count,
      (coalesce(b.booked, 0) - coalesce(v.sold_since, 0))::int8 as booked_minor, coalesce(l.open, 0)::int8 as open_minor,
      (1 + ceil((coalesce(d.parts, 0) + ${REGISTER_STEP_WH}::numeric * s.multiplier * coalesce(d.dearest, 0)) / 1000000000
        + coalesce(d.lines, 0) / 2.0))::int8 as drift_minor
    from charge_stream s
    left join account_meter m on m.meter_id = s.meter_id and m.epoch = s.epoch
    left join register_reading r on r.meter_id = s.meter_id and r.instant = s.cursor_at
    left join lateral (
      select max(seq) filter (where finished_at <= r.read_at and exists (
          select from vend_seq q where q.vend_id = vend.id and q.seq = vend.seq and not q.released)) as last_seq,
        sum(net_minor) filter (where state = 'CONFIRMED' and finished_at > r.read_at) as sold_since,
        bool_or(at <= r.read_at and state <> 'DRAFT' and coalesce(finished_at > r.read_at, true)) as under_way
      from vend where meter_id = s.meter_id and epoch = s.epoch and custody = 'meter') v on true
    left join lateral (
      select -sum(e.amount_minor) as booked from ledger_account a join ledger_entry e on e.account_id = a.id
      where a.property_id = s.property_id and a.kind = 'prepaidInMeter' and a.subject = 'meter:' || s.meter_id) b on true
    left join lateral (
      select sum(round(parts / 1000000000)::int8 - charged_minor) as open from charge_line where stream_id = s.id) l on true
    left join lateral (
      select sum(c.quantity_wh * abs(c.price - round(c.price / 10000.0) * 10000)) as parts, max(c.price) as dearest,
        count(*) as lines
      from charge_line c join charge_stream o on o.id = c.stream_id
      where o.meter_id = s.meter_id and o.custody = 'meter') d on true
    where s.property_id = ${propertyId} and s.custody = 'meter' and s.ended_at is null order by s.meter_id`);
}

export interface PaymentDifference {
  readonly ref_kind: 'vend' | 'accountCase';
  readonly ref_id: string;
  readonly method: string | null;
  readonly account_id: number | null;
  readonly sold: bigint | null;
  readonly booked: bigint | null;
}

/** Every vend and use case of an account since a day whose money is not in its drawer as it should be, and money in drawers of none. */
export function selectPaymentDifferences(
  db: Queryable,
  propertyId: number,
  sinceDay: string,
): Promise<PaymentDifference[]> {
  return db.query<PaymentDifference>(sql`
    with sold as (
      select 'vend' as ref_kind, v.id::text as ref_id, v.method, v.account_id, (${TAKEN} - ${HANDED_BACK})::int8 as sold
      from vend v where v.property_id = ${propertyId} and v.business_day >= ${sinceDay}::date
      union all
      select 'accountCase', c.id::text, ${CASE_METHOD}, c.account_id, ${CASE_TAKEN}
      from account_case c where c.property_id = ${propertyId} and coalesce(c.done_at, c.at) >= ${sinceDay}::date),
    booked as (
      select t.ref_kind, t.ref_id, sum(e.amount_minor)::int8 as booked
      from ledger_txn t join ledger_entry e on e.txn_id = t.id join ledger_account a on a.id = e.account_id
      where t.property_id = ${propertyId} and t.ref_kind in ${PAID} and a.kind in ('cash', 'bank', 'wechat', 'alipay')
        and t.ref_id in (select ref_id from sold) group by t.ref_kind, t.ref_id),
    strange as (
      select t.ref_kind, t.ref_id, sum(e.amount_minor)::int8 as booked
      from ledger_txn t join ledger_entry e on e.txn_id = t.id join ledger_account a on a.id = e.account_id
      where t.property_id = ${propertyId} and t.ref_kind in ${PAID} and a.kind in ('cash', 'bank', 'wechat', 'alipay')
        and t.event_at >= ${sinceDay}::date and not exists (select from vend v where v.id::text = t.ref_id)
        and not exists (select from account_case c where c.id::text = t.ref_id) group by t.ref_kind, t.ref_id)
    select s.ref_kind, s.ref_id, s.method, s.account_id, s.sold, b.booked from sold s left join booked b using (ref_kind, ref_id)
      where s.sold <> coalesce(b.booked, 0)
    union all select ref_kind, ref_id, null, null, null, booked from strange order by ref_id`);
}

export interface DrawerSums {
  readonly drawer: string;
  readonly soldMinor: string;
  readonly bookedMinor: string;
}

/** The business day's sums by drawer. */
export async function selectDrawerSums(
  db: Queryable,
  day: { readonly propertyId: number; readonly name: string; readonly fromMs: number; readonly toMs: number },
): Promise<readonly DrawerSums[]> {
  const rows = await db.query<{ drawer: string; sold: bigint; booked: bigint }>(sql`
    with moved as (
      select v.method, ${TAKEN} as amount from vend v
      where v.property_id = ${day.propertyId} and v.business_day = ${day.name}::date
      union all
      select p.method, -p.amount_minor from vend_payout p join vend v on v.id = p.vend_id
      where v.property_id = ${day.propertyId} and p.at >= ${new Date(day.fromMs)} and p.at < ${new Date(day.toMs)}
      union all
      select ${CASE_METHOD}, ${CASE_TAKEN} from account_case c
      where c.property_id = ${day.propertyId} and c.done_at >= ${new Date(day.fromMs)} and c.done_at < ${new Date(day.toMs)}),
    sold as (
      select d.drawer, sum(m.amount)::int8 as amount from moved m join ${DRAWERS} on d.method = m.method
      where m.amount <> 0 group by d.drawer),
    booked as (
      select a.kind as drawer, sum(e.amount_minor)::int8 as amount
      from ledger_account a join ledger_entry e on e.account_id = a.id join ledger_txn t on t.id = e.txn_id
      where a.property_id = ${day.propertyId} and a.kind in ('cash', 'bank', 'wechat', 'alipay') and t.ref_kind in ${PAID}
        and t.event_at >= ${new Date(day.fromMs)} and t.event_at < ${new Date(day.toMs)} group by a.kind)
    select drawer, coalesce(s.amount, 0)::int8 as sold, coalesce(b.amount, 0)::int8 as booked
    from sold s full join booked b using (drawer) order by drawer`);
  return rows.map(({ drawer, sold, booked }) => ({ drawer, soldMinor: String(sold), bookedMinor: String(booked) }));
}

/** Σ charges as we list them, and as the book has them. */
export async function selectChargeSums(db: Queryable, propertyId: number) {
  const [row] = await db.query<{ listed: bigint; booked: bigint }>(sql`
    select (select coalesce(sum(amount_minor), 0)::int8 from charge where property_id = ${propertyId}) as listed,
      (select -coalesce(sum(e.amount_minor), 0)::int8
        from ledger_account a join ledger_entry e on e.account_id = a.id join ledger_txn t on t.id = e.txn_id
        where a.property_id = ${propertyId} and a.kind in ('electricity', 'water') and t.kind = 'charge') as booked`);
  return { listed: row?.listed ?? 0n, booked: row?.booked ?? 0n };
}

export interface NewRow {
  readonly side: 'meter' | 'payments' | 'book';
  readonly cause: ReconciliationCause;
  readonly accountId?: number;
  readonly meterId?: number;
  readonly expected: string;
  readonly found: string;
  readonly differenceMinor?: bigint;
  readonly detail: string;
}

export interface StoredRun {
  readonly id: bigint;
  readonly property_id: number;
  readonly day: string;
  readonly actor_name: string;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly meters: number;
  readonly matched: number;
  readonly differing: number;
  readonly explained: number;
  readonly payments: DrawerSums[];
}
export const runColumns = sql`id, property_id, to_char(day, 'YYYY-MM-DD') as day, actor_name, started_at, finished_at, meters, matched,
  differing, explained, payments`;

/** Undefined: this night's run is there already. */
export async function insertRun(
  tx: Tx,
  run: {
    readonly propertyId: number;
    readonly day: string;
    readonly userId: number | undefined;
    readonly actorName: string;
    readonly atMs: number;
  },
): Promise<bigint | undefined> {
  const [row] = await tx.query<{ id: bigint }>(sql`
    insert into reconciliation_run (property_id, day, user_id, actor_name, started_at)
    values (${run.propertyId}, ${run.day}, ${run.userId ?? null}, ${run.actorName}, ${new Date(run.atMs)})
    on conflict do nothing returning id`);
  return row?.id;
}

export async function finishRun(
  tx: Tx,
  run: {
    readonly id: bigint;
    readonly meters: number;
    readonly matched: number;
    readonly rows: readonly NewRow[];
    readonly propertyId: number;
    readonly payments: readonly DrawerSums[];
    readonly atMs: number;
  },
): Promise<StoredRun> {
  const { rows } = run;
  const explained = rows.filter(({ cause }) => cause === 'drift').length;
  const column = <T>(read: (row: NewRow) => T): T[] => rows.map(read);
  if (rows.length > 0)
    await tx.query(sql`
      insert into reconciliation_row (run_id, property_id, side, cause, account_id, meter_id, expected, found, difference_minor,
        detail)
      select ${run.id}::int8, ${run.propertyId}::int, n.* from unnest(
        ${column(({ side }) => side)}::text[], ${column(({ cause }) => cause)}::text[],
        ${column(({ accountId }) => accountId ?? null)}::int[], ${column(({ meterId }) => meterId ?? null)}::int[],
        ${column(({ expected }) => expected)}::text[], ${column(({ found }) => found)}::text[],
        ${column(({ differenceMinor }) => differenceMinor?.toString() ?? null)}::int8[],
        ${column(({ detail }) => detail)}::text[]) as n`);
  const [stored] = await tx.query<StoredRun>(sql`
    update reconciliation_run set finished_at = ${new Date(run.atMs)}, meters = ${run.meters}, matched = ${run.matched},
      differing = ${rows.length - explained}, explained = ${explained}, payments = ${JSON.stringify(run.payments)}::jsonb where id = ${run.id}
    returning ${runColumns}`);
  if (stored === undefined) throw new Error('a reconciliation was not stored');
  return stored;
}
