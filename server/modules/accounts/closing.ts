import type { Account, BodyOf, closeAccount, PaymentMethod } from '#contract/index.ts';
import type { AccountRef, PostingEntry } from '#server/modules/ledger/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { Actor } from '#server/platform/http/index.ts';
import type { CaseRow } from './caseStore.ts';
import { fieldsOf } from './changes.ts';
import { type AccountsContext, noteAccount, nowOf } from './context.ts';
import { chargeToEnd, finishEpoch, readsOf, whyNotCharged } from './epochs.ts';
import { markLeft, needsTwoPersons, waitsForKept, withLater } from './leftInMeter.ts';
import { beginMove, movedBy } from './moves.ts';
import { NotYet } from './notYet.ts';
import { paymentAccount } from './orders.ts';
import { takesTwoPersons } from './payOut.ts';
import { readMeters, type Snapshot, snapshotFacts } from './reads.ts';
import { givesBack } from './rules.ts';
import { advance, type Step } from './runner.ts';
import { agreedRegisters } from './statements.ts';
import { selectEpochs, updateAccountRow } from './store.ts';
import type { AccountView, EndedCharging } from './types.ts';
import { type CaseRequest, demandNoOpenVend, lockIn, lockView, once, storeCase } from './useCase.ts';
import { demandAccount } from './visibility.ts';

type ClosingBody = BodyOf<typeof closeAccount>;

/**
 * Closes an account. Custody in the meter: emptyMeter → finalRead → settle → charge → payOut; in the platform the read is taken now and
 * it begins with settle. A meter that does not answer, or gives nothing back, and holds money needs a second person first.
 */
export function close(context: AccountsContext, actor: Actor, accountId: number, body: ClosingBody): Promise<Account> {
  const { closingId: id, ...asked } = body;
  const request: CaseRequest = { id, field: 'closingId', kind: 'closing', actor, input: { accountId, ...asked } };
  return once(context, request, async (inputHash) => {
    const leaving = demandAccount(context, actor, 'account.edit', accountId);
    const meterIds = leaving.meters.map(({ meterId }) => meterId);
    const reads = await readForClosing(context, leaving, meterIds, body.stated ?? []);
    context.probe('closing/request/before', id);
    await context.db.tx(async (tx) => {
      const account = await lockIn(tx, accountId, ['open', 'paused']);
      await demandNoOpenVend(context, tx, meterIds);
      await updateAccountRow(tx, accountId, { ...fieldsOf(account), state: 'closing' });
      const waits = account.custody === 'meter' && reads.some(needsTwoPersons);
      const row = await storeCase(context, tx, request, {
        ...{ accountId, propertyId: account.propertyId, inputHash },
        state: waits ? 'awaitingApproval' : 'running',
        step: account.custody === 'meter' ? 'emptyMeter' : 'settle',
        facts: { meters: reads.map(snapshotFacts), stateBefore: account.state },
      });
      if (account.custody === 'meter' && !waits) await emptyMeters(context, tx, row);
      await noteAccount(context, tx, accountId, 'closing');
      tx.afterCommit(() => context.wake(id));
    });
    context.probe('closing/request/after', id);
    return accountId;
  });
}

/** A purse is read when it is emptied; here only where a balance may be stated, or stays in the meter. */
async function readForClosing(
  context: AccountsContext,
  account: AccountView,
  meterIds: readonly number[],
  stated: NonNullable<ClosingBody['stated']>,
): Promise<readonly Snapshot[]> {
  const stays = (meterId: number) => !givesBack(context, account.propertyId, meterId);
  const purse = account.custody === 'meter' && (stated.length > 0 || meterIds.some(stays));
  return markLeft(context, account, await readMeters(context, meterIds, { purse, stated }));
}

/** Starts to take out what the meters hold. Safe to repeat. */
export async function emptyMeters(context: AccountsContext, tx: Tx, row: CaseRow): Promise<void> {
  for (const read of readsOf(row.facts)) await beginMove(context, tx, row, read, undefined);
}

export const CLOSING_STEPS: Readonly<Record<string, Step>> = {
  emptyMeter: async (context, row) => {
    const meterIds = readsOf(row.facts).map(({ meterId }) => meterId);
    if (await waitsForKept(context, row, meterIds)) return;
    await advance(context, row, { step: 'finalRead' }, async (tx) => {
      const moved = await movedBy(context, tx, row, meterIds);
      return { moved: Object.fromEntries([...moved].map(([meterId, { minor }]) => [meterId, minor.toString()])) };
    });
  },
  /** What ran through the meter while it was being emptied belongs to the account, too. */
  finalRead: async (context, row) => {
    const before = readsOf(row.facts);
    const answering = before.filter(({ quality }) => quality === 'measured').map(({ meterId }) => meterId);
    const last = await readMeters(context, answering, { purse: false, stated: agreedRegisters(row) });
    const meters = withLater(before, last);
    await advance(context, row, { step: 'settle' }, async () => ({ meters: meters.map(snapshotFacts) }));
  },
  settle: (context, row) =>
    advance(context, row, { step: 'charge' }, async (tx, account) => {
      for (const read of readsOf(row.facts)) await finishEpoch(context, tx, account, read);
      await noteAccount(context, tx, account.id, 'closing');
      return undefined;
    }),
  /** What a meter held was paid for; only a wallet must be charged up to the end before it is paid out. */
  charge: async (context, row) => {
    const inMeter = context.book.account(row.account_id)?.custody === 'meter';
    // Committed on its own: what is in doubt must be there for people to decide.
    const held = inMeter ? undefined : await context.db.tx((tx) => chargeAll(context, tx, row));
    if (held !== undefined) throw new NotYet(whyNotCharged(held.why));
    await advance(context, row, { step: 'payOut' }, async () => undefined);
  },
  payOut: async (context, row) => {
    const due = await dueTo(context, context.db, row.property_id, row.account_id);
    if (await needsSecondPerson(context, row, due)) {
      await advance(context, row, { state: 'awaitingApproval', step: 'payOut' }, async () => ({
        payOutMinor: due.total.toString(),
      }));
      return;
    }
    await advance(context, row, { state: 'done' }, async (tx, account) => {
      const exact = await dueTo(context, tx, account.propertyId, account.id);
      if (exact.total !== due.total) throw new NotYet('the amount changed meanwhile');
      await postEnd(context, tx, row, account, exact);
      await updateAccountRow(tx, account.id, { ...fieldsOf(account), state: 'closed', closedAt: nowOf(context) });
      await noteAccount(context, tx, account.id, 'closed');
      return { payOutMinor: exact.total.toString() };
    });
  },
};

/** The first meter that cannot be charged to its end now. */
async function chargeAll(context: AccountsContext, tx: Tx, row: CaseRow): Promise<EndedCharging | undefined> {
  await lockView(tx, row.account_id);
  const epochs = await selectEpochs(tx, row.account_id);
  let held: EndedCharging | undefined;
  for (const read of readsOf(row.facts)) {
    const epoch = epochs.findLast(({ meter_id: meterId }) => meterId === read.meterId)?.epoch;
    if (epoch === undefined) continue;
    const ended = await chargeToEnd(context, tx, row.account_id, { meterId: read.meterId, epoch }, read);
    if (!ended.settled) held = ended;
  }
  context.wallets.changed(tx, [row.account_id]);
  return held;
}

interface Due {
  readonly parts: readonly { readonly account: AccountRef; readonly minor: bigint }[];
  /** What is left for the customer; negative: a debt. */
  readonly total: bigint;
}

/** What an account has in the book: wallet, what came out of its meters, deposit, less what it owes. */
async function dueTo({ ledger }: AccountsContext, db: Queryable, propertyId: number, accountId: number): Promise<Due> {
  const parts = [];
  for (const kind of ['wallet', 'refundPayable', 'deposit', 'receivable'] as const) {
    const account = { kind, subject: `account:${accountId}` };
    parts.push({ account, minor: -(await ledger.balance(db, propertyId, account)) });
  }
  return { parts, total: parts.reduce((sum, { minor }) => sum + minor, 0n) };
}

async function needsSecondPerson(context: AccountsContext, row: CaseRow, { total }: Due): Promise<boolean> {
  const rest = total - agreedMinor(row);
  if (rest <= 0n || row.facts['payOut'] === 'owed') return false;
  const { refundMethod } = row.input as { readonly refundMethod: PaymentMethod };
  return takesTwoPersons(context, context.db, row, { method: refundMethod, paidMinor: rest, leftMinor: rest });
}

/** What a second person has let go: the amount that was shown for it, or what meters were said to hold; nothing beyond that. */
function agreedMinor({ approved_by: approvedBy, facts }: CaseRow): bigint {
  if (approvedBy === null) return 0n;
  const { payOutMinor } = facts as { readonly payOutMinor?: string };
  if (payOutMinor !== undefined) return BigInt(payOutMinor);
  const said = readsOf(facts).filter(needsTwoPersons);
  return said.reduce((sum, { balanceMinor = 0n }) => sum + balanceMinor, 0n);
}

/** Everything of the account becomes nothing: paid out, owed (where the second person did not agree), or collected. */
async function postEnd(
  context: AccountsContext,
  tx: Tx,
  row: CaseRow,
  account: AccountView,
  { parts, total }: Due,
): Promise<void> {
  const input = row.input as { readonly refundMethod: PaymentMethod; readonly collectMethod: string };
  const entries: PostingEntry[] = parts
    .filter(({ minor }) => minor !== 0n)
    .map(({ account: from, minor }) => ({ account: from, amountMinor: minor }));
  const to = counterpart(row, account.id, input, total);
  if (total !== 0n) entries.push({ account: to, amountMinor: -total });
  const [first, second] = merged(entries);
  if (first === undefined || second === undefined) return;
  await context.ledger.post(tx, {
    ...{ propertyId: account.propertyId, kind: 'account.closed', key: `${row.id}/closed`, entries: merged(entries) },
    ...{ refKind: 'accountCase', refId: row.id, eventAtMs: context.clock.nowMs() },
    actor: { userId: row.user_id, name: row.user_name },
    reason: row.reason ?? '',
  });
}

function counterpart(
  row: CaseRow,
  accountId: number,
  input: { readonly refundMethod: PaymentMethod; readonly collectMethod: string },
  total: bigint,
): AccountRef {
  const subject = `account:${accountId}`;
  if (total > 0n)
    return row.facts['payOut'] === 'owed'
      ? { kind: 'refundPayable', subject }
      : paymentAccount(input.refundMethod, { userId: row.user_id });
  if (input.collectMethod === 'receivable') return { kind: 'receivable', subject };
  return paymentAccount(input.collectMethod as PaymentMethod, { userId: row.user_id });
}

/** Entries of one account as one; those of nothing fall away. */
function merged(entries: readonly PostingEntry[]): readonly PostingEntry[] {
  const byAccount = Map.groupBy(entries, ({ account }) => `${account.kind}/${account.subject}`);
  return [...byAccount.values()].flatMap((same) => {
    const [first] = same;
    const amountMinor = same.reduce((sum, entry) => sum + entry.amountMinor, 0n);
    return first === undefined || amountMinor === 0n ? [] : [{ ...first, amountMinor }];
  });
}
