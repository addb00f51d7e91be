import sql from 'sql-template-tag';
import type { BodyOf, decideVend } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { VendRow } from './rows.ts';

export async function selectDecision(db: Queryable, id: string): Promise<{ readonly input_hash: Buffer } | undefined> {
  const [row] = await db.query<{ input_hash: Buffer }>(sql`select input_hash from vend_decision where id = ${id}`);
  return row;
}

/** What was said, for the state that the vend was in. */
export async function insertDecision(
  tx: Tx,
  said: {
    readonly decision: BodyOf<typeof decideVend>;
    readonly row: VendRow;
    readonly userId: number;
    readonly userName: string;
    readonly at: Date;
    readonly inputHash: Buffer;
  },
): Promise<void> {
  const { decision, row } = said;
  await tx.query(sql`
    insert into vend_decision (id, vend_id, outcome, reason, evidence, user_id, user_name, at, for_state, input_hash)
    values (${decision.decisionId}, ${row.id}, ${decision.outcome}, ${decision.reason}, ${decision.evidence}, ${said.userId},
      ${said.userName}, ${said.at}, ${row.state}, ${said.inputHash})`);
}
