import sql from 'sql-template-tag';
import type { HeldSegment } from '#domain/settlement/correction.ts';
import type { PricedLine, PricedSegment } from '#domain/settlement/pricing.ts';
import type { RegisterPoint } from '#domain/settlement/register.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import { type MonthNames, toJson } from './chargeStore.ts';
import { counted, counts } from './countedStore.ts';
import { type PageOf, type StoredCharge, within } from './listStore.ts';
import type { Stream } from './types.ts';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The reads nearest to a span that segments begin or end at, on either side and as they were when they were charged. */
export async function selectEnds(
  tx: Tx,
  { id, meterId, cursor }: Stream,
  { fromMs, toMs }: Span,
  reachMs: number,
): Promise<{ readonly from: RegisterPoint | undefined; readonly to: RegisterPoint | undefined }> {
  const rows = await tx.query<{ side: 'from' | 'to'; at: Date; wh: bigint }>(sql`
    with standing as (
      select from_at, from_wh, to_at, to_wh from segment g where g.stream_id = ${id}
        and g.from_at > ${new Date(fromMs - reachMs)} and g.from_at < ${new Date(toMs + reachMs)}
        and not exists (select from segment_replaced p where p.segment_id = g.id)),
    boundary as (
      select from_at as at, from_wh as wh from standing union select to_at, to_wh from standing
      union select ${new Date(cursor.atMs)}::timestamptz, ${cursor.value}::int8),
    real as (
      select at, wh from boundary b where exists (
        select from register_reading r where r.meter_id = ${meterId} and r.instant = b.at
          and ${counts('r')} and ${counted('r')} = b.wh)
      union select began_at, began_wh from charge_stream where id = ${id})
    (select 'from' as side, at, wh from real where at <= ${new Date(fromMs)} order by at desc limit 1)
    union all
    (select 'to', at, wh from real where at >= ${new Date(toMs)} order by at limit 1)`);
  const end = (side: 'from' | 'to'): RegisterPoint | undefined => {
    const row = rows.find((one) => one.side === side);
    return row === undefined ? undefined : { atMs: row.at.getTime(), value: row.wh, estimated: false };
  };
  return { from: end('from'), to: end('to') };
}

interface StoredHeld {
  readonly id: bigint;
  readonly from_at: Date;
  readonly delta_wh: bigint;
  readonly tariff_version_id: number;
  readonly period: string;
  readonly lines: readonly { readonly [Name in keyof PricedLine]: string }[];
}

/** What holds now between two instants. */
export async function selectHeld(
  tx: Tx,
  streamId: bigint,
  { fromMs, toMs }: Span,
  months: MonthNames,
): Promise<readonly (HeldSegment & { readonly id: bigint })[]> {
  const rows = await tx.query<StoredHeld>(sql`
    select g.id, g.from_at, g.delta_wh, g.tariff_version_id, to_char(g.period, 'YYYY-MM-DD') as period, g.lines
    from segment g where g.stream_id = ${streamId} and g.from_at >= ${new Date(fromMs)} and g.to_at <= ${new Date(toMs)}
      and not exists (select from segment_replaced p where p.segment_id = g.id)
    order by g.from_at`);
  return rows.map((row) => ({
    id: row.id,
    fromMs: row.from_at.getTime(),
    delta: row.delta_wh,
    versionId: row.tariff_version_id,
    monthMs: months.startOf(row.period),
    lines: row.lines.map(({ label, component, price, quantity, parts }) => ({
      ...{ label, component, price: BigInt(price), quantity: BigInt(quantity), parts: BigInt(parts) },
    })),
  }));
}

/** A line of a bill that was corrected, as it is told: by how much its quantity was wrong. */
export interface CorrectedLine extends Pick<PricedLine, 'label' | 'component' | 'price' | 'quantity'> {
  /** `2026-11`. */
  readonly month: string;
  readonly versionId: number;
}

export interface NewCorrection extends Span {
  readonly stream: Stream;
  readonly cause: StoredCorrection['cause'];
  readonly editId: bigint | undefined;
  readonly lines: readonly CorrectedLine[];
  readonly replaced: readonly bigint[];
}

/** Stores what was computed anew; the charges that told of it before are found here. Returns its id. */
export async function insertCorrection(tx: Tx, made: NewCorrection, nowMs: number): Promise<bigint> {
  const { stream, cause, editId, lines, replaced, fromMs, toMs } = made;
  const [from, to] = [new Date(fromMs), new Date(toMs)];
  const [row] = await tx.query<{ id: bigint }>(sql`
    insert into correction (property_id, account_id, meter_id, stream_id, cause, edit_id, from_at, to_at, charge_ids, lines,
      corrected_at)
    values (${stream.propertyId}, ${stream.accountId}, ${stream.meterId}, ${stream.id},
      ${cause}, ${editId ?? null}, ${from}, ${to},
      array(select c.id from charge c where c.account_id = ${stream.accountId} and c.stream_id = ${stream.id}
        and c.reason <> 'correction' and c.from_at < ${to} and c.to_at > ${from} order by c.id),
      ${toJson(lines)}::jsonb, ${new Date(nowMs)}) returning id`);
  if (row === undefined) throw new Error('a statement that returns one row returned none');
  await tx.query(sql`
    insert into segment_replaced (segment_id, correction_id)
    select s, ${row.id}::int8 from unnest(${replaced.map(String)}::int8[]) as s`);
  return row.id;
}

/** A shared segment in which other reads lie now than when it was computed. */
export interface SharedSegment extends Span {
  readonly segmentId: bigint;
  readonly streamId: bigint;
  readonly reads: number;
}

/** Shared segments of running streams of a property whose reads are not those that it was computed from, oldest first. */
export async function selectUnsettled(
  tx: Tx,
  query: { readonly propertyId: number; readonly sinceMs: number; readonly limit: number },
): Promise<readonly SharedSegment[]> {
  const rows = await tx.query<{ id: bigint; stream_id: bigint; from_at: Date; to_at: Date; reads: number }>(sql`
    select g.id, g.stream_id, g.from_at, g.to_at, n.reads
    from segment g
    join charge_stream s on s.id = g.stream_id and s.property_id = ${query.propertyId} and s.ended_at is null
    cross join lateral (select count(*)::int as reads from register_reading r
      where r.meter_id = s.meter_id and r.instant between g.from_at and g.to_at and ${counts('r')}) n
    left join segment_look k on k.segment_id = g.id
    where g.quality = 'prorated' and g.to_at > ${new Date(query.sinceMs)} and n.reads is distinct from k.reads
      and not exists (select from segment_replaced p where p.segment_id = g.id)
    order by g.id limit ${query.limit}`);
  return rows.map((row) => ({
    segmentId: row.id,
    streamId: row.stream_id,
    fromMs: row.from_at.getTime(),
    toMs: row.to_at.getTime(),
    reads: row.reads,
  }));
}

/** Whether a segment still holds; to be asked while nobody else charges. */
export async function holds(tx: Tx, segmentId: bigint): Promise<boolean> {
  const rows = await tx.query(sql`select from segment_replaced where segment_id = ${segmentId}`);
  return rows.length === 0;
}

export async function upsertLook(
  tx: Tx,
  { segmentId, reads }: Pick<SharedSegment, 'segmentId' | 'reads'>,
  nowMs: number,
): Promise<void> {
  await tx.query(sql`
    insert into segment_look (segment_id, reads, looked_at) values (${segmentId}, ${reads}, ${new Date(nowMs)})
    on conflict (segment_id) do update set reads = excluded.reads, looked_at = excluded.looked_at`);
}

/** Segments of a correction as they are stored. */
export function ofCorrection(stream: Stream, correctionId: bigint, segments: readonly PricedSegment[]) {
  return segments
    .filter(({ segment }) => segment.delta !== 0n)
    .map((priced) => ({ streamId: stream.id, priced, correctionId }));
}

export type StoredCorrectedLine = { readonly versionId: number } & {
  readonly [Name in keyof Omit<CorrectedLine, 'versionId'>]: string;
};
export interface StoredCorrection {
  readonly id: bigint;
  readonly property_id: number;
  readonly account_id: number;
  readonly meter_id: number;
  readonly cause: 'lateRead' | 'edit' | 'dayList';
  readonly edit_id: bigint | null;
  readonly from_at: Date;
  readonly to_at: Date;
  readonly charge_ids: readonly bigint[];
  readonly lines: readonly StoredCorrectedLine[];
  readonly corrected_at: Date;
  readonly charge_id: bigint | null;
  readonly amount_minor: bigint;
}
const told = sql`select c.id, c.property_id, c.account_id, c.meter_id, c.cause, c.edit_id, c.from_at, c.to_at, c.charge_ids,
    c.lines, c.corrected_at, h.id as charge_id, coalesce(h.amount_minor, 0) as amount_minor
  from correction c left join lateral (select id, amount_minor from charge where correction_id = c.id) h on true`;

export function selectCorrections(
  db: Queryable,
  list: PageOf & { readonly accountId: number | undefined },
): Promise<StoredCorrection[]> {
  const { accountId = null } = list;
  return db.query<StoredCorrection>(sql`
    ${told} where ${within(list, sql`c.id`)} and (${accountId}::int is null or c.account_id = ${accountId}::int)
    order by c.id desc limit ${list.limit}`);
}

/** The correction that a charge belongs to, or those that put it right, oldest first. */
export function selectCorrectionsOf(
  db: Queryable,
  charge: Pick<StoredCharge, 'id' | 'account_id' | 'correction_id'>,
): Promise<StoredCorrection[]> {
  return db.query<StoredCorrection>(sql`
    ${told} where c.account_id = ${charge.account_id}
      and (c.id = ${charge.correction_id}::int8 or ${charge.id}::int8 = any(c.charge_ids))
    order by c.id`);
}
