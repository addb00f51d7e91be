import type { BodyOf, payOutSale, Sale } from '#contract/index.ts';
import { audit } from '#server/modules/access/index.ts';
import { hashOfInput } from '#server/modules/ledger/index.ts';
import { type Queryable, type Tx, violatedConstraint } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { type Context, keyReused, posterOf, vendOf } from './context.ts';
import { insertPayout, otherWayAgreed, type Payout, selectPayout, selectSettled, setPaidOut } from './payoutStore.ts';
import { paidOutEntries, payableTo, postingOf } from './postings.ts';
import { toSale, type VendRow } from './rows.ts';
import { lockVend } from './store.ts';
import { leftByWay } from './wayBack.ts';

type Body = BodyOf<typeof payOutSale>;

/**
 * Gives back what a cancelled vend left us owing. The same request again is answered with what became of the first. Throws
 * `payout.nothing-owed` where it was paid out, settled with the account, or never owed, `payout.other-method` where it goes
 * back by another way than it came and nobody says why, `payout.needs-two` where more would go back by that way than came by it
 * and nobody else agreed.
 */
export async function payOut(context: Context, actor: Actor, saleId: string, body: Body): Promise<Sale> {
  const inputHash = hashOfInput({ kind: 'payout', saleId, ...body });
  const seen = await vendOf(context, actor, 'vend.refund', saleId);
  if (await paidBefore(context.db, body.payoutId, inputHash)) return toSale(seen);
  return context.db.tx(async (tx) => {
    // Closing and custody settle with the whole account: one of the two waits for the other.
    const account = await context.accounts.lock(tx, seen.account_id);
    const row = await lockVend(tx, saleId);
    if (row === undefined || account === undefined) throw new AppError('not-found', `There is no vend ${saleId}.`);
    if (await paidBefore(tx, body.payoutId, inputHash)) return toSale(row);
    if (context.accounts.runningCase(account.id) !== undefined)
      throw new AppError('vend.replacement-running', 'Something is being done to the account: wait for its end.');
    await checkOwed(context, tx, row);
    if (body.method !== row.method) await checkOtherWay(tx, actor, row, body);
    return toSale(await pay(context, tx, actor, row, { ...body, inputHash }));
  });
}

/** Whether this very request was carried out. Throws where the id belongs to another. */
async function paidBefore(db: Queryable, payoutId: string, inputHash: Buffer): Promise<boolean> {
  const before = await selectPayout(db, payoutId);
  if (before !== undefined && !before.input_hash.equals(inputHash)) throw keyReused();
  return before !== undefined;
}

async function checkOtherWay(tx: Tx, actor: Actor, row: VendRow, { method, reason }: Body): Promise<void> {
  if (reason === undefined)
    throw new AppError('payout.other-method', 'It was paid by another way: say why it goes back by this one.', [
      { field: 'reason', message: 'is required where the way differs' },
    ]);
  const left = await leftByWay(tx, row.account_id, method);
  if (row.owed_minor <= left || (await otherWayAgreed(tx, row.id, actor.userId))) return;
  throw new AppError(
    'payout.needs-two',
    `Only ${left} came by this way: somebody else must agree first (a decision "approve" on this vend), or it goes back by the way it came.`,
    [{ field: 'method', message: row.method === null ? 'it came by no way of its own' : `came by ${row.method}` }],
  );
}

/** A second person agrees that what is owed for a cancelled vend goes back by another way than it came. Throws as `payOut` does. */
export async function agreeToOtherWay(context: Context, tx: Tx, row: VendRow): Promise<VendRow> {
  await checkOwed(context, tx, row);
  return row;
}

async function checkOwed({ ledger }: Context, tx: Tx, row: VendRow): Promise<void> {
  const [now = row] = await withoutSettled(tx, [row]);
  const payable = -(await ledger.balance(tx, row.property_id, payableTo(row.account_id)));
  if (now.owed_minor > 0n && now.paid_out_at === null && payable >= now.owed_minor) return;
  throw new AppError('payout.nothing-owed', 'Nothing is owed for it: it is not cancelled, or was given back already.');
}

async function pay(
  context: Context,
  tx: Tx,
  actor: Actor,
  row: VendRow,
  asked: Body & { readonly inputHash: Buffer },
): Promise<VendRow> {
  const atMs = context.clock.nowMs();
  const { payoutId, method, reason = null } = asked;
  const by = { actor: posterOf(actor), atMs, ...(reason === null ? {} : { reason }) };
  const entries = paidOutEntries(row, method, actor.userId);
  const { txnId } = await context.ledger.post(tx, postingOf(row, 'paidOut', entries, by));
  const payout: Payout = {
    ...{ id: payoutId, vendId: row.id, amountMinor: row.owed_minor, method, reason, atMs, txnId },
    ...{ channelTradeNo: asked.channelTradeNo ?? null, userId: actor.userId, userName: actor.displayName },
    inputHash: asked.inputHash,
  };
  await insertPayout(tx, payout).catch((error: unknown) => {
    throw violatedConstraint(error) === 'vend_payout_pkey' ? keyReused() : error;
  });
  await audit(tx, {
    actor,
    action: 'vend.payout',
    ...{ subjectKind: 'vend', subjectId: row.id, propertyId: row.property_id },
    after: { payoutId, amountMinor: String(row.owed_minor), method, reason },
  });
  return setPaidOut(tx, row, { atMs, method });
}

/** The same rows; those whose money was settled with their account (closing, another custody) owe nothing any more. */
export async function withoutSettled(db: Queryable, rows: readonly VendRow[]): Promise<VendRow[]> {
  const owing = rows.filter(({ owed_minor: owed, paid_out_at: at }) => owed > 0n && at === null);
  const settled = owing.length === 0 ? new Set<string>() : new Set(await selectSettled(db, owing));
  return rows.map((row) => (settled.has(row.id) ? { ...row, owed_minor: 0n } : row));
}
