import type { TimerHandle } from '#drivers/core/index.ts';
import type { Tx } from '#server/platform/db/index.ts';
import { AppError } from '#server/platform/http/index.ts';
import { type CaseChange, type CaseRow, selectCase, updateCase } from './caseStore.ts';
import { type AccountsContext, nowOf } from './context.ts';
import { NotYet } from './notYet.ts';
import type { AccountCaseKind, AccountView } from './types.ts';
import { lockView } from './useCase.ts';

/** How long a case that cannot go on rests before it is tried again; the last one for ever. */
const PAUSES_MS = [250, 500, 1_000, 2_000, 5_000, 15_000, 60_000] as const;

/** Does what a case's `step` says, in one transaction of its own, and writes down the next. Throws `NotYet`. */
export type Step = (context: AccountsContext, row: CaseRow) => Promise<void>;

export interface CaseRunner {
  wake(caseId: string): void;
  stop(): Promise<void>;
}

/**
 * Goes on with use cases of several steps. Each step is stored together with what it did, so that after a stop or a kill the
 * next start does the one that was not stored. One at a time per case.
 */
export function createCaseRunner(
  context: AccountsContext,
  stepOf: (kind: AccountCaseKind, step: string) => Step | undefined,
): CaseRunner {
  const working = new Map<string, Promise<void>>();
  const resting = new Map<string, TimerHandle>();
  let stopped = false;

  async function run(caseId: string, tries: number): Promise<void> {
    let failures = tries;
    while (!stopped) {
      const row = await selectCase(context.db, caseId);
      if (row?.state !== 'running' || row.step === null) return;
      const step = stepOf(row.kind, row.step);
      if (step === undefined) throw new Error(`${row.kind} has no step ${row.step}`);
      try {
        await step(context, row);
        failures = 0;
      } catch (error) {
        await noteWaiting(row, error);
        rest(caseId, failures + 1);
        return;
      }
    }
  }
  async function noteWaiting(row: CaseRow, error: unknown): Promise<void> {
    const expected = error instanceof NotYet || error instanceof AppError;
    if (!expected) context.log.warn('a step of an account failed', { caseId: row.id, step: row.step, error });
    const waiting = expected ? error.message : 'something failed here; it is tried again';
    if (row.waiting === waiting) return;
    await store(context, row, { waiting }).catch((failure: unknown) =>
      context.log.warn('a waiting case could not be noted', { caseId: row.id, error: failure }),
    );
  }
  function rest(caseId: string, failures: number): void {
    if (stopped) return;
    const pauseMs = PAUSES_MS[Math.min(failures, PAUSES_MS.length) - 1] ?? PAUSES_MS[0];
    resting.set(
      caseId,
      context.clock.after(pauseMs, () => {
        resting.delete(caseId);
        begin(caseId, failures);
      }),
    );
  }
  function begin(caseId: string, failures: number): void {
    if (stopped || working.has(caseId)) return;
    const work = run(caseId, failures)
      .catch((error: unknown) => {
        context.log.warn('an account could not go on', { caseId, error });
        rest(caseId, failures + 1);
      })
      .finally(() => working.delete(caseId));
    working.set(caseId, work);
  }

  return {
    wake(caseId) {
      resting.get(caseId)?.cancel();
      resting.delete(caseId);
      begin(caseId, 0);
    },
    async stop() {
      stopped = true;
      for (const timer of resting.values()) timer.cancel();
      await Promise.all(working.values());
    },
  };
}

/**
 * One step: `work` and the case's change in one transaction, behind the lock of the account. What `work` returns is added to
 * the facts of the case.
 */
export async function advance(
  context: AccountsContext,
  row: CaseRow,
  change: Partial<CaseChange>,
  work: (tx: Tx, account: AccountView) => Promise<Readonly<Record<string, unknown>> | undefined>,
): Promise<void> {
  context.probe(`${row.kind}/${row.step ?? ''}/before`, row.id);
  await context.db.tx(async (tx) => {
    const account = await lockView(tx, row.account_id);
    if (account === undefined) throw new Error(`account ${row.account_id} is gone`);
    const facts = await work(tx, account);
    await storeIn(context, tx, row, { ...change, facts: { ...change.facts, ...facts } });
  });
  context.probe(`${row.kind}/${row.step ?? ''}/after`, row.id);
}

function store(context: AccountsContext, row: CaseRow, change: Partial<CaseChange>): Promise<CaseRow> {
  return context.db.tx((tx) => storeIn(context, tx, row, change));
}

/** Writes down how far a case is; throws when somebody else went on with it meanwhile. */
export async function storeIn(
  context: AccountsContext,
  tx: Tx,
  row: CaseRow,
  change: Partial<CaseChange>,
): Promise<CaseRow> {
  const stored = await updateCase(tx, row.id, row.version, {
    state: row.state,
    step: row.step ?? undefined,
    facts: {},
    waiting: undefined,
    approved: undefined,
    at: nowOf(context),
    ...change,
  });
  if (stored === undefined) throw new NotYet('somebody else went on with it');
  context.book.noteCase(tx, stored);
  return stored;
}
