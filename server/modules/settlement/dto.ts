import type { Charge, ChargeCorrection, QuarantinedRead, RegisterEdit } from '#contract/index.ts';
import { formatDecimal, PRICE_DECIMALS } from '#domain/money/amount.ts';
import type { StoredCorrection } from './correctionStore.ts';
import type { StoredCharge, StoredQuarantine, StoredSegment, StoredSubject } from './listStore.ts';
import type { StoredEdit } from './registerEditStore.ts';

/** Parts of the currency, as they are shown. */
const EXACT_DECIMALS = 11;

const price = (text: string): string => formatDecimal(BigInt(text), PRICE_DECIMALS);
const named = (component: string) => (component === '' ? {} : { component });

/** Whom a row is about; what has no name any more is left out. */
export function toSubject({ meter_number, room, customer_name }: StoredSubject) {
  return {
    ...(meter_number === null ? {} : { meterNumber: meter_number }),
    ...(room === null ? {} : { room }),
    ...(customer_name === null ? {} : { customerName: customer_name }),
  };
}

export function toCharge(row: StoredCharge): Charge {
  return {
    id: String(row.id),
    propertyId: row.property_id,
    accountId: row.account_id,
    meterId: row.meter_id,
    ...toSubject(row),
    epoch: row.epoch,
    custody: row.custody,
    from: row.from_at.toISOString(),
    to: row.to_at.toISOString(),
    month: row.month,
    reason: row.reason,
    medium: row.utility,
    quantityWh: String(row.quantity_wh),
    amountMinor: String(row.amount_minor),
    lines: row.lines.map((line) => ({
      tariffVersionId: line.versionId,
      label: line.label,
      ...named(line.component),
      price: price(line.price),
      quantityWh: line.quantity,
      amountMinor: line.amountMinor,
      ...(line.month === undefined ? {} : { month: line.month }),
    })),
    ledgerTxnId: String(row.txn_id),
    chargedAt: row.charged_at.toISOString(),
    ...(row.correction_id === null ? {} : { correctionId: String(row.correction_id) }),
    ...(row.corrected ? { corrected: true } : {}),
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
    ...toSubject(row),
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

export function toCorrection(row: StoredCorrection): ChargeCorrection {
  return {
    ...{ id: String(row.id), propertyId: row.property_id, accountId: row.account_id, meterId: row.meter_id },
    cause: row.cause,
    ...(row.edit_id === null ? {} : { editId: String(row.edit_id) }),
    from: row.from_at.toISOString(),
    to: row.to_at.toISOString(),
    chargeIds: row.charge_ids.map(String),
    lines: row.lines.map((line) => ({
      month: line.month,
      tariffVersionId: line.versionId,
      label: line.label,
      ...named(line.component),
      price: price(line.price),
      quantityWh: line.quantity,
    })),
    correctedAt: row.corrected_at.toISOString(),
    ...(row.charge_id === null ? {} : { chargeId: String(row.charge_id) }),
    amountMinor: String(row.amount_minor),
  };
}

export function toEdit(row: StoredEdit): RegisterEdit {
  const wh = (value: bigint | null): string | null => (value === null ? null : String(value));
  return {
    ...{ id: String(row.id), propertyId: row.property_id, meterId: row.meter_id, at: row.instant.toISOString() },
    ...{ rawWh: String(row.raw_wh), beforeWh: wh(row.before_wh), afterWh: wh(row.after_wh) },
    ...{ by: row.actor_name, reason: row.reason, editedAt: row.edited_at.toISOString() },
    ...(row.correction_id === null ? {} : { correctionId: String(row.correction_id) }),
  };
}
