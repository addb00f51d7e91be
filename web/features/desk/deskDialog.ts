import type { Account, AccountMeterDto } from '#contract/accounts.ts';
import type { Sale } from '#contract/vending.ts';

/** What is open above the desk. */
export type DeskDialog =
  | { readonly kind: 'opening' }
  | { readonly kind: 'refund'; readonly account: Account; readonly meter: AccountMeterDto }
  | { readonly kind: 'cancel' | 'retry' | 'reverse'; readonly sale: Sale };
