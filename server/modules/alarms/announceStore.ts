import sql from 'sql-template-tag';
import type { Alarm } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import { toAlarm } from './dto.ts';
import type { AlarmRow } from './rowStore.ts';

/** Something about an alarm that people are to be told of. */
export interface Announcement {
  /** Where to go on from; ascending in the order of commits, so that nothing comes before it later. */
  readonly cursor: bigint;
  readonly what: 'raised' | 'returned';
  readonly at: Date;
  /** As it is now, but with what was measured then; it may have moved on since. */
  readonly alarm: Alarm;
  readonly buildingId: number | undefined;
}

interface EventOfAlarm extends AlarmRow {
  readonly cursor: bigint;
  readonly what: Announcement['what'];
  readonly event_at: Date;
  readonly event_value: number | null;
  readonly event_limit: number | null;
  readonly event_unit: string | null;
}

/**
 * What people are to be told of after a cursor, oldest first, at most `rows`: read from rows in the order of their
 * commits, so that who keeps the cursor in the same transaction as what it makes of them misses nothing and repeats
 * nothing. What shelves, rules, outages and chatter hold back is not among it until they let go.
 */
export async function selectAnnouncements(
  db: Queryable,
  after: bigint,
  rows: number,
): Promise<readonly Announcement[]> {
  const found = await db.query<EventOfAlarm>(sql`
    select a.*, e.id as cursor, e.announce as what, e.at as event_at, e.value as event_value, e.limit_value as event_limit,
      e.unit as event_unit
    from alarm_event e join alarm a on a.id = e.alarm_id
    where e.announce is not null and e.id > ${after} order by e.id limit ${rows}`);
  return found.map((row) => ({
    cursor: row.cursor,
    what: row.what,
    at: row.event_at,
    alarm: toAlarm({
      ...row,
      value: row.event_value ?? row.value,
      limit_value: row.event_limit ?? row.limit_value,
      unit: row.event_unit ?? row.unit,
    }),
    buildingId: row.building_id ?? undefined,
  }));
}
