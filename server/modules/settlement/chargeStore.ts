import sql from 'sql-template-tag';
import type { BillLine } from '#domain/settlement/bill.ts';
import type { PricedSegment } from '#domain/settlement/pricing.ts';
import type { Steps } from '#domain/tariff/types.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { NewCharge } from './streamCharge.ts';

/** First day of a local month, `2026-11-01`, and back. */
export interface MonthNames {
  nameOf(monthMs: number): string;
  startOf(name: string): number;
}

export interface StreamSegment {
  readonly streamId: bigint;
  readonly priced: PricedSegment;
  /** Which correction it comes from; undefined: as it was first charged. */
  readonly correctionId?: bigint;
}
export interface StreamLine {
  readonly streamId: bigint;
  readonly line: BillLine;
}
export interface PostedCharge {
  readonly charge: NewCharge;
  readonly txnId: bigint;
}

interface StoredLine {
  readonly stream_id: bigint;
  readonly period: string;
  readonly tariff_version_id: number;
  readonly label: string;
  readonly component: string;
  readonly price: bigint;
  readonly quantity_wh: bigint;
  readonly parts: string;
  readonly charged_wh: bigint;
  readonly charged_minor: bigint;
}

/** Lines of the months from `sincePeriods` on, by stream. */
export async function selectLines(
  tx: Tx,
  streams: readonly { readonly streamId: bigint; readonly sincePeriod: string }[],
  months: MonthNames,
): Promise<ReadonlyMap<bigint, readonly BillLine[]>> {
  const rows = await tx.query<StoredLine>(sql`
    select l.stream_id, to_char(l.period, 'YYYY-MM-DD') as period, l.tariff_version_id, l.label, l.component, l.price,
      l.quantity_wh, l.parts, l.charged_wh, l.charged_minor
    from unnest(${streams.map(({ streamId }) => String(streamId))}::int8[],
      ${streams.map(({ sincePeriod }) => sincePeriod)}::date[]) as w (stream_id, since)
    join charge_line l on l.stream_id = w.stream_id and l.period >= w.since`);
  const lines = new Map<bigint, BillLine[]>();
  for (const row of rows) {
    const known = lines.get(row.stream_id) ?? [];
    lines.set(row.stream_id, known);
    known.push({
      monthMs: months.startOf(row.period),
      versionId: row.tariff_version_id,
      label: row.label,
      component: row.component,
      price: row.price,
      quantity: row.quantity_wh,
      parts: BigInt(row.parts),
      chargedQuantity: row.charged_wh,
      chargedMinor: row.charged_minor,
    });
  }
  return lines;
}

export async function upsertLines(tx: Tx, lines: readonly StreamLine[], months: MonthNames): Promise<void> {
  if (lines.length === 0) return;
  await tx.query(sql`
    insert into charge_line as l (stream_id, period, tariff_version_id, label, component, price, quantity_wh, parts,
      charged_wh, charged_minor)
    select * from unnest(
      ${lines.map(({ streamId }) => String(streamId))}::int8[],
      ${lines.map(({ line }) => months.nameOf(line.monthMs))}::date[],
      ${lines.map(({ line }) => line.versionId)}::int[], ${lines.map(({ line }) => line.label)}::text[],
      ${lines.map(({ line }) => line.component)}::text[], ${lines.map(({ line }) => String(line.price))}::int8[],
      ${lines.map(({ line }) => String(line.quantity))}::int8[], ${lines.map(({ line }) => String(line.parts))}::numeric[],
      ${lines.map(({ line }) => String(line.chargedQuantity))}::int8[],
      ${lines.map(({ line }) => String(line.chargedMinor))}::int8[])
    on conflict (stream_id, period, tariff_version_id, label, component, price) do update set
      quantity_wh = excluded.quantity_wh, parts = excluded.parts, charged_wh = excluded.charged_wh,
      charged_minor = excluded.charged_minor`);
}

export async function insertSegments(tx: Tx, segments: readonly StreamSegment[], months: MonthNames): Promise<void> {
  if (segments.length === 0) return;
  const plain = segments.map(({ priced }) => priced.segment);
  await tx.query(sql`
    insert into segment (stream_id, from_at, to_at, from_wh, to_wh, delta_wh, quality, tariff_version_id, period, lines,
      correction_id)
    select * from unnest(
      ${segments.map(({ streamId }) => String(streamId))}::int8[],
      ${plain.map(({ from }) => new Date(from.atMs))}::timestamptz[], ${plain.map(({ to }) => new Date(to.atMs))}::timestamptz[],
      ${plain.map(({ from }) => String(from.value))}::int8[], ${plain.map(({ to }) => String(to.value))}::int8[],
      ${plain.map(({ delta }) => String(delta))}::int8[], ${segments.map(({ priced }) => priced.quality)}::text[],
      ${segments.map(({ priced }) => priced.versionId)}::int[],
      ${segments.map(({ priced }) => months.nameOf(priced.monthMs))}::date[],
      ${segments.map(({ priced }) => toJson(priced.lines))}::jsonb[],
      ${segments.map(({ correctionId }) => correctionId?.toString() ?? null)}::int8[])`);
}

export async function insertCharges(
  tx: Tx,
  charges: readonly PostedCharge[],
  months: MonthNames,
  nowMs: number,
): Promise<void> {
  if (charges.length === 0) return;
  const plain = charges.map(({ charge }) => charge);
  await tx.query(sql`
    insert into charge (property_id, account_id, meter_id, epoch, stream_id, from_at, to_at, period, reason, quantity_wh,
      amount_minor, lines, txn_id, correction_id, charged_at)
    select c.*, ${new Date(nowMs)}::timestamptz from unnest(
      ${plain.map(({ stream }) => stream.propertyId)}::int[], ${plain.map(({ stream }) => stream.accountId)}::int[],
      ${plain.map(({ stream }) => stream.meterId)}::int[], ${plain.map(({ stream }) => stream.epoch)}::int[],
      ${plain.map(({ stream }) => String(stream.id))}::int8[],
      ${plain.map(({ fromMs }) => new Date(fromMs))}::timestamptz[], ${plain.map(({ toMs }) => new Date(toMs))}::timestamptz[],
      ${plain.map(({ monthMs }) => months.nameOf(monthMs))}::date[], ${plain.map(({ reason }) => reason)}::text[],
      ${plain.map(({ quantity }) => String(quantity))}::int8[], ${plain.map(({ amountMinor }) => String(amountMinor))}::int8[],
      ${plain.map(({ lines }) => toJson(lines))}::jsonb[], ${charges.map(({ txnId }) => String(txnId))}::int8[],
      ${plain.map(({ correctionId }) => correctionId?.toString() ?? null)}::int8[]) as c`);
}

/** Amounts and quantities as text: JSON numbers are not exact. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
}

/** One count of a staircase. */
export interface TierCount {
  readonly accountId: number;
  readonly tariffId: number;
  readonly period: Steps['period'];
  /** `2026-01-01`. */
  readonly beganOn: string;
  readonly used: bigint;
}

export async function selectTierUse(
  tx: Tx,
  accountIds: readonly number[],
  sinceDay: string,
): Promise<readonly TierCount[]> {
  const rows = await tx.query<{
    account_id: number;
    tariff_id: number;
    period: Steps['period'];
    began_on: string;
    used_wh: bigint;
  }>(sql`
    select account_id, tariff_id, period, to_char(began_on, 'YYYY-MM-DD') as began_on, used_wh from tier_use
    where account_id = any(${[...accountIds]}::int[]) and began_on >= ${sinceDay}::date for update`);
  return rows.map((row) => ({
    accountId: row.account_id,
    tariffId: row.tariff_id,
    period: row.period,
    beganOn: row.began_on,
    used: row.used_wh,
  }));
}

export async function upsertTierUse(tx: Tx, counts: readonly TierCount[]): Promise<void> {
  if (counts.length === 0) return;
  await tx.query(sql`
    insert into tier_use (account_id, tariff_id, period, began_on, used_wh)
    select * from unnest(
      ${counts.map(({ accountId }) => accountId)}::int[], ${counts.map(({ tariffId }) => tariffId)}::int[],
      ${counts.map(({ period }) => period)}::text[], ${counts.map(({ beganOn }) => beganOn)}::date[],
      ${counts.map(({ used }) => String(used))}::int8[])
    on conflict (account_id, tariff_id, period, began_on) do update set used_wh = excluded.used_wh`);
}

export interface RunSums {
  readonly streams: number;
  readonly charges: number;
  readonly amountMinor: bigint;
  readonly held: number;
}

export async function insertRun(db: Queryable, propertyId: number, toMs: number, nowMs: number): Promise<bigint> {
  const [row] = await db.query<{ id: bigint }>(sql`
    insert into charge_run (property_id, to_at, started_at)
    values (${propertyId}, ${new Date(toMs)}, ${new Date(nowMs)}) returning id`);
  if (row === undefined) throw new Error('a charging run was not stored');
  return row.id;
}

export async function finishRun(db: Queryable, runId: bigint, sums: RunSums, nowMs: number): Promise<void> {
  await db.query(sql`
    update charge_run set finished_at = ${new Date(nowMs)}, streams = ${sums.streams}, charges = ${sums.charges},
      amount_minor = ${sums.amountMinor}, held = ${sums.held} where id = ${runId}`);
}
