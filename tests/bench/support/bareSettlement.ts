import sql from 'sql-template-tag';
import type { Queryable } from '#server/platform/db/index.ts';

/** First day of the month in which all of it happens. */
const PERIOD = '2026-11-01';
/** Parts of a minor unit. */
const PARTS = 1_000_000_000n;

/**
 * A day's deduction of one property as one statement: the same rows in the same tables, by a hand that knows that there is
 * one price, no cut, no roll-over, no step, and that every read is good. `price`: 10⁻⁸ of the currency per kWh.
 */
export async function chargeInOneStatement(
  db: Queryable,
  day: { readonly propertyId: number; readonly untilMs: number; readonly price: bigint; readonly versionId: number },
): Promise<void> {
  const until = new Date(day.untilMs);
  await db.query(sql`
    with used as materialized (
      select s.id as stream_id, s.account_id, s.meter_id, s.epoch, s.cursor_at, s.cursor_wh, s.charged_to, r.instant,
        r.energy_wh, r.energy_wh - s.cursor_wh as delta, coalesce(l.quantity_wh, 0) as quantity,
        coalesce(l.parts, 0) as parts, coalesce(l.charged_minor, 0) as charged,
        (r.energy_wh - s.cursor_wh) * ${day.price}::numeric as added
      from charge_stream s
      join lateral (select instant, energy_wh from register_reading r where r.meter_id = s.meter_id
        and r.instant > s.cursor_at and r.instant <= ${until} order by instant desc limit 1) r on true
      left join charge_line l on l.stream_id = s.id and l.period = ${PERIOD}
      where s.property_id = ${day.propertyId} and not s.closed),
    due as materialized (
      select u.*, round((parts + added) / ${PARTS}::numeric)::bigint - charged as amount,
        nextval('ledger_txn_id_seq') as txn_id from used u),
    txn as (
      insert into ledger_txn (id, property_id, kind, key, content_hash, ref_kind, ref_id, event_at, period, actor_name, n_entries)
      select txn_id, ${day.propertyId}::int, 'charge', concat_ws(':', 'charge', account_id, meter_id, epoch, instant),
        sha256(convert_to(concat_ws(' ', 'charge', account_id, amount), 'UTF8')), 'account', account_id::text, instant,
        ${PERIOD}::date, 'bare', 2 from due),
    wallet as materialized (
      select d.txn_id, d.amount, a.id, b.balance_minor, b.version from due d
      join ledger_account a on a.property_id = ${day.propertyId} and a.kind = 'wallet' and a.subject = 'account:' || d.account_id
      join ledger_balance b on b.account_id = a.id),
    entry as (
      insert into ledger_entry (txn_id, no, account_id, amount_minor, may_overdraw, balance_after, account_version)
      select txn_id, 1, id, amount, true, balance_minor + amount, version + 1 from wallet
      union all
      select d.txn_id, 2, a.id, -d.amount, false, null, null from due d, ledger_account a
      where a.property_id = ${day.propertyId} and a.kind = 'electricity' and a.subject = ''),
    balance as (
      update ledger_balance b set balance_minor = b.balance_minor + w.amount, version = b.version + 1
      from wallet w where b.account_id = w.id),
    piece as (
      insert into segment (stream_id, from_at, to_at, from_wh, to_wh, delta_wh, quality, tariff_version_id, period, lines)
      select stream_id, cursor_at, instant, cursor_wh, energy_wh, delta, 'measured', ${day.versionId}::int, ${PERIOD}::date,
        jsonb_build_array(jsonb_build_object('label', 'energy', 'component', '', 'price', ${String(day.price)}::text,
          'quantity', delta::text, 'parts', added::text)) from due),
    line as (
      insert into charge_line as l (stream_id, period, tariff_version_id, label, component, price, quantity_wh, parts,
        charged_wh, charged_minor)
      select stream_id, ${PERIOD}::date, ${day.versionId}::int, 'energy', '', ${day.price}::int8, quantity + delta, parts + added,
        quantity + delta, charged + amount from due
      on conflict (stream_id, period, tariff_version_id, label, component, price) do update set
        quantity_wh = excluded.quantity_wh, parts = excluded.parts, charged_wh = excluded.charged_wh,
        charged_minor = excluded.charged_minor),
    charged as (
      insert into charge (property_id, account_id, meter_id, epoch, stream_id, from_at, to_at, period, reason, quantity_wh,
        amount_minor, lines, txn_id, charged_at)
      select ${day.propertyId}::int, account_id, meter_id, epoch, stream_id, charged_to, instant, ${PERIOD}::date, 'reading', delta, amount,
        jsonb_build_array(jsonb_build_object('versionId', ${day.versionId}::int, 'label', 'energy', 'component', '',
          'price', ${String(day.price)}::text, 'quantity', delta::text, 'amountMinor', amount::text)), txn_id, now() from due)
    update charge_stream s set cursor_at = d.instant, cursor_wh = d.energy_wh, charged_to = d.instant, uncharged_wh = 0
    from due d where s.id = d.stream_id`);
}
