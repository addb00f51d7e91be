import sql from 'sql-template-tag';
import type { AlarmKind, Names } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import { within } from './store.ts';
import type { AlarmSource } from './types.ts';

/** What of a property is counted: what a right shows, between two instants. */
export interface Counted {
  readonly scope: Scope;
  readonly propertyId: number;
  readonly from: Date;
  readonly until: Date;
}

/** Raises that nothing held back. */
const RAISED = sql`event = 'raised' and state = 'unacknowledged'`;

/** Alarms raised in each minute since epoch in which there were any. */
export async function selectPerMinute(
  db: Queryable,
  { scope, propertyId, from, until }: Counted,
): Promise<ReadonlyMap<number, number>> {
  const rows = await db.query<{ minute: number; raised: number }>(sql`
    select floor(extract(epoch from at) / 60)::int as minute, count(*)::int as raised from alarm_event
    where property_id = ${propertyId} and at >= ${from} and at < ${until} and ${RAISED} and ${within(scope)}
    group by 1`);
  return new Map(rows.map(({ minute, raised }) => [minute, raised]));
}

export interface FrequentRow {
  readonly kind: AlarmKind;
  readonly source_kind: AlarmSource['kind'];
  readonly source_id: number;
  readonly path: Names[];
  readonly label: Names | null;
  readonly raised: number;
  readonly alarm_id: number;
}

/** The conditions that came most often. */
export function selectMostFrequent(
  db: Queryable,
  { scope, propertyId, from, until }: Counted,
  rows: number,
): Promise<FrequentRow[]> {
  return db.query<FrequentRow>(sql`
    select f.*, a.path, a.label from (
      select kind, source_kind, source_id, count(*)::int as raised, max(alarm_id) as alarm_id from alarm_event
      where property_id = ${propertyId} and at >= ${from} and at < ${until} and ${RAISED} and ${within(scope)}
      group by kind, source_kind, source_id
      order by raised desc, alarm_id desc limit ${rows}) f
    join alarm a on a.id = f.alarm_id
    order by f.raised desc, f.alarm_id desc`);
}

export interface Standing {
  readonly standing: number;
  readonly standing_long: number;
  readonly chattering: number;
  readonly folded: number;
}

/** What stood at the end of the time, what of it for long, what chattered in it, and the meters folded into its alarms. */
export async function selectStanding(
  db: Queryable,
  { scope, propertyId, from, until }: Counted,
  longBefore: Date,
): Promise<Standing> {
  const [row] = await db.query<Standing>(sql`
    select
      count(*) filter (where stood)::int as standing,
      count(*) filter (where stood and last_raised_at < ${longBefore})::int as standing_long,
      (select count(distinct (kind, source_kind, source_id))::int from alarm_event
        where property_id = ${propertyId} and at >= ${from} and at < ${until} and event = 'chattering'
          and ${within(scope)})
        + count(*) filter (where chattering_since < ${from})::int as chattering,
      coalesce(sum(child_peak) filter (where last_raised_at >= ${from}), 0)::int as folded
    from (
      select *, (cleared_at is null or cleared_at >= ${until})
        and state not in ('shelved', 'suppressed', 'outOfService') as stood
      from alarm
      where property_id = ${propertyId} and last_raised_at < ${until} and ${within(scope)}
        and (state <> 'closed' or last_raised_at >= ${from} or cleared_at >= ${until})) a`);
  return row ?? { standing: 0, standing_long: 0, chattering: 0, folded: 0 };
}
