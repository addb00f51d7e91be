import sql from 'sql-template-tag';
import type { Queryable } from '#server/platform/db/index.ts';
import type { CommandState, CommandWhy } from './types.ts';

export interface BatchMeterRow {
  readonly meter_id: number;
  readonly state: CommandState;
  readonly why: CommandWhy[];
  readonly detail: string | null;
  readonly finished_at: Date | null;
}

/** Every meter of a batch with the state of its command, in the order in which they were given. */
export function selectBatchMeterStates(db: Queryable, batchId: string): Promise<BatchMeterRow[]> {
  return db.query<BatchMeterRow>(sql`
    select c.meter_id, c.state, c.why, c.detail, c.finished_at
    from command_batch b cross join unnest(b.meter_ids) with ordinality as m(id, place)
    join command c on c.batch_id = b.id and c.meter_id = m.id
    where b.id = ${batchId}::uuid order by m.place`);
}
