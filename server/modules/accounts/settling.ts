import type { Account, BodyOf, settleAccount } from '#contract/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { claimOf, owedOf } from './afterEnd.ts';
import type { CaseRow } from './caseStore.ts';
import type { AccountsContext } from './context.ts';
import { paymentAccount } from './orders.ts';
import { takesTwoPersons } from './payOut.ts';
import type { AccountView } from './types.ts';
import { type CaseRequest, lockIn, once, storeCase } from './useCase.ts';
import { demandAccount, invalidField } from './visibility.ts';

type SettlementBody = BodyOf<typeof settleAccount>;
type Asked = Pick<SettlementBody, 'way' | 'amountMinor' | 'method'>;

/**
 * Pays out what a closed account is still owed, or collects what it still owes: what a second person did not let go at its
 * closing, and claims. Throws `account.wrong-state` where it is not closed or nothing of the kind is left, `request.invalid`
 * where it is less than was asked for.
 */
export function settle(
  context: AccountsContext,
  actor: Actor,
  accountId: number,
  body: SettlementBody,
): Promise<Account> {
  const { settlementId: id, ...asked } = body;
  const request: CaseRequest = {
    ...{ id, field: 'settlementId', kind: 'settlement', actor, right: 'vend.refund' },
    input: { accountId, ...asked },
  };
  return once(context, request, async (inputHash) => {
    demandAccount(context, actor, 'vend.refund', accountId);
    await context.db.tx(async (tx) => {
      const account = await lockIn(tx, accountId, ['closed']);
      const { propertyId } = account;
      const left = await demandLeft(context, tx, account, asked);
      const paying = { method: asked.method, paidMinor: BigInt(asked.amountMinor), leftMinor: left };
      const subject = { property_id: propertyId, account_id: accountId };
      const waits = asked.way === 'payOut' && (await takesTwoPersons(context, tx, subject, paying));
      const row = await storeCase(context, tx, request, {
        ...{ accountId, propertyId, inputHash, facts: { leftMinor: left.toString() } },
        ...(waits ? { state: 'awaitingApproval', step: 'settle' } : { state: 'done' }),
      });
      if (!waits) await postSettled(context, tx, row, account);
    });
    return accountId;
  });
}

/** Money changes hands; in the transaction of the request, or of the second person. */
export async function postSettled(context: AccountsContext, tx: Tx, row: CaseRow, account: AccountView): Promise<void> {
  const asked = row.input as Asked;
  await demandLeft(context, tx, account, asked);
  const amountMinor = BigInt(asked.amountMinor);
  const drawer = paymentAccount(asked.method, { userId: row.user_id });
  const [to, from] = asked.way === 'payOut' ? [owedOf(account.id), drawer] : [drawer, claimOf(account.id)];
  await context.ledger.post(tx, {
    ...{ propertyId: account.propertyId, kind: 'account.settled', key: `${row.id}/settled` },
    ...{ refKind: 'accountCase', refId: row.id, eventAtMs: context.clock.nowMs() },
    entries: [
      { account: to, amountMinor },
      { account: from, amountMinor: -amountMinor },
    ],
    actor: { userId: row.user_id, name: row.user_name },
    reason: row.reason ?? '',
  });
}

/** All that is left of the kind. */
async function demandLeft(
  { ledger }: AccountsContext,
  tx: Tx,
  { id, propertyId }: AccountView,
  { way, amountMinor }: Asked,
): Promise<bigint> {
  const left =
    way === 'payOut'
      ? -(await ledger.balance(tx, propertyId, owedOf(id)))
      : await ledger.balance(tx, propertyId, claimOf(id));
  if (left <= 0n) {
    const what = way === 'payOut' ? 'This account is owed nothing any more.' : 'This account owes nothing any more.';
    throw new AppError('account.wrong-state', what);
  }
  if (BigInt(amountMinor) > left) throw invalidField('amountMinor', `must be at most ${left}, which is what is left`);
  return left;
}
