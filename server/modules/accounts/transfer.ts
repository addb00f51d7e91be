import type { Account, BodyOf, transferAccount } from '#contract/index.ts';
import type { AccountRef, PostingEntry } from '#server/modules/ledger/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { derivedId } from './canonical.ts';
import { fieldsOf } from './changes.ts';
import { type AccountsContext, noteAccount, nowOf, payerOf } from './context.ts';
import { finishEpoch, whyNotCharged } from './epochs.ts';
import { NotYet } from './notYet.ts';
import { beginEpoch } from './opening.ts';
import { paymentAccount } from './orders.ts';
import { takesTwoPersons } from './payOut.ts';
import { readMeters, type Snapshot, snapshotFacts } from './reads.ts';
import { insertAccount, replacePlaces, updateAccountRow } from './store.ts';
import type { AccountView } from './types.ts';
import { type CaseRequest, demandIdle, demandNoOpenVend, lockIn, once, storeCase } from './useCase.ts';
import { demandAccount, demandCustomer, invalidField } from './visibility.ts';

type TransferBody = BodyOf<typeof transferAccount>;

/**
 * Hands the meters over to another customer, at a read and in one transaction: the old account is charged up to it and closed,
 * a new one with the same rules begins there. What a meter holds stays in it.
 */
export function transfer(
  context: AccountsContext,
  actor: Actor,
  accountId: number,
  body: TransferBody,
): Promise<Account> {
  const { transferId: id, ...asked } = body;
  const request: CaseRequest = { id, field: 'transferId', kind: 'transfer', actor, input: { accountId, ...asked } };
  return once(context, request, async (inputHash) => {
    const { propertyId, customerId, meters } = demandAccount(context, actor, 'account.edit', accountId);
    const to = demandCustomer(context, actor, 'account.edit', body.toCustomerId);
    if (to.property_id !== propertyId) throw invalidField('toCustomerId', 'is no customer of this property');
    if (to.id === customerId) throw invalidField('toCustomerId', 'has the account already');
    const meterIds = meters.map(({ meterId }) => meterId);
    const reads = await readMeters(context, meterIds, { purse: false, stated: body.stated ?? [] });
    return context.db.tx((tx) => handOver(context, tx, request, inputHash, accountId, body, reads));
  });
}

async function handOver(
  context: AccountsContext,
  tx: Tx,
  request: CaseRequest,
  inputHash: Buffer,
  accountId: number,
  body: TransferBody,
  reads: readonly Snapshot[],
): Promise<number> {
  const old = await lockIn(tx, accountId, ['open', 'paused']);
  await demandIdle(tx, accountId);
  await demandNoOpenVend(
    context,
    tx,
    reads.map(({ meterId }) => meterId),
  );
  for (const read of reads) {
    const ended = await finishEpoch(context, tx, old, read);
    if (ended?.settled === false) throw new NotYet(whyNotCharged(ended.why));
  }
  const { propertyId } = old;
  const newId = await insertAccount(tx, {
    ...fieldsOf(old),
    ...{ propertyId, customerId: body.toCustomerId, openedAt: nowOf(context) },
  });
  await replacePlaces(tx, newId, old.placeIds);
  const epochs = [];
  for (const read of reads) epochs.push(await beginEpoch(context, tx, newId, read));
  const refundedMinor = String(await moveMoney(context, tx, request, old, newId, body));
  const facts = { fromAccountId: accountId, toAccountId: newId, refundedMinor, meters: reads.map(snapshotFacts) };
  await storeCase(context, tx, request, { accountId: newId, propertyId, inputHash, state: 'done', facts });
  await storeCase(
    context,
    tx,
    { ...request, id: derivedId(request.id, 'from') },
    { accountId, propertyId, inputHash, state: 'done', facts },
  );
  await updateAccountRow(tx, accountId, { ...fieldsOf(old), state: 'closed', closedAt: nowOf(context) });
  await noteAccount(context, tx, accountId, 'closed');
  const account = await noteAccount(context, tx, newId, 'opened');
  for (const epoch of epochs) await context.charging().begin(tx, account, epoch);
  context.wallets.changed(tx, [accountId, newId]);
  return newId;
}

/** Wallet and deposit go along or are paid out; a debt has to be settled first. Answers what was paid out. */
async function moveMoney(
  context: AccountsContext,
  tx: Tx,
  request: CaseRequest,
  { id: accountId, propertyId }: AccountView,
  newId: number,
  body: TransferBody,
): Promise<bigint> {
  const entries: PostingEntry[] = [];
  let refunded = 0n;
  for (const [kind, wish] of [
    ['wallet', body.balance],
    ['deposit', body.deposit],
  ] as const) {
    const from: AccountRef = { kind, subject: `account:${accountId}` };
    const minor = -(await context.ledger.balance(tx, propertyId, from));
    if (minor < 0n) throw new NotYet('the account owes money: collect it first, or close the account');
    if (minor === 0n) continue;
    entries.push({ account: from, amountMinor: minor });
    if (wish === 'carry') entries.push({ account: { kind, subject: `account:${newId}` }, amountMinor: -minor });
    else refunded += minor;
  }
  if (refunded > 0n)
    entries.push({
      account: await payOutBy(context, tx, request, { propertyId, accountId }, body, refunded),
      amountMinor: -refunded,
    });
  if (entries.length === 0) return 0n;
  await context.ledger.post(tx, {
    ...{ propertyId, kind: 'account.transferred', key: `${request.id}/transferred`, entries },
    ...{ refKind: 'accountCase', refId: request.id, eventAtMs: context.clock.nowMs(), actor: payerOf(request.actor) },
    reason: body.reason,
  });
  return refunded;
}

async function payOutBy(
  context: AccountsContext,
  tx: Tx,
  request: CaseRequest,
  { propertyId, accountId }: { readonly propertyId: number; readonly accountId: number },
  { refundMethod: method }: TransferBody,
  minor: bigint,
): Promise<AccountRef> {
  if (method === undefined) throw invalidField('refundMethod', 'must say how what is refunded is paid out');
  const subject = { property_id: propertyId, account_id: accountId };
  if (await takesTwoPersons(context, tx, subject, { method, paidMinor: minor, leftMinor: minor })) {
    throw new AppError(
      'refund.needs-two',
      'So much, or more than was paid by this way, may only be paid out by two persons: carry it over, pay it by the way it came, or close the account, which asks the second one.',
    );
  }
  return paymentAccount(method, request.actor);
}
