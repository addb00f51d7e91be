import { randomUUID } from 'node:crypto';
import type { BodyOf, decideVendBatch, runVendBatch, VendBatch } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import { hashOfInput } from '#server/modules/ledger/index.ts';
import { type Tx, violatedConstraint } from '#server/platform/db/index.ts';
import { type Actor, AppError, scopeCovers } from '#server/platform/http/index.ts';
import {
  type BatchRow,
  insertBatch,
  lockBatch,
  refuseWaiting,
  type SheetRow,
  selectBatch,
  selectRunningBatches,
  selectSheet,
  setBatchState,
  setOutcome,
  takeTurn,
  withinSavepoint,
} from './batchStore.ts';
import { type Context, keyReused, subjectOfProfile } from './context.ts';
import { type Correction, correctIn, heldNow } from './givingBack.ts';
import { sheetRows } from './sheet.ts';
import { selectVend } from './store.ts';

/** Meters of one sheet that are asked at the same time. */
const ASKED_AT_ONCE = 16;

type Told = Pick<SheetRow, 'outcome' | 'code' | 'message'>;
type Body = BodyOf<typeof runVendBatch>;

/** A sheet: tried out (and taken back), waiting for a second person, or begun. Its rows go on in the background. */
export async function runBatch(context: Context, actor: Actor, body: Body): Promise<VendBatch> {
  if (!scopeCovers(actor.scope('vend.refund'), body.propertyId) || context.estate.place(body.propertyId) === undefined)
    throw new AppError('not-found', `There is no property ${body.propertyId}.`);
  if (body.kind === 'refund' && body.method === undefined)
    throw new AppError('request.invalid', 'Say how the money goes back.', [
      { field: 'method', message: 'is required' },
    ]);
  const { dryRun, ...asked } = body;
  const batch: BatchRow = {
    ...{ id: body.batchId, property_id: body.propertyId, kind: body.kind, reason: body.reason, state: 'running' },
    ...{ method: body.kind === 'refund' ? (body.method ?? null) : null, input_hash: hashOfInput(asked) },
    ...{ user_id: actor.userId, user_name: actor.displayName, decided_by: null },
    decided_name: null,
  };
  const rows = sheetRows(body, randomUUID);
  if (dryRun) return toBatch({ ...batch }, await rehearse(context, batch, rows), 'dry');
  await store(context, actor, batch, rows);
  return getStored(context, batch.id);
}

async function store(context: Context, actor: Actor, batch: BatchRow, rows: readonly SheetRow[]): Promise<void> {
  if (await givenBefore(context, batch)) return;
  const state = needsApproval(context, batch, rows) ? 'awaitingApproval' : 'running';
  try {
    await context.db.tx(async (tx) => {
      await insertBatch(tx, { ...batch, state }, rows, new Date(context.clock.nowMs()));
      const after = { kind: batch.kind, rows: rows.length, state, reason: batch.reason };
      const subject = { subjectKind: 'vendBatch', subjectId: batch.id, propertyId: batch.property_id };
      await audit(tx, { actor, action: 'vend.batch', ...subject, after });
    });
  } catch (error) {
    // Somebody was faster with this id.
    if (violatedConstraint(error) === 'vend_batch_pkey' && (await givenBefore(context, batch))) return;
    throw error;
  }
  if (state === 'running') inBackground(context, { ...batch, state });
}

/** Whether this very sheet is stored. Throws where its id belongs to another. */
async function givenBefore({ db }: Context, batch: BatchRow): Promise<boolean> {
  const before = await selectBatch(db, batch.id);
  if (before !== undefined && !before.input_hash.equals(batch.input_hash)) throw keyReused();
  return before !== undefined;
}

function needsApproval(
  { accounts }: Context,
  { property_id: propertyId }: BatchRow,
  rows: readonly SheetRow[],
): boolean {
  const policy = accounts.policy(propertyId);
  const sum = rows.reduce((total, { amount }) => total + magnitude(amount), 0n);
  return rows.length > policy.batchSecondPersonMeters || sum > policy.refundSecondPersonMinor;
}

function magnitude(amount: string): bigint {
  const minor = BigInt(amount === '' ? 0 : amount);
  return minor < 0n ? -minor : minor;
}

/** The same work in one transaction that is rolled back. */
async function rehearse(context: Context, batch: BatchRow, rows: readonly SheetRow[]): Promise<readonly SheetRow[]> {
  const held = await heldByRows(context, batch, rows);
  const takenBack = new Error('rehearsed');
  const told: SheetRow[] = [];
  try {
    await context.db.tx(async (tx) => {
      told.length = 0;
      for (const row of rows) {
        const said =
          row.outcome === 'refused'
            ? row
            : await outcomeOf(() => withinSavepoint(tx, () => rowIn(context, tx, batch, row, held.get(row.no))));
        told.push({ ...row, ...said });
      }
      throw takenBack;
    });
  } catch (error) {
    if (error !== takenBack) throw error;
  }
  return told;
}

/** Goes through the rows that wait, each in a transaction of its own: what is done stays done. */
async function runRows(context: Context, batch: BatchRow): Promise<void> {
  const waiting = (await selectSheet(context.db, batch.id)).filter(({ outcome }) => outcome === 'waiting');
  for (let from = 0; from < waiting.length; from += ASKED_AT_ONCE) {
    const some = waiting.slice(from, from + ASKED_AT_ONCE);
    const held = await heldByRows(context, batch, some);
    for (const row of some) {
      const said = await outcomeOf(() =>
        context.db.tx(async (tx) => {
          if (!(await takeTurn(tx, batch.id, row.no))) return;
          await rowIn(context, tx, batch, row, held.get(row.no));
          await setOutcome(tx, batch.id, row.no, ACCEPTED);
        }),
      );
      if (said.outcome === 'refused') await setOutcome(context.db, batch.id, row.no, said);
    }
  }
  await setBatchState(context.db, batch.id, 'done');
}

const ACCEPTED: Told = { outcome: 'accepted', code: null, message: null };

/** A refusal is an outcome; anything else ends the run, which is taken up again at the next start. */
async function outcomeOf(work: () => Promise<unknown>): Promise<Told> {
  try {
    await work();
    return ACCEPTED;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { outcome: 'refused', code: error.code, message: error.message };
  }
}

type Held = { readonly minor: bigint | undefined } | { readonly error: AppError };

/** What each row's meter holds, asked a few at a time. */
async function heldByRows(context: Context, batch: BatchRow, rows: readonly SheetRow[]): Promise<Map<number, Held>> {
  const held = new Map<number, Held>();
  const work = rows.filter(({ outcome }) => outcome === 'waiting');
  for (let from = 0; from < work.length; from += ASKED_AT_ONCE) {
    const some = work.slice(from, from + ASKED_AT_ONCE);
    const answers = await Promise.all(some.map((row) => heldByRow(context, batch, row)));
    for (const [index, row] of some.entries()) held.set(row.no, answers[index] ?? { minor: undefined });
  }
  return held;
}

async function heldByRow(context: Context, batch: BatchRow, row: SheetRow): Promise<Held> {
  try {
    return { minor: await heldNow(context, subjectOfRow(context, batch, row), { netMinor: netOf(batch, row) }) };
  } catch (error) {
    if (error instanceof AppError) return { error };
    throw error;
  }
}

const netOf = ({ kind }: BatchRow, { amount }: SheetRow): bigint =>
  kind === 'refund' ? -BigInt(amount) : BigInt(amount);

function subjectOfRow(context: Context, batch: BatchRow, row: SheetRow) {
  const profile = context.estate
    .metersOfProperty(batch.property_id)
    .find(({ meter }) => meter.meterNumber === row.meter_number);
  if (profile === undefined) throw new AppError('not-found', `There is no meter ${row.meter_number} in this property.`);
  return subjectOfProfile(context, profile);
}

async function rowIn(context: Context, tx: Tx, batch: BatchRow, row: SheetRow, held: Held | undefined): Promise<void> {
  // A crash between the vend and the outcome of its row.
  if ((await selectVend(tx, row.vend_id)) !== undefined) return;
  if (held !== undefined && 'error' in held) throw held.error;
  const net = netOf(batch, row);
  const correction: Correction = {
    ...{ id: row.vend_id, kind: batch.kind, netMinor: net, feeMinor: 0n, feePpm: 0, method: batch.method },
    paidMinor: batch.kind === 'refund' ? net : 0n,
    ...{ reason: row.reason ?? batch.reason, originalId: null, batchId: batch.id, approved: batch.decided_by !== null },
    inputHash: hashOfInput({ batch: batch.id, no: row.no }),
  };
  const subject = subjectOfRow(context, batch, row);
  await correctIn(context, tx, actorOf(batch), subject, { ...correction, heldMinor: held?.minor });
}

/** Rows are done in the name of whoever gave the sheet, also after a restart. */
function actorOf({ user_id: userId, user_name: name, property_id: propertyId }: BatchRow): Actor {
  const scope = { all: false, propertyIds: [propertyId], buildingIds: [] };
  return { userId, user: name, displayName: name, sessionId: '', ip: '', scope: () => scope };
}

function inBackground(context: Context, batch: BatchRow): void {
  context.background(`sheet ${batch.id}`, () => runRows(context, batch));
}

/** Takes up sheets that a former start left. */
export async function resumeBatches(context: Context): Promise<void> {
  for (const batch of await selectRunningBatches(context.db)) inBackground(context, batch);
}

/** A second person's word on a large sheet. */
export async function decideBatch(
  context: Context,
  actor: Actor,
  id: string,
  { outcome, reason }: BodyOf<typeof decideVendBatch>,
): Promise<VendBatch> {
  await visibleBatch(context, actor, 'vend.decide', id);
  const state = outcome === 'approve' ? 'running' : 'declined';
  const batch = await context.db.tx(async (tx) => {
    const row = await lockBatch(tx, id);
    if (row?.state !== 'awaitingApproval') throw new AppError('vend.not-open', 'The sheet waits for nobody.');
    if (outcome === 'approve' && row.user_id === actor.userId)
      throw new AppError(
        'vend.needs-other-person',
        'Somebody else must agree: nobody checks what they did themselves.',
      );
    const decided = row.user_id === actor.userId ? undefined : { userId: actor.userId, name: actor.displayName };
    await setBatchState(tx, id, state, decided);
    const subject = { subjectKind: 'vendBatch', subjectId: id, propertyId: row.property_id };
    await audit(tx, { actor, action: `vend.batch-${outcome}`, ...subject, after: { reason } });
    return { ...row, state, decided_by: decided?.userId ?? null } as const;
  });
  if (batch.state === 'running') inBackground(context, batch);
  return getStored(context, id);
}

/**
 * Takes back the rows whose turn has not come: they are refused with who stopped them. A row under way ends first, what was made
 * stays made. A sheet that has ended is answered as it is.
 */
export async function stopBatch(context: Context, actor: Actor, id: string): Promise<VendBatch> {
  const { property_id: propertyId } = await visibleBatch(context, actor, 'vend.refund', id);
  const message = `${actor.displayName} stopped the sheet before its turn.`;
  await context.db.tx(async (tx) => {
    // Rows before the sheet, as the rows' own transactions lock them.
    const before = await selectBatch(tx, id);
    if (before === undefined || before.state === 'declined' || before.state === 'done') return;
    const stopped = await refuseWaiting(tx, id, { code: 'vend.sheet-stopped', message });
    const now = await lockBatch(tx, id);
    if (now?.state === 'awaitingApproval') await setBatchState(tx, id, 'done');
    const subject = { subjectKind: 'vendBatch', subjectId: id, propertyId };
    await audit(tx, { actor, action: 'vend.batch-stop', ...subject, after: { rows: stopped } });
  });
  return getStored(context, id);
}

async function visibleBatch(
  context: Context,
  actor: Actor,
  permission: 'account.view' | 'vend.decide' | 'vend.refund',
  id: string,
) {
  const batch = await selectBatch(context.db, id);
  if (batch === undefined || !scopeCovers(actor.scope(permission), batch.property_id))
    throw new AppError('not-found', `There is no sheet ${id}.`);
  return batch;
}

export async function getBatch(context: Context, actor: Actor, id: string): Promise<VendBatch> {
  await visibleBatch(context, actor, 'account.view', id);
  return getStored(context, id);
}

async function getStored(context: Context, id: string): Promise<VendBatch> {
  const batch = await selectBatch(context.db, id);
  if (batch === undefined) throw new AppError('not-found', `There is no sheet ${id}.`);
  return toBatch(batch, await selectSheet(context.db, id), batch.state);
}

function toBatch(batch: BatchRow, rows: readonly SheetRow[], state: VendBatch['state']): VendBatch {
  const accepted = rows.filter(({ outcome }) => outcome === 'accepted');
  return {
    ...{ batchId: batch.id, propertyId: batch.property_id, kind: batch.kind, state },
    rows: rows.map((row) => ({
      ...{ no: row.no, meterNumber: row.meter_number, amountMinor: row.amount, outcome: row.outcome },
      ...(state === 'dry' || row.outcome !== 'accepted' ? {} : { vendId: row.vend_id }),
      ...(row.vend_state === null || row.vend_state === undefined ? {} : { vendState: row.vend_state }),
      ...(row.code === null ? {} : { code: row.code }),
      ...(row.message === null ? {} : { message: row.message }),
    })),
    accepted: accepted.length,
    refused: rows.filter(({ outcome }) => outcome === 'refused').length,
    acceptedMinor: String(accepted.reduce((total, { amount }) => total + BigInt(amount), 0n)),
    ...{ reason: batch.reason, givenBy: batch.user_name, givenById: batch.user_id },
    ...(batch.decided_name === null ? {} : { decidedBy: batch.decided_name }),
  };
}
