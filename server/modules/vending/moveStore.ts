import sql from 'sql-template-tag';
import type { PostingActor } from '#server/modules/ledger/types.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';

export interface MoveRow {
  readonly id: string;
  readonly property_id: number;
  readonly account_id: number;
  readonly from_meter_id: number;
  readonly to_meter_id: number | null;
  /** `kept`: the meter gives nothing out, and no vend of the move is under way. */
  readonly state: 'running' | 'done' | 'quarantined' | 'kept';
  readonly amount_minor: bigint | null;
  readonly tries: number;
  readonly out_vend: string | null;
  readonly in_vend: string | null;
  readonly user_id: number | null;
  readonly user_name: string;
}

export interface NewMove {
  readonly id: string;
  readonly propertyId: number;
  readonly accountId: number;
  readonly fromMeterId: number;
  readonly toMeterId: number | undefined;
  readonly actor: PostingActor;
  readonly atMs: number;
}

/** Undefined where a move of this id has begun before. */
export async function insertMove(tx: Tx, move: NewMove): Promise<MoveRow | undefined> {
  const [row] = await tx.query<MoveRow>(sql`
    insert into vend_move (id, property_id, account_id, from_meter_id, to_meter_id, state, user_id, user_name, at)
    values (${move.id}, ${move.propertyId}, ${move.accountId}, ${move.fromMeterId}, ${move.toMeterId ?? null}, 'running',
      ${move.actor.userId ?? null}, ${move.actor.name}, ${new Date(move.atMs)})
    on conflict (id) do nothing returning *`);
  return row;
}

export async function selectMove(db: Queryable, id: string): Promise<MoveRow | undefined> {
  const [row] = await db.query<MoveRow>(sql`select * from vend_move where id = ${id}`);
  return row;
}

export async function updateMove(
  tx: Tx,
  id: string,
  change: {
    readonly state: MoveRow['state'];
    readonly amountMinor: bigint | null;
    readonly tries: number;
    readonly outVend: string | null;
    readonly inVend: string | null;
    readonly doneMs: number | undefined;
  },
): Promise<void> {
  await tx.query(sql`
    update vend_move set state = ${change.state}, amount_minor = ${change.amountMinor}, tries = ${change.tries},
      out_vend = ${change.outVend}, in_vend = ${change.inVend},
      done_at = ${change.doneMs === undefined ? null : new Date(change.doneMs)}
    where id = ${id}`);
}
