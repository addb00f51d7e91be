import sql from 'sql-template-tag';
import type { Tx } from '#server/platform/db/index.ts';
import type { CommandState, GiverRule } from './types.ts';

/** What one meter was told for one window without cuts. */
export interface ToldForWindow {
  readonly times: number;
  readonly lastState: CommandState;
  readonly lastAtMs: number;
  /** Persons ended the protection of this window, and put no other in its place. */
  readonly takenOut: boolean;
}

const RULE: GiverRule = 'noCutWindow';

/** Of meters that were told to be protected until `until` because of its window. */
export async function selectToldForWindow(
  tx: Tx,
  meterIds: readonly number[],
  until: Date,
): Promise<ReadonlyMap<number, ToldForWindow>> {
  const rows = await tx.query<{
    meter_id: number;
    times: number;
    last_state: CommandState;
    last_at: Date;
    taken_out: boolean;
  }>(sql`
    select m.id as meter_id, told.times, told.last_state, told.last_at,
      exists (select from protection p
        where p.meter_id = m.id and p.given_by is null and p.given_name = ${RULE} and p.until_at = ${until}
          and p.ended_by is not null
          and not exists (select from protection n where n.meter_id = p.meter_id and n.from_at >= p.ended_at and n.id <> p.id)
      ) as taken_out
    from unnest(${[...meterIds]}::int[]) as m(id) cross join lateral (
      select count(*)::int as times, (array_agg(c.state order by c.number desc))[1] as last_state,
        max(c.given_at) as last_at
      from command c
      where c.meter_id = m.id and c.rule = ${RULE} and c.command_order ->> 'until' = ${until.toISOString()}) told
    where told.times > 0`);
  return new Map(
    rows.map(({ meter_id, times, last_state, last_at, taken_out }) => [
      meter_id,
      { times, lastState: last_state, lastAtMs: last_at.getTime(), takenOut: taken_out },
    ]),
  );
}
