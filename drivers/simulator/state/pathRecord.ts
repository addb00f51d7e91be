import type { ForcedMode, MeterPath, PastEvent } from '../meter/meterPath.ts';
import type { MeterWrite } from '../meter/simulatedMeter.ts';
import type { BandEnergy } from '../meter/tariff.ts';

/** A meter's path as it stands in the snapshot: one short array, amounts as text. */
export type PathRecord = readonly [
  meterNumber: string,
  atMs: number,
  openedAtMs: number | null,
  unsupplied: BandEnergy,
  creditParts: string,
  purchaseCount: number,
  forced: ForcedMode,
  topUpAtMs: number | null,
  past: readonly PastRecord[],
];

type PastRecord = readonly [kind: PastEvent['kind'], atMs: number, amountMinor?: string];

/** A write as it stands in the journal. */
export type WriteRecord =
  | { readonly kind: 'buy'; readonly amountMinor: string; readonly purchaseCount: number }
  | { readonly kind: 'force'; readonly mode: ForcedMode };

export function recordOfPath(meterNumber: string, path: MeterPath): PathRecord {
  const past = path.past.map(
    (event): PastRecord =>
      event.kind === 'purchase' ? [event.kind, event.atMs, String(event.amountMinor)] : [event.kind, event.atMs],
  );
  return [
    meterNumber,
    path.atMs,
    path.openedAtMs ?? null,
    path.unsupplied,
    String(path.creditParts),
    path.purchaseCount,
    path.forced,
    path.topUpAtMs ?? null,
    past,
  ];
}

export function pathOfRecord(record: PathRecord): MeterPath {
  const [, atMs, openedAtMs, unsupplied, creditParts, purchaseCount, forced, topUpAtMs, past] = record;
  return {
    atMs,
    openedAtMs: openedAtMs ?? undefined,
    unsupplied,
    creditParts: BigInt(creditParts),
    purchaseCount,
    forced,
    topUpAtMs: topUpAtMs ?? undefined,
    past: past.map(
      ([kind, eventMs, amount]): PastEvent =>
        kind === 'purchase' ? { kind, atMs: eventMs, amountMinor: BigInt(amount ?? 0) } : { kind, atMs: eventMs },
    ),
  };
}

export function recordOfWrite(write: MeterWrite): WriteRecord {
  return write.kind === 'buy' ? { ...write, amountMinor: String(write.amountMinor) } : write;
}

export function writeOfRecord(record: WriteRecord): MeterWrite {
  return record.kind === 'buy' ? { ...record, amountMinor: BigInt(record.amountMinor) } : record;
}
