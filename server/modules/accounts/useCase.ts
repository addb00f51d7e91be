import type { Account, Permission } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import { type Tx, violatedConstraint } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { toView } from './book.ts';
import { contentHash } from './canonical.ts';
import { type CaseRow, type CaseState, hasOpenCase, insertCase, selectCase } from './caseStore.ts';
import { type AccountsContext, nowOf } from './context.ts';
import { keyReused } from './customers.ts';
import { answerAccount } from './dto.ts';
import { NotYet } from './notYet.ts';
import { lockAccountRow, selectAccount, selectEpochs } from './store.ts';
import type { AccountCaseKind, AccountState, AccountView } from './types.ts';
import { demandAccount } from './visibility.ts';

/** A request for a use case, by the key that the screen made. */
export interface CaseRequest {
  readonly id: string;
  /** Name of the key in the body. */
  readonly field: string;
  readonly kind: AccountCaseKind;
  readonly actor: Actor;
  /** What it takes to ask for it; `account.edit` where nothing is said. */
  readonly right?: Permission;
  /** Everything that was asked, the account included. */
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * Does a use case once: a request that was done before is answered with what became of it, one of other content under the
 * same key is refused. `work` stores the case in its transaction and tells the account.
 */
export async function once(
  context: AccountsContext,
  request: CaseRequest,
  work: (inputHash: Buffer) => Promise<number>,
): Promise<Account> {
  const inputHash = contentHash({ kind: request.kind, ...request.input });
  const known = await selectCase(context.db, request.id);
  if (known !== undefined) return answerKnown(context, request, known, inputHash);
  try {
    return await answerAccount(context, await work(inputHash));
  } catch (error) {
    // The same request twice at the same time: the other one was first.
    if (violatedConstraint(error) !== 'account_case_pkey') throw named(error);
    const first = await selectCase(context.db, request.id);
    if (first === undefined) throw error;
    return answerKnown(context, request, first, inputHash);
  }
}

function answerKnown(context: AccountsContext, request: CaseRequest, known: CaseRow, inputHash: Buffer) {
  if (!known.input_hash.equals(inputHash)) throw keyReused(request.field);
  return answerAccount(
    context,
    demandAccount(context, request.actor, request.right ?? 'account.edit', known.account_id).id,
  );
}

export interface CaseStart {
  readonly accountId: number;
  readonly propertyId: number;
  readonly inputHash: Buffer;
  readonly state: CaseState;
  readonly step?: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** The row of a use case and its line in the audit log. */
export async function storeCase(
  context: AccountsContext,
  tx: Tx,
  request: CaseRequest,
  start: CaseStart,
): Promise<CaseRow> {
  const { actor, kind, input } = request;
  const { accountId, propertyId } = start;
  const reason = typeof input['reason'] === 'string' ? input['reason'] : undefined;
  const row = await insertCase(tx, {
    ...{ id: request.id, propertyId, accountId, kind, state: start.state, step: start.step, input, reason },
    ...{ inputHash: start.inputHash, facts: start.facts, at: nowOf(context) },
    userId: actor.userId,
    userName: actor.displayName,
  });
  context.book.noteCase(tx, row);
  await audit(tx, {
    actor,
    action: `account.${kind}`,
    subjectKind: 'account',
    subjectId: accountId,
    propertyId,
    ...(start.before === undefined ? {} : { before: start.before }),
    after: start.after ?? { caseId: request.id, ...input },
  });
  return row;
}

/** Locks the account and returns it as stored. Throws when it is not in one of these states. */
export async function lockIn(tx: Tx, accountId: number, states: readonly AccountState[]): Promise<AccountView> {
  const account = await lockView(tx, accountId);
  if (account === undefined) throw new AppError('not-found', `There is no account ${accountId}.`);
  if (!states.includes(account.state)) {
    throw new AppError(
      'account.wrong-state',
      `The account is ${account.state}: this needs one that is ${states.join(' or ')}.`,
    );
  }
  return account;
}

export async function lockView(tx: Tx, accountId: number): Promise<AccountView | undefined> {
  if (!(await lockAccountRow(tx, accountId))) return undefined;
  const row = await selectAccount(tx, accountId);
  if (row === undefined) return undefined;
  return toView(
    row,
    (await selectEpochs(tx, accountId)).filter((epoch) => epoch.to_at === null),
  );
}

/** Throws `account.busy` while another use case of the account is under way. */
export async function demandIdle(tx: Tx, accountId: number): Promise<void> {
  if (!(await hasOpenCase(tx, accountId))) return;
  throw new AppError('account.busy', 'Something of this account is still under way: wait until it is done.');
}

/** Throws `account.busy` while money is under way to or from these meters. */
export async function demandNoOpenVend(context: AccountsContext, tx: Tx, meterIds: readonly number[]): Promise<void> {
  const open = await context.neighbours().openVends(tx, meterIds);
  const [meterId] = open;
  if (meterId === undefined) return;
  const number = context.estate.meter(meterId)?.meter.meterNumber ?? `#${meterId}`;
  throw new AppError('account.busy', `Money is under way to meter ${number}: wait until it has arrived, or cancel it.`);
}

function named(error: unknown): unknown {
  if (error instanceof NotYet) return new AppError('account.busy', `This cannot be done now: ${error.message}.`);
  switch (violatedConstraint(error)) {
    case 'account_case_one_open_key':
      return new AppError('account.busy', 'Something of this account is still under way: wait until it is done.');
    // Two at the same time want the same next epoch.
    case 'account_meter_pkey':
    case 'account_meter_running_key':
      return new AppError('account.meter-taken', 'One of the meters belongs to another account: close that one first.');
    default:
      return error;
  }
}
