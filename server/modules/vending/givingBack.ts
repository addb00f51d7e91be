import type { BodyOf, makeUp, refund, reverseSale, Sale } from '#contract/index.ts';
import { feeShare } from '#domain/vend/fee.ts';
import { hashOfInput } from '#server/modules/ledger/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { begin, firstAnswer, repeated } from './begin.ts';
import { businessDay, type Context, minor, type Subject, subjectOf, vendOf } from './context.ts';
import { accountRefusal, planFor, planRefusal, type Refusal, saleRefusals, toError } from './refusals.ts';
import { refundedOf } from './reportStore.ts';
import { toSale, type VendRow } from './rows.ts';
import { commonOf } from './selling.ts';
import { type NewVend, netPurchases, selectVend, setReversedBy, sumUnderWay } from './store.ts';
import { secondPersonCause } from './wayBack.ts';

/** Something that changes what a meter or wallet holds, without being a sale. */
export interface Correction {
  readonly id: string;
  readonly kind: 'refund' | 'reversal' | 'makeup';
  readonly netMinor: bigint;
  readonly feeMinor: bigint;
  readonly feePpm: number;
  /** Money that changes hands; 0n for a makeup. */
  readonly paidMinor: bigint;
  readonly method: VendRow['method'];
  readonly reason: string;
  readonly originalId: string | null;
  readonly batchId: string | null;
  readonly inputHash: Buffer;
  /** A second person agreed already (a sheet). */
  readonly approved: boolean;
}

export async function refundFrom(context: Context, actor: Actor, body: BodyOf<typeof refund>): Promise<Sale> {
  const inputHash = hashOfInput({ kind: 'refund', ...body });
  const before = await repeated(context, actor, 'vend.refund', { id: body.refundId, inputHash });
  if (before !== undefined) return toSale(before);
  const subject = subjectOf(context, actor, 'vend.refund', body.meterId);
  const amount = minor(body.amountMinor);
  const sale = body.saleId === undefined ? undefined : await vendOf(context, actor, 'vend.refund', body.saleId);
  if (sale !== undefined) demandSaleOf(subject, sale);
  const back =
    sale !== undefined && subject.policy.refundFee === 'proportionalDown' ? feeShare(amount, feeOf(sale)) : 0n;
  return correct(context, actor, subject, {
    ...{ id: body.refundId, kind: 'refund', inputHash, reason: body.reason, method: body.method },
    ...{ netMinor: -amount, feeMinor: -back, paidMinor: -amount - back, feePpm: sale?.fee_ppm ?? 0 },
    ...{ originalId: body.saleId ?? null, batchId: null, approved: false },
  });
}

const feeOf = (sale: VendRow) => ({ netMinor: sale.net_minor, feeMinor: sale.fee_minor });

function demandSaleOf({ account }: Subject, sale: VendRow): void {
  if (sale.kind === 'sale' && sale.account_id === account.id) return;
  throw new AppError('not-found', 'There is no such sale of this account.', [
    { field: 'saleId', message: 'must be a sale to this account' },
  ]);
}

export async function reverse(
  context: Context,
  actor: Actor,
  saleId: string,
  body: BodyOf<typeof reverseSale>,
): Promise<Sale> {
  const inputHash = hashOfInput({ kind: 'reversal', saleId, ...body });
  const sale = await vendOf(context, actor, 'vend.refund', saleId);
  const before = await repeated(context, actor, 'vend.refund', { id: body.reversalId, inputHash });
  if (before !== undefined) return toSale(before);
  if (sale.kind !== 'sale') throw new AppError('reversal.of-reversal', 'Only a sale can be reversed.');
  const subject = subjectOf(context, actor, 'vend.refund', sale.meter_id);
  if (subject.account.id !== sale.account_id)
    throw new AppError('vend.account-not-open', 'The meter belongs to another account by now.');
  return correct(context, actor, subject, {
    ...{ id: body.reversalId, kind: 'reversal', inputHash, reason: body.reason, method: sale.method },
    ...{ netMinor: -sale.net_minor, feeMinor: -sale.fee_minor, paidMinor: -sale.paid_minor, feePpm: sale.fee_ppm },
    ...{ originalId: sale.id, batchId: null, approved: false },
  });
}

export async function makeup(context: Context, actor: Actor, body: BodyOf<typeof makeUp>): Promise<Sale> {
  const inputHash = hashOfInput({ kind: 'makeup', ...body });
  const before = await repeated(context, actor, 'vend.refund', { id: body.makeupId, inputHash });
  if (before !== undefined) return toSale(before);
  const subject = subjectOf(context, actor, 'vend.refund', body.meterId);
  return correct(context, actor, subject, {
    ...{ id: body.makeupId, kind: 'makeup', inputHash, reason: body.reason, method: null },
    ...{ netMinor: minor(body.amountMinor), feeMinor: 0n, paidMinor: 0n, feePpm: 0 },
    ...{ originalId: null, batchId: null, approved: false },
  });
}

async function correct(context: Context, actor: Actor, subject: Subject, correction: Correction): Promise<Sale> {
  try {
    // No meter is asked for what is refused anyway.
    await checkOriginal(context, context.db, correction, subject);
    const heldMinor = await heldNow(context, subject, correction);
    return toSale(await context.db.tx((tx) => correctIn(context, tx, actor, subject, { ...correction, heldMinor })));
  } catch (error) {
    return firstAnswer(context, actor, 'vend.refund', correction, error);
  }
}

/** A correction that names a sale gives back no more than is left of it. Final only while the account is locked. */
async function checkOriginal(
  context: Context,
  db: Queryable,
  { kind, netMinor, originalId }: Correction,
  { account }: Pick<Subject, 'account'>,
): Promise<void> {
  const sale = originalId === null ? undefined : await selectVend(db, originalId);
  if (sale === undefined) return;
  const reversal = kind === 'reversal';
  if (sale.reversed_by !== null)
    throw new AppError('reversal.already', 'The sale was reversed before: nothing is left of it.');
  if (sale.state !== 'CONFIRMED')
    throw new AppError(
      'vend.not-confirmed',
      reversal ? 'Only a confirmed sale can be reversed: cancel it.' : 'The sale is not confirmed.',
    );
  if (reversal && businessDay(context, sale.property_id, context.clock.nowMs()) !== sale.day)
    throw new AppError('reversal.not-same-day', `The sale is of ${sale.day}: give a refund instead.`);
  // Its postings are mirrored: they would take from where the money lay then.
  if (reversal && sale.custody !== account.custody)
    throw new AppError('reversal.exceeds-balance', 'The balance is kept elsewhere since then: give a refund instead.');
  const left = sale.net_minor - (await refundedOf(db, sale.id));
  if (-netMinor <= left) return;
  if (reversal) throw new AppError('reversal.exceeds-balance', 'Some of the sale was refunded already.');
  throw toError({ code: 'refund.exceeds-purchases', message: `Of this sale ${left} are left.`, limitMinor: left });
}

/** What there is to take from. A meter is asked now; a wallet is asked in the transaction. */
export async function heldNow(
  { lines, lastBalanceOf }: Context,
  { account, profile }: Subject,
  { netMinor }: Pick<Correction, 'netMinor'>,
): Promise<bigint | undefined> {
  if (account.custody === 'platform') return undefined;
  if (netMinor > 0n) return lastBalanceOf(profile.meter.id);
  const outcome = await lines.readPurse(profile.meter.id);
  if (outcome === undefined) throw new AppError('meter.line-stopped', 'The line of the meter is stopped.');
  if (!outcome.ok)
    throw new AppError('meter.not-answering', `The meter does not say what it holds (${outcome.error.message}).`);
  return outcome.purse.balanceMinor;
}

/** In the caller's transaction, with the account locked: what is checked here is still true when it is stored. */
export async function correctIn(
  context: Context,
  tx: Tx,
  actor: Actor,
  subject: Subject,
  correction: Correction & { readonly heldMinor: bigint | undefined },
): Promise<VendRow> {
  const { heldMinor, approved, ...values } = correction;
  const account = await context.accounts.lock(tx, subject.account.id);
  if (account === undefined) throw new AppError('vend.account-not-open', 'The account is closed.');
  const now = { ...subject, account };
  await checkOriginal(context, tx, correction, now);
  const plan = planFor(context, now, correction.netMinor);
  const refusal =
    accountRefusal(context, now) ?? planRefusal(plan) ?? (await amountRefusal(context, tx, now, correction, heldMinor));
  if (refusal !== undefined || !plan.ok)
    throw toError(refusal ?? { code: 'vend.meter-cannot', message: 'Not possible.' });
  const cause = approved ? undefined : await secondPersonCause(tx, now, correction);
  const atMs = context.clock.nowMs();
  const vend: NewVend = {
    ...commonOf(now, actor),
    ...values,
    ...{ path: plan.path, fence: plan.fence, state: cause === undefined ? 'PAID' : 'DRAFT' },
    ...{ moveId: null, paidTxn: null, cause, atMs, day: businessDay(context, account.propertyId, atMs) },
  };
  const row = await begin(context, tx, actor, vend);
  if (correction.kind === 'reversal' && correction.originalId !== null)
    await setReversedBy(tx, correction.originalId, row.id);
  return row;
}

async function amountRefusal(
  context: Context,
  tx: Tx,
  subject: Subject,
  { kind, netMinor }: Correction,
  heldMinor: bigint | undefined,
): Promise<Refusal | undefined> {
  const { account, profile } = subject;
  const underWay = await sumUnderWay(tx, profile.meter.id);
  if (netMinor > 0n) {
    const held = { balanceMinor: heldMinor, underWayMinor: underWay.plus };
    return saleRefusals(subject, { paidMinor: netMinor, netMinor }, held).find(({ code }) => code === 'vend.hoarding');
  }
  const amount = -netMinor;
  const inWallet = () =>
    context.ledger.balance(tx, account.propertyId, { kind: 'wallet', subject: `account:${account.id}` });
  const held = (heldMinor ?? -(await inWallet())) - underWay.minus;
  const reversal = kind === 'reversal';
  if (amount > held)
    return {
      code: reversal ? 'reversal.exceeds-balance' : 'refund.exceeds-balance',
      message: reversal ? `Only ${held} are left: give a refund instead.` : `Only ${held} are there.`,
      limitMinor: held > 0n ? held : 0n,
    };
  if (kind === 'makeup') return undefined;
  const bought = await netPurchases(tx, account.id);
  if (amount <= bought) return undefined;
  return {
    code: reversal ? 'reversal.exceeds-balance' : 'refund.exceeds-purchases',
    message: reversal
      ? `Only ${bought} of what was bought did not go back yet: the rest was given, not paid for.`
      : `Only ${bought} were bought.`,
    limitMinor: bought > 0n ? bought : 0n,
  };
}
