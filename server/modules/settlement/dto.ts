import type { Charge, QuarantinedRead } from '#contract/index.ts';
import { formatDecimal, PRICE_DECIMALS } from '#domain/money/amount.ts';
import type { StoredCharge, StoredQuarantine, StoredSegment } from './listStore.ts';

/** Parts of the currency, as they are shown. */
const EXACT_DECIMALS = 11;

const price = (text: string): string => formatDecimal(BigInt(text), PRICE_DECIMALS);
const named = (component: string) => (component === '' ? {} : { component });

export function toCharge(row: StoredCharge): Charge {
  return {
    id: String(row.id),
    propertyId: row.property_id,
    accountId: row.account_id,
    meterId: row.meter_id,
    epoch: row.epoch,
    custody: row.custody,
    from: row.from_at.toISOString(),
    to: row.to_at.toISOString(),
    month: row.month,
    reason: row.reason,
    quantityWh: String(row.quantity_wh),
    amountMinor: String(row.amount_minor),
    lines: row.lines.map((line) => ({
      tariffVersionId: line.versionId,
      label: line.label,
      ...named(line.component),
      price: price(line.price),
      quantityWh: line.quantity,
      amountMinor: line.amountMinor,
    })),
    ledgerTxnId: String(row.txn_id),
    chargedAt: row.charged_at.toISOString(),
  };
}

export function toSegment(row: StoredSegment, multiplier: bigint) {
  return {
    from: row.from_at.toISOString(),
    to: row.to_at.toISOString(),
    fromWh: String(row.from_wh),
    toWh: String(row.to_wh),
    deltaWh: String(row.delta_wh),
    multiplier: String(multiplier),
    tariffVersionId: row.tariff_version_id,
    quality: row.quality,
    lines: row.lines.map((line) => ({
      label: line.label,
      ...named(line.component),
      price: price(line.price),
      quantityWh: line.quantity,
      exact: formatDecimal(BigInt(line.parts), EXACT_DECIMALS),
    })),
    ...(row.from_read === null ? {} : { fromRead: toRead(row.from_read) }),
    ...(row.to_read === null ? {} : { toRead: toRead(row.to_read) }),
  };
}

function toRead(read: NonNullable<StoredSegment['from_read']>) {
  return { ...read, readAt: new Date(read.readAt).toISOString() };
}

export function toQuarantined(row: StoredQuarantine): QuarantinedRead {
  return {
    id: String(row.id),
    propertyId: row.property_id,
    accountId: row.account_id,
    meterId: row.meter_id,
    cause: row.cause,
    lastGood: { at: row.after_at.toISOString(), energyWh: String(row.after_wh) },
    read: { at: row.read_at.toISOString(), energyWh: String(row.read_wh) },
    mostWh: String(row.cap_wh),
    raisedAt: row.raised_at.toISOString(),
    ...(row.decided_at === null ? {} : { decidedAt: row.decided_at.toISOString() }),
    ...(row.decision === null ? {} : { decision: row.decision }),
    ...(row.actor_name === null ? {} : { decidedBy: row.actor_name }),
    ...(row.reason === null ? {} : { reason: row.reason }),
  };
}
