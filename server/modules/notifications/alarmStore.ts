import sql from 'sql-template-tag';
import { type Announcement, selectAnnouncements } from '#server/modules/alarms/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { AlarmNews } from './types.ts';

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
  return (await selectAnnouncements(db, afterEventId, rows)).map(toNews);
}

function toNews({ cursor, what, at, alarm, buildingId }: Announcement): AlarmNews {
  return {
    eventId: cursor,
    atMs: at.getTime(),
    facts: {
      alarmId: alarm.id,
      propertyId: alarm.propertyId,
      buildingId,
      what,
      kind: alarm.kind,
      severity: alarm.severity,
      path: alarm.path,
      label: alarm.label,
      raisedAt: alarm.lastRaisedAt,
      returnedAt: what === 'returned' ? at.toISOString() : undefined,
      value: alarm.value,
      limit: alarm.limit,
      unit: alarm.unit,
      childCount: alarm.childCount,
    },
  };
}
