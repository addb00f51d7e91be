import sql from 'sql-template-tag';
import type { Tx } from '#server/platform/db/index.ts';
import type { Span } from './correctionStore.ts';

/** Longer than any segment: each ends with its month. */
const SEGMENT_MS_MAX = 32 * 86_400_000;

export interface DayQuery {
  readonly propertyId: number;
  /** The local day. */
  readonly day: Span;
  /** Versions of tariffs whose prices depend on the day. */
  readonly versionIds: readonly number[];
  readonly afterStream: bigint;
  readonly limit: number;
}

/** What a running stream holds of a day at such prices, from the first to the last of its segments. */
export interface StreamOfDay extends Span {
  readonly streamId: bigint;
}

export async function selectStreamsOfDay(
  tx: Tx,
  { propertyId, day, versionIds, afterStream, limit }: DayQuery,
): Promise<readonly StreamOfDay[]> {
  const [from, to] = [new Date(day.fromMs), new Date(day.toMs)];
  const rows = await tx.query<{ id: bigint; from_at: Date; to_at: Date }>(sql`
    select s.id, held.from_at, held.to_at from charge_stream s
    cross join lateral (
      select min(g.from_at) as from_at, max(g.to_at) as to_at from segment g
      where g.stream_id = s.id and g.from_at > ${new Date(day.fromMs - SEGMENT_MS_MAX)} and g.from_at < ${to}
        and g.to_at > ${from} and g.tariff_version_id = any(${versionIds}::int[])
        and not exists (select from segment_replaced p where p.segment_id = g.id)) held
    where s.property_id = ${propertyId} and s.ended_at is null and s.id > ${afterStream} and held.from_at is not null
    order by s.id limit ${limit}`);
  return rows.map(({ id, from_at, to_at }) => ({
    streamId: id,
    fromMs: from_at.getTime(),
    toMs: to_at.getTime(),
  }));
}
