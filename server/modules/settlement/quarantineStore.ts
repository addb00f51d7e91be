import sql from 'sql-template-tag';
import type { RefusedRead } from '#domain/settlement/segments.ts';
import type { Tx } from '#server/platform/db/index.ts';
import type { Stream } from './types.ts';

export interface QuarantinedRead {
  readonly stream: Stream;
  readonly refused: RefusedRead;
}

/** Lists reads that nothing can be charged over: one open row a stream, about its newest; not what was said to be ignored. */
export async function upsertQuarantine(tx: Tx, reads: readonly QuarantinedRead[], nowMs: number): Promise<void> {
  if (reads.length === 0) return;
  await tx.query(sql`
    insert into quarantine as q (property_id, account_id, meter_id, stream_id, cause, after_at, after_wh, read_at, read_wh,
      cap_wh, raised_at)
    select n.*, ${new Date(nowMs)}::timestamptz from unnest(
      ${reads.map(({ stream }) => stream.propertyId)}::int[], ${reads.map(({ stream }) => stream.accountId)}::int[],
      ${reads.map(({ stream }) => stream.meterId)}::int[], ${reads.map(({ stream }) => String(stream.id))}::int8[],
      ${reads.map(({ refused }) => refused.cause)}::text[],
      ${reads.map(({ refused }) => new Date(refused.after.atMs))}::timestamptz[],
      ${reads.map(({ refused }) => String(refused.after.value))}::int8[],
      ${reads.map(({ refused }) => new Date(refused.read.atMs))}::timestamptz[],
      ${reads.map(({ refused }) => String(refused.read.value))}::int8[],
      ${reads.map(({ refused }) => String(refused.cap))}::int8[])
      as n (property_id, account_id, meter_id, stream_id, cause, after_at, after_wh, read_at, read_wh, cap_wh)
    where not exists (select from quarantine d
      where d.stream_id = n.stream_id and d.read_at = n.read_at and d.decision = 'ignored')
    on conflict (stream_id) where decided_at is null do update set cause = excluded.cause, after_at = excluded.after_at,
      after_wh = excluded.after_wh, read_at = excluded.read_at, read_wh = excluded.read_wh, cap_wh = excluded.cap_wh`);
}

/** A later read followed the last good one: what is listed for these streams is settled by itself. */
export async function passQuarantine(tx: Tx, streamIds: readonly bigint[], nowMs: number): Promise<void> {
  if (streamIds.length === 0) return;
  await tx.query(sql`
    update quarantine set decided_at = ${new Date(nowMs)}, decision = 'passed'
    where stream_id = any(${streamIds.map(String)}::int8[]) and decided_at is null`);
}

export interface QuarantineDecision {
  readonly readId: bigint;
  readonly decision: 'ignored' | 'rebased';
  readonly userId: number;
  readonly actorName: string;
  readonly reason: string;
  readonly atMs: number;
}

export async function decideQuarantine(tx: Tx, made: QuarantineDecision): Promise<void> {
  await tx.query(sql`
    update quarantine set decision = ${made.decision}, user_id = ${made.userId}, actor_name = ${made.actorName},
      reason = ${made.reason}, decided_at = ${new Date(made.atMs)} where id = ${made.readId}`);
}

/** Charging goes on from this read. */
export async function rebaseStream(
  tx: Tx,
  at: { readonly streamId: bigint; readonly atMs: number; readonly energyWh: bigint },
): Promise<void> {
  await tx.query(sql`
    update charge_stream set cursor_at = ${new Date(at.atMs)}, cursor_wh = ${at.energyWh}, hold = null, held_at = null
    where id = ${at.streamId}`);
}

/** The end that was told is wrong: the stream ends where it has come to. */
export async function endStreamHere(tx: Tx, streamId: bigint, endMs: number): Promise<void> {
  await tx.query(sql`
    update charge_stream set ended_wh = cursor_wh, hold = null, held_at = null
    where id = ${streamId} and ended_at = ${new Date(endMs)}`);
}
