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
  /** What the meter may take besides what is on its way; null: any amount. */
  readonly roomMinor: bigint | null;
  readonly entries: readonly PostingEntry[];
}

/**
 * created; repeated: the same was asked before; reused: the id is something else's; notOpen: no sale to it now; hoarding: with what
 * is on its way the meter would hold more than it may.
 */
export type SaleOutcome = 'created' | 'repeated' | 'reused' | 'notOpen' | 'hoarding';

/** What the database made of a sale; `serial` and `txnId` only where it was created. */
export interface SoldAs {
  readonly outcome: SaleOutcome;
  readonly serial: bigint | null;
  readonly txnId: bigint | null;
}

interface SoldRow extends Omit<SoldAs, 'outcome'> {
  readonly sale: string;
  readonly outcome: SaleOutcome | null;
}

/**
 * Sales with their postings and audit rows in one statement: one round trip, one commit, all or none. Answers in the order given;
 * where one of them is not created none is, and those that could have been are undefined. Throws with the SQLSTATE MW001 where an
 * id is another posting's key, 40001 where one was stored in this very moment.
 */
export async function insertSales(db: Queryable, sales: readonly NewSale[]): Promise<readonly (SoldAs | undefined)[]> {
  const column = <T>(read: (sale: NewSale) => T): T[] => sales.map(read);
  const lines = sales.flatMap(({ entries }, index) =>
    entries.map(({ account, amountMinor }, no) => ({ ...account, amountMinor, posting: index + 1, no: no + 1 })),
  );
  const statement = sql`
    select sale, outcome, new_serial as serial, txn as "txnId" from vend_sell_many(
      ${column(({ id }) => id)}::uuid[], ${column(({ inputHash }) => inputHash)}::bytea[],
      ${column(({ propertyId }) => propertyId)}::int[], ${column(({ buildingId }) => buildingId ?? null)}::int[],
      ${column(({ accountId }) => accountId)}::int[], ${column(({ meterId }) => meterId)}::int[],
      ${column(({ meterNumber }) => meterNumber)}::text[], ${column(({ customerName }) => customerName)}::text[],
      ${column(({ epoch }) => epoch)}::int[], ${column(({ custody }) => custody)}::text[],
      ${column(({ path }) => path)}::text[], ${column(({ fence }) => fence)}::text[],
      ${column(({ paidMinor }) => paidMinor)}::int8[], ${column(({ feeMinor }) => feeMinor)}::int8[],
      ${column(({ feePpm }) => feePpm)}::int[], ${column(({ netMinor }) => netMinor)}::int8[], ${column(({ roomMinor }) => roomMinor)}::int8[],
      ${column(({ method }) => method)}::text[], ${column(({ channelTradeNo }) => channelTradeNo)}::text[],
      ${column(({ userId }) => userId)}::int[], ${column(({ userName }) => userName)}::text[],
      ${column(({ ip }) => ip)}::text[], ${column(({ day }) => day)}::date[],
      ${column(({ atMs }) => new Date(atMs))}::timestamptz[], ${column(({ period }) => period)}::date[],
      ${column(({ id }) => `${id}:paid`)}::text[], ${column(hashOfSale)}::bytea[], ${column(({ entries }) => entries.length)}::int[],
      ${lines.map(({ posting }) => posting)}::int[], ${lines.map(({ no }) => no)}::int[],
      ${lines.map(({ kind }) => kind)}::text[], ${lines.map(({ subject }) => subject)}::text[],
      ${lines.map(({ amountMinor }) => amountMinor)}::int8[])`;
  const rows = await db.query<SoldRow>(statement, 'vend_sell_many');
  return sales.map(({ id }, index) => {
    const { sale, outcome, ...rest } = rows[index] ?? {};
    if (sale !== id || outcome === undefined) throw new Error(`vend_sell_many did not answer for sale ${id}`);
    return outcome === null ? undefined : { outcome, serial: null, txnId: null, ...rest };
  });
}

function hashOfSale({ id, propertyId, atMs, userId, userName, entries }: NewSale): Buffer {
  return hashOfPosting({
    ...{ propertyId, kind: 'sale.paid', key: `${id}:paid`, refKind: 'vend', refId: id, eventAtMs: atMs, entries },
    actor: { userId: userId ?? undefined, name: userName },
  });
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
