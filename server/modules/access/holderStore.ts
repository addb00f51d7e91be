import sql from 'sql-template-tag';
import type { Permission } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import type { Scope } from '#server/platform/http/index.ts';

/** Somebody who holds a right somewhere. */
export interface Holder {
  readonly userId: number;
  readonly name: string;
}

/**
 * Enabled users with a permission at a place: in a building when it is named, else in the whole property; in the whole
 * group when neither is. By name.
 */
export async function holdersOf(
  db: Queryable,
  permission: Permission,
  { propertyId, buildingId }: { readonly propertyId?: number | undefined; readonly buildingId?: number | undefined },
): Promise<readonly Holder[]> {
  const rows = await db.query<{ id: number; display_name: string }>(sql`
    select u.id, u.display_name from app_user u
    where not u.disabled and exists (
      select from user_grant g join role r on r.name = g.role
      where g.user_id = u.id and ${permission} = any (r.permissions)
        and (g.scope = 'group' or g.place_id in (${propertyId ?? null}::int, ${buildingId ?? null}::int)))
    order by u.display_name, u.id`);
  return rows.map(({ id, display_name }) => ({ userId: id, name: display_name }));
}

interface ScopeRow {
  readonly id: number;
  readonly everywhere: boolean;
  readonly property_ids: number[];
  readonly building_ids: number[];
}

/** Where each of these users holds a permission now; who may not sign in, as a kiosk's link may not, is not in the map. */
export async function scopesOf(
  db: Queryable,
  permission: Permission,
  userIds: readonly number[],
): Promise<ReadonlyMap<number, Scope>> {
  const rows = await db.query<ScopeRow>(sql`
    select u.id, coalesce(bool_or(g.scope = 'group'), false) as everywhere,
      coalesce(array_agg(g.place_id) filter (where g.scope = 'property'), '{}') as property_ids,
      coalesce(array_agg(g.place_id) filter (where g.scope = 'building'), '{}') as building_ids
    from app_user u left join (
      select g.user_id, g.scope, g.place_id from user_grant g join role r on r.name = g.role
      where ${permission} = any (r.permissions)) g on g.user_id = u.id
    where u.id = any(${[...userIds]}::int[]) and not u.disabled and not u.kiosk
    group by u.id`);
  return new Map(
    rows.map(({ id, everywhere, property_ids, building_ids }) => [
      id,
      { all: everywhere, propertyIds: property_ids, buildingIds: building_ids },
    ]),
  );
}
