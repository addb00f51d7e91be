import sql from 'sql-template-tag';
import type { Tx } from '#server/platform/db/index.ts';

/** What a receiver was sent lately, and is about to be. */
export interface Pressure {
  readonly receiver: string;
  /** Messages about single alarms, made within the window and not bundled. */
  readonly singles: number;
  /** A bundle that nobody has touched yet: it can take more. */
  readonly open_bundle: bigint | null;
  readonly last_bundle_at: Date | null;
}

export async function selectPressure(
  tx: Tx,
  receivers: readonly string[],
  windowStart: Date,
): Promise<readonly Pressure[]> {
  await tx.query(sql`
    select id from notification_delivery where receiver = any(${[...receivers]}::text[]) and what = 'bundle'
      and state = 'waiting' and attempts = 0 order by id for update`);
  return tx.query<Pressure>(sql`
    select r.receiver,
      (select count(*)::int from notification_delivery d where d.receiver = r.receiver and d.made_at > ${windowStart}
        and d.what in ('raised', 'returned') and d.state not in ('suppressed', 'bundled')) as singles,
      (select max(d.id) from notification_delivery d where d.receiver = r.receiver and d.what = 'bundle'
        and d.state = 'waiting' and d.attempts = 0) as open_bundle,
      (select max(d.next_at) from notification_delivery d where d.receiver = r.receiver and d.what = 'bundle'
        and d.made_at > ${windowStart}::timestamptz - interval '1 hour') as last_bundle_at
    from unnest(${[...receivers]}::text[]) as r (receiver)`);
}

/** Makes a bundle for a receiver out of what was made last for it. */
export async function insertBundle(tx: Tx, receiver: string, nextAt: Date, at: Date): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>(sql`
    insert into notification_delivery (what, channel, user_id, device_id, webhook_id, receiver, address, state, next_at,
      made_at)
    select 'bundle', channel, user_id, device_id, webhook_id, receiver, address, 'waiting', ${nextAt}, ${at}
    from notification_delivery where receiver = ${receiver} order by id desc limit 1
    returning id`);
  if (row === undefined) throw new Error(`nothing was made for ${receiver}`);
  return row.id;
}

/** Puts into the bundle whatever nobody has touched yet; how many these are. The bundle is of a property where all of them are. */
export async function fillBundle(tx: Tx, bundleId: bigint, receiver: string, at: Date): Promise<number> {
  const rows = await tx.query(sql`
    update notification_delivery set state = 'bundled', bundle_id = ${bundleId}, ended_at = ${at}
    where receiver = ${receiver} and state = 'waiting' and attempts = 0 and claimed_at is null
      and what in ('raised', 'returned')
    returning id`);
  await tx.query(sql`
    update notification_delivery b set
      property_id = case when m.properties = 1 and m.everywhere = 0 then m.property_id end,
      building_id = case when m.buildings = 1 and m.nowhere = 0 then m.building_id end
    from (select count(distinct property_id) as properties, min(property_id) as property_id,
        count(*) filter (where property_id is null) as everywhere,
        count(distinct building_id) as buildings, min(building_id) as building_id,
        count(*) filter (where building_id is null) as nowhere
      from notification_delivery where bundle_id = ${bundleId}) as m
    where b.id = ${bundleId}`);
  return rows.length;
}
