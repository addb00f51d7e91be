import sql from 'sql-template-tag';
import type { PaymentMethod } from '#contract/index.ts';
import type { Queryable, Tx } from '#server/platform/db/index.ts';
import type { VendRow } from './rows.ts';
import { selectVend } from './store.ts';

/** What went back to a customer for a cancelled vend. */
export interface Payout {
  readonly id: string;
  readonly vendId: string;
  readonly amountMinor: bigint;
  readonly method: PaymentMethod;
  readonly channelTradeNo: string | null;
  readonly reason: string | null;
  readonly userId: number;
  readonly userName: string;
  readonly atMs: number;
  readonly inputHash: Buffer;
  readonly txnId: bigint;
}

export async function selectPayout(db: Queryable, id: string): Promise<{ readonly input_hash: Buffer } | undefined> {
  const [row] = await db.query<{ input_hash: Buffer }>(sql`select input_hash from vend_payout where id = ${id}`);
  return row;
}

/** Throws with `vend_payout_pkey` where the id is taken, `vend_payout_once_key` where the vend was paid out. */
export async function insertPayout(tx: Tx, payout: Payout): Promise<void> {
  await tx.query(sql`
    insert into vend_payout (id, vend_id, amount_minor, method, channel_trade_no, reason, user_id, user_name, at, input_hash, txn)
    values (${payout.id}, ${payout.vendId}, ${payout.amountMinor}, ${payout.method}, ${payout.channelTradeNo},
      ${payout.reason}, ${payout.userId}, ${payout.userName}, ${new Date(payout.atMs)}, ${payout.inputHash}, ${payout.txnId})`);
}

/** Somebody else than who pays agreed that it goes back by another way. */
export async function otherWayAgreed(tx: Tx, vendId: string, payerId: number): Promise<boolean> {
  const rows = await tx.query(sql`
    select from vend_decision
    where vend_id = ${vendId} and outcome = 'approve' and for_state = 'CANCELLED' and user_id <> ${payerId}`);
  return rows.length > 0;
}

export async function setPaidOut(
  tx: Tx,
  row: VendRow,
  paid: { readonly atMs: number; readonly method: PaymentMethod },
): Promise<VendRow> {
  await tx.query(sql`
    update vend set paid_out_at = ${new Date(paid.atMs)}, paid_out_method = ${paid.method}, version = version + 1
    where id = ${row.id}`);
  return (await selectVend(tx, row.id)) ?? row;
}

/**
 * Of these cancelled vends those whose account took all that we owed it since then: it was closed or its balance moved to the
 * platform. Payouts of vends take their own only.
 */
export async function selectSettled(db: Queryable, rows: readonly VendRow[]): Promise<string[]> {
  const settled = await db.query<{ id: string }>(sql`
    select v.id from vend v
    where v.id = any(${rows.map(({ id }) => id)}::uuid[]) and exists (
      select from ledger_account a join ledger_entry e on e.account_id = a.id join ledger_txn t on t.id = e.txn_id
      where a.property_id = v.property_id and a.kind = 'refundPayable' and a.subject = 'account:' || v.account_id
        and e.amount_minor > 0 and t.ref_kind <> 'vend' and t.id > v.confirmed_txn)`);
  return settled.map(({ id }) => id);
}
