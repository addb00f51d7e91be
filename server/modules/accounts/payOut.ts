import type { PaymentMethod } from '#contract/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import type { CaseRow } from './caseStore.ts';
import type { AccountsContext } from './context.ts';

interface PayOut {
  readonly method: PaymentMethod;
  readonly paidMinor: bigint;
  /** All that is left to be paid out: by this the limit goes, so that parts do not pass beneath it. */
  readonly leftMinor: bigint;
}

/** A large amount, or more than came by this way and did not go back by it, is paid out by two persons. */
export async function takesTwoPersons(
  { book, neighbours }: AccountsContext,
  db: Queryable,
  { property_id: propertyId, account_id: accountId }: Pick<CaseRow, 'property_id' | 'account_id'>,
  { method, paidMinor, leftMinor }: PayOut,
): Promise<boolean> {
  if (leftMinor > book.policy(propertyId).refundSecondPersonMinor) return true;
  return paidMinor > (await neighbours().leftByMethod(db, accountId, method));
}
