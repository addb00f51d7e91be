import type { ErrorCode } from '#contract/index.ts';
import { type DeliveryPlan, planDelivery } from '#domain/vend/delivery.ts';
import { AppError } from '#server/platform/http/index.ts';
import type { Context, Subject } from './context.ts';

/** What speaks against something, with the amount that would do where there is one. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly limitMinor?: bigint;
}

export function toError({ code, message, limitMinor }: Refusal, field = 'amountMinor'): AppError {
  const details = limitMinor === undefined ? undefined : [{ field, message: `at most ${limitMinor}` }];
  return new AppError(code, message, details);
}

/** The account as far as it is known here; the database looks again in the transaction itself. */
export function accountRefusal({ accounts }: Context, { account }: Subject): Refusal | undefined {
  if (accounts.runningCase(account.id) !== undefined)
    return { code: 'vend.replacement-running', message: 'Something is being done to the account: wait for its end.' };
  if (account.state === 'open') return undefined;
  return { code: 'vend.account-not-open', message: `The account is ${account.state}: it must be open.` };
}

/** How an amount gets into the subject's meter (always possible for a wallet), or why not. */
export function planFor(context: Context, { account, policy, profile }: Subject, amountMinor: bigint): DeliveryPlan {
  if (account.custody === 'platform') return { ok: true, path: 'wallet', fence: 'quiet' };
  const allowed = policy.unprovenMeters === 'writeOnce';
  return planDelivery(amountMinor, context.capabilitiesOf(profile.meter.id), allowed);
}

export function planRefusal(plan: DeliveryPlan): Refusal | undefined {
  if (plan.ok) return undefined;
  switch (plan.why) {
    case 'unproven':
      return {
        code: 'vend.meter-unproven',
        message: 'The meter is not proven to count purchases: keep its balance here.',
      };
    case 'unreadable':
      return { code: 'vend.meter-cannot', message: 'The meter shows neither balance nor purchases.' };
    case 'noRefund':
      return {
        code: 'refund.not-possible',
        message: 'The meter gives nothing back: refund when the account is closed.',
      };
  }
}

/** Bounds of one sale, and what the meter may hold. */
export function saleRefusals(
  { account, policy }: Subject,
  sale: { readonly paidMinor: bigint; readonly netMinor: bigint },
  held: { readonly balanceMinor: bigint | undefined; readonly underWayMinor: bigint },
): readonly Refusal[] {
  const { saleMinMinor: min, saleMaxMinor: max } = policy;
  const refusals: Refusal[] = [];
  if (sale.paidMinor < min)
    refusals.push({ code: 'vend.amount-out-of-range', message: `The least that can be sold is ${min}.` });
  if (sale.paidMinor > max)
    refusals.push({
      code: 'vend.amount-out-of-range',
      message: `The most that can be sold at once is ${max}.`,
      limitMinor: max,
    });
  // A cent in the meter might be a fence as well.
  if (sale.netMinor <= 1n)
    refusals.push({
      code: 'vend.amount-out-of-range',
      message: 'Nothing is left for the meter after the service fee.',
    });
  const roomMinor = roomOf(account, held.balanceMinor);
  if (roomMinor !== undefined && sale.netMinor > roomMinor - held.underWayMinor)
    refusals.push(hoarding(roomMinor - held.underWayMinor));
  return refusals;
}

/** What a meter may take besides what it holds; undefined where it may hold anything, or nobody knows what it holds. */
export function roomOf(
  { custody, hoardingLimitMinor: limit }: Subject['account'],
  balanceMinor: bigint | undefined,
): bigint | undefined {
  if (limit === undefined || custody === 'platform' || balanceMinor === undefined) return undefined;
  return limit - balanceMinor;
}

/** `leftMinor`: what it could still be sold. */
export function hoarding(leftMinor: bigint): Refusal {
  return {
    code: 'vend.hoarding',
    message: 'The meter would hold more than it may.',
    limitMinor: leftMinor > 0n ? leftMinor : 0n,
  };
}
