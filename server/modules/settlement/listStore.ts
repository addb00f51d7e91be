import sql, { empty, type Sql } from 'sql-template-tag';
import type { Names } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import type { ArrearsLevel, ChargeReason, HoldCause } from './types.ts';

/** A page of rows of those properties that may be seen; ids fall from page to page. */
export interface PageOf {
  readonly scope: Scope;
  readonly propertyId: number | undefined;
  readonly beforeId: number | undefined;
  readonly limit: number;
}

export function within({ scope, propertyId, beforeId }: PageOf, id: Sql): Sql {
  return sql`(${scope.all} or property_id = any(${[...scope.propertyIds]}::int[]))
    and (${propertyId ?? null}::int is null or property_id = ${propertyId ?? null}::int)
    and (${beforeId ?? null}::int8 is null or ${id} < ${beforeId ?? null}::int8)`;
}

/** Whom a row of a meter and an account is about, as they are called now. */
export interface StoredSubject {
  readonly meter_number: string | null;
  readonly room: Names | null;
  readonly customer_name: string | null;
}
const subjectColumns = sql`(select m.meter_number from meter m where m.id = meter_id) as meter_number,
  (select p.names from meter m join place p on p.id = m.place_id where m.id = meter_id) as room,
  (select c.name from account a join customer c on c.id = a.customer_id where a.id = account_id) as customer_name`;

export interface StoredChargeLine {
  readonly versionId: number;
  readonly label: string;
  readonly component: string;
  readonly price: string;
  readonly quantity: string;
  readonly amountMinor: string;
  readonly month?: string;
}
export interface StoredCharge extends StoredSubject {
  readonly id: bigint;
  readonly property_id: number;
  readonly account_id: number;
  readonly meter_id: number;
  readonly epoch: number;
  readonly stream_id: bigint;
  readonly custody: 'meter' | 'platform';
  readonly multiplier: bigint;
  readonly utility: 'electricity' | 'water';
  readonly from_at: Date;
  readonly to_at: Date;
  readonly month: string;
  readonly reason: ChargeReason;
  readonly quantity_wh: bigint;
  readonly amount_minor: bigint;
  readonly lines: readonly StoredChargeLine[];
  readonly txn_id: bigint;
  readonly charged_at: Date;
  readonly correction_id: bigint | null;
  readonly corrected: boolean;
}
const chargeColumns = sql`id, property_id, account_id, meter_id, epoch, stream_id, from_at, to_at,
  to_char(period, 'YYYY-MM') as month, reason, quantity_wh, amount_minor, lines, txn_id, charged_at, correction_id,
  (select custody from charge_stream s where s.id = stream_id) as custody,
  (select multiplier from charge_stream s where s.id = stream_id) as multiplier,
  (select utility from charge_stream s where s.id = stream_id) as utility,
  exists (select from correction k where k.account_id = charge.account_id and charge.id = any(k.charge_ids)) as corrected,
  ${subjectColumns}`;

export interface ChargesAsked extends PageOf {
  readonly accountId: number | undefined;
  readonly meterId: number | undefined;
  /** Of the instant of charging; `to` is exclusive. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export async function selectCharges(db: Queryable, list: ChargesAsked): Promise<readonly StoredCharge[]> {
  const { accountId = null, meterId = null, from = null, to = null } = list;
  return db.query<StoredCharge>(sql`
    select ${chargeColumns} from charge
    where ${within(list, sql`id`)} and (${accountId}::int is null or account_id = ${accountId}::int)
      and (${meterId}::int is null or meter_id = ${meterId}::int)
      and (${from}::timestamptz is null or charged_at >= ${from}::timestamptz)
      and (${to}::timestamptz is null or charged_at < ${to}::timestamptz)
    order by id desc limit ${list.limit}`);
}

export async function selectCharge(db: Queryable, chargeId: string): Promise<StoredCharge | undefined> {
  return (await db.query<StoredCharge>(sql`select ${chargeColumns} from charge where id = ${chargeId}::int8`))[0];
}

export interface StoredRead {
  readonly readAt: string;
  readonly quality: string;
  readonly source: string;
}
export interface StoredSegment {
  readonly from_at: Date;
  readonly to_at: Date;
  readonly from_wh: bigint;
  readonly to_wh: bigint;
  readonly delta_wh: bigint;
  readonly quality: 'measured' | 'rolledOver' | 'prorated';
  readonly tariff_version_id: number;
  readonly lines: readonly {
    readonly label: string;
    readonly component: string;
    readonly price: string;
    readonly quantity: string;
    readonly parts: string;
  }[];
  readonly from_read: StoredRead | null;
  readonly to_read: StoredRead | null;
}

/** What a charge was made of, with the reads at both ends of each segment; `replaced`: what its correction put aside. */
export async function selectSegments(
  db: Queryable,
  charge: Pick<StoredCharge, 'stream_id' | 'meter_id' | 'from_at' | 'to_at' | 'correction_id'>,
  which: 'own' | 'replaced' = 'own',
): Promise<readonly StoredSegment[]> {
  const readAt = (instant: Sql) => sql`(
    select jsonb_build_object('readAt', r.read_at, 'quality', r.quality, 'source', r.source)
    from register_reading r where r.meter_id = ${charge.meter_id} and r.instant = ${instant})`;
  const ofCharge =
    which === 'own'
      ? sql`g.correction_id is not distinct from ${charge.correction_id}::int8`
      : sql`exists (select from segment_replaced p where p.segment_id = g.id and p.correction_id = ${charge.correction_id})`;
  return db.query<StoredSegment>(sql`
    select g.from_at, g.to_at, g.from_wh, g.to_wh, g.delta_wh, g.quality, g.tariff_version_id, g.lines,
      ${readAt(sql`g.from_at`)} as from_read, ${readAt(sql`g.to_at`)} as to_read
    from segment g where g.stream_id = ${charge.stream_id} and g.from_at >= ${charge.from_at} and g.to_at <= ${charge.to_at}
      and ${ofCharge}
    order by g.from_at`);
}

export interface StoredHold extends StoredSubject {
  readonly id: bigint;
  readonly property_id: number;
  readonly account_id: number;
  readonly meter_id: number;
  readonly hold: HoldCause;
  readonly held_at: Date;
  readonly cursor_at: Date;
}
export function selectHolds(
  db: Queryable,
  list: PageOf & { readonly accountId: number | undefined },
): Promise<StoredHold[]> {
  const { accountId = null } = list;
  return db.query<StoredHold>(sql`
    select id, property_id, account_id, meter_id, hold, held_at, cursor_at, ${subjectColumns} from charge_stream
    where ${within(list, sql`id`)} and hold is not null and not closed
      and (${accountId}::int is null or account_id = ${accountId}::int)
    order by id desc limit ${list.limit}`);
}

export interface StoredQuarantine extends StoredSubject {
  readonly id: bigint;
  readonly property_id: number;
  readonly account_id: number;
  readonly meter_id: number;
  readonly stream_id: bigint;
  readonly cause: 'backward' | 'implausible';
  readonly after_at: Date;
  readonly after_wh: bigint;
  readonly read_at: Date;
  readonly read_wh: bigint;
  readonly cap_wh: bigint;
  readonly raised_at: Date;
  readonly decided_at: Date | null;
  readonly decision: 'ignored' | 'rebased' | 'passed' | 'edited' | null;
  readonly actor_name: string | null;
  readonly reason: string | null;
}
const quarantineColumns = sql`id, property_id, account_id, meter_id, stream_id, cause, after_at, after_wh, read_at, read_wh,
  cap_wh, raised_at, decided_at, decision, actor_name, reason, ${subjectColumns}`;

export function selectQuarantine(
  db: Queryable,
  list: PageOf & { readonly accountId: number | undefined; readonly open: boolean | undefined },
): Promise<StoredQuarantine[]> {
  const { accountId = null } = list;
  const open = list.open === true ? sql`and decided_at is null` : empty;
  return db.query<StoredQuarantine>(sql`
    select ${quarantineColumns} from quarantine
    where ${within(list, sql`id`)} and (${accountId}::int is null or account_id = ${accountId}::int) ${open}
    order by id desc limit ${list.limit}`);
}

/** Locked, for a decision. */
export async function lockQuarantine(db: Queryable, readId: string): Promise<StoredQuarantine | undefined> {
  const rows = await db.query<StoredQuarantine>(
    sql`select ${quarantineColumns} from quarantine where id = ${readId}::int8 for update`,
  );
  return rows[0];
}

export interface StoredNotice {
  readonly id: bigint;
  readonly property_id: number;
  readonly account_id: number;
  readonly level: Exclude<ArrearsLevel, 'normal'>;
  readonly balance_minor: bigint;
  readonly line_minor: bigint;
  readonly raised_at: Date;
  readonly cleared_at: Date | null;
}
export function selectNotices(
  db: Queryable,
  list: PageOf & { readonly accountId: number | undefined; readonly open: boolean | undefined },
): Promise<StoredNotice[]> {
  const { accountId = null } = list;
  const open = list.open === true ? sql`and cleared_at is null` : empty;
  return db.query<StoredNotice>(sql`
    select id, property_id, account_id, level, balance_minor, line_minor, raised_at, cleared_at from notice
    where ${within(list, sql`id`)} and (${accountId}::int is null or account_id = ${accountId}::int) ${open}
    order by id desc limit ${list.limit}`);
}

export interface StoredArrears {
  readonly account_id: number;
  readonly property_id: number;
  readonly level: ArrearsLevel;
  readonly balance_minor: bigint;
  readonly since: Date;
  readonly decision: string | null;
  readonly wanted: 'open' | 'closed' | null;
}
export function selectArrears(db: Queryable, list: PageOf): Promise<StoredArrears[]> {
  return db.query<StoredArrears>(sql`
    select account_id, property_id, level, balance_minor, since, decision, wanted from arrears_state
    where ${within(list, sql`account_id`)} and (level <> 'normal' or wanted = 'open') order by account_id desc limit ${list.limit}`);
}
