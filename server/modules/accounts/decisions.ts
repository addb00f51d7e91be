import type { Account, BodyOf, decideAccountCase } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { type CaseRow, selectCase } from './caseStore.ts';
import { fieldsOf } from './changes.ts';
import { emptyMeters } from './closing.ts';
import { type AccountsContext, noteAccount } from './context.ts';
import { answerAccount } from './dto.ts';
import { readsOf } from './epochs.ts';
import { readLeftAgain } from './leftInMeter.ts';
import { beginMove } from './moves.ts';
import { snapshotFacts } from './reads.ts';
import { demandStillDead } from './replacement.ts';
import { storeIn } from './runner.ts';
import { postSettled } from './settling.ts';
import { statementOf, withStatement } from './statements.ts';
import { updateAccountRow } from './store.ts';
import type { AccountView } from './types.ts';
import { lockIn } from './useCase.ts';
import { demandAccount } from './visibility.ts';

/**
 * The second person about a meter that is dead (and still is) or gives nothing back, registers said by hand, or a large pay-out, also of a closed account. What stays in
 * a meter counts as that meter says it now. Refused: registers are forgotten, a replacement or a change of custody does not
 * happen, a closing that has not begun to move money is taken back, what would have been paid out stays owed, and what a
 * replaced meter would not give stays booked in it.
 */
export async function decide(
  context: AccountsContext,
  actor: Actor,
  accountId: number,
  caseId: string,
  { agree, reason }: BodyOf<typeof decideAccountCase>,
): Promise<Account> {
  demandAccount(context, actor, 'vend.decide', accountId);
  const asked = demandDecidable(actor, accountId, await selectCase(context.db, caseId));
  if (agree) await demandStillDead(context, asked);
  const reads = agree ? await readLeftAgain(context, asked) : [];
  await context.db.tx(async (tx) => {
    const account = await lockIn(tx, accountId, ['open', 'paused', 'closing', 'closed']);
    const row = demandDecidable(actor, accountId, await selectCase(tx, caseId));
    if (row.version !== asked.version)
      throw new AppError('conflict.changed-meanwhile', 'The case went on meanwhile: look at it again.');
    const statement = statementOf(row);
    const decision = { agreed: agree, by: actor.displayName, reason };
    const approved = { userId: actor.userId, name: actor.displayName };
    if (statement !== undefined) {
      await storeIn(context, tx, row, {
        state: 'running',
        facts: withStatement(agree ? statement : undefined, decision),
      });
    } else if (agree && row.kind === 'settlement') {
      await storeIn(context, tx, row, { state: 'done', approved, facts: { decision } });
      await postSettled(context, tx, row, account);
    } else if (agree) await goOn(context, tx, row, { approved, facts: { decision, meters: reads.map(snapshotFacts) } });
    else await takeBack(context, tx, account, row, { approved, facts: { decision } });
    const subject = { subjectKind: 'account', subjectId: accountId, propertyId: account.propertyId };
    await audit(tx, { actor, action: `account.${row.kind}.decision`, ...subject, after: { caseId, ...decision } });
    tx.afterCommit(() => context.wake(caseId));
  });
  return answerAccount(context, accountId);
}

function demandDecidable(actor: Actor, accountId: number, row: CaseRow | undefined): CaseRow {
  if (row?.account_id !== accountId) throw new AppError('not-found', `There is no such case of account ${accountId}.`);
  if (row.state !== 'awaitingApproval')
    throw new AppError('account.wrong-state', 'Nothing of this case waits for a second person.');
  if ((statementOf(row)?.userId ?? row.user_id) !== actor.userId) return row;
  throw new AppError('approval.same-person', 'Whoever asked for it cannot be the second person: ask somebody else.');
}

interface Decided {
  readonly approved: { readonly userId: number; readonly name: string };
  readonly facts: Readonly<Record<string, unknown>>;
}

async function goOn(context: AccountsContext, tx: Tx, row: CaseRow, decided: Decided): Promise<void> {
  const running = await storeIn(context, tx, row, { state: 'running', ...decided });
  if (row.step === 'emptyMeter') await emptyMeters(context, tx, running);
  // The one that was replaced comes first; its move goes on where it stands.
  const [replaced] = readsOf(running.facts);
  if (row.step === 'moveBalance' && replaced !== undefined) await beginMove(context, tx, running, replaced, undefined);
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
  if (row.step === 'moveBalance') {
    await storeIn(context, tx, row, {
      state: 'running',
      ...decided,
      facts: { ...decided.facts, remainder: 'declined' },
    });
    return;
  }
  await storeIn(context, tx, row, { state: 'refused', ...decided });
  if (row.kind !== 'closing') return;
  // An account that rested rests on.
  const state = row.facts['stateBefore'] === 'paused' ? 'paused' : 'open';
  await updateAccountRow(tx, account.id, { ...fieldsOf(account), state });
  await noteAccount(context, tx, account.id, 'changed');
}
