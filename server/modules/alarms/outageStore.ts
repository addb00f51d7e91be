import sql from 'sql-template-tag';
import type { Names } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';
import { within } from './store.ts';
import type { AlarmSource, SourcePlace } from './types.ts';

export interface OutageRow {
  readonly id: number;
  readonly property_id: number;
  readonly building_id: number | null;
  readonly source_kind: 'gateway' | 'line' | 'meter';
  readonly source_id: number;
  readonly path: Names[];
  readonly label: Names | null;
  readonly reason: string;
  readonly from_at: Date;
  readonly by_name: string;
  readonly until_at: Date | null;
  readonly ended_at: Date | null;
  readonly ended_name: string | null;
  readonly held: number;
}

const SELECT = sql`
  select o.id, o.property_id, o.building_id, o.source_kind, o.source_id, o.path, o.label, o.reason, o.from_at, o.by_name,
    o.until_at, o.ended_at, o.ended_name,
    (select count(*)::int from alarm a where a.outage_id = o.id and a.state = 'outOfService') as held
  from alarm_outage o`;

/** Those that have not ended. */
export function selectOutages(db: Queryable): Promise<OutageRow[]> {
  return db.query<OutageRow>(sql`${SELECT} where o.ended_at is null order by o.id`);
}

/** Newest first, before `beforeId`. */
export function listOutages(
  db: Queryable,
  scope: Scope,
  { propertyId, ended }: { readonly propertyId?: number | undefined; readonly ended?: boolean | undefined },
  beforeId: number | undefined,
  rows: number,
): Promise<OutageRow[]> {
  return db.query<OutageRow>(sql`
    select * from (${SELECT}) s
    where ${within(scope)} and (ended_at is not null) = ${ended ?? false}
      and property_id = coalesce(${propertyId ?? null}, property_id)
      and id < coalesce(${beforeId ?? null}, 2147483647)
    order by id desc limit ${rows}`);
}

export async function selectOutage(db: Queryable, id: number): Promise<OutageRow | undefined> {
  const [row] = await db.query<OutageRow>(sql`${SELECT} where o.id = ${id}`);
  return row;
}

export interface NewOutage {
  readonly source: AlarmSource;
  readonly place: SourcePlace;
  readonly reason: string;
  readonly from: Date;
  readonly until: Date | undefined;
  readonly by: { readonly userId: number; readonly displayName: string };
}

/** Its id; undefined when the source is out of service already. */
export async function insertOutage(tx: Tx, outage: NewOutage): Promise<number | undefined> {
  const { source, place, by } = outage;
  const [row] = await tx.query<{ id: number }>(sql`
    insert into alarm_outage (property_id, building_id, source_kind, source_id, path, label, reason, from_at, by_id, by_name,
      until_at)
    values (${place.propertyId ?? null}, ${place.buildingId ?? null}, ${source.kind}, ${source.id},
      ${JSON.stringify(place.path)}::jsonb, ${place.label === undefined ? null : JSON.stringify(place.label)}::jsonb,
      ${outage.reason}, ${outage.from}, ${by.userId}, ${by.displayName}, ${outage.until ?? null})
    on conflict (source_kind, source_id) where ended_at is null do nothing
    returning id`);
  return row?.id;
}

/** False when it had ended before. `by` undefined: its time was over. */
export async function endOutage(
  tx: Tx,
  id: number,
  at: Date,
  by: { readonly userId: number; readonly displayName: string } | undefined,
  note: string | undefined,
): Promise<boolean> {
  const rows = await tx.query<object>(sql`
    update alarm_outage set ended_at = ${at}, ended_by = ${by?.userId ?? null}, ended_name = ${by?.displayName ?? null},
      end_note = ${note ?? null}
    where id = ${id} and ended_at is null returning id`);
  return rows.length > 0;
}
