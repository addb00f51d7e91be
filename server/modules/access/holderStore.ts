import sql from 'sql-template-tag';
import type { Permission } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';

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
