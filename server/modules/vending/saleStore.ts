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

/** What the database made of a sale; `serial` and `txnId` only where it was created. */
export interface SoldAs {
  readonly outcome: SaleOutcome;
  readonly serial: bigint | null;
  readonly txnId: bigint | null;
}

/**
 * A sale with its posting and its audit row in one statement: one round trip, one commit. Throws with the SQLSTATE MW001
 * where the id is another posting's key.
 */
export async function insertSale(db: Queryable, sale: NewSale): Promise<SoldAs> {
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
  const [row] = await db.query<SoldAs>(sql`
    select outcome, new_serial as serial, txn as "txnId" from vend_sell(${id}, ${sale.inputHash}, ${sale.propertyId},
      ${sale.buildingId ?? null}, ${sale.accountId}, ${sale.meterId}, ${sale.meterNumber}, ${sale.customerName}, ${sale.epoch},
      ${sale.custody}, ${sale.path}, ${sale.fence}, ${sale.paidMinor}, ${sale.feeMinor}, ${sale.feePpm}, ${sale.netMinor},
      ${sale.method}, ${sale.channelTradeNo}, ${sale.userId}, ${sale.userName}, ${sale.ip}, ${sale.day}, ${new Date(sale.atMs)},
      ${sale.period}, ${'sale.paid'}, ${hash}, ${entries.map(({ account }) => account.kind)}::text[],
      ${entries.map(({ account }) => account.subject)}::text[], ${entries.map(({ amountMinor }) => amountMinor)}::int8[])`);
  if (row === undefined) throw new Error('vend_sell answered nothing');
  return row;
}

/** The row that the database has by now, without asking for it. */
export function rowOfSale(sale: NewSale, { serial, txnId }: SoldAs): VendRow {
  const at = new Date(sale.atMs);
  const done = sale.custody === 'platform';
  return {
    ...{ id: sale.id, serial: serial ?? 0n, property_id: sale.propertyId, building_id: sale.buildingId ?? null },
    ...{ account_id: sale.accountId, meter_id: sale.meterId, meter_number: sale.meterNumber, epoch: sale.epoch },
    ...{
      customer_name: sale.customerName,
      kind: sale.kind,
      custody: sale.custody,
      state: done ? 'CONFIRMED' : 'QUEUED',
    },
    ...{
      path: sale.path,
      fence: sale.fence,
      paid_minor: sale.paidMinor,
      fee_minor: sale.feeMinor,
      fee_ppm: sale.feePpm,
    },
    ...{ net_minor: sale.netMinor, method: sale.method, channel_trade_no: sale.channelTradeNo, reason: null },
    ...{
      original_id: null,
      batch_id: null,
      move_id: null,
      user_id: sale.userId,
      user_name: sale.userName,
      day: sale.day,
    },
    ...{ input_hash: sale.inputHash, at, finished_at: done ? at : null, next_at: done ? null : at },
    ...{ paid_txn: txnId, confirmed_txn: done ? txnId : null, ...NOTHING_YET },
  };
}

const NOTHING_YET = {
  ...{
    seq: null,
    bound_balance_minor: null,
    bound_cumulative_minor: null,
    bound_energy_wh: null,
    attempts: 0,
    tries: 0,
  },
  ...{ doubts: 0, cancel_asked: false, resend_asked: false, last_hint: null, last_evidence: null, last_sent_at: null },
  ...{ cause: null, last_read: null, balance_after_minor: null, weak_fence: false, lease_until: null, version: 1 },
  ...{ reversed_by: null, prints: 0, owed_minor: 0n, paid_out_at: null, paid_out_method: null },
} as const;
