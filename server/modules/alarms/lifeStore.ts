import sql, { raw } from 'sql-template-tag';
import { ALARM_KINDS, type AlarmEventKind, type AlarmState } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import { type AlarmRow, COLUMNS } from './rowStore.ts';
import { within } from './store.ts';
import type { AlarmSource, AlarmTransition, Measured } from './types.ts';

/** Any number that no other part of the program uses on this database. */
const WRITERS_LOCK = 191_182;

/**
 * Writers of alarms take turns, so that the ids of events are in the order of their commits: who reads on from an id
 * misses nothing. First thing in a transaction that writes alarms, before any row is locked.
 */
export async function takeTurn(tx: Tx): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(${WRITERS_LOCK})`);
}

/** Who did it, and when that was where it waited for signal. */
export interface Doer {
  readonly userId: number;
  readonly displayName: string;
  readonly doneAt: Date | undefined;
}

export interface NewEvent {
  readonly event: AlarmEventKind;
  readonly at: Date;
  /** Undefined where the program acts by itself. */
  readonly doer?: Doer | undefined;
  readonly note?: string | undefined;
  readonly until?: Date | undefined;
  readonly assignee?: { readonly userId: number; readonly name: string } | undefined;
  readonly measured?: Measured | undefined;
  readonly announce?: 'raised' | 'returned' | undefined;
}

/** Adds what happened to the history of an alarm, with the state that it has after it. */
export async function insertEvent(tx: Tx, row: AlarmRow, event: NewEvent): Promise<void> {
  const { doer, assignee, measured } = event;
  await tx.query(sql`
    insert into alarm_event (alarm_id, property_id, building_id, kind, source_kind, source_id, event, at, done_at, user_id,
      user_name, state, note, until_at, assignee_id, assignee_name, value, limit_value, unit, announce)
    values (${row.id}, ${row.property_id}, ${row.building_id}, ${row.kind}, ${row.source_kind}, ${row.source_id},
      ${event.event}, ${event.at}, ${doer?.doneAt ?? null}, ${doer?.userId ?? null}, ${doer?.displayName ?? null},
      ${row.state}, ${event.note ?? null}, ${event.until ?? null}, ${assignee?.userId ?? null}, ${assignee?.name ?? null},
      ${measured?.value ?? null}, ${measured?.limit ?? null}, ${measured?.unit ?? null}, ${event.announce ?? null})`);
}

/** Stores everything of a row that changes in its life; returns it. */
export async function saveAlarm(tx: Tx, row: AlarmRow): Promise<AlarmRow> {
  await tx.query(sql`
    update alarm set state = ${row.state}, last_raised_at = ${row.last_raised_at}, occurrences = ${row.occurrences},
      cleared_at = ${row.cleared_at}, cause_id = ${row.cause_id}, acknowledged_at = ${row.acknowledged_at},
      acknowledged_by = ${row.acknowledged_by}, acknowledged_name = ${row.acknowledged_name},
      assigned_to = ${row.assigned_to}, assigned_name = ${row.assigned_name}, shelved_at = ${row.shelved_at},
      shelved_until = ${row.shelved_until}, shelved_name = ${row.shelved_name}, shelf_note = ${row.shelf_note},
      suppressed_by = ${row.suppressed_by}, outage_id = ${row.outage_id}, chattering_since = ${row.chattering_since},
      closed_at = ${row.closed_at}, closed_name = ${row.closed_name}, still_holds = ${row.still_holds}, note = ${row.note},
      value = ${row.value}, limit_value = ${row.limit_value}, unit = ${row.unit}, child_count = ${row.child_count},
      child_peak = ${row.child_peak}
    where id = ${row.id}`);
  return row;
}

type Raise = Extract<AlarmTransition, { action: 'raise' }>;

export async function insertAlarm(
  tx: Tx,
  { kind, source, place, atMs, measured, childCount }: Raise,
  held: { readonly state: AlarmState; readonly suppressedBy: string | null; readonly outageId: number | null },
): Promise<AlarmRow> {
  const at = new Date(atMs);
  const [row] = await tx.query<AlarmRow>(sql`
    insert into alarm (property_id, building_id, kind, severity, state, source_kind, source_id, gateway_id, line_id, path,
      label, search, place_ids, raised_at, last_raised_at, value, limit_value, unit, child_count, child_peak, suppressed_by,
      outage_id)
    values (${place.propertyId ?? null}, ${place.buildingId ?? null}, ${kind}, ${ALARM_KINDS[kind].severity}, ${held.state},
      ${source.kind}, ${source.id}, ${place.gatewayId ?? null}, ${place.lineId ?? null},
      ${JSON.stringify(place.path)}::jsonb, ${place.label === undefined ? null : JSON.stringify(place.label)}::jsonb,
      ${place.search}, ${place.placeIds ?? []}::int[], ${at}, ${at}, ${measured?.value ?? null}, ${measured?.limit ?? null},
      ${measured?.unit ?? null}, ${childCount}, ${childCount}, ${held.suppressedBy}, ${held.outageId})
    returning ${COLUMNS}`);
  if (row === undefined) throw new Error('an alarm that was inserted is not there');
  return row;
}

/** Was this raise stored before? Transitions may come twice. */
export async function wasRaised(tx: Tx, kind: string, source: AlarmSource, at: Date): Promise<boolean> {
  const rows = await tx.query<object>(sql`
    select 1 as one from alarm_event
    where source_kind = ${source.kind} and source_id = ${source.id} and kind = ${kind} and at = ${at}
      and event = 'raised' limit 1`);
  return rows.length > 0;
}

/** How often this condition came since then. */
export async function countRaised(db: Queryable, row: AlarmRow, since: Date): Promise<number> {
  const [counted] = await db.query<{ times: number }>(sql`
    select count(*)::int as times from alarm_event
    where source_kind = ${row.source_kind} and source_id = ${row.source_id} and kind = ${row.kind} and at > ${since}
      and event = 'raised'`);
  return counted?.times ?? 0;
}

/** The newest alarm of a condition that is not closed. */
export async function lockUnclosed(tx: Tx, kind: string, source: AlarmSource): Promise<AlarmRow | undefined> {
  const rows = await tx.query<AlarmRow>(sql`
    select ${COLUMNS} from alarm
    where source_kind = ${source.kind} and source_id = ${source.id} and kind = ${kind} and state <> 'closed'
    order by (cleared_at is null) desc, id desc limit 1 for update`);
  return rows[0];
}

/** The alarm whose condition holds since it was raised at that instant. */
export async function lockOpen(tx: Tx, kind: string, source: AlarmSource, at: Date): Promise<AlarmRow | undefined> {
  const rows = await tx.query<AlarmRow>(sql`
    select ${COLUMNS} from alarm
    where source_kind = ${source.kind} and source_id = ${source.id} and kind = ${kind} and last_raised_at = ${at}
      and cleared_at is null
    for update`);
  return rows[0];
}

/** The condition of an alarm that was closed by hand has gone: it may be raised again. */
export async function forgetStillHolds(tx: Tx, kind: string, source: AlarmSource): Promise<readonly AlarmRow[]> {
  return tx.query<AlarmRow>(sql`
    update alarm set still_holds = false
    where source_kind = ${source.kind} and source_id = ${source.id} and kind = ${kind} and still_holds
    returning ${COLUMNS}`);
}

/** The open alarm of a greater loss. */
export async function selectCause(tx: Tx, cause: AlarmSource): Promise<number | undefined> {
  const [row] = await tx.query<{ id: number | null }>(sql`
    select max(id) as id from alarm where source_kind = ${cause.kind} and source_id = ${cause.id} and cleared_at is null`);
  return row?.id ?? undefined;
}

/** What an alarm explained is explained by another one from now on. */
export async function moveChildren(tx: Tx, fromId: number, toId: number): Promise<void> {
  await tx.query(sql`update alarm set cause_id = ${toId} where cause_id = ${fromId} and state = 'suppressed'`);
}

export function lockChildren(tx: Tx, causeId: number): Promise<AlarmRow[]> {
  return tx.query<AlarmRow>(sql`
    select ${COLUMNS} from alarm where cause_id = ${causeId} and state = 'suppressed' and suppressed_by = 'cause'
    order by id for update`);
}

/** Shelves that are over. */
export function lockEndedShelves(tx: Tx, now: Date, rows: number): Promise<AlarmRow[]> {
  return tx.query<AlarmRow>(sql`
    select ${COLUMNS} from alarm where state = 'shelved' and shelved_until <= ${now} order by id limit ${rows} for update`);
}

export function lockChattering(tx: Tx): Promise<AlarmRow[]> {
  return tx.query<AlarmRow>(
    sql`select ${COLUMNS} from alarm where chattering_since is not null order by id for update`,
  );
}

/** Alarms of a source, or of anything behind it, that are not closed. */
export function lockBehind(tx: Tx, { kind, id }: AlarmSource): Promise<AlarmRow[]> {
  const column = raw(kind === 'gateway' ? 'gateway_id' : 'line_id');
  const behind = kind === 'meter' ? sql`source_kind = 'meter' and source_id = ${id}` : sql`${column} = ${id}`;
  return tx.query<AlarmRow>(
    sql`select ${COLUMNS} from alarm where ${behind} and state <> 'closed' order by id for update`,
  );
}

export function lockOfOutage(tx: Tx, outageId: number): Promise<AlarmRow[]> {
  return tx.query<AlarmRow>(sql`
    select ${COLUMNS} from alarm where outage_id = ${outageId} and state = 'outOfService' order by id for update`);
}

/** Locks the alarms of these ids that lie within the scope. */
export function lockAlarms(tx: Tx, scope: Scope, ids: readonly number[]): Promise<AlarmRow[]> {
  return tx.query<AlarmRow>(
    sql`select ${COLUMNS} from alarm where id = any(${ids}::int[]) and ${within(scope)} order by id for update`,
  );
}
