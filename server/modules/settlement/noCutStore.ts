import sql from 'sql-template-tag';
import type { Queryable } from '#server/platform/db/index.ts';

/** Two registers of a meter, the earliest and the latest since an instant. */
export interface RegisterSpan {
  readonly usedWh: bigint;
  readonly overMs: number;
}

/** What meters used between the first and the last register of each since `since`; those with fewer than two are left out. */
export async function selectRecentUse(
  db: Queryable,
  meterIds: readonly number[],
  since: Date,
): Promise<ReadonlyMap<number, RegisterSpan>> {
  const rows = await db.query<{ meter_id: number; used_wh: bigint; from_at: Date; to_at: Date }>(sql`
    select m.id as meter_id, newest.energy_wh - oldest.energy_wh as used_wh, oldest.instant as from_at,
      newest.instant as to_at
    from unnest(${[...meterIds]}::int[]) as m(id)
    cross join lateral (select instant, energy_wh from register_reading
      where meter_id = m.id and instant >= ${since} and energy_wh is not null order by instant limit 1) oldest
    cross join lateral (select instant, energy_wh from register_reading
      where meter_id = m.id and instant >= ${since} and energy_wh is not null order by instant desc limit 1) newest
    where newest.instant > oldest.instant and newest.energy_wh >= oldest.energy_wh`);
  return new Map(
    rows.map(({ meter_id, used_wh, from_at, to_at }) => [
      meter_id,
      { usedWh: used_wh, overMs: to_at.getTime() - from_at.getTime() },
    ]),
  );
}
