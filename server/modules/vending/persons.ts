import type { BodyOf, decideVend, Sale } from '#contract/index.ts';
import type { VendEvent } from '#domain/vend/types.ts';
import { audit } from '#server/modules/access/index.ts';
import { hashOfInput } from '#server/modules/ledger/index.ts';
import { type Tx, violatedConstraint } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { accept } from './begin.ts';
import { type Context, covers, keyReused, posterOf, vendOf } from './context.ts';
import { insertDecision, selectDecision } from './decisionStore.ts';
import { agreeToOtherWay, withoutSettled } from './payingOut.ts';
import { decidable, toSale, type VendRow } from './rows.ts';
import { lockVend, noteRead, selectProposal, selectVend } from './store.ts';
import { selectWalletAround } from './walletStore.ts';

type Decision = BodyOf<typeof decideVend>;

function notOpen(row: VendRow): AppError {
  return new AppError('vend.not-open', `It is ${row.state}: nothing of this kind can be done to it.`);
}

/** Moves between meters are asked for by the use case of the account and end with it. */
function ofPersons(row: VendRow): void {
  if (row.kind === 'moveOut' || row.kind === 'moveIn') throw notOpen(row);
}

/** Locks the vend, does something a person wants, and leaves an audit row of it. */
async function byPerson(
  context: Context,
  actor: Actor,
  request: { readonly id: string; readonly action: string; readonly reason: string },
  work: (tx: Tx, row: VendRow) => Promise<VendRow>,
): Promise<Sale> {
  return context.db.tx(async (tx) => {
    const row = await lockVend(tx, request.id);
    if (row === undefined) throw new AppError('not-found', `There is no vend ${request.id}.`);
    const after = await work(tx, row);
    await audit(tx, {
      actor,
      action: request.action,
      subjectKind: 'vend',
      subjectId: row.id,
      propertyId: row.property_id,
      before: { state: row.state },
      after: { state: after.state, reason: request.reason },
    });
    tx.afterCommit(context.wake);
    return toSale(after, await selectProposal(tx, after, context.clock.nowMs()));
  });
}

async function event(context: Context, tx: Tx, row: VendRow, actor: Actor, what: VendEvent, reason: string) {
  const input = { event: what, by: posterOf(actor), reason };
  const stepped = await context.stepper.step(tx, row, input);
  if (stepped === undefined) throw whyNot(context, row, what);
  return stepped.row;
}

function whyNot({ clock, limits }: Context, row: VendRow, what: VendEvent): AppError {
  if ('samePerson' in what && what.samePerson) return needsOther();
  const waitMs = (row.last_sent_at?.getTime() ?? 0) + limits.quietMs - clock.nowMs();
  if (what.kind !== 'decide' || waitMs <= 0) return notOpen(row);
  const minutes = Math.ceil(waitMs / 60_000);
  return new AppError('vend.frame-under-way', `A frame of it may still arrive: say it again in ${minutes} min.`);
}

/** Never sent: cancelled at once. Else it is fenced, and ends as whoever used its count decides. */
export async function cancel(context: Context, actor: Actor, id: string, reason: string): Promise<Sale> {
  ofPersons(await vendOf(context, actor, 'vend.sell', id));
  return byPerson(context, actor, { id, action: 'vend.cancel', reason }, (tx, row) =>
    event(context, tx, row, actor, { kind: 'cancel' }, reason),
  );
}

/** What was refused is tried again; what only waits is looked at now. */
export async function retry(context: Context, actor: Actor, id: string, reason: string): Promise<Sale> {
  await vendOf(context, actor, 'vend.sell', id);
  return byPerson(context, actor, { id, action: 'vend.retry', reason }, async (tx, row) => {
    if (row.state === 'REJECTED' || row.state === 'UNKNOWN')
      return event(context, tx, row, actor, { kind: 'retry' }, reason);
    if (row.next_at === null) throw notOpen(row);
    await noteRead(tx, row, { read: null, cause: row.cause, nextMs: context.clock.nowMs() });
    return (await lockVend(tx, id)) ?? row;
  });
}

/** A second person's word on a DRAFT or on another way of paying back, or one of two on how a vend ended. The same word again is answered with what became of it. */
export async function decide(context: Context, actor: Actor, id: string, decision: Decision): Promise<Sale> {
  await vendOf(context, actor, 'vend.decide', id);
  await context.followClock?.();
  const inputHash = hashOfInput({ id, ...decision });
  const before = await saidBefore(context, decision.decisionId, id, inputHash);
  if (before !== undefined) return before;
  const request = { id, action: `vend.${decision.outcome}`, reason: decision.reason };
  try {
    return await byPerson(context, actor, request, async (tx, locked) => {
      const { outcome } = decision;
      const next =
        outcome === 'approve' || outcome === 'decline'
          ? await decideDraft(context, tx, locked, actor, { ...decision, outcome })
          : await decideEnd(context, tx, locked, actor, { ...decision, outcome });
      const at = new Date(context.clock.nowMs());
      const { userId, displayName: userName } = actor;
      await insertDecision(tx, { decision, row: locked, userId, userName, at, inputHash });
      return next;
    });
  } catch (error) {
    // Somebody was faster with this id: what is refused now may be what was agreed to a moment ago.
    if (!(error instanceof AppError) && violatedConstraint(error) !== 'vend_decision_pkey') throw error;
    const first = await saidBefore(context, decision.decisionId, id, inputHash);
    if (first === undefined) throw error;
    return first;
  }
}

/** The vend as it stands where this very word was said about it. Throws where the id belongs to another one. */
async function saidBefore({ db, clock }: Context, decisionId: string, id: string, inputHash: Buffer) {
  const before = await selectDecision(db, decisionId);
  if (before === undefined) return undefined;
  if (!before.input_hash.equals(inputHash)) throw keyReused();
  const row = await selectVend(db, id);
  return row === undefined ? undefined : toSale(row, await selectProposal(db, row, clock.nowMs()));
}

async function decideDraft(
  context: Context,
  tx: Tx,
  row: VendRow,
  actor: Actor,
  { outcome, reason }: { readonly outcome: 'approve' | 'decline'; readonly reason: string },
): Promise<VendRow> {
  if (row.state === 'CANCELLED' && row.owed_minor > 0n && outcome === 'approve')
    return agreeToOtherWay(context, tx, row);
  if (row.state !== 'DRAFT') throw notOpen(row);
  if (outcome === 'decline') return event(context, tx, row, actor, { kind: 'decline' }, reason);
  const samePerson = actor.userId === row.user_id;
  const paid = await event(context, tx, row, actor, { kind: 'approve', samePerson }, reason);
  return accept(context, tx, paid, actor);
}

/** The first word is a proposal; the same word of another person, not of who sold, makes it true. */
async function decideEnd(
  context: Context,
  tx: Tx,
  row: VendRow,
  actor: Actor,
  {
    outcome,
    reason,
    evidence,
  }: { readonly outcome: 'confirm' | 'cancel'; readonly reason: string; readonly evidence: string },
): Promise<VendRow> {
  if (!decidable(row)) throw notOpen(row);
  if (evidence.trim().length < 2)
    throw new AppError('vend.evidence-missing', 'Say what was seen and where it is kept.', [
      { field: 'evidence', message: 'must say what was seen' },
    ]);
  const proposal = await selectProposal(tx, row, context.clock.nowMs());
  if (proposal === undefined || proposal.outcome !== outcome) return row;
  const samePerson = actor.userId === proposal.user_id || actor.userId === row.user_id;
  const decided = { kind: 'decide', outcome, atMs: context.clock.nowMs(), samePerson } as const;
  return event(context, tx, row, actor, decided, `${proposal.reason}; ${reason}`);
}

function needsOther(): AppError {
  const message = 'Somebody else must agree: nobody checks what they did themselves.';
  return new AppError('vend.needs-other-person', message);
}

/** The vend as it stands, with what somebody proposed about it. */
export async function get(context: Context, actor: Actor, id: string): Promise<Sale> {
  const row = await vendOf(context, actor, 'account.view', id);
  if (!covers(actor, 'account.view', row)) throw new AppError('not-found', `There is no vend ${id}.`);
  const [now = row] = await withoutSettled(context.db, [row]);
  const proposal = await selectProposal(context.db, row, context.clock.nowMs());
  return toSale(now, proposal, await selectWalletAround(context.db, row));
}
