import type { Account, AccountMeterDto } from '#contract/accounts.ts';
import type { Sale } from '#contract/vending.ts';

/** What can be done with one sale. */
export type SaleAction = 'cancel' | 'retry' | 'reverse' | 'decide' | 'payout';

/** What is open above the desk. */
export type DeskDialog =
  | { readonly kind: 'opening' }
  | { readonly kind: 'refund'; readonly account: Account; readonly meter: AccountMeterDto }
  | { readonly kind: SaleAction; readonly sale: Sale };
