import sql from 'sql-template-tag';
import { hashOfPosting } from '#server/modules/ledger/index.ts';
import type { PostingEntry } from '#server/modules/ledger/types.ts';
import type { Queryable } from '#server/platform/db/index.ts';
import type { VendRow } from './rows.ts';
import type { NewVend } from './store.ts';

export interface NewSale extends NewVend {
  readonly channelTradeNo: string | null;
  readonly ip: string;
  readonly period: string;
  readonly entries: readonly PostingEntry[];
}

/** created; repeated: the same was asked before; reused: the id is something else's; notOpen: no sale to it now. */
export type SaleOutcome = 'created' | 'repeated' | 'reused' | 'notOpen';

/**
 * A sale with its posting and its audit row in one statement: one round trip, one commit. Throws with the SQLSTATE MW001
 * where the id is another posting's key.
 */
export async function insertSale(
  db: Queryable,
  sale: NewSale,
): Promise<{ readonly outcome: SaleOutcome; readonly row: VendRow }> {
  const { entries, id } = sale;
  const hash = hashOfPosting({
    propertyId: sale.propertyId,
    kind: 'sale.paid',
    key: `${id}:paid`,
    refKind: 'vend',
    refId: id,
    eventAtMs: sale.atMs,
    actor: { userId: sale.userId ?? undefined, name: sale.userName },
    entries,
  });
  const [row] = await db.query<VendRow & { readonly outcome: SaleOutcome }>(sql`
    select (s.sold).*, to_char((s.sold).business_day, 'YYYY-MM-DD') as day, s.outcome
    from (select * from vend_sell(${id}, ${sale.inputHash}, ${sale.propertyId}, ${sale.buildingId ?? null}, ${sale.accountId},
      ${sale.meterId}, ${sale.meterNumber}, ${sale.customerName}, ${sale.epoch}, ${sale.custody}, ${sale.path}, ${sale.fence},
      ${sale.paidMinor}, ${sale.feeMinor}, ${sale.feePpm}, ${sale.netMinor}, ${sale.method}, ${sale.channelTradeNo},
      ${sale.userId}, ${sale.userName}, ${sale.ip}, ${sale.day}, ${new Date(sale.atMs)}, ${sale.period}, ${'sale.paid'}, ${hash},
      ${entries.map(({ account }) => account.kind)}::text[], ${entries.map(({ account }) => account.subject)}::text[],
      ${entries.map(({ amountMinor }) => amountMinor)}::int8[]) offset 0) s`);
  if (row === undefined) throw new Error('vend_sell answered nothing');
  return { outcome: row.outcome, row };
}
