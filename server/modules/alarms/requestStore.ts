import sql from 'sql-template-tag';
import type { AlarmOutcome } from '#contract/index.ts';
import type { Db, Tx } from '#server/platform/db/index.ts';

/** What became of an alarm, without the alarm: that is read anew. */
export type StoredOutcome = Omit<AlarmOutcome, 'alarm'>;

export interface StoredRequest {
  readonly user_id: number;
  readonly input_hash: Buffer;
  readonly outcomes: readonly StoredOutcome[];
}

export async function selectRequest(tx: Tx, id: string): Promise<StoredRequest | undefined> {
  const [row] = await tx.query<StoredRequest>(
    sql`select user_id, input_hash, outcomes from alarm_request where id = ${id}`,
  );
  return row;
}

export async function insertRequest(
  tx: Tx,
  request: { readonly id: string; readonly userId: number; readonly inputHash: Buffer; readonly at: Date },
  outcomes: readonly StoredOutcome[],
): Promise<void> {
  await tx.query(sql`
    insert into alarm_request (id, user_id, input_hash, outcomes, at)
    values (${request.id}, ${request.userId}, ${request.inputHash}, ${JSON.stringify(outcomes)}::jsonb, ${request.at})`);
}

/** Forgets answers that no queue will ask for any more. */
export async function deleteRequests(db: Db, before: Date): Promise<void> {
  await db.query(sql`delete from alarm_request where at < ${before}`);
}
