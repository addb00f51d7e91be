import sql from 'sql-template-tag';
import type { Queryable } from '#server/platform/db/index.ts';
import type { VendRow } from './rows.ts';

/** What a wallet held around a vend, minor units. */
export interface WalletAround {
  readonly beforeMinor: bigint;
  readonly afterMinor: bigint;
}

/** By the posting that proved the vend; undefined where its balance is in a meter, or nothing has been posted yet. */
export async function selectWalletAround(db: Queryable, vend: VendRow): Promise<WalletAround | undefined> {
  if (vend.custody !== 'platform' || vend.confirmed_txn === null) return undefined;
  const [row] = await db.query<{ after_minor: bigint; amount_minor: bigint }>(sql`
    select -e.balance_after as after_minor, -e.amount_minor as amount_minor from ledger_entry e
    join ledger_account a on a.id = e.account_id
    where e.txn_id = ${vend.confirmed_txn} and a.kind = 'wallet'`);
  return row && { afterMinor: row.after_minor, beforeMinor: row.after_minor - row.amount_minor };
}
