import type { Account, BodyOf, decideAccountCase } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { type CaseRow, selectCase } from './caseStore.ts';
import { fieldsOf } from './changes.ts';
import { emptyMeters } from './closing.ts';
import { type AccountsContext, noteAccount } from './context.ts';
import { answerAccount } from './dto.ts';
import { storeIn } from './runner.ts';
import { statementOf, withStatement } from './statements.ts';
import { updateAccountRow } from './store.ts';
import type { AccountView } from './types.ts';
import { lockIn } from './useCase.ts';
import { demandAccount } from './visibility.ts';

/**
 * The second person about a dead meter, registers said by hand, or a large pay-out. Refused: registers are forgotten, a replacement does not happen, a closing that has not begun
 * to move money is taken back, and what would have been paid out stays owed.
 */
export async function decide(
  context: AccountsContext,
  actor: Actor,
  accountId: number,
  caseId: string,
  { agree, reason }: BodyOf<typeof decideAccountCase>,
): Promise<Account> {
  demandAccount(context, actor, 'vend.decide', accountId);
  await context.db.tx(async (tx) => {
    const account = await lockIn(tx, accountId, ['open', 'paused', 'closing']);
    const row = await selectCase(tx, caseId);
    if (row?.account_id !== accountId)
      throw new AppError('not-found', `There is no such case of account ${accountId}.`);
    if (row.state !== 'awaitingApproval')
      throw new AppError('account.wrong-state', 'Nothing of this case waits for a second person.');
    const statement = statementOf(row);
    if ((statement?.userId ?? row.user_id) === actor.userId)
      throw new AppError(
        'approval.same-person',
        'Whoever asked for it cannot be the second person: ask somebody else.',
      );
    const decision = { agreed: agree, by: actor.displayName, reason };
    const approved = { userId: actor.userId, name: actor.displayName };
    if (statement !== undefined) {
      await storeIn(context, tx, row, {
        state: 'running',
        facts: withStatement(agree ? statement : undefined, decision),
      });
    } else if (agree) await goOn(context, tx, row, { approved, facts: { decision } });
    else await takeBack(context, tx, account, row, { approved, facts: { decision } });
    const subject = { subjectKind: 'account', subjectId: accountId, propertyId: account.propertyId };
    await audit(tx, { actor, action: `account.${row.kind}.decision`, ...subject, after: { caseId, ...decision } });
    tx.afterCommit(() => context.wake(caseId));
  });
  return answerAccount(context, accountId);
}

interface Decided {
  readonly approved: { readonly userId: number; readonly name: string };
  readonly facts: Readonly<Record<string, unknown>>;
}

async function goOn(context: AccountsContext, tx: Tx, row: CaseRow, decided: Decided): Promise<void> {
  await storeIn(context, tx, row, { state: 'running', ...decided });
  if (row.kind === 'closing' && row.step === 'emptyMeter') await emptyMeters(context, tx, row);
}

async function takeBack(
  context: AccountsContext,
  tx: Tx,
  account: AccountView,
  row: CaseRow,
  decided: Decided,
): Promise<void> {
  if (row.step === 'payOut') {
    await storeIn(context, tx, row, { state: 'running', ...decided, facts: { ...decided.facts, payOut: 'owed' } });
    return;
  }
  await storeIn(context, tx, row, { state: 'refused', ...decided });
  if (row.kind !== 'closing') return;
  await updateAccountRow(tx, account.id, { ...fieldsOf(account), state: 'open' });
  await noteAccount(context, tx, account.id, 'changed');
}
