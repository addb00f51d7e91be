import sql, { raw, type Sql } from 'sql-template-tag';
import type { AlarmKind, DeliveryState, DeliverySubject, NotifyChannel, Suppression } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';

export interface DeliveryRow {
  readonly id: bigint;
  readonly key: string;
  readonly what: DeliverySubject;
  readonly channel: NotifyChannel;
  readonly address: string;
  readonly user_name: string | null;
  readonly property_id: number | null;
  readonly alarm_id: number | null;
  readonly kind: AlarmKind | null;
  readonly state: DeliveryState;
  readonly reason: Suppression | null;
  readonly attempts: number;
  readonly next_at: Date;
  readonly last_error: string | null;
  readonly made_at: Date;
  readonly ended_at: Date | null;
  readonly bundle_id: bigint | null;
  readonly bundled: number;
}

export interface DeliveryFilter {
  readonly propertyId?: number | undefined;
  readonly channel?: NotifyChannel | undefined;
  readonly state?: DeliveryState | undefined;
  readonly what?: DeliverySubject | undefined;
  readonly alarmId?: number | undefined;
  readonly bundleId?: number | undefined;
  readonly q?: string | undefined;
}

const ROW = raw(`d.id, d.key, d.what, d.channel, d.address, u.display_name as user_name, d.property_id, n.alarm_id,
  n.facts->>'kind' as kind, d.state, d.reason, d.attempts, d.next_at, d.last_error, d.made_at, d.ended_at, d.bundle_id,
  case when d.what = 'bundle'
    then (select count(*)::int from notification_delivery m where m.bundle_id = d.id) else 0 end as bundled`);
const FROM = raw(`notification_delivery d left join app_user u on u.id = d.user_id
  left join notification n on n.id = d.notification_id`);

/** Newest first, before `beforeId`. */
export function selectDeliveries(
  db: Queryable,
  scope: Scope,
  filter: DeliveryFilter,
  beforeId: number | undefined,
  rows: number,
): Promise<DeliveryRow[]> {
  const pattern = filter.q === undefined ? null : `%${filter.q.replace(/[\\%_]/g, '\\$&')}%`;
  return db.query<DeliveryRow>(sql`
    select ${ROW} from ${FROM}
    where ${within(scope)}
      and (${filter.propertyId ?? null}::int is null or d.property_id = ${filter.propertyId ?? null})
      and (${filter.channel ?? null}::text is null or d.channel = ${filter.channel ?? null})
      and (${filter.state ?? null}::text is null or d.state = ${filter.state ?? null})
      and (${filter.what ?? null}::text is null or d.what = ${filter.what ?? null})
      and (${filter.alarmId ?? null}::int is null or n.alarm_id = ${filter.alarmId ?? null})
      and (${filter.bundleId ?? null}::bigint is null or d.bundle_id = ${filter.bundleId ?? null})
      and (${pattern}::text is null or d.address ilike ${pattern} or u.display_name ilike ${pattern})
      and (${beforeId ?? null}::bigint is null or d.id < ${beforeId ?? null})
    order by d.id desc limit ${rows}`);
}

export async function selectDelivery(db: Queryable, scope: Scope, id: number): Promise<DeliveryRow | undefined> {
  const [row] = await db.query<DeliveryRow>(sql`select ${ROW} from ${FROM} where ${within(scope)} and d.id = ${id}`);
  return row;
}

/** False where it was not given up (any more). */
export async function reviveDelivery(tx: Tx, id: number, at: Date): Promise<boolean> {
  const rows = await tx.query(sql`
    update notification_delivery set state = 'waiting', attempts = 0, next_at = ${at}, ended_at = null, claimed_at = null
    where id = ${id} and state = 'givenUp' and what <> 'test' returning id`);
  return rows.length > 0;
}

export interface LastAttempt {
  readonly state: DeliveryState;
  readonly last_error: string | null;
  readonly at: Date;
}

/** The last message that was tried, of a webhook or of a whole channel. */
export async function selectLastAttempt(
  db: Queryable,
  of: { readonly webhookId: number } | { readonly channel: NotifyChannel },
): Promise<LastAttempt | undefined> {
  const whose = 'webhookId' in of ? sql`receiver = ${`webhook:${of.webhookId}`}` : sql`channel = ${of.channel}`;
  const [row] = await db.query<LastAttempt>(sql`
    select state, last_error, coalesce(ended_at, made_at) as at from notification_delivery
    where ${whose} and attempts > 0 order by made_at desc, id desc limit 1`);
  return row;
}

function within(scope: Scope): Sql {
  if (scope.all) return sql`true`;
  return sql`(d.property_id = any(${[...scope.propertyIds]}::int[]) or d.building_id = any(${[...scope.buildingIds]}::int[]))`;
}
