import sql from 'sql-template-tag';
import type { RegisterPoint } from '#domain/settlement/register.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import { counted, counts } from './countedStore.ts';
import type { ChargeMode, HoldCause, Stream, TariffFrom, Utility } from './types.ts';

interface StoredStream {
  readonly id: bigint;
  readonly property_id: number;
  readonly account_id: number;
  readonly meter_id: number;
  readonly epoch: number;
  readonly custody: 'meter' | 'platform';
  readonly mode: ChargeMode;
  readonly utility: Utility;
  readonly multiplier: bigint;
  readonly tariffs: readonly TariffFrom[];
  readonly cursor_at: Date;
  readonly cursor_wh: bigint;
  readonly charged_to: Date;
  readonly uncharged_wh: bigint;
  readonly ended_at: Date | null;
  readonly ended_wh: bigint | null;
  readonly hold: HoldCause | null;
}

/** A stream with the newest read after its cursor. */
export interface DueStream {
  readonly stream: Stream;
  readonly newest: RegisterPoint | undefined;
}

const columns = sql`s.id, s.property_id, s.account_id, s.meter_id, s.epoch, s.custody, s.mode, s.utility, s.multiplier,
  s.tariffs, s.cursor_at, s.cursor_wh, s.charged_to, s.uncharged_wh, s.ended_at, s.ended_wh, s.hold`;

function toStream(row: StoredStream): Stream {
  return {
    id: row.id,
    propertyId: row.property_id,
    accountId: row.account_id,
    meterId: row.meter_id,
    epoch: row.epoch,
    custody: row.custody,
    mode: row.mode,
    utility: row.utility,
    multiplier: row.multiplier,
    tariffs: row.tariffs,
    cursor: { atMs: row.cursor_at.getTime(), value: row.cursor_wh, estimated: false },
    chargedToMs: row.charged_to.getTime(),
    unchargedWh: row.uncharged_wh,
    end:
      row.ended_at === null || row.ended_wh === null
        ? undefined
        : { atMs: row.ended_at.getTime(), value: row.ended_wh, estimated: false },
    hold: row.hold ?? undefined,
  };
}

/** One charging of a property at a time; ends with the transaction. */
export async function lockCharging(tx: Tx, propertyId: number): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(hashtext('settlement'), ${propertyId})`);
}

export interface NewStream {
  readonly propertyId: number;
  readonly accountId: number;
  readonly meterId: number;
  readonly epoch: number;
  readonly custody: 'meter' | 'platform';
  readonly mode: ChargeMode;
  readonly utility: Utility;
  readonly multiplier: bigint;
  readonly tariffId: number;
  readonly beganAtMs: number;
  readonly beganWh: bigint;
}

/** Begins streams; those that run already stay as they are. Returns how many are new. */
export async function insertStreams(db: Queryable, streams: readonly NewStream[]): Promise<number> {
  if (streams.length === 0) return 0;
  const began = streams.map(({ beganAtMs }) => new Date(beganAtMs));
  const tariffs = streams.map(({ tariffId }) => JSON.stringify([{ fromMs: 0, tariffId }]));
  const rows = await db.query<{ id: bigint }>(sql`
    insert into charge_stream (property_id, account_id, meter_id, epoch, custody, mode, utility, multiplier, tariffs,
      began_at, began_wh, cursor_at, cursor_wh, charged_to)
    select n.property_id, n.account_id, n.meter_id, n.epoch, n.custody, n.mode, n.utility, n.multiplier, n.tariffs,
      n.began_at, n.began_wh, n.began_at, n.began_wh, n.began_at
    from unnest(
      ${streams.map(({ propertyId }) => propertyId)}::int[], ${streams.map(({ accountId }) => accountId)}::int[],
      ${streams.map(({ meterId }) => meterId)}::int[], ${streams.map(({ epoch }) => epoch)}::int[],
      ${streams.map(({ custody }) => custody)}::text[], ${streams.map(({ mode }) => mode)}::text[],
      ${streams.map(({ utility }) => utility)}::text[], ${streams.map(({ multiplier }) => String(multiplier))}::int8[],
      ${tariffs}::jsonb[], ${began}::timestamptz[], ${streams.map(({ beganWh }) => String(beganWh))}::int8[])
      as n (property_id, account_id, meter_id, epoch, custody, mode, utility, multiplier, tariffs, began_at, began_wh)
    where not exists (select from charge_stream s where s.meter_id = n.meter_id and s.epoch = n.epoch
      and s.account_id = n.account_id and (s.ended_at is null or s.began_at >= n.began_at))
    on conflict do nothing
    returning id`);
  return rows.length;
}

export interface DueQuery {
  readonly propertyId: number;
  readonly afterId: bigint;
  /** Reads up to here count. */
  readonly realTimeUntilMs: number;
  readonly monthEndUntilMs: number;
  readonly limit: number;
}

/** The next streams of a property in which something was read since, by id. The caller holds the property's charging. */
export async function selectDueStreams(tx: Tx, query: DueQuery): Promise<readonly DueStream[]> {
  const realTime = new Date(query.realTimeUntilMs);
  const monthEnd = new Date(query.monthEndUntilMs);
  const rows = await tx.query<StoredStream & { instant: Date | null; energy_wh: bigint | null }>(sql`
    select ${columns}, r.instant, r.energy_wh
    from charge_stream s
    left join lateral (
      select r.instant, ${counted('r')} as energy_wh from register_reading r
      where r.meter_id = s.meter_id and ${counts('r')} and r.instant > s.cursor_at
        and r.instant <= case s.mode when 'realTime' then ${realTime}::timestamptz else ${monthEnd}::timestamptz end
        and (s.ended_at is null or r.read_at < s.ended_at)
      order by r.instant desc limit 1) r on true
    where s.property_id = ${query.propertyId} and not s.closed and s.id > ${query.afterId}
      and (r.instant is not null or s.ended_at is not null)
    order by s.id limit ${query.limit}`);
  return rows.map(toDue);
}

/** The streams of an account that are not charged to their end, locked, with the newest read of each. */
export async function selectStreamsOfAccount(tx: Tx, accountId: number): Promise<readonly DueStream[]> {
  const rows = await tx.query<StoredStream & { instant: Date | null; energy_wh: bigint | null }>(sql`
    select ${columns}, r.instant, r.energy_wh
    from charge_stream s
    left join lateral (
      select r.instant, ${counted('r')} as energy_wh from register_reading r
      where r.meter_id = s.meter_id and ${counts('r')} and r.instant > s.cursor_at
        and (s.ended_at is null or r.read_at < s.ended_at)
      order by r.instant desc limit 1) r on true
    where s.account_id = ${accountId} and not s.closed order by s.id for update of s`);
  return rows.map(toDue);
}

/** A stream that has not ended, as it stands now. */
export async function selectRunningStream(tx: Tx, streamId: bigint): Promise<Stream | undefined> {
  const rows = await tx.query<StoredStream>(sql`
    select ${columns} from charge_stream s where s.id = ${streamId} and s.ended_at is null for update of s`);
  return rows.map(toStream)[0];
}

/** The stream that a read of a meter at an instant belongs to; one that begins there has its own opening register. */
export async function selectStreamAt(tx: Tx, meterId: number, atMs: number): Promise<Stream | undefined> {
  const at = new Date(atMs);
  const rows = await tx.query<StoredStream>(sql`
    select ${columns} from charge_stream s where s.meter_id = ${meterId} and s.began_at < ${at}
      and (s.ended_at is null or s.ended_at >= ${at}) order by s.began_at desc limit 1 for update of s`);
  return rows.map(toStream)[0];
}

function toDue(row: StoredStream & { instant: Date | null; energy_wh: bigint | null }): DueStream {
  const newest =
    row.instant === null || row.energy_wh === null
      ? undefined
      : { atMs: row.instant.getTime(), value: row.energy_wh, estimated: false };
  return { stream: toStream(row), newest };
}

/** Ends the running stream of a meter at this register; one that has ended stays as it is. */
export async function endStream(
  tx: Tx,
  end: { readonly accountId: number; readonly meterId: number; readonly atMs: number; readonly energyWh: bigint },
): Promise<void> {
  await tx.query(sql`
    update charge_stream set ended_at = greatest(${new Date(end.atMs)}, cursor_at + interval '1 millisecond'), ended_wh = ${end.energyWh}
    where account_id = ${end.accountId} and meter_id = ${end.meterId} and ended_at is null`);
}

/** Another tariff from an instant on, or another mode, for the running streams of an account. */
export async function changeStreams(
  tx: Tx,
  change: {
    readonly accountId: number;
    readonly tariffs: readonly TariffFrom[] | undefined;
    readonly mode: ChargeMode;
  },
): Promise<void> {
  const tariffs = change.tariffs === undefined ? null : JSON.stringify(change.tariffs);
  await tx.query(sql`
    update charge_stream set tariffs = coalesce(${tariffs}::jsonb, tariffs), mode = ${change.mode}
    where account_id = ${change.accountId} and not closed`);
}

export interface StreamProgress {
  readonly stream: Stream;
  readonly cursor: RegisterPoint;
  readonly chargedToMs: number;
  readonly unchargedWh: bigint;
  readonly closed: boolean;
  readonly hold: HoldCause | undefined;
}

export async function updateStreams(tx: Tx, progress: readonly StreamProgress[], nowMs: number): Promise<void> {
  if (progress.length === 0) return;
  await tx.query(sql`
    update charge_stream s set cursor_at = n.cursor_at, cursor_wh = n.cursor_wh, charged_to = n.charged_to,
      uncharged_wh = n.uncharged_wh, closed = n.closed, hold = n.hold,
      held_at = case when n.hold is null then null when s.hold = n.hold then s.held_at else ${new Date(nowMs)} end
    from unnest(
      ${progress.map(({ stream }) => String(stream.id))}::int8[],
      ${progress.map(({ cursor }) => new Date(cursor.atMs))}::timestamptz[],
      ${progress.map(({ cursor }) => String(cursor.value))}::int8[],
      ${progress.map(({ chargedToMs }) => new Date(chargedToMs))}::timestamptz[],
      ${progress.map(({ unchargedWh }) => String(unchargedWh))}::int8[],
      ${progress.map(({ closed }) => closed)}::bool[], ${progress.map(({ hold }) => hold ?? null)}::text[])
      as n (id, cursor_at, cursor_wh, charged_to, uncharged_wh, closed, hold)
    where s.id = n.id`);
}

/** Reads next to an instant, for each of many meters; reads of a stream's own time only. */
export interface Neighbourhood {
  readonly streamId: bigint;
  readonly meterId: number;
  /** Exclusive and inclusive ends of what may be taken. */
  readonly afterMs: number;
  readonly untilMs: number;
  /** What was read at or after it is another epoch's; undefined: the stream goes on. */
  readonly readBeforeMs: number | undefined;
  readonly aroundMs: number;
}

/** The last read at or before each instant and the first at or after it, by stream. */
export async function selectNeighbours(
  tx: Tx,
  places: readonly Neighbourhood[],
): Promise<ReadonlyMap<bigint, readonly RegisterPoint[]>> {
  if (places.length === 0) return new Map();
  const rows = await tx.query<{ stream_id: bigint; instant: Date; energy_wh: bigint }>(sql`
    select p.stream_id, r.instant, r.energy_wh
    from unnest(
      ${places.map(({ streamId }) => String(streamId))}::int8[], ${places.map(({ meterId }) => meterId)}::int[],
      ${places.map(({ afterMs }) => new Date(afterMs))}::timestamptz[],
      ${places.map(({ untilMs }) => new Date(untilMs))}::timestamptz[],
      ${places.map(readBefore)}::timestamptz[], ${places.map(({ aroundMs }) => new Date(aroundMs))}::timestamptz[])
      as p (stream_id, meter_id, after_at, until_at, read_before, around_at)
    cross join lateral (
      (select instant, ${counted('b')} as energy_wh from register_reading b where b.meter_id = p.meter_id
        and ${counts('b')} and b.instant > p.after_at and b.instant <= p.around_at
          and (p.read_before is null or b.read_at < p.read_before) order by instant desc limit 1)
      union all
      (select instant, ${counted('a')} as energy_wh from register_reading a where a.meter_id = p.meter_id
        and ${counts('a')} and a.instant > p.around_at and a.instant <= p.until_at
          and (p.read_before is null or a.read_at < p.read_before) order by instant limit 1)) r`);
  return pointsByStream(rows);
}

/** All reads after the cursor up to an instant, by stream: for prices that depend on the hour. */
export async function selectReadsBetween(
  tx: Tx,
  spans: readonly Omit<Neighbourhood, 'aroundMs'>[],
): Promise<ReadonlyMap<bigint, readonly RegisterPoint[]>> {
  if (spans.length === 0) return new Map();
  const rows = await tx.query<{ stream_id: bigint; instant: Date; energy_wh: bigint }>(sql`
    select p.stream_id, r.instant, ${counted('r')} as energy_wh
    from unnest(
      ${spans.map(({ streamId }) => String(streamId))}::int8[], ${spans.map(({ meterId }) => meterId)}::int[],
      ${spans.map(({ afterMs }) => new Date(afterMs))}::timestamptz[],
      ${spans.map(({ untilMs }) => new Date(untilMs))}::timestamptz[], ${spans.map(readBefore)}::timestamptz[])
      as p (stream_id, meter_id, after_at, until_at, read_before)
    join register_reading r on r.meter_id = p.meter_id and r.instant > p.after_at and r.instant <= p.until_at
    where ${counts('r')} and (p.read_before is null or r.read_at < p.read_before)`);
  return pointsByStream(rows);
}

function readBefore({ readBeforeMs }: Pick<Neighbourhood, 'readBeforeMs'>): Date | null {
  return readBeforeMs === undefined ? null : new Date(readBeforeMs);
}

function pointsByStream(
  rows: readonly { readonly stream_id: bigint; readonly instant: Date; readonly energy_wh: bigint }[],
): ReadonlyMap<bigint, readonly RegisterPoint[]> {
  const points = new Map<bigint, RegisterPoint[]>();
  for (const { stream_id, instant, energy_wh } of rows) {
    const known = points.get(stream_id) ?? [];
    points.set(stream_id, known);
    known.push({ atMs: instant.getTime(), value: energy_wh, estimated: false });
  }
  return points;
}

export interface ModeSwitch {
  readonly propertyId: number;
  readonly accountId: number;
  readonly fromMode: ChargeMode;
  readonly toMode: ChargeMode;
  readonly atMs: number;
}

export async function insertModeSwitch(tx: Tx, change: ModeSwitch): Promise<void> {
  await tx.query(sql`
    insert into mode_switch (property_id, account_id, from_mode, to_mode, at)
    values (${change.propertyId}, ${change.accountId}, ${change.fromMode}, ${change.toMode}, ${new Date(change.atMs)})`);
}
