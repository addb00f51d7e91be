import type { BodyOf, previewSale, ResponseOf, Sale, sell } from '#contract/index.ts';
import { splitPaid } from '#domain/vend/fee.ts';
import { hashOfInput } from '#server/modules/ledger/index.ts';
import { sqlStateOf } from '#server/platform/db/index.ts';
import { type Actor, AppError } from '#server/platform/http/index.ts';
import { firstAnswer } from './begin.ts';
import { businessDay, type Context, keyReused, minor, periodOf, type Subject, subjectOf } from './context.ts';
import { paidEntries } from './postings.ts';
import {
  accountRefusal,
  hoarding,
  planFor,
  planRefusal,
  type Refusal,
  roomOf,
  saleRefusals,
  toError,
} from './refusals.ts';
import { toSale } from './rows.ts';
import { type NewSale, rowOfSale } from './saleStore.ts';
import { sumUnderWay } from './store.ts';

/** What the meter or wallet holds, as far as it is known without asking a meter. */
function balanceOf(context: Context, { account, profile }: Subject): bigint | undefined {
  return account.custody === 'platform'
    ? context.accounts.walletMinor(account.id)
    : context.lastBalanceOf(profile.meter.id);
}

/** What a sale would bring. Asks no meter: it is read when the sale is delivered. */
export async function preview(
  context: Context,
  actor: Actor,
  body: BodyOf<typeof previewSale>,
): Promise<ResponseOf<typeof previewSale>> {
  const subject = subjectOf(context, actor, 'vend.sell', body.meterId);
  const { account, policy, profile } = subject;
  const paidMinor = minor(body.paidMinor);
  const { feeMinor, netMinor } = splitPaid(paidMinor, policy.serviceFeePpm);
  const balanceMinor = balanceOf(context, subject);
  const underWay = account.custody === 'platform' ? undefined : await sumUnderWay(context.db, profile.meter.id);
  const underWayMinor = underWay?.plus ?? 0n;
  const refusals = allRefusals(context, subject, { paidMinor, netMinor }, { balanceMinor, underWayMinor });
  return {
    paidMinor: body.paidMinor,
    feeMinor: String(feeMinor),
    netMinor: String(netMinor),
    custody: account.custody,
    underWayMinor: String(underWayMinor),
    ...(balanceMinor === undefined
      ? {}
      : {
          balanceBeforeMinor: String(balanceMinor),
          balanceAfterMinor: String(balanceMinor + underWayMinor + netMinor),
        }),
    refusals: refusals.map(({ code, message, limitMinor }) => ({
      code,
      message,
      ...(limitMinor === undefined ? {} : { limitMinor: String(limitMinor) }),
    })),
  };
}

function allRefusals(
  context: Context,
  subject: Subject,
  sale: { readonly paidMinor: bigint; readonly netMinor: bigint },
  held: { readonly balanceMinor: bigint | undefined; readonly underWayMinor: bigint },
): readonly Refusal[] {
  return [
    accountRefusal(context, subject),
    planRefusal(planFor(context, subject, sale.netMinor)),
    ...saleRefusals(subject, sale, held),
  ].filter((refusal) => refusal !== undefined);
}

/** Takes the money, in one round trip. The same request again is answered with what became of the first. */
export async function sellTo(context: Context, actor: Actor, body: BodyOf<typeof sell>): Promise<Sale> {
  const inputHash = hashOfInput({ kind: 'sale', ...body });
  let sale: NewSale;
  try {
    sale = saleOf(context, actor, body, inputHash);
  } catch (error) {
    return firstAnswer(context, actor, 'vend.sell', { id: body.saleId, inputHash }, error);
  }
  return post(context, actor, sale);
}

/** The sale as it will be stored. Throws where it is refused as things stand. */
function saleOf(context: Context, actor: Actor, body: BodyOf<typeof sell>, inputHash: Buffer): NewSale {
  const subject = subjectOf(context, actor, 'vend.sell', body.meterId);
  const { account, policy } = subject;
  const paidMinor = minor(body.paidMinor);
  const split = splitPaid(paidMinor, policy.serviceFeePpm);
  const plan = planFor(context, subject, split.netMinor);
  // What is on its way into the meter is looked at by the statement that stores the sale.
  const held = { balanceMinor: balanceOf(context, subject), underWayMinor: 0n };
  const [refusal] = allRefusals(context, subject, { paidMinor, ...split }, held);
  if (refusal !== undefined || !plan.ok)
    throw toError(refusal ?? { code: 'vend.meter-cannot', message: 'The meter cannot be sold to.' }, 'paidMinor');
  const atMs = context.clock.nowMs();
  const day = businessDay(context, account.propertyId, atMs);
  const sale: NewSale = {
    ...commonOf(subject, actor),
    ...split,
    ...{ id: body.saleId, kind: 'sale', path: plan.path, fence: plan.fence, paidMinor, feePpm: policy.serviceFeePpm },
    ...{ method: body.method, channelTradeNo: body.channelTradeNo ?? null, reason: null, originalId: null },
    ...{ batchId: null, moveId: null, paidTxn: null, state: 'QUEUED', ip: actor.ip },
    ...{
      inputHash,
      atMs,
      day,
      period: periodOf(day),
      roomMinor: roomOf(account, held.balanceMinor) ?? null,
      entries: [],
    },
  };
  return { ...sale, entries: paidEntries(postedOf(sale)) };
}

/** What every vend copies from its subject and from who asks for it. */
export function commonOf({ account, epoch, profile }: Subject, actor: Pick<Actor, 'userId' | 'displayName'>) {
  return {
    propertyId: account.propertyId,
    buildingId: profile.buildingId,
    accountId: account.id,
    meterId: profile.meter.id,
    meterNumber: profile.meter.meterNumber,
    customerName: account.customerName,
    custody: account.custody,
    epoch,
    userId: actor.userId,
    userName: actor.displayName,
  };
}

function postedOf(sale: NewSale) {
  return {
    id: sale.id,
    kind: sale.kind,
    custody: sale.custody,
    property_id: sale.propertyId,
    account_id: sale.accountId,
    meter_id: sale.meterId,
    paid_minor: sale.paidMinor,
    fee_minor: sale.feeMinor,
    net_minor: sale.netMinor,
    method: sale.method,
    user_id: sale.userId,
    move_id: null,
  };
}

async function post(context: Context, actor: Actor, sale: NewSale): Promise<Sale> {
  const sold = await context.sales.sell(sale).catch((error: unknown) => {
    throw sqlStateOf(error) === 'MW001' ? keyReused() : error;
  });
  if (sold.outcome === 'reused') throw keyReused();
  if (sold.outcome === 'repeated') return firstAnswer(context, actor, 'vend.sell', sale, keyReused());
  if (sold.outcome === 'notOpen')
    throw new AppError('vend.account-not-open', 'The account takes no sales now: it must be open and at rest.');
  if (sold.outcome === 'hoarding') throw await hoardingOf(context, sale);
  // The commit is behind us: nothing is left to be rolled back with.
  const committed = { query: context.db.query, afterCommit: (work: () => void) => work() };
  if (sale.custody === 'platform') context.accounts.walletsChanged(committed, [sale.accountId]);
  context.wake();
  return toSale(rowOfSale(sale, sold));
}

/** Money that is on its way fills the meter: how much may still be sold to it. */
async function hoardingOf({ db }: Context, { meterId, roomMinor }: NewSale): Promise<AppError> {
  const leftMinor = (roomMinor ?? 0n) - (await sumUnderWay(db, meterId)).plus;
  return toError(hoarding(leftMinor), 'paidMinor');
}
