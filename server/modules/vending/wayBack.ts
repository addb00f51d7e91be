import type { getRefundLimits, PaymentMethod, ResponseOf } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import type { Actor } from '#server/platform/http/index.ts';
import { type Context, type Subject, subjectOf } from './context.ts';
import { netPurchases, sumUnderWay } from './store.ts';
import { selectWaySums, type WaySum } from './wayStore.ts';

/*
 * Money goes back by the way it came. More than came by a way, less what went back by it, needs a second person, since nobody
 * can see from a drawer whose money leaves it.
 */

/** Why a second person must agree; told as the cause of the DRAFT. */
export type SecondPersonCause = 'largeAmount' | 'methodExceeded';

/** What may go back by a way without a second person; what cancelled sales are owed is theirs. */
export const leftOf = ({ minor, owedMinor }: WaySum): bigint => (minor > owedMinor ? minor - owedMinor : 0n);

/** What may go back to an account by this way besides what cancelled sales are owed. Final while the account is locked. */
export async function leftByWay(db: Queryable, accountId: number, method: PaymentMethod): Promise<bigint> {
  const sum = (await selectWaySums(db, accountId)).get(method);
  return sum === undefined ? 0n : leftOf(sum);
}

/** Undefined: one person will do. `paidMinor` is negative where money leaves; nothing for a makeup. */
export async function secondPersonCause(
  db: Queryable,
  { account, policy }: Subject,
  asked: { readonly netMinor: bigint; readonly paidMinor: bigint; readonly method: PaymentMethod | null },
): Promise<SecondPersonCause | undefined> {
  const { netMinor, paidMinor, method } = asked;
  const amount = netMinor < 0n ? -netMinor : netMinor;
  if (amount > policy.refundSecondPersonMinor) return 'largeAmount';
  if (method === null || paidMinor >= 0n) return undefined;
  return -paidMinor > (await leftByWay(db, account.id, method)) ? 'methodExceeded' : undefined;
}

/** What may go back of a meter's account, in all and by each way. Asks no meter: a refund reads it. */
export async function refundLimits(
  context: Context,
  actor: Actor,
  meterId: number,
): Promise<ResponseOf<typeof getRefundLimits>> {
  const { account, policy } = subjectOf(context, actor, 'vend.refund', meterId);
  const { db } = context;
  const inWallet = async () =>
    -(await context.ledger.balance(db, account.propertyId, { kind: 'wallet', subject: `account:${account.id}` }));
  const held = account.custody === 'platform' ? await inWallet() : context.lastBalanceOf(meterId);
  const { minus } = await sumUnderWay(db, meterId);
  const ways = [...(await selectWaySums(db, account.id))].map(([method, sum]) => ({ method, left: leftOf(sum) }));
  return {
    methods: ways
      .toSorted((a, b) => Number(b.left - a.left))
      .map(({ method, left }) => ({ method, leftMinor: String(left) })),
    ...(held === undefined ? {} : { heldMinor: String(held - minus) }),
    boughtMinor: String(await netPurchases(db, account.id)),
    secondPersonMinor: String(policy.refundSecondPersonMinor),
  };
}
