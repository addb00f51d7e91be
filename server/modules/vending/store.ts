import sql, { empty, type Sql } from 'sql-template-tag';
import type { VendKind } from '#contract/index.ts';
import { OPEN_STATES } from '#domain/vend/types.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import { decidable, type Proposal, type StoredRead, type VendRow } from './rows.ts';

const COLUMNS = sql`v.*, to_char(v.business_day, 'YYYY-MM-DD') as day`;
const ENDED = sql`('CONFIRMED', 'CANCELLED')`;

export async function selectVend(db: Queryable, id: string): Promise<VendRow | undefined> {
  const [row] = await db.query<VendRow>(sql`select ${COLUMNS} from vend v where v.id = ${id}`);
  return row;
}

export async function lockVend(tx: Tx, id: string): Promise<VendRow | undefined> {
  const [row] = await tx.query<VendRow>(sql`select ${COLUMNS} from vend v where v.id = ${id} for update`);
  return row;
}

export interface NewVend {
  readonly id: string;
  readonly propertyId: number;
  readonly buildingId: number | undefined;
  readonly accountId: number;
  readonly meterId: number;
  readonly meterNumber: string;
  readonly customerName: string;
  readonly epoch: number;
  readonly kind: VendKind;
  readonly custody: 'meter' | 'platform';
  readonly state: VendRow['state'];
  readonly path: VendRow['path'];
  readonly fence: VendRow['fence'];
  readonly paidMinor: bigint;
  readonly feeMinor: bigint;
  readonly feePpm: number;
  readonly netMinor: bigint;
  readonly method: VendRow['method'];
  readonly reason: string | null;
  readonly originalId: string | null;
  readonly batchId: string | null;
  readonly moveId: string | null;
  readonly userId: number | null;
  readonly userName: string;
  readonly day: string;
  readonly inputHash: Buffer;
  readonly atMs: number;
  readonly paidTxn: bigint | null;
  /** Why it waits for a second person. */
  readonly cause?: string | undefined;
}

/** Throws with the constraint `vend_pkey` or `vend_reversed_once_key` where it may not be. */
export async function insertVend(tx: Tx, vend: NewVend): Promise<VendRow> {
  const at = new Date(vend.atMs);
  const [row] = await tx.query<VendRow>(sql`
    insert into vend as v (id, property_id, building_id, account_id, meter_id, meter_number, customer_name, epoch, kind, custody,
      state, path, fence, paid_minor, fee_minor, fee_ppm, net_minor, method, reason, original_id, batch_id, move_id, user_id,
      user_name, business_day, input_hash, at, next_at, paid_txn, cause)
    values (${vend.id}, ${vend.propertyId}, ${vend.buildingId ?? null}, ${vend.accountId}, ${vend.meterId}, ${vend.meterNumber},
      ${vend.customerName}, ${vend.epoch}, ${vend.kind}, ${vend.custody}, ${vend.state}, ${vend.path}, ${vend.fence},
      ${vend.paidMinor}, ${vend.feeMinor}, ${vend.feePpm}, ${vend.netMinor}, ${vend.method}, ${vend.reason}, ${vend.originalId},
      ${vend.batchId}, ${vend.moveId}, ${vend.userId}, ${vend.userName}, ${vend.day}, ${vend.inputHash}, ${at},
      ${vend.state === 'QUEUED' ? at : null}, ${vend.paidTxn}, ${vend.cause ?? null})
    returning ${COLUMNS}`);
  if (row === undefined) throw new Error('a vend was not stored');
  return row;
}

/** Everything that a step may change. */
export interface VendChange {
  readonly state: VendRow['state'];
  readonly path: VendRow['path'];
  readonly fence: VendRow['fence'];
  readonly netMinor: bigint;
  readonly seq: number | null;
  readonly boundBalanceMinor: bigint | null;
  readonly boundCumulativeMinor: bigint | null;
  readonly boundEnergyWh: bigint | null;
  readonly attempts: number;
  readonly tries: number;
  readonly doubts: number;
  readonly cancelAsked: boolean;
  readonly resendAsked: boolean;
  readonly lastHint: string | null;
  readonly lastEvidence: string | null;
  readonly lastSentMs: number | undefined;
  readonly cause: string | null;
  readonly lastRead: StoredRead | null;
  readonly balanceAfterMinor: bigint | null;
  readonly weakFence: boolean;
  readonly nextMs: number | undefined;
  readonly leaseMs: number | undefined;
  readonly finishedMs: number | undefined;
  readonly confirmedTxn: bigint | null;
  readonly owedMinor: bigint;
}

const instant = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));

/** Undefined when somebody else changed it meanwhile: nothing was stored then. */
export async function updateVend(tx: Tx, before: VendRow, change: VendChange): Promise<VendRow | undefined> {
  const [row] = await tx.query<VendRow>(sql`
    update vend v set state = ${change.state}, path = ${change.path}, fence = ${change.fence}, net_minor = ${change.netMinor}, seq = ${change.seq},
      bound_balance_minor = ${change.boundBalanceMinor}, bound_cumulative_minor = ${change.boundCumulativeMinor},
      bound_energy_wh = ${change.boundEnergyWh}, attempts = ${change.attempts}, tries = ${change.tries},
      doubts = ${change.doubts}, cancel_asked = ${change.cancelAsked}, resend_asked = ${change.resendAsked},
      last_hint = ${change.lastHint}, last_evidence = ${change.lastEvidence}, last_sent_at = ${instant(change.lastSentMs)},
      cause = ${change.cause}, last_read = ${change.lastRead === null ? null : JSON.stringify(change.lastRead)}::jsonb,
      balance_after_minor = ${change.balanceAfterMinor}, weak_fence = ${change.weakFence}, next_at = ${instant(change.nextMs)},
      lease_until = ${instant(change.leaseMs)}, finished_at = ${instant(change.finishedMs)},
      confirmed_txn = ${change.confirmedTxn}, owed_minor = ${change.owedMinor}, version = v.version + 1
    where v.id = ${before.id} and v.version = ${before.version} returning ${COLUMNS}`);
  return row;
}

/** A read that changes nothing: what was seen, and when to look again. */
export async function noteRead(
  db: Queryable,
  before: VendRow,
  note: { readonly read: StoredRead | null; readonly cause: string | null; readonly nextMs: number },
): Promise<void> {
  await db.query(sql`
    update vend set last_read = coalesce(${note.read === null ? null : JSON.stringify(note.read)}::jsonb, last_read),
      cause = ${note.cause}, next_at = ${new Date(note.nextMs)}, lease_until = null, version = version + 1
    where id = ${before.id} and version = ${before.version}`);
}

/** Marks the sale that a reversal takes back; undefined when it is not to be undone. */
export async function setReversedBy(tx: Tx, saleId: string, reversalId: string | null): Promise<void> {
  await tx.query(sql`update vend set reversed_by = ${reversalId}, version = version + 1 where id = ${saleId}`);
}

export async function countPrint(db: Queryable, id: string): Promise<number> {
  const [row] = await db.query<{ prints: number }>(sql`
    update vend set prints = prints + 1, version = version + 1 where id = ${id} returning prints`);
  return row?.prints ?? 0;
}

/** Throws with `vend_seq_once_key` where the count belonged to a vend of this meter before, in whatever epoch. */
export async function insertSeq(tx: Tx, { meter_id: meterId, id }: VendRow, seq: number): Promise<void> {
  await tx.query(sql`insert into vend_seq (meter_id, seq, vend_id) values (${meterId}, ${seq}, ${id})`);
}

export async function releaseSeq(tx: Tx, { id }: VendRow, seq: number): Promise<void> {
  await tx.query(sql`update vend_seq set released = true where vend_id = ${id} and seq = ${seq} and not released`);
}

export async function seqIsUsed(db: Queryable, meterId: number, seq: number): Promise<boolean> {
  const rows = await db.query(sql`
    select from vend_seq where meter_id = ${meterId} and seq = ${seq} and not released`);
  return rows.length > 0;
}

/** A vend with the line of its meter; 0 where the meter is gone, which the first look will tell. */
export type ClaimedRow = VendRow & { readonly line_id: number };

export interface Claim {
  readonly nowMs: number;
  readonly leaseUntilMs: number;
  readonly rows: number;
  /** Vends of one line at a time, those that are driven already among them. */
  readonly lineRows: number;
  /** How many are driven already, by line. */
  readonly driven: ReadonlyMap<number, number>;
}

/** Looked at for each one that is taken: thousands may wait, and a line that has many of them is full the next time. */
const CANDIDATES_EACH = 4;

/**
 * Takes up to `rows` vends that are due, each for one worker: nobody else takes them until `leaseUntilMs`. Of those that wait
 * for a meter only the oldest, and only while no other one is open on it; of a line no more than it has places for.
 */
export function claimDue(db: Queryable, { nowMs, leaseUntilMs, rows, lineRows, driven }: Claim): Promise<ClaimedRow[]> {
  const now = new Date(nowMs);
  const lineOf = sql`coalesce((select m.line_id from meter m where m.id = v.meter_id), 0)`;
  const isDue = sql`v.next_at <= ${now} and (v.lease_until is null or v.lease_until <= ${now})`;
  const full = [...driven].flatMap(([lineId, vends]) => (vends >= lineRows ? [lineId] : []));
  return db.query<ClaimedRow>(sql`
    with due as (
      select v.id, v.next_at, ${lineOf} as line_id from vend v
      where ${isDue} and ${lineOf} <> all(${full}::int[]) and (v.state <> 'QUEUED' or not exists (
        select from vend o where o.meter_id = v.meter_id and o.id <> v.id and o.state not in ${ENDED}
          and (o.state = any(${[...OPEN_STATES]}::text[]) or (o.state = 'QUEUED' and o.serial < v.serial))))
      order by v.next_at limit ${rows * CANDIDATES_EACH}),
    placed as (
      select due.id, due.next_at,
        coalesce(b.driven, 0) + row_number() over (partition by due.line_id order by due.next_at, due.id) as place
      from due left join unnest(${[...driven.keys()]}::int[], ${[...driven.values()]}::int[]) as b(line_id, driven)
        on b.line_id = due.line_id),
    mine as (
      select v.id from vend v
      where v.id = any(array(select id from placed where place <= ${lineRows} order by next_at limit ${rows})) and ${isDue}
      for update skip locked)
    update vend v set lease_until = ${new Date(leaseUntilMs)}, version = v.version + 1
    where v.id = any(array(select id from mine))
    returning ${COLUMNS}, ${lineOf} as line_id`);
}

/** The clock was set: what is kept to know how long ago something was, or how long to wait, moves with it. Whoever drives one begins anew. */
export async function moveTimes(db: Queryable, byMs: number): Promise<void> {
  const by = sql`make_interval(secs => ${byMs / 1_000}::float8)`;
  await db.query(sql`
    update vend set last_sent_at = last_sent_at + ${by}, next_at = next_at + ${by}, lease_until = null,
      version = version + 1
    where state not in ${ENDED}`);
}

/** Whatever a process that ended was doing belongs to nobody any more. */
export async function dropLeases(db: Queryable): Promise<void> {
  await db.query(sql`
    update vend set lease_until = null, version = version + 1 where state not in ${ENDED} and lease_until is not null`);
}

/** Rows that a process left between two steps. */
export function selectInterrupted(db: Queryable): Promise<VendRow[]> {
  return db.query<VendRow>(sql`
    select ${COLUMNS} from vend v where v.state not in ${ENDED} and v.state in ('RESERVED', 'SENT', 'FENCING')`);
}

/** Meters among these with something that has not ended: drafts, too. */
export async function selectUnfinished(db: Queryable, meterIds: readonly number[]): Promise<number[]> {
  const rows = await db.query<{ meter_id: number }>(sql`
    select distinct v.meter_id from vend v where v.meter_id = any(${[...meterIds]}::int[]) and v.state not in ${ENDED}`);
  return rows.map(({ meter_id: meterId }) => meterId);
}

/** Meters among these with money under way. */
export async function selectUnderWay(db: Queryable, meterIds: readonly number[]): Promise<number[]> {
  const rows = await db.query<{ meter_id: number }>(sql`
    select distinct v.meter_id from vend v
    where v.meter_id = any(${[...meterIds]}::int[]) and v.state not in ${ENDED} and v.state <> 'DRAFT'`);
  return rows.map(({ meter_id: meterId }) => meterId);
}

export interface UnderWay {
  readonly plus: bigint;
  readonly minus: bigint;
}

/** What is on its way into and out of a meter. */
export async function sumUnderWay(db: Queryable, meterId: number): Promise<UnderWay> {
  const [row] = await db.query<UnderWay>(sql`
    select coalesce(sum(net_minor) filter (where net_minor > 0), 0)::int8 as plus,
      coalesce(-sum(net_minor) filter (where net_minor < 0), 0)::int8 as minus
    from vend v where v.meter_id = ${meterId} and v.state not in ${ENDED}`);
  return row ?? { plus: 0n, minus: 0n };
}

/** What an account bought and did not get back; money that was given or moved is no part of it. */
export async function netPurchases(db: Queryable, accountId: number): Promise<bigint> {
  const [row] = await db.query<{ net: bigint }>(sql`
    select coalesce(sum(net_minor), 0)::int8 as net from vend v
    where v.account_id = ${accountId} and ((v.kind = 'sale' and v.state = 'CONFIRMED')
      or (v.kind in ('refund', 'reversal') and v.state <> 'CANCELLED'))`);
  return row?.net ?? 0n;
}

export interface NewStep {
  readonly vend: VendRow;
  readonly atMs: number;
  readonly event: string;
  readonly from: string;
  readonly to: string;
  readonly cause: string | null;
  readonly seq: number | null;
  readonly read: StoredRead | null;
  readonly userName: string | null;
}

export async function insertStep(tx: Tx, step: NewStep): Promise<void> {
  await tx.query(sql`
    insert into vend_step (vend_id, no, at, event, from_state, to_state, cause, seq, read, user_name)
    values (${step.vend.id}, ${step.vend.version}, ${new Date(step.atMs)}, ${step.event}, ${step.from}, ${step.to},
      ${step.cause}, ${step.seq}, ${step.read === null ? null : JSON.stringify(step.read)}::jsonb, ${step.userName})`);
}

export interface StepRow {
  readonly no: number;
  readonly at: Date;
  readonly event: string;
  readonly from_state: VendRow['state'];
  readonly to_state: VendRow['state'];
  readonly cause: string | null;
  readonly seq: number | null;
  readonly read: StoredRead | null;
  readonly user_name: string | null;
}

/** The last `rows` steps, oldest first. */
export async function selectSteps(db: Queryable, vendId: string, rows: number): Promise<StepRow[]> {
  const newest = await db.query<StepRow>(sql`
    select * from vend_step where vend_id = ${vendId} order by no desc limit ${rows}`);
  return newest.toReversed();
}

export interface ListFilter {
  readonly propertyId?: number | undefined;
  readonly accountId?: number | undefined;
  readonly meterId?: number | undefined;
  readonly kind?: string | undefined;
  readonly state?: string | undefined;
  readonly operator?: string | undefined;
  readonly day?: string | undefined;
  readonly batchId?: string | undefined;
}

/** Newest first, before the serial `before`. `lateBeforeMs`: since when something must be under way to be late. */
export function selectVends(
  db: Queryable,
  scope: Scope,
  filter: ListFilter,
  page: { readonly before: number | undefined; readonly rows: number; readonly lateBeforeMs: number },
): Promise<VendRow[]> {
  return db.query<VendRow>(sql`
    select ${COLUMNS} from vend v where ${inScope(scope)}
      ${page.before === undefined ? empty : sql`and v.serial < ${page.before}`}
      ${filter.propertyId === undefined ? empty : sql`and v.property_id = ${filter.propertyId}`}
      ${filter.accountId === undefined ? empty : sql`and v.account_id = ${filter.accountId}`}
      ${filter.meterId === undefined ? empty : sql`and v.meter_id = ${filter.meterId}`}
      ${filter.kind === undefined ? empty : sql`and v.kind = ${filter.kind}`}
      ${filter.operator === undefined ? empty : sql`and v.user_name = ${filter.operator}`}
      ${filter.day === undefined ? empty : sql`and v.business_day = ${filter.day}::date`}
      ${filter.batchId === undefined ? empty : sql`and v.batch_id = ${filter.batchId}`}
      ${inState(filter.state, page.lateBeforeMs)}
    order by v.serial desc limit ${page.rows}`);
}

function inScope({ all, propertyIds, buildingIds }: Scope): Sql {
  if (all) return sql`true`;
  return sql`(v.property_id = any(${[...propertyIds]}::int[]) or v.building_id = any(${[...buildingIds]}::int[]))`;
}

function inState(state: string | undefined, lateBeforeMs: number): Sql {
  if (state === undefined) return empty;
  if (state === 'open') return sql`and v.state not in ${ENDED}`;
  if (state === 'late') return sql`and v.state not in ${ENDED} and v.at < ${new Date(lateBeforeMs)}`;
  return sql`and v.state = ${state}`;
}

/** Meters with something that people should look at, by what it is; for alarms and figures. */
export interface Trouble {
  readonly meter_id: number;
  readonly state: VendRow['state'];
  readonly at: Date;
  readonly attempts: number;
}

export function selectOpen(db: Queryable): Promise<Trouble[]> {
  return db.query<Trouble>(sql`
    select v.meter_id, v.state, v.at, v.attempts from vend v where v.state not in ${ENDED} order by v.serial limit 10000`);
}

export async function insertNews(tx: Tx, { id, property_id, account_id, meter_id, state }: VendRow): Promise<void> {
  await tx.query(sql`
    insert into vend_outbox (vend_id, property_id, account_id, meter_id, state)
    values (${id}, ${property_id}, ${account_id}, ${meter_id}, ${state})`);
}

export interface NewsRow {
  readonly id: bigint;
  readonly vend_id: string;
  readonly property_id: number;
  readonly account_id: number;
  readonly meter_id: number;
  readonly state: string;
}

export function selectNews(db: Queryable, rows: number): Promise<NewsRow[]> {
  return db.query<NewsRow>(sql`select * from vend_outbox order by id limit ${rows}`);
}

export async function deleteNews(db: Queryable, ids: readonly bigint[]): Promise<void> {
  await db.query(sql`delete from vend_outbox where id = any(${[...ids]}::int8[])`);
}

/**
 * The last word on how a vend ended that was said since it came into the state that it is in. Steps of a clock that was ahead, and was
 * set back, are no later ones.
 */
export async function selectProposal(db: Queryable, vend: VendRow, nowMs: number): Promise<Proposal | undefined> {
  if (!decidable(vend)) return undefined;
  const { id, state } = vend;
  const [row] = await db.query<Proposal>(sql`
    select outcome, user_id, user_name, reason, evidence, at from vend_decision d
    where vend_id = ${id} and for_state = ${state} and outcome in ('confirm', 'cancel') and not exists (
      select from vend_step s where s.vend_id = d.vend_id and s.at > d.at and s.at <= ${new Date(nowMs)} and s.from_state <> s.to_state)
    order by at desc limit 1`);
  return row;
}
