import sql, { type Sql } from 'sql-template-tag';
import type { AlarmEventKind, AlarmKind, AlarmState } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import { type AlarmRow, COLUMNS, IS_CURRENT } from './rowStore.ts';
import type { CurrentAlarm } from './types.ts';

/** What is not closed, or was closed by hand while its condition held; the start of marks, counts and tracking. */
export async function selectUnclosed(db: Queryable): Promise<readonly CurrentAlarm[]> {
  const rows = await db.query<AlarmRow>(sql`select ${COLUMNS} from alarm where state <> 'closed' or still_holds`);
  return rows.map(toCurrent);
}

export function toCurrent(row: AlarmRow): CurrentAlarm {
  return {
    id: row.id,
    kind: row.kind,
    severity: row.severity,
    state: row.state,
    propertyId: row.property_id ?? undefined,
    buildingId: row.building_id ?? undefined,
    source: { kind: row.source_kind, id: row.source_id },
    raisedAtMs: row.last_raised_at.getTime(),
    open: row.cleared_at === null || row.still_holds,
    suppressed: row.suppressed_by === 'notOpened',
    assignedTo: row.assigned_to ?? undefined,
    shelvedUntilMs: row.shelved_until?.getTime(),
    chattering: row.chattering_since !== null,
  };
}

export interface AlarmFilter {
  readonly propertyId?: number | undefined;
  readonly placeId?: number | undefined;
  readonly meterId?: number | undefined;
  readonly lineId?: number | undefined;
  readonly gatewayId?: number | undefined;
  readonly state?: 'current' | 'open' | 'all' | AlarmState | undefined;
  readonly acknowledged?: boolean | undefined;
  readonly kind?: AlarmKind | undefined;
  readonly severity?: number | undefined;
  readonly assigned?: 'me' | 'nobody' | 'somebody' | undefined;
  readonly assignedTo?: number | undefined;
  readonly handledBy?: number | undefined;
  readonly causeId?: number | undefined;
  readonly chattering?: boolean | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly q?: string | undefined;
}

/** Newest first, before `beforeId`. `userId`: who `me` is. */
export function selectAlarms(
  db: Queryable,
  scope: Scope,
  filter: AlarmFilter,
  userId: number | undefined,
  beforeId: number | undefined,
  rows: number,
): Promise<AlarmRow[]> {
  const pattern = filter.q === undefined ? null : `%${escapeLike(filter.q.toLowerCase())}%`;
  return db.query<AlarmRow>(sql`
    select ${COLUMNS} from alarm
    where ${within(scope)} and ${ofState(filter.state ?? 'current')} and ${ofPerson(filter, userId)} and ${ofHand(filter)}
      and (${filter.propertyId ?? null}::int is null or property_id = ${filter.propertyId ?? null} or property_id is null)
      and (${filter.placeId ?? null}::int is null or place_ids @> array[${filter.placeId ?? null}::int])
      and (${filter.meterId ?? null}::int is null or (source_kind = 'meter' and source_id = ${filter.meterId ?? null}))
      and (${filter.lineId ?? null}::int is null or line_id = ${filter.lineId ?? null})
      and (${filter.gatewayId ?? null}::int is null or gateway_id = ${filter.gatewayId ?? null})
      and (${filter.causeId ?? null}::int is null or cause_id = ${filter.causeId ?? null})
      and (${filter.acknowledged ?? null}::boolean is null
        or (acknowledged_at is not null) = ${filter.acknowledged ?? null})
      and (${filter.chattering ?? null}::boolean is null
        or (chattering_since is not null) = ${filter.chattering ?? null})
      and kind = coalesce(${filter.kind ?? null}, kind)
      and severity = coalesce(${filter.severity ?? null}, severity)
      and (${filter.from ?? null}::timestamptz is null or last_raised_at >= ${filter.from ?? null})
      and (${filter.to ?? null}::timestamptz is null or last_raised_at < ${filter.to ?? null})
      and (${pattern}::text is null or search like ${pattern} or lower(note) like ${pattern})
      and id < coalesce(${beforeId ?? null}, 2147483647)
    order by id desc limit ${rows}`);
}

function ofState(state: NonNullable<AlarmFilter['state']>): Sql {
  if (state === 'all') return sql`true`;
  if (state === 'current') return sql`${IS_CURRENT}`;
  // The second condition is said of the index.
  return state === 'open' ? sql`cleared_at is null and state <> 'closed'` : sql`state = ${state}`;
}

function ofPerson({ assigned, assignedTo }: AlarmFilter, userId: number | undefined): Sql {
  const id = assigned === 'me' ? (userId ?? 0) : assignedTo;
  if (assigned === 'nobody') return sql`assigned_to is null`;
  if (id !== undefined) return sql`assigned_to = ${id}`;
  return assigned === 'somebody' ? sql`assigned_to is not null` : sql`true`;
}

/** What a person did is among the events; who has an alarm may have been given it by another. */
function ofHand({ handledBy }: AlarmFilter): Sql {
  if (handledBy === undefined) return sql`true`;
  return sql`(assigned_to = ${handledBy} or id in (select alarm_id from alarm_event where user_id = ${handledBy}))`;
}

export async function selectAlarm(db: Queryable, scope: Scope, id: number): Promise<AlarmRow | undefined> {
  const [row] = await db.query<AlarmRow>(sql`select ${COLUMNS} from alarm where id = ${id} and ${within(scope)}`);
  return row;
}

export function selectAlarmsById(db: Queryable, scope: Scope, ids: readonly number[]): Promise<AlarmRow[]> {
  return db.query<AlarmRow>(sql`select ${COLUMNS} from alarm where id = any(${ids}::int[]) and ${within(scope)}`);
}

/** Alarms of meters that an alarm holds back. */
export async function selectFolded(db: Queryable, causeId: number) {
  return db.query<{ readonly id: number; readonly meterId: number }>(sql`
    select id, source_id as "meterId" from alarm
    where cause_id = ${causeId} and state = 'suppressed' and source_kind = 'meter'`);
}

export interface EventRow {
  readonly id: bigint;
  readonly alarm_id: number;
  readonly event: AlarmEventKind;
  readonly at: Date;
  readonly done_at: Date | null;
  readonly user_name: string | null;
  readonly state: AlarmState;
  readonly note: string | null;
  readonly until_at: Date | null;
  readonly assignee_name: string | null;
  readonly value: number | null;
  readonly limit_value: number | null;
  readonly unit: string | null;
}

/** Newest first. */
export function selectEvents(db: Queryable, alarmId: number, rows: number): Promise<EventRow[]> {
  return db.query<EventRow>(sql`
    select id, alarm_id, event, at, done_at, user_name, state, note, until_at, assignee_name, value, limit_value, unit
    from alarm_event where alarm_id = ${alarmId} order by id desc limit ${rows}`);
}

/** What a person is called who had to do with alarms within the scope; undefined for who had not. */
export async function selectHandName(db: Queryable, scope: Scope, userId: number): Promise<string | undefined> {
  const [row] = await db.query<{ readonly name: string }>(sql`
    (select user_name as name from alarm_event
      where user_id = ${userId} and user_name is not null and ${within(scope)} order by alarm_id desc limit 1)
    union all
    (select assigned_name from alarm
      where assigned_to = ${userId} and assigned_name is not null and ${within(scope)} limit 1)`);
  return row?.name;
}

/** What belongs to no property is within a right on everything only. */
export function within(scope: Scope): Sql {
  if (scope.all) return sql`true`;
  return sql`(property_id = any(${scope.propertyIds}::int[]) or building_id = any(${scope.buildingIds}::int[]))`;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
