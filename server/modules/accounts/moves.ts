import type { Tx } from '#server/platform/db/index.ts';
import { derivedId } from './canonical.ts';
import type { CaseRow } from './caseStore.ts';
import type { AccountsContext } from './context.ts';
import { NotYet } from './notYet.ts';
import type { Snapshot } from './reads.ts';

/** The name of what a case moves out of a meter: the same again after a restart. */
export const moveIdOf = (caseId: string, meterId: number): string => derivedId(caseId, `move/${meterId}`);

/** Begins to move what a meter holds, into another one or out of it. A stated balance stands for one that cannot be read. */
export function beginMove(
  context: AccountsContext,
  tx: Tx,
  row: Pick<CaseRow, 'id' | 'account_id' | 'user_id' | 'user_name'>,
  from: Snapshot,
  toMeterId: number | undefined,
): Promise<void> {
  const stated = from.quality === 'measured' ? undefined : from.balanceMinor;
  return context.neighbours().startMove(tx, {
    moveId: moveIdOf(row.id, from.meterId),
    accountId: row.account_id,
    fromMeterId: from.meterId,
    toMeterId,
    ...(stated === undefined ? {} : { statedBalanceMinor: stated }),
    actor: { userId: row.user_id, name: row.user_name },
  });
}

/** What was moved, minor units by meter, once all of it has arrived. Throws `NotYet`. */
export async function movedBy(
  context: AccountsContext,
  tx: Tx,
  row: CaseRow,
  meterIds: readonly number[],
): Promise<ReadonlyMap<number, bigint>> {
  const moved = new Map<number, bigint>();
  for (const meterId of meterIds) {
    const number = context.estate.meter(meterId)?.meter.meterNumber ?? `#${meterId}`;
    const move = await context.neighbours().move(tx, moveIdOf(row.id, meterId));
    if (move?.state === 'quarantined') {
      throw new NotYet(`what meter ${number} holds contradicts what is known: two persons must decide its vend`);
    }
    if (move?.state !== 'done') throw new NotYet(`the balance of meter ${number} is being moved`);
    moved.set(meterId, move.amountMinor ?? 0n);
  }
  return moved;
}
