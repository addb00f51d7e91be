import type { Account, BodyOf, StatedReading, stateCaseRegisters } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { type CaseRow, selectCase } from './caseStore.ts';
import type { AccountsContext } from './context.ts';
import { keyReused } from './customers.ts';
import { answerAccount } from './dto.ts';
import { readsOf } from './epochs.ts';
import { NotYet } from './notYet.ts';
import { storeIn } from './runner.ts';
import { lockIn } from './useCase.ts';
import { demandAccount, invalidField } from './visibility.ts';

/** What somebody read off meters that fell silent after they were emptied; in the facts of the closing as `statement`. */
interface Statement {
  readonly statementId: string;
  readonly userId: number;
  readonly name: string;
  readonly stated: readonly StatedReading[];
  readonly agreed?: boolean;
}

/** One that waits for a second person. */
export function statementOf(row: CaseRow): Statement | undefined {
  const statement = storedIn(row);
  return statement === undefined || statement.agreed === true ? undefined : statement;
}

/** Facts after the second person decided; undefined: refused, and forgotten. */
export function withStatement(statement: Statement | undefined, decision: object) {
  return { registersDecision: decision, statement: statement === undefined ? null : { ...statement, agreed: true } };
}

/** Registers that two persons stand for. A read still outranks them. */
export function agreedRegisters(row: CaseRow): readonly StatedReading[] {
  const statement = storedIn(row);
  return statement?.agreed === true ? statement.stated : [];
}

function storedIn({ facts }: CaseRow): Statement | undefined {
  return (facts['statement'] as Statement | null | undefined) ?? undefined;
}

/**
 * Says the last registers of meters that a closing waits for. Throws `account.wrong-state` where it does not wait for them,
 * `request.invalid` where a meter is not one that was read before, or shows less than it said itself.
 */
export async function stateRegisters(
  context: AccountsContext,
  actor: Actor,
  accountId: number,
  caseId: string,
  { statementId, stated }: BodyOf<typeof stateCaseRegisters>,
): Promise<Account> {
  demandAccount(context, actor, 'account.edit', accountId);
  await context.db.tx(async (tx) => {
    const account = await lockIn(tx, accountId, ['open', 'paused', 'closing', 'closed']);
    const row = await selectCase(tx, caseId);
    if (row?.account_id !== accountId)
      throw new AppError('not-found', `There is no such case of account ${accountId}.`);
    const known = storedIn(row);
    if (known?.statementId === statementId) {
      if (JSON.stringify(known.stated) !== JSON.stringify(sorted(stated))) throw keyReused('statementId');
      return;
    }
    if (row.kind !== 'closing' || row.step !== 'finalRead' || row.state !== 'running')
      throw new AppError('account.wrong-state', 'Only a closing that waits for its last read takes registers.');
    demandPlausible(row, stated);
    const statement = { statementId, userId: actor.userId, name: actor.displayName, stated: sorted(stated) };
    await storeIn(context, tx, row, { state: 'awaitingApproval', facts: { statement } }).catch((error: unknown) => {
      if (!(error instanceof NotYet)) throw error;
      throw new AppError('account.busy', 'The closing has just gone on by itself: look at it again.');
    });
    const subject = { subjectKind: 'account', subjectId: accountId, propertyId: account.propertyId };
    await audit(tx, { actor, action: 'account.closing.registers', ...subject, after: { caseId, stated } });
  });
  return answerAccount(context, accountId);
}

function demandPlausible(row: CaseRow, stated: BodyOf<typeof stateCaseRegisters>['stated']): void {
  const reads = readsOf(row.facts);
  for (const [index, { meterId, energyWh }] of stated.entries()) {
    const read = reads.find((one) => one.meterId === meterId && one.quality === 'measured');
    if (read === undefined)
      throw invalidField(`stated.${index}.meterId`, 'is no meter whose last read this closing awaits');
    if (BigInt(energyWh) < BigInt(read.registers['energyWh'] ?? 0))
      throw invalidField(`stated.${index}.energyWh`, 'is below what the meter said itself when the closing began');
  }
}

/** The fields in one order, as the database gives them back. */
function sorted(stated: BodyOf<typeof stateCaseRegisters>['stated']): readonly StatedReading[] {
  const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
    a.length - b.length || (a < b ? -1 : 1);
  return stated.map((one) => Object.fromEntries(Object.entries(one).toSorted(byName)) as StatedReading);
}
