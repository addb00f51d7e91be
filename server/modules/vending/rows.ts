import type { PaymentMethod, Sale, VendKind } from '#contract/index.ts';
import type { Evidence, FenceKind, ReplyHint, VendFacts, VendPath, VendState } from '#domain/vend/types.ts';
import type { WalletAround } from './walletStore.ts';

/** What the meter said last, as it is stored; amounts as decimal text. */
export interface StoredRead {
  readonly at: string;
  readonly count: number;
  readonly balanceMinor: string;
  readonly cumulativeMinor?: string;
  readonly amountAtCountMinor?: string;
}

/** A vend as it stands in its table. */
export interface VendRow {
  readonly id: string;
  readonly serial: bigint;
  readonly property_id: number;
  readonly building_id: number | null;
  readonly account_id: number;
  readonly meter_id: number;
  readonly meter_number: string;
  readonly customer_name: string;
  readonly epoch: number;
  readonly kind: VendKind;
  readonly custody: 'meter' | 'platform';
  readonly state: VendState;
  readonly path: VendPath;
  readonly fence: FenceKind;
  readonly paid_minor: bigint;
  readonly fee_minor: bigint;
  readonly fee_ppm: number;
  readonly net_minor: bigint;
  readonly method: PaymentMethod | null;
  readonly channel_trade_no: string | null;
  readonly reason: string | null;
  readonly original_id: string | null;
  readonly batch_id: string | null;
  readonly move_id: string | null;
  readonly user_id: number | null;
  readonly user_name: string;
  /** `2026-11-22` */
  readonly day: string;
  readonly input_hash: Buffer;
  readonly at: Date;
  readonly finished_at: Date | null;
  readonly seq: number | null;
  readonly bound_balance_minor: bigint | null;
  readonly bound_cumulative_minor: bigint | null;
  readonly bound_energy_wh: bigint | null;
  readonly attempts: number;
  readonly tries: number;
  readonly doubts: number;
  readonly cancel_asked: boolean;
  readonly resend_asked: boolean;
  readonly last_hint: ReplyHint | null;
  readonly last_evidence: Evidence | null;
  readonly last_sent_at: Date | null;
  readonly cause: string | null;
  readonly last_read: StoredRead | null;
  readonly balance_after_minor: bigint | null;
  readonly weak_fence: boolean;
  readonly next_at: Date | null;
  readonly lease_until: Date | null;
  readonly version: number;
  readonly paid_txn: bigint | null;
  readonly confirmed_txn: bigint | null;
  readonly reversed_by: string | null;
  readonly prints: number;
  readonly owed_minor: bigint;
  readonly paid_out_at: Date | null;
  readonly paid_out_method: PaymentMethod | null;
}

/** What the machine knows of a row. */
export function factsOf(row: VendRow): VendFacts {
  return {
    state: row.state,
    path: row.path,
    fence: row.fence,
    amountMinor: row.net_minor,
    bound:
      row.seq === null
        ? undefined
        : {
            seq: row.seq,
            balanceMinor: row.bound_balance_minor ?? 0n,
            cumulativeMinor: row.bound_cumulative_minor ?? undefined,
            energyWh: row.bound_energy_wh ?? undefined,
          },
    attempts: row.attempts,
    doubts: row.doubts,
    cancelAsked: row.cancel_asked,
    resendAsked: row.resend_asked,
    lastHint: row.last_hint ?? undefined,
    lastEvidence: row.last_evidence ?? undefined,
    lastSentMs: row.last_sent_at?.getTime(),
  };
}

/** Persons may say how it ended: what contradicts itself, and what no fence can end. */
export function decidable({ state, fence }: Pick<VendRow, 'state' | 'fence'>): boolean {
  return state === 'QUARANTINED' || (fence === 'quiet' && (state === 'REJECTED' || state === 'UNKNOWN'));
}

/** Somebody's word on how a vend ended that waits for a second person. */
export interface Proposal {
  readonly outcome: 'confirm' | 'cancel';
  readonly user_id: number;
  readonly user_name: string;
  readonly reason: string;
  readonly evidence: string;
  readonly at: Date;
}

/** `wallet`: what it held around the vend, where the platform keeps the balance. */
export function toSale(row: VendRow, proposal?: Proposal, wallet?: WalletAround): Sale {
  const { last_read: lastRead } = row;
  return {
    saleId: row.id,
    serial: String(row.serial),
    kind: row.kind,
    state: row.state,
    custody: row.custody,
    propertyId: row.property_id,
    accountId: row.account_id,
    meterId: row.meter_id,
    meterNumber: row.meter_number,
    customerName: row.customer_name,
    paidMinor: String(row.paid_minor),
    feeMinor: String(row.fee_minor),
    feePpm: row.fee_ppm,
    netMinor: String(row.net_minor),
    operator: row.user_name,
    businessDay: row.day,
    at: row.at.toISOString(),
    attempts: row.attempts,
    cancelAsked: row.cancel_asked,
    weakFence: row.weak_fence,
    version: row.version,
    ...known('method', row.method),
    ...known('channelTradeNo', row.channel_trade_no),
    ...known('reason', row.reason),
    ...known('originalId', row.original_id),
    ...known('batchId', row.batch_id),
    ...known('finishedAt', row.finished_at?.toISOString()),
    ...known('count', row.seq),
    ...known('balanceBeforeMinor', (wallet?.beforeMinor ?? row.bound_balance_minor)?.toString()),
    ...known('balanceAfterMinor', (wallet?.afterMinor ?? row.balance_after_minor)?.toString()),
    ...known('cause', row.cause),
    ...known('lastRead', lastRead),
    ...known('nextTryAt', row.next_at?.toISOString()),
    ...known('reversedBy', row.reversed_by),
    ...known('owedMinor', row.owed_minor > 0n && row.paid_out_at === null ? String(row.owed_minor) : null),
    ...known('paidOutAt', row.paid_out_at?.toISOString()),
    ...known('paidOutMethod', row.paid_out_method),
    ...known('decidable', decidable(row) ? true : null),
    ...(proposal === undefined ? {} : { proposal: toProposal(proposal) }),
  };
}

function toProposal({ outcome, user_name: by, reason, evidence, at }: Proposal): NonNullable<Sale['proposal']> {
  return { outcome, by, reason, evidence, at: at.toISOString() };
}

/** A field that is there only when it is known. */
function known<Name extends string, T>(name: Name, value: T | null | undefined): Partial<Record<Name, T>> {
  const field: Partial<Record<Name, T>> = {};
  if (value !== null && value !== undefined) field[name] = value;
  return field;
}
