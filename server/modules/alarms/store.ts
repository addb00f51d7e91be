import sql, { raw, type Sql } from 'sql-template-tag';
import { ALARM_KINDS, type AlarmKind, type Names } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import type { AlarmSource, AlarmTransition, CurrentAlarm } from './types.ts';

export interface AlarmRow {
  readonly id: number;
  readonly property_id: number | null;
  readonly building_id: number | null;
  readonly kind: AlarmKind;
  readonly severity: number;
  readonly source_kind: AlarmSource['kind'];
  readonly source_id: number;
  readonly path: Names[];
  readonly label: Names | null;
  readonly raised_at: Date;
  readonly cleared_at: Date | null;
  readonly acknowledged_at: Date | null;
  readonly acknowledged_name: string | null;
  readonly note: string | null;
  readonly value: number | null;
  readonly limit_value: number | null;
  readonly unit: string | null;
  readonly child_count: number;
}

const COLUMNS = raw(`id, property_id, building_id, kind, severity, source_kind, source_id, path, label, raised_at,
  cleared_at, acknowledged_at, acknowledged_name, note, value, limit_value, unit, child_count`);
const IS_CURRENT = raw('(cleared_at is null or acknowledged_at is null)');

/** Undefined when the same alarm is open already, or was stored before: transitions may come twice. */
export async function insertAlarm(
  tx: Tx,
  { kind, source, place, atMs, measured, childCount }: Extract<AlarmTransition, { action: 'raise' }>,
): Promise<AlarmRow | undefined> {
  const rows = await tx.query<AlarmRow>(sql`
    insert into alarm (property_id, building_id, kind, severity, source_kind, source_id, gateway_id, line_id, path, label,
      search, raised_at, value, limit_value, unit, child_count)
    select ${place.propertyId ?? null}::int, ${place.buildingId ?? null}, ${kind}, ${ALARM_KINDS[kind].severity}, ${source.kind},
      ${source.id}, ${place.gatewayId ?? null}, ${place.lineId ?? null}, ${JSON.stringify(place.path)}::jsonb,
      ${place.label === undefined ? null : JSON.stringify(place.label)}::jsonb, ${place.search}, ${new Date(atMs)},
      ${measured?.value ?? null}, ${measured?.limit ?? null}, ${measured?.unit ?? null}, ${childCount}
    where not exists (select from alarm where source_kind = ${source.kind} and source_id = ${source.id}
      and kind = ${kind} and raised_at = ${new Date(atMs)})
    on conflict (source_kind, source_id, kind) where cleared_at is null do nothing
    returning ${COLUMNS}`);
  return rows[0];
}

/** Undefined when there is no such open alarm. */
export async function clearAlarm(
  tx: Tx,
  { kind, source, raisedAtMs, atMs, cause }: Extract<AlarmTransition, { action: 'clear' }>,
): Promise<AlarmRow | undefined> {
  const causeId =
    cause === undefined
      ? sql`null`
      : sql`(select max(id) from alarm
             where source_kind = ${cause.kind} and source_id = ${cause.id} and cleared_at is null)`;
  const rows = await tx.query<AlarmRow>(sql`
    update alarm set cleared_at = ${new Date(atMs)}, cause_id = ${causeId}
    where source_kind = ${source.kind} and source_id = ${source.id} and kind = ${kind}
      and raised_at = ${new Date(raisedAtMs)} and cleared_at is null
    returning ${COLUMNS}`);
  return rows[0];
}

/** What is open or not acknowledged; the start of marks, counts and tracking. */
export async function selectCurrent(db: Queryable): Promise<readonly CurrentAlarm[]> {
  const rows = await db.query<AlarmRow>(sql`select ${COLUMNS} from alarm where ${IS_CURRENT}`);
  return rows.map(toCurrent);
}

export function toCurrent(row: AlarmRow): CurrentAlarm {
  return {
    id: row.id,
    kind: row.kind,
    severity: row.severity,
    propertyId: row.property_id ?? undefined,
    buildingId: row.building_id ?? undefined,
    source: { kind: row.source_kind, id: row.source_id },
    raisedAtMs: row.raised_at.getTime(),
    open: row.cleared_at === null,
    acknowledged: row.acknowledged_at !== null,
  };
}

export interface AlarmFilter {
  readonly propertyId?: number | undefined;
  readonly meterId?: number | undefined;
  readonly lineId?: number | undefined;
  readonly gatewayId?: number | undefined;
  readonly state?: 'current' | 'open' | 'returned' | 'closed' | 'all' | undefined;
  readonly acknowledged?: boolean | undefined;
  readonly kind?: AlarmKind | undefined;
  readonly severity?: number | undefined;
  readonly q?: string | undefined;
}

const STATES: Readonly<Record<NonNullable<AlarmFilter['state']>, Sql>> = {
  current: sql`${IS_CURRENT}`,
  open: sql`cleared_at is null`,
  returned: sql`cleared_at is not null and acknowledged_at is null`,
  closed: sql`cleared_at is not null and acknowledged_at is not null`,
  all: sql`true`,
};

/** Newest first, before `beforeId`. */
export function selectAlarms(
  db: Queryable,
  scope: Scope,
  filter: AlarmFilter,
  beforeId: number | undefined,
  rows: number,
): Promise<AlarmRow[]> {
  const pattern = filter.q === undefined ? null : `%${escapeLike(filter.q.toLowerCase())}%`;
  return db.query<AlarmRow>(sql`
    select ${COLUMNS} from alarm
    where ${within(scope)} and ${STATES[filter.state ?? 'current']}
      and (${filter.propertyId ?? null}::int is null or property_id = ${filter.propertyId ?? null} or property_id is null)
      and (${filter.meterId ?? null}::int is null or (source_kind = 'meter' and source_id = ${filter.meterId ?? null}))
      and (${filter.lineId ?? null}::int is null or line_id = ${filter.lineId ?? null})
      and (${filter.gatewayId ?? null}::int is null or gateway_id = ${filter.gatewayId ?? null})
      and (${filter.acknowledged ?? null}::boolean is null
        or (acknowledged_at is not null) = ${filter.acknowledged ?? null})
      and kind = coalesce(${filter.kind ?? null}, kind)
      and severity = coalesce(${filter.severity ?? null}, severity)
      and (${pattern}::text is null or search like ${pattern})
      and id < coalesce(${beforeId ?? null}, 2147483647)
    order by id desc limit ${rows}`);
}

/** Locks the alarms of these ids that lie within the scope. */
export function lockAlarms(tx: Tx, scope: Scope, ids: readonly number[]): Promise<AlarmRow[]> {
  return tx.query<AlarmRow>(
    sql`select ${COLUMNS} from alarm where id = any(${ids}::int[]) and ${within(scope)} order by id for update`,
  );
}

/** Acknowledges those of the ids that nobody did; returns them as they are now. */
export async function acknowledge(
  tx: Tx,
  ids: readonly number[],
  author: { readonly userId: number; readonly displayName: string },
  note: string | undefined,
  at: Date,
): Promise<readonly AlarmRow[]> {
  return tx.query<AlarmRow>(sql`
    update alarm set acknowledged_at = ${at}, acknowledged_by = ${author.userId},
      acknowledged_name = ${author.displayName}, note = ${note ?? null}
    where id = any(${ids}::int[]) and acknowledged_at is null returning ${COLUMNS}`);
}

/** What belongs to no property is within a right on everything only. */
function within(scope: Scope): Sql {
  if (scope.all) return sql`true`;
  return sql`(property_id = any(${scope.propertyIds}::int[]) or building_id = any(${scope.buildingIds}::int[]))`;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}
