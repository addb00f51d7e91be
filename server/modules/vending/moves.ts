import { createHash } from 'node:crypto';
import type { MoveProgress } from '#server/modules/accounts/types.ts';
import type { PostingActor, PostingEntry } from '#server/modules/ledger/types.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import { businessDay, type Context, type Subject } from './context.ts';
import { insertMove, type MoveRow, selectMove, updateMove } from './moveStore.ts';
import { inMeter, payableTo, suspenseOf } from './postings.ts';
import { planFor } from './refusals.ts';
import type { VendRow } from './rows.ts';
import { insertVend, type NewVend, selectVend } from './store.ts';
import type { Vending } from './types.ts';

/** How often a meter that gave nothing is asked again, with what it holds then. */
const TRIES_MAX = 5;

type Start = Parameters<Vending['startMove']>[1];

/**
 * How an amount came out of a meter: given and proven by a read; left in it, which its own last read says and two persons agree
 * to; or stated by two persons of a meter that nobody can ask.
 */
type Taken = 'given' | 'left' | 'stated';

/**
 * What a meter holds goes out of it and into another, or back to the customer. Each half is a vend; the second is made in the
 * transaction that proves the first. A meter that gives nothing out keeps what it holds (`kept`): begun again with a stated
 * balance, the same move goes on with that.
 */
export async function startMove(context: Context, tx: Tx, move: Start): Promise<void> {
  const account = await context.accounts.lock(tx, move.accountId);
  if (account === undefined) throw new Error(`there is no account ${move.accountId}`);
  const atMs = context.clock.nowMs();
  const { fromMeterId, toMeterId, actor } = move;
  const begun = await insertMove(tx, {
    ...{ id: move.moveId, propertyId: account.propertyId, accountId: account.id },
    ...{ fromMeterId, toMeterId, actor, atMs },
  });
  const row = begun ?? (await keptBefore(tx, move));
  if (row === undefined) return;
  if (account.custody === 'platform') return finish(context, tx, row, 0n);
  if (move.statedBalanceMinor !== undefined)
    return takenOut(context, tx, row, move.statedBalanceMinor, move.leftInMeter === true ? 'left' : 'stated');
  const subject = await subjectOfMove(context, tx, row, fromMeterId);
  // Nothing is taken out of a meter for one that could not take it in.
  if (toMeterId !== undefined && !planFor(context, await subjectOfMove(context, tx, row, toMeterId), 1n).ok)
    throw new AppError('vend.meter-cannot', 'The new meter cannot take in what the old one holds.');
  if (!planFor(context, subject, -1n).ok) return change(tx, row, { state: 'kept' });
  await sendOut(context, tx, row);
}

async function keptBefore(tx: Tx, { moveId, statedBalanceMinor }: Start): Promise<MoveRow | undefined> {
  const row = statedBalanceMinor === undefined ? undefined : await selectMove(tx, moveId);
  return row?.state === 'kept' ? { ...row, state: 'running' } : undefined;
}

/** How far a move is; undefined where there is none. */
export async function progressOf(tx: Tx, moveId: string): Promise<MoveProgress | undefined> {
  const row = await selectMove(tx, moveId);
  if (row === undefined) return undefined;
  // Nothing has arrived though something was sent: it is owed to the customer.
  const lost = row.state === 'done' && row.amount_minor === 0n && row.in_vend !== null;
  const vend = lost ? await selectVend(tx, row.in_vend ?? '') : undefined;
  return { state: row.state, amountMinor: row.amount_minor ?? undefined, owedMinor: vend?.owed_minor ?? 0n };
}

async function sendOut(context: Context, tx: Tx, row: MoveRow): Promise<void> {
  const id = idOf(row, `out${row.tries}`);
  const subject = await subjectOfMove(context, tx, row, row.from_meter_id);
  await insertVend(tx, halfOf(context, row, subject, { id, kind: 'moveOut', netMinor: 0n }));
  await change(tx, row, { outVend: id, tries: row.tries + 1 });
  tx.afterCommit(context.wake);
}

/** The old meter has given `amount` (or owes it, below zero), or it is counted as if it had. */
async function takenOut(context: Context, tx: Tx, row: MoveRow, amount: bigint, taken: Taken): Promise<void> {
  if (amount === 0n) return finish(context, tx, row, 0n);
  if (amount < 0n) return debtFound(context, tx, row, amount, taken);
  if (taken !== 'given') {
    await post(context, tx, row, taken === 'left' ? 'leftInMeter' : 'stated', [
      { account: inMeter(row.from_meter_id), amountMinor: amount },
      { account: suspenseOf(row.id), amountMinor: -amount },
    ]);
  }
  if (row.to_meter_id === null) {
    await post(context, tx, row, 'paidOut', [
      { account: suspenseOf(row.id), amountMinor: amount },
      { account: payableTo(row.account_id), amountMinor: -amount },
    ]);
    return finish(context, tx, row, amount);
  }
  const id = idOf(row, 'in');
  const subject = await subjectOfMove(context, tx, row, row.to_meter_id);
  await insertVend(tx, halfOf(context, row, subject, { id, kind: 'moveIn', netMinor: amount }));
  await change(tx, row, { inVend: id, amountMinor: amount });
  tx.afterCommit(context.wake);
}

/**
 * What the old meter was owed becomes a debt of the account, and is given to the meter: it must not be owed a second time by
 * whoever gets the meter next. Not where nobody can ask the meter, or where it is taken away.
 */
async function debtFound(context: Context, tx: Tx, row: MoveRow, amount: bigint, taken: Taken): Promise<void> {
  const subject = await subjectOfMove(context, tx, row, row.from_meter_id);
  const gives = taken !== 'stated' && row.to_meter_id === null && planFor(context, subject, -amount).ok;
  await post(context, tx, row, 'debt', [
    { account: { kind: 'receivable', subject: `account:${row.account_id}` }, amountMinor: -amount },
    { account: gives ? suspenseOf(row.id) : inMeter(row.from_meter_id), amountMinor: amount },
  ]);
  if (!gives) return finish(context, tx, row, amount);
  const id = idOf(row, 'debt');
  await insertVend(tx, halfOf(context, row, subject, { id, kind: 'moveIn', netMinor: -amount }));
  await change(tx, row, { inVend: id, amountMinor: amount });
  tx.afterCommit(context.wake);
}

/**
 * The meter does not take what would end its debt. Nobody waits for that: it is cancelled, and once it is proven not to be in
 * the meter, the debt stays there, and the account owes it all the same.
 */
async function debtRefused(context: Context, tx: Tx, row: MoveRow, vend: VendRow): Promise<void> {
  if (vend.state === 'REJECTED') await giveUp(context, tx, vend);
  if (vend.state !== 'CANCELLED') return;
  const { owed_minor: owed } = vend;
  await post(context, tx, row, 'debtStays', [
    { account: payableTo(row.account_id), amountMinor: owed },
    { account: inMeter(row.from_meter_id), amountMinor: -owed },
  ]);
  await finish(context, tx, row, row.amount_minor ?? 0n);
}

/** A half of a move came to a state that others hear of; in the transaction of that step. */
export async function moveTold(context: Context, tx: Tx, vend: VendRow): Promise<void> {
  const row = vend.move_id === null ? undefined : await selectMove(tx, vend.move_id);
  if (row === undefined || row.state === 'done') return;
  if (vend.state === 'QUARANTINED') return change(tx, row, { state: 'quarantined' });
  if (vend.kind === 'moveIn') {
    if (vend.state === 'CONFIRMED') return finish(context, tx, row, row.amount_minor ?? vend.net_minor);
    if ((row.amount_minor ?? 0n) < 0n) return debtRefused(context, tx, row, vend);
    // Its step has made it owed to the customer: nothing of it is under way any more.
    return vend.state === 'CANCELLED' ? finish(context, tx, row, 0n) : undefined;
  }
  if (vend.state === 'CONFIRMED') return takenOut(context, tx, row, -vend.net_minor, 'given');
  // It held less than when it was read: its count is used up, and it is asked anew.
  if (vend.state === 'REJECTED') await giveUp(context, tx, vend);
  if (vend.state !== 'CANCELLED') return;
  if (vend.net_minor === 0n) return takenOut(context, tx, row, BigInt(vend.last_read?.balanceMinor ?? '0'), 'given');
  if (row.tries >= TRIES_MAX) return change(tx, row, { state: 'kept' });
  await sendOut(context, tx, row);
}

/** Cancels a half that the meter refused. Whoever brought the refusal is done with it: any worker may go on at once. */
async function giveUp(context: Context, tx: Tx, vend: VendRow): Promise<void> {
  await context.stepper.step(tx, vend, { event: { kind: 'cancel' }, by: { userId: undefined, name: 'platform' } });
  tx.afterCommit(context.wake);
}

function finish(context: Context, tx: Tx, row: MoveRow, amountMinor: bigint): Promise<void> {
  return change(tx, row, { state: 'done', amountMinor, doneMs: context.clock.nowMs() });
}

type Change = Partial<Parameters<typeof updateMove>[2]>;

async function change(tx: Tx, row: MoveRow, to: Change): Promise<void> {
  const { state, amount_minor: amountMinor, tries, out_vend: outVend, in_vend: inVend } = row;
  await updateMove(tx, row.id, { state, amountMinor, tries, outVend, inVend, doneMs: undefined, ...to });
}

async function post(
  context: Context,
  tx: Tx,
  row: MoveRow,
  step: string,
  entries: readonly PostingEntry[],
): Promise<void> {
  const actor: PostingActor = { userId: row.user_id ?? undefined, name: row.user_name };
  await context.ledger.post(tx, {
    ...{ propertyId: row.property_id, kind: `move.${step}`, key: `${row.id}:${step}`, refKind: 'move', refId: row.id },
    ...{ eventAtMs: context.clock.nowMs(), actor, entries },
  });
}

/** The account's own epoch of the meter, also one that has ended or is only about to begin. */
async function subjectOfMove({ accounts, estate }: Context, tx: Tx, row: MoveRow, meterId: number): Promise<Subject> {
  const profile = estate.meter(meterId);
  const account = accounts.account(row.account_id);
  if (profile === undefined || account === undefined) throw new Error(`move ${row.id} has lost meter ${meterId}`);
  const epochs = await accounts.epochs(tx, account.id);
  const epoch = epochs.findLast((one) => one.meterId === meterId)?.epoch ?? 1;
  return { profile, account, epoch, policy: accounts.policy(account.propertyId) };
}

function halfOf(
  context: Context,
  row: MoveRow,
  subject: Subject,
  half: { readonly id: string; readonly kind: 'moveOut' | 'moveIn'; readonly netMinor: bigint },
): NewVend {
  const plan = planFor(context, subject, half.kind === 'moveIn' ? 1n : -1n);
  const { account, profile, epoch } = subject;
  const atMs = context.clock.nowMs();
  const { path, fence } = plan.ok ? plan : { path: 'writeOnce' as const, fence: 'quiet' as const };
  return {
    ...{ propertyId: account.propertyId, buildingId: profile.buildingId, accountId: account.id, epoch },
    ...{ meterId: profile.meter.id, meterNumber: profile.meter.meterNumber, customerName: account.customerName },
    ...{
      ...half,
      custody: 'meter',
      state: 'QUEUED',
      path,
      fence,
      paidMinor: 0n,
      feeMinor: 0n,
      feePpm: 0,
      method: null,
    },
    ...{ reason: null, originalId: null, batchId: null, moveId: row.id, userId: row.user_id, userName: row.user_name },
    ...{ day: businessDay(context, account.propertyId, atMs), atMs, paidTxn: null, inputHash: sha256(half.id) },
  };
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The same half of the same move has the same id, however often it is begun. */
function idOf({ id }: MoveRow, half: string): string {
  const hex = sha256(`${id} ${half}`).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
