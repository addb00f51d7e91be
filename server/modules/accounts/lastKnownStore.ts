import sql from 'sql-template-tag';
import type { Queryable } from '#server/platform/db/index.ts';

/** What a meter held when money had last gone into it or out of it. */
export interface LastDelivered {
  readonly atMs: number;
  readonly balanceMinor: bigint;
  /** Register of the same read as the balance; undefined where its purse tells none. */
  readonly energyWh: bigint | undefined;
}

/**
 * Both as they were read before the amount, which was proven afterwards: what was used meanwhile is still to be taken off.
 * Reads the table of vends, which are sold by a module that comes after this one.
 */
export async function selectLastDelivered(db: Queryable, meterId: number): Promise<LastDelivered | undefined> {
  const [row] = await db.query<{ finished_at: Date; balance_minor: bigint; energy_wh: bigint | null }>(sql`
    select finished_at, bound_balance_minor + net_minor as balance_minor, bound_energy_wh as energy_wh from vend
    where meter_id = ${meterId} and custody = 'meter' and state = 'CONFIRMED' and bound_balance_minor is not null
    order by finished_at desc limit 1`);
  if (row === undefined) return undefined;
  return {
    atMs: row.finished_at.getTime(),
    balanceMinor: row.balance_minor,
    energyWh: row.energy_wh ?? undefined,
  };
}
