import type { Account, BodyOf, replaceMeter } from '#contract/index.ts';
import { estimateBalance, type LastKnown } from '#domain/account/deadMeter.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import type { CaseRow } from './caseStore.ts';
import { type AccountsContext, noteAccount } from './context.ts';
import { finishEpoch, readsOf } from './epochs.ts';
import { selectLastDelivered } from './lastKnownStore.ts';
import { markLeft, needsTwoPersons, waitsForKept } from './leftInMeter.ts';
import { beginMove, type Moved, movedBy } from './moves.ts';
import { beginEpoch, demandFree, postFound } from './opening.ts';
import { orderSetUp } from './orders.ts';
import { readMeter, type Snapshot, snapshotFacts, statedSnapshot } from './reads.ts';
import { demandPurse, demandTariff } from './rules.ts';
import { advance, type Step } from './runner.ts';
import type { AccountView } from './types.ts';
import { type CaseRequest, demandNoOpenVend, lockIn, once, storeCase } from './useCase.ts';
import { accountCovered, demandAccount, invalidField } from './visibility.ts';

type ReplacementBody = BodyOf<typeof replaceMeter>;

/**
 * Replaces a meter. swap (old epoch ends, new one begins, the balance begins to move) → moveBalance. A meter that is dead, or
 * gives nothing back, is swapped only when a second person agrees to what it is said to have held. What cannot be charged of the old epoch now (a
 * reading in doubt) holds nothing up: settlement goes on with it.
 */
export function replace(
  context: AccountsContext,
  actor: Actor,
  accountId: number,
  body: ReplacementBody,
): Promise<Account> {
  const { replacementId: id, ...asked } = body;
  const request: CaseRequest = {
    id,
    field: 'replacementId',
    kind: 'meterReplacement',
    actor,
    input: { accountId, ...asked },
  };
  return once(context, request, async (inputHash) => {
    const account = demandAccount(context, actor, 'account.edit', accountId);
    demandSwap(context, actor, account, body);
    const old = body.dead === undefined ? await readOld(context, account, body) : await deadOld(context, account, body);
    const fresh = await readNew(context, account, body);
    context.probe('meterReplacement/request/before', id);
    await context.db.tx(async (tx) => {
      const { propertyId, custody } = await lockIn(tx, accountId, ['open', 'paused']);
      if (custody !== account.custody) throw new AppError('conflict.changed-meanwhile', 'The custody changed: repeat.');
      await demandFree(context, tx, [body.newMeterId]);
      await demandNoOpenVend(context, tx, [body.oldMeterId, body.newMeterId]);
      await storeCase(context, tx, request, {
        ...{ accountId, propertyId, inputHash, step: 'swap' },
        state: body.dead === undefined && !needsTwoPersons(old) ? 'running' : 'awaitingApproval',
        facts: { meters: [snapshotFacts(old), snapshotFacts(fresh)] },
      });
      tx.afterCommit(() => context.wake(id));
    });
    context.probe('meterReplacement/request/after', id);
    return accountId;
  });
}

export const REPLACEMENT_STEPS: Readonly<Record<string, Step>> = {
  swap: async (context, row) => {
    const [old, fresh] = bothOf(row);
    await advance(context, row, { step: 'moveBalance' }, async (tx, account) => {
      await demandFree(context, tx, [fresh.meterId]);
      await demandNoOpenVend(context, tx, [old.meterId, fresh.meterId]);
      await swap(context, tx, row, account, old, fresh);
      return undefined;
    });
  },
  moveBalance: async (context, row) => {
    const [old, fresh] = bothOf(row);
    const declined = row.facts['remainder'] === 'declined';
    if (!declined && (await waitsForKept(context, row, [old.meterId]))) return;
    await advance(context, row, { state: 'done' }, async (tx, account) => {
      const inMeter = account.custody === 'meter';
      const moved = inMeter && !declined ? await movedBy(context, tx, row, [old.meterId]) : undefined;
      const version = context.tariffs.versionAt(account.tariffId, context.clock.nowMs());
      await orderSetUp(context, tx, row.id, account, fresh.meterId, version);
      await noteAccount(context, tx, account.id, 'meterReplaced');
      return inMeter ? movedFacts(moved?.get(old.meterId)) : undefined;
    });
  },
};

function movedFacts({ minor, owedMinor }: Moved = { minor: 0n, owedMinor: 0n }): Readonly<Record<string, string>> {
  return { movedMinor: minor.toString(), ...(owedMinor === 0n ? {} : { owedMinor: owedMinor.toString() }) };
}

async function swap(
  context: AccountsContext,
  tx: Tx,
  row: CaseRow,
  account: AccountView,
  old: Snapshot,
  fresh: Snapshot,
): Promise<void> {
  await finishEpoch(context, tx, account, old);
  const epoch = await beginEpoch(context, tx, account.id, fresh);
  if (account.custody === 'meter') {
    await postFound(context, tx, row, account.propertyId, fresh);
    await beginMove(context, tx, row, old, fresh.meterId);
  }
  const after = await noteAccount(context, tx, account.id, 'changed');
  await context.charging().begin(tx, after, epoch);
}

function bothOf(row: CaseRow): readonly [Snapshot, Snapshot] {
  const [old, fresh] = readsOf(row.facts);
  if (old === undefined || fresh === undefined) throw new Error(`replacement ${row.id} has no reads`);
  return [old, fresh];
}

function demandSwap(context: AccountsContext, actor: Actor, account: AccountView, body: ReplacementBody): void {
  const { estate, book } = context;
  if (!account.meters.some(({ meterId }) => meterId === body.oldMeterId))
    throw invalidField('oldMeterId', 'is no meter of this account');
  const fresh = estate.meter(body.newMeterId)?.meter;
  const placeIds = fresh === undefined ? [] : [fresh.placeId];
  const { propertyId } = account;
  const own = fresh?.propertyId === propertyId;
  if (!own || !accountCovered(estate, actor, 'account.edit', { propertyId, placeIds }))
    throw new AppError('not-found', `There is no meter ${body.newMeterId} in the account’s property.`);
  const holder = book.accountOfMeter(body.newMeterId);
  if (holder !== undefined)
    throw new AppError('account.meter-taken', `Meter ${fresh.meterNumber} belongs to account ${holder.id} already.`);
  if (account.custody !== 'meter') return;
  const { version } = demandTariff(context, propertyId, account.tariffId);
  demandPurse(context, propertyId, body.newMeterId, version);
}

async function readOld(context: AccountsContext, account: AccountView, body: ReplacementBody): Promise<Snapshot> {
  try {
    const read = await readMeter(context, body.oldMeterId, account.custody === 'meter');
    return markLeft(context, account, [read])[0] ?? read;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(
      error.code,
      `${error.message} A meter that is dead is replaced with what its display shows (dead).`,
    );
  }
}

function readNew(context: AccountsContext, account: AccountView, body: ReplacementBody): Promise<Snapshot> {
  const { newMeterId, statedNew } = body;
  const inMeter = account.custody === 'meter';
  return readMeter(context, newMeterId, inMeter).catch((error: unknown) => {
    if (statedNew === undefined || !(error instanceof AppError)) throw error;
    // The balance would be written into a meter that nobody can ask.
    if (inMeter) throw error;
    return statedSnapshot(newMeterId, context.clock.nowMs(), statedNew, undefined);
  });
}

/** What two persons say of a meter that is dead; without a balance it is worked out from the last one that was read. */
async function deadOld(context: AccountsContext, account: AccountView, body: ReplacementBody): Promise<Snapshot> {
  const { oldMeterId, dead } = body;
  if (dead === undefined) throw new Error('the meter is not said to be dead');
  await demandDead(context, oldMeterId);
  const stated = statedSnapshot(oldMeterId, context.clock.nowMs(), dead, undefined);
  if (account.custody === 'platform') return stated;
  if (dead.balanceMinor !== undefined) return { ...stated, balanceMinor: BigInt(dead.balanceMinor) };
  const version = context.tariffs.versionAt(account.tariffId, context.clock.nowMs());
  const last = await lastKnown(context, oldMeterId);
  if (version?.body.kind !== 'single' || last === undefined)
    throw invalidField('dead', 'needs balanceMinor: it can be estimated only for a single price and after a read');
  const balanceMinor = estimateBalance(last, BigInt(dead.energyWh), version.body.price);
  if (balanceMinor === undefined)
    throw invalidField('dead.energyWh', 'is below the last register that was read of this meter');
  return { ...stated, balanceMinor, quality: 'estimated' };
}

/** The newer of the last read that was stored and the last amount that was proven to have gone in or out. */
async function lastKnown({ metering, db }: AccountsContext, meterId: number): Promise<LastKnown | undefined> {
  const read = await metering.lastPair(meterId);
  const delivered = await selectLastDelivered(db, meterId);
  if (delivered === undefined || (read !== undefined && read.readAtMs > delivered.atMs)) return read;
  const { balanceMinor, energyWh } = delivered;
  return energyWh === undefined ? undefined : { balanceMinor, energyWh };
}

/** A meter that was dead when its replacement was asked for, and answers now, has used of what it was said to hold. */
export async function demandStillDead(context: AccountsContext, { kind, step, input, facts }: CaseRow): Promise<void> {
  const [old] = readsOf(facts);
  if (kind !== 'meterReplacement' || step !== 'swap' || input['dead'] === undefined || old === undefined) return;
  await demandDead(context, old.meterId);
}

/** Nobody states what a meter can say itself. */
async function demandDead(context: AccountsContext, meterId: number): Promise<void> {
  const answer = await context.lines.readBack(meterId);
  if (answer?.ok !== true) return;
  throw new AppError('account.wrong-state', 'The meter answers: replace it without `dead`, by what it says itself.', [
    { field: 'dead', message: 'is only for a meter that does not answer' },
  ]);
}
