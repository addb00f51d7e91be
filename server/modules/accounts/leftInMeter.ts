import { AppError } from '#server/platform/http/index.ts';
import type { CaseRow } from './caseStore.ts';
import type { AccountsContext } from './context.ts';
import { readsOf } from './epochs.ts';
import { moveIdOf } from './moves.ts';
import { readMeters, type Snapshot, snapshotFacts } from './reads.ts';
import { givesBack } from './rules.ts';
import { advance } from './runner.ts';
import type { AccountView } from './types.ts';

/*
 * A meter may take money in and give none back. Whoever leaves it, or it leaves, is given what its last read says it holds;
 * since the device goes on holding that, two persons stand for it, as for a meter that is dead.
 */

/** Marks the reads of meters that give nothing back. */
export function markLeft(
  context: AccountsContext,
  { custody, propertyId }: Pick<AccountView, 'custody' | 'propertyId'>,
  reads: readonly Snapshot[],
): readonly Snapshot[] {
  if (custody === 'platform') return reads;
  const stays = ({ quality, meterId }: Snapshot) => quality === 'measured' && !givesBack(context, propertyId, meterId);
  return reads.map((read) => (stays(read) ? { ...read, leftInMeter: true } : read));
}

/** Whether two persons must stand for what a meter holds: it could not be read, or the money stays in it. */
export function needsTwoPersons({ quality, leftInMeter, balanceMinor = 0n }: Snapshot): boolean {
  return quality !== 'measured' || (leftInMeter === true && balanceMinor > 0n);
}

/**
 * The reads of a case that waits for its second person, with what is left in meters as they say it now: that is what counts.
 * Throws `meter.not-answering`, `meter.line-stopped`, and `conflict.changed-meanwhile` where one holds more than was asked for.
 */
export async function readLeftAgain(context: AccountsContext, row: CaseRow): Promise<readonly Snapshot[]> {
  const reads = readsOf(row.facts);
  const left = reads.filter(({ leftInMeter }) => leftInMeter === true).map(({ meterId }) => meterId);
  if (row.step === 'payOut' || row.step === 'finalRead' || left.length === 0) return reads;
  const now = await readMeters(context, left, { purse: true, stated: [] }).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, `${error.message} Refused, it can be asked for anew with what the display shows.`);
  });
  return reads.map((read) => {
    const later = now.find(({ meterId }) => meterId === read.meterId);
    if (later === undefined) return read;
    if ((later.balanceMinor ?? 0n) > (read.balanceMinor ?? 0n))
      throw new AppError('conflict.changed-meanwhile', 'A meter holds more than was asked for: refuse, and ask anew.');
    return { ...later, leftInMeter: true };
  });
}

/** Later reads in the place of those before; what was left in a meter stays on record. */
export function withLater(before: readonly Snapshot[], later: readonly Snapshot[]): readonly Snapshot[] {
  return before.map((read) => {
    const now = later.find(({ meterId }) => meterId === read.meterId) ?? read;
    const { balanceMinor } = read;
    return read.leftInMeter === true ? { ...now, leftInMeter: true, balanceMinor } : now;
  });
}

/**
 * Where a meter gave nothing out against all that was known of it, reads what it holds and lets the case wait for a second
 * person. True: it waits.
 */
export async function waitsForKept(
  context: AccountsContext,
  row: CaseRow,
  meterIds: readonly number[],
): Promise<boolean> {
  const progress = await context.db.tx(async (tx) => {
    const moves = [];
    for (const meterId of meterIds) moves.push(await context.neighbours().move(tx, moveIdOf(row.id, meterId)));
    return moves;
  });
  const kept = meterIds.filter((_meterId, index) => progress[index]?.state === 'kept');
  if (kept.length === 0) return false;
  const now = await readMeters(context, kept, { purse: true, stated: [] });
  const reads = readsOf(row.facts).map((read) => {
    const later = now.find(({ meterId }) => meterId === read.meterId);
    return later === undefined ? read : { ...later, leftInMeter: true as const };
  });
  const step = row.step ?? undefined;
  await advance(context, row, { state: 'awaitingApproval', step }, async () => ({ meters: reads.map(snapshotFacts) }));
  return true;
}
