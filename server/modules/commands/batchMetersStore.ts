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
    select meter_id, state, why, detail, finished_at from command where batch_id = ${batchId}::uuid order by number`);
}
