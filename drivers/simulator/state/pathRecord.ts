import type { ForcedMode, MeterPath, PastEvent } from '../meter/meterPath.ts';
import type { PurseMemory } from '../meter/purseMemory.ts';
import type { BandEnergy, Prices } from '../meter/tariff.ts';
import { type Plain, plain, restored } from './plain.ts';

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
  purse: Plain | null,
];

type PastRecord = readonly [kind: PastEvent['kind'], atMs: number, amount?: string, before?: Prices];

export function recordOfPath(meterNumber: string, path: MeterPath): PathRecord {
  return [
    meterNumber,
    path.atMs,
    path.openedAtMs ?? null,
    path.unsupplied,
    String(path.creditParts),
    path.purchaseCount,
    path.forced,
    path.topUpAtMs ?? null,
    path.past.map(recordOfEvent),
    path.purse === undefined ? null : plain(path.purse),
  ];
}

export function pathOfRecord(record: PathRecord): MeterPath {
  const [, atMs, openedAtMs, unsupplied, creditParts, purchaseCount, forced, topUpAtMs, past, purse] = record;
  return {
    atMs,
    openedAtMs: openedAtMs ?? undefined,
    unsupplied,
    creditParts: BigInt(creditParts),
    purchaseCount,
    forced,
    topUpAtMs: topUpAtMs ?? undefined,
    past: past.map(eventOfRecord),
    purse: purse === null ? undefined : (restored(purse) as PurseMemory),
  };
}

function recordOfEvent(event: PastEvent): PastRecord {
  switch (event.kind) {
    case 'purchase':
      return [event.kind, event.atMs, String(event.amountMinor)];
    case 'priced':
      return [event.kind, event.atMs, String(event.shiftParts), event.before];
    case 'opened':
    case 'closed':
      return [event.kind, event.atMs];
  }
}

function eventOfRecord([kind, atMs, amount = '0', before = [0, 0, 0, 0]]: PastRecord): PastEvent {
  switch (kind) {
    case 'purchase':
      return { kind, atMs, amountMinor: BigInt(amount) };
    case 'priced':
      return { kind, atMs, shiftParts: BigInt(amount), before };
    case 'opened':
    case 'closed':
      return { kind, atMs };
  }
}
