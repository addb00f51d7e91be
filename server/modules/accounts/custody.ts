import type { Account, BodyOf, changeCustody } from '#contract/index.ts';
import type { PostingEntry } from '#server/modules/ledger/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import type { CaseRow } from './caseStore.ts';
import { fieldsOf } from './changes.ts';
import { type AccountsContext, noteAccount } from './context.ts';
import { finishEpoch, readsOf, whyNotCharged } from './epochs.ts';
import { markLeft, needsTwoPersons, waitsForKept, withLater } from './leftInMeter.ts';
import { beginMove, movedBy } from './moves.ts';
import { NotYet } from './notYet.ts';
import { beginEpoch, postFound } from './opening.ts';
import { orderSetUp } from './orders.ts';
import { readMeters, type Snapshot, snapshotFacts } from './reads.ts';
import { demandPurse, demandTariff } from './rules.ts';
import { advance, type Step } from './runner.ts';
import { updateAccountRow } from './store.ts';
import type { AccountView, Custody } from './types.ts';
import { type CaseRequest, demandNoOpenVend, lockIn, once, storeCase } from './useCase.ts';
import { demandAccount, invalidField } from './visibility.ts';

type CustodyBody = BodyOf<typeof changeCustody>;

/**
 * Keeps the balance elsewhere. Into the platform: emptyMeter → takeOver, with a second person where a meter gives nothing back. Into the meters: at once, and only with an empty
 * wallet, since money goes into a meter by a sale.
 */
export function moveCustody(
  context: AccountsContext,
  actor: Actor,
  accountId: number,
  body: CustodyBody,
): Promise<Account> {
  const { changeId: id, ...asked } = body;
  const request: CaseRequest = { id, field: 'changeId', kind: 'custodyChange', actor, input: { accountId, ...asked } };
  return once(context, request, async (inputHash) => {
    const account = demandAccount(context, actor, 'account.edit', accountId);
    if (account.custody === body.custody) throw invalidField('custody', `is ${body.custody} already`);
    if (body.custody === 'meter') demandPurses(context, account);
    const meterIds = account.meters.map(({ meterId }) => meterId);
    const reads = await readMeters(context, meterIds, { purse: true, stated: body.stated ?? [] });
    if (reads.some(({ quality }) => quality !== 'measured'))
      throw new AppError('meter.not-answering', 'Custody changes only with meters that answer: try again later.');
    const left = markLeft(context, account, reads);
    context.probe('custodyChange/request/before', id);
    await context.db.tx((tx) => begin(context, tx, request, inputHash, account, left));
    context.probe('custodyChange/request/after', id);
    return accountId;
  });
}

async function begin(
  context: AccountsContext,
  tx: Tx,
  request: CaseRequest,
  inputHash: Buffer,
  { id: accountId, version }: AccountView,
  reads: readonly Snapshot[],
): Promise<void> {
  const account = await lockIn(tx, accountId, ['open', 'paused']);
  if (account.version !== version) throw new AppError('conflict.changed-meanwhile', 'The account changed: repeat.');
  await demandNoOpenVend(
    context,
    tx,
    reads.map(({ meterId }) => meterId),
  );
  const start = { accountId, propertyId: account.propertyId, inputHash, facts: { meters: reads.map(snapshotFacts) } };
  if (account.custody === 'platform') {
    const row = await storeCase(context, tx, request, { ...start, state: 'done' });
    await changeTo(context, tx, row, account, 'meter', reads);
    for (const read of reads) await postFound(context, tx, row, account.propertyId, read);
    return;
  }
  const waits = reads.some(needsTwoPersons);
  const state = waits ? 'awaitingApproval' : 'running';
  const row = await storeCase(context, tx, request, { ...start, state, step: 'emptyMeter' });
  for (const read of waits ? [] : reads) await beginMove(context, tx, row, read, undefined);
  tx.afterCommit(() => context.wake(row.id));
}

export const CUSTODY_STEPS: Readonly<Record<string, Step>> = {
  emptyMeter: async (context, row) => {
    const meterIds = readsOf(row.facts).map(({ meterId }) => meterId);
    if (await waitsForKept(context, row, meterIds)) return;
    await advance(context, row, { step: 'takeOver' }, async (tx) => {
      const moved = await movedBy(context, tx, row, meterIds);
      return { moved: Object.fromEntries([...moved].map(([meterId, { minor }]) => [meterId, minor.toString()])) };
    });
  },
  takeOver: async (context, row) => {
    const before = readsOf(row.facts);
    const meterIds = before.map(({ meterId }) => meterId);
    const reads = await readMeters(context, meterIds, { purse: false, stated: [] });
    await advance(context, row, { state: 'done' }, async (tx, account) => {
      await takeIntoWallet(context, tx, row, account);
      await changeTo(context, tx, row, account, 'platform', reads);
      return { meters: withLater(before, reads).map(snapshotFacts) };
    });
  },
};

async function changeTo(
  context: AccountsContext,
  tx: Tx,
  row: CaseRow,
  account: AccountView,
  custody: Custody,
  reads: readonly Snapshot[],
): Promise<void> {
  for (const read of reads) {
    const ended = await finishEpoch(context, tx, account, read);
    // A wallet must be charged up to now; what a meter held was paid for.
    if (ended?.settled === false && custody === 'meter') throw new NotYet(whyNotCharged(ended.why));
  }
  if (custody === 'meter') await demandEmptyWallet(context, tx, account);
  await updateAccountRow(tx, account.id, { ...fieldsOf(account), custody, deduction: 'realTime' });
  const epochs = [];
  for (const read of reads) epochs.push(await beginEpoch(context, tx, account.id, read));
  const after = await noteAccount(context, tx, account.id, 'custodyChanged');
  const version = context.tariffs.versionAt(account.tariffId, context.clock.nowMs());
  for (const epoch of epochs) {
    await context.charging().begin(tx, after, epoch);
    await orderSetUp(context, tx, row.id, after, epoch.meterId, version);
  }
  context.wallets.changed(tx, [account.id]);
}

/**
 * What came out of the meters goes into the wallet: all that the account is owed (refundPayable; also what a cancelled sale left
 * there, which is not paid out by itself any more), less all that it owes.
 */
async function takeIntoWallet(context: AccountsContext, tx: Tx, row: CaseRow, account: AccountView): Promise<void> {
  const subject = `account:${account.id}`;
  const held = (kind: 'refundPayable' | 'receivable') =>
    context.ledger.balance(tx, account.propertyId, { kind, subject });
  const [credit, debt] = [-(await held('refundPayable')), -(await held('receivable'))];
  const entries: PostingEntry[] = [
    { account: { kind: 'refundPayable', subject }, amountMinor: credit },
    { account: { kind: 'receivable', subject }, amountMinor: debt },
    { account: { kind: 'wallet', subject }, amountMinor: -credit - debt, mayOverdraw: true },
  ];
  const some = entries.filter(({ amountMinor }) => amountMinor !== 0n);
  if (some.length === 0) return;
  await context.ledger.post(tx, {
    ...{ propertyId: account.propertyId, kind: 'account.custody', key: `${row.id}/wallet`, entries: some },
    ...{ refKind: 'accountCase', refId: row.id, eventAtMs: context.clock.nowMs() },
    actor: { userId: row.user_id, name: row.user_name },
  });
}

async function demandEmptyWallet(context: AccountsContext, tx: Tx, account: AccountView): Promise<void> {
  const wallet = { kind: 'wallet', subject: `account:${account.id}` } as const;
  const minor = -(await context.ledger.balance(tx, account.propertyId, wallet));
  if (minor === 0n) return;
  const what = minor > 0n ? 'refund what is in it' : 'collect what it lacks';
  throw new NotYet(`the wallet must be empty first: ${what}, and sell into the meter afterwards`);
}

function demandPurses(context: AccountsContext, account: AccountView): void {
  const { version } = demandTariff(context, account.propertyId, account.tariffId);
  for (const { meterId } of account.meters) demandPurse(context, account.propertyId, meterId, version);
}
