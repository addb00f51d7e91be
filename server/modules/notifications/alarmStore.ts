import sql from 'sql-template-tag';
import type { AlarmKind, Names } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { AlarmNews } from './types.ts';

interface EventRow {
  readonly id: bigint;
  readonly alarm_id: number;
  readonly property_id: number | null;
  readonly building_id: number | null;
  readonly announce: 'raised' | 'returned';
  readonly at: Date;
  readonly kind: AlarmKind;
  readonly severity: number;
  readonly path: Names[];
  readonly label: Names | null;
  readonly last_raised_at: Date;
  readonly value: number | null;
  readonly limit_value: number | null;
  readonly unit: string | null;
  readonly child_count: number;
}

/** Locks the cursor: whoever makes notifications takes turns. */
export async function lockCursor(tx: Tx): Promise<bigint> {
  const [row] = await tx.query<{ event_id: bigint }>(sql`select event_id from notification_cursor for update`);
  if (row === undefined) throw new Error('the cursor of the notifications is gone');
  return row.event_id;
}

export async function moveCursor(tx: Tx, eventId: bigint): Promise<void> {
  await tx.query(sql`update notification_cursor set event_id = ${eventId}`);
}

/** What is to be announced after this event, in order: alarms write their events one transaction after the other. */
export async function selectNews(db: Queryable, afterEventId: bigint, rows: number): Promise<readonly AlarmNews[]> {
  const found = await db.query<EventRow>(sql`
    select e.id, e.alarm_id, e.property_id, e.building_id, e.announce, e.at, a.kind, a.severity, a.path, a.label,
      a.last_raised_at, coalesce(e.value, a.value) as value, coalesce(e.limit_value, a.limit_value) as limit_value,
      coalesce(e.unit, a.unit) as unit, greatest(a.child_count, a.child_peak) as child_count
    from alarm_event e join alarm a on a.id = e.alarm_id
    where e.id > ${afterEventId} and e.announce is not null
    order by e.id limit ${rows}`);
  return found.map(toNews);
}

function toNews(row: EventRow): AlarmNews {
  return {
    eventId: row.id,
    atMs: row.at.getTime(),
    facts: {
      alarmId: row.alarm_id,
      propertyId: row.property_id ?? undefined,
      buildingId: row.building_id ?? undefined,
      what: row.announce,
      kind: row.kind,
      severity: row.severity,
      path: row.path,
      label: row.label ?? undefined,
      raisedAt: row.last_raised_at.toISOString(),
      returnedAt: row.announce === 'returned' ? row.at.toISOString() : undefined,
      value: row.value ?? undefined,
      limit: row.limit_value ?? undefined,
      unit: row.unit ?? undefined,
      childCount: row.child_count,
    },
  };
}
