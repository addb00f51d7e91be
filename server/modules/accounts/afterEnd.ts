import type { AccountRef, Ledger } from '#server/modules/ledger/index.ts';
import type { Queryable } from '#server/platform/db/index.ts';

export const owedOf = (accountId: number): AccountRef => ({ kind: 'refundPayable', subject: `account:${accountId}` });
export const claimOf = (accountId: number): AccountRef => ({ kind: 'receivable', subject: `account:${accountId}` });

/** What accounts are still owed after their end; negative: what they still owe. Those with nothing are not in it. */
export async function leftAfterEnd(
  ledger: Pick<Ledger, 'balances'>,
  db: Queryable,
  propertyId: number,
  accountIds: readonly number[],
): Promise<ReadonlyMap<number, bigint>> {
  if (accountIds.length === 0) return new Map();
  const subjects = accountIds.map((accountId) => owedOf(accountId).subject);
  const owed = await ledger.balances(db, propertyId, 'refundPayable', subjects);
  const claims = await ledger.balances(db, propertyId, 'receivable', subjects);
  const leftOf = (subject: string) => -(owed.get(subject) ?? 0n) - (claims.get(subject) ?? 0n);
  return new Map(
    accountIds.map((id) => [id, leftOf(owedOf(id).subject)] as const).filter(([, leftMinor]) => leftMinor !== 0n),
  );
}
