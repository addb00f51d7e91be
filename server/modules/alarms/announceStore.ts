import sql from 'sql-template-tag';
import type { Alarm } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import { toAlarm } from './dto.ts';
import type { AlarmRow } from './rows.ts';

/** Something about an alarm that people are to be told of. */
export interface Announcement {
  /** Where to go on from; ascending in the order of commits, so that nothing comes before it later. */
  readonly cursor: bigint;
  readonly what: 'raised' | 'returned';
  readonly at: Date;
  /** As it is now; it may have moved on since. */
  readonly alarm: Alarm;
  readonly buildingId: number | undefined;
  /** As measured then. */
  readonly value: number | undefined;
}

interface Row {
  readonly cursor: bigint;
  readonly what: Announcement['what'];
  readonly event_at: Date;
  readonly event_value: number | null;
}

/** What is to be told after a cursor, oldest first; what shelves, rules, outages and chatter held back is not among it. */
export async function selectAnnouncements(
  db: Queryable,
  after: bigint,
  rows: number,
): Promise<readonly Announcement[]> {
  const found = await db.query<AlarmRow & Row>(sql`
    select a.*, e.id as cursor, e.announce as what, e.at as event_at, e.value as event_value
    from alarm_event e join alarm a on a.id = e.alarm_id
    where e.announce is not null and e.id > ${after} order by e.id limit ${rows}`);
  return found.map((row) => ({
    cursor: row.cursor,
    what: row.what,
    at: row.event_at,
    alarm: toAlarm(row),
    buildingId: row.building_id ?? undefined,
    value: row.event_value ?? undefined,
  }));
}

/** The newest cursor: whoever begins to tell does not tell the past. 0 when nothing ever happened. */
export async function newestAnnouncement(db: Queryable): Promise<bigint> {
  const [row] = await db.query<{ cursor: bigint | null }>(
    sql`select max(id) as cursor from alarm_event where announce is not null`,
  );
  return row?.cursor ?? 0n;
}
