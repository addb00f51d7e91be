import type { PaymentMethod } from '#contract/index.ts';
import { FENCE_MINOR } from '#domain/vend/evidence.ts';
import type { AccountRef, Posting, PostingActor, PostingEntry } from '#server/modules/ledger/types.ts';
import type { VendRow } from './rows.ts';

/** What a posting needs to know of a vend; all of it is in its row. */
export type PostedVend = Pick<
  VendRow,
  | 'id'
  | 'kind'
  | 'custody'
  | 'property_id'
  | 'account_id'
  | 'meter_id'
  | 'paid_minor'
  | 'fee_minor'
  | 'net_minor'
  | 'method'
  | 'user_id'
  | 'move_id'
>;

/** Where money of a method lies: each cashier has a drawer, the rest belongs to the property. */
export function drawerOf(method: PaymentMethod, userId: number | null): AccountRef {
  switch (method) {
    case 'cash':
      return { kind: 'cash', subject: userId === null ? '' : `operator:${userId}` };
    case 'wechat':
    case 'alipay':
      return { kind: method, subject: '' };
    case 'bankCard':
    case 'transfer':
      return { kind: 'bank', subject: '' };
  }
}

export const suspenseOf = (vendId: string): AccountRef => ({ kind: 'vendSuspense', subject: `vend:${vendId}` });
export const inMeter = (meterId: number): AccountRef => ({ kind: 'prepaidInMeter', subject: `meter:${meterId}` });
const walletOf = (accountId: number): AccountRef => ({ kind: 'wallet', subject: `account:${accountId}` });
export const payableTo = (accountId: number): AccountRef => ({
  kind: 'refundPayable',
  subject: `account:${accountId}`,
});
const SERVICE_FEE: AccountRef = { kind: 'serviceFee', subject: '' };
const GRANTED: AccountRef = { kind: 'granted', subject: '' };

/** Entries without those of nothing. */
function entriesOf(...lines: readonly (readonly [AccountRef, bigint])[]): readonly PostingEntry[] {
  return lines
    .filter(([, amountMinor]) => amountMinor !== 0n)
    .map(([account, amountMinor]) => ({ account, amountMinor }));
}

/** Money comes in: into the vend's suspense, or into the wallet at once. */
export function paidEntries(vend: PostedVend): readonly PostingEntry[] {
  const drawer = drawerOf(vend.method ?? 'cash', vend.user_id);
  if (vend.custody === 'meter') return entriesOf([drawer, vend.paid_minor], [suspenseOf(vend.id), -vend.paid_minor]);
  return entriesOf(
    [drawer, vend.paid_minor],
    [walletOf(vend.account_id), -vend.net_minor],
    [SERVICE_FEE, -vend.fee_minor],
  );
}

/** The meter (or wallet) has it, or has given it. A reversal mirrors the sale's own postings instead. */
export function confirmedEntries(vend: PostedVend): readonly PostingEntry[] {
  const { net_minor: net, fee_minor: fee, paid_minor: paid } = vend;
  const held = vend.custody === 'meter' ? inMeter(vend.meter_id) : walletOf(vend.account_id);
  switch (vend.kind) {
    case 'sale':
      return entriesOf([suspenseOf(vend.id), paid], [held, -net], [SERVICE_FEE, -fee]);
    case 'refund':
      return entriesOf([held, -net], [SERVICE_FEE, -fee], [drawerOf(vend.method ?? 'cash', vend.user_id), paid]);
    case 'makeup':
      return entriesOf([GRANTED, net], [held, -net]);
    case 'moveOut':
      return entriesOf([held, -net], [suspenseOf(vend.move_id ?? vend.id), net]);
    case 'moveIn':
      return entriesOf([suspenseOf(vend.move_id ?? vend.id), net], [held, -net]);
    case 'reversal':
      return [];
  }
}

/** Proven not to be in the meter. `fenced`: the fence is, and was not paid for by anybody else. */
export function cancelledEntries(vend: PostedVend & Pick<VendRow, 'fence'>, fenced: boolean): readonly PostingEntry[] {
  const left = fenced ? FENCE_MINOR[vend.fence] : 0n;
  const suspended = vend.kind === 'moveIn' ? vend.net_minor : vend.kind === 'sale' ? vend.paid_minor : 0n;
  if (suspended === 0n) return entriesOf([GRANTED, left], [inMeter(vend.meter_id), -left]);
  return entriesOf(
    [suspenseOf(vend.move_id ?? vend.id), suspended],
    [payableTo(vend.account_id), left - suspended],
    [inMeter(vend.meter_id), -left],
  );
}

/** What entries leave us owing to a customer. */
export function owedOf(entries: readonly PostingEntry[]): bigint {
  return entries.reduce(
    (sum, { account, amountMinor }) => (account.kind === 'refundPayable' ? sum - amountMinor : sum),
    0n,
  );
}

/** What we owe leaves by the drawer of who hands it out. */
export function paidOutEntries(
  vend: Pick<VendRow, 'account_id' | 'owed_minor'>,
  method: PaymentMethod,
  userId: number,
): readonly PostingEntry[] {
  return entriesOf([payableTo(vend.account_id), vend.owed_minor], [drawerOf(method, userId), -vend.owed_minor]);
}

/** A posting about a vend; each of its steps posts at most once. */
export function postingOf(
  vend: PostedVend,
  step: 'paid' | 'confirmed' | 'cancelled' | 'paidOut',
  entries: readonly PostingEntry[],
  by: { readonly actor: PostingActor; readonly atMs: number; readonly reason?: string },
): Posting {
  return {
    propertyId: vend.property_id,
    kind: `${vend.kind}.${step}`,
    key: `${vend.id}:${step}`,
    refKind: 'vend',
    refId: vend.id,
    eventAtMs: by.atMs,
    actor: by.actor,
    ...(by.reason === undefined ? {} : { reason: by.reason }),
    entries,
  };
}
