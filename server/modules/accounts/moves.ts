import type { Tx } from '#server/platform/db/index.ts';
import { derivedId } from './canonical.ts';
import type { CaseRow } from './caseStore.ts';
import type { AccountsContext } from './context.ts';
import { NotYet } from './notYet.ts';
import type { Snapshot } from './reads.ts';

/** The name of what a case moves out of a meter: the same again after a restart. */
export const moveIdOf = (caseId: string, meterId: number): string => derivedId(caseId, `move/${meterId}`);

/** Begins to move what a meter holds, into another one or out of it. Where it cannot be read, or gives nothing back, what the snapshot says stands for it. */
export function beginMove(
  context: AccountsContext,
  tx: Tx,
  row: Pick<CaseRow, 'id' | 'account_id' | 'user_id' | 'user_name'>,
  from: Snapshot,
  toMeterId: number | undefined,
): Promise<void> {
  const left = from.leftInMeter === true;
  const stated = from.quality === 'measured' && !left ? undefined : from.balanceMinor;
  return context.neighbours().startMove(tx, {
    moveId: moveIdOf(row.id, from.meterId),
    accountId: row.account_id,
    fromMeterId: from.meterId,
    toMeterId,
    ...(stated === undefined ? {} : { statedBalanceMinor: stated, leftInMeter: left }),
    actor: { userId: row.user_id, name: row.user_name },
  });
}

export interface Moved {
  readonly minor: bigint;
  /** What came out and never arrived, by the word of two persons: owed to the customer. */
  readonly owedMinor: bigint;
}

/** What was moved, by meter, once nothing of it is under way. Throws `NotYet`. */
export async function movedBy(
  context: AccountsContext,
  tx: Tx,
  row: CaseRow,
  meterIds: readonly number[],
): Promise<ReadonlyMap<number, Moved>> {
  const moved = new Map<number, Moved>();
  for (const meterId of meterIds) {
    const number = context.estate.meter(meterId)?.meter.meterNumber ?? `#${meterId}`;
    const move = await context.neighbours().move(tx, moveIdOf(row.id, meterId));
    if (move?.state === 'quarantined') {
      throw new NotYet(`what meter ${number} holds contradicts what is known: two persons must decide its vend`);
    }
    if (move?.state !== 'done') throw new NotYet(`the balance of meter ${number} is being moved`);
    moved.set(meterId, { minor: move.amountMinor ?? 0n, owedMinor: move.owedMinor });
  }
  return moved;
}
