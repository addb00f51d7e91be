import type { PurseCapabilities } from '#drivers/core/index.ts';
import type { ForcedMode, MeterPath } from './meterPath.ts';
import { remember } from './meterPath.ts';
import { type PurseMemory, type PurseSettings, recorded } from './purseMemory.ts';
import { type BandEnergy, costParts, PARTS_PER_MINOR, type Prices, partsToMinor } from './tariff.ts';

/** A change from outside, the only thing that must be journaled. */
export type MeterWrite =
  | { readonly kind: 'buy'; readonly amountMinor: bigint; readonly purchaseCount: number }
  | { readonly kind: 'refund'; readonly amountMinor: bigint; readonly purchaseCount: number }
  | { readonly kind: 'set'; readonly balanceMinor: bigint | undefined; readonly purchaseCount: number | undefined }
  | { readonly kind: 'settings'; readonly settings: Partial<Omit<PurseSettings, 'prices' | 'deepValley'>> }
  | { readonly kind: 'prices'; readonly prices: Prices | undefined; readonly deepValley: number | undefined }
  | { readonly kind: 'backup'; readonly prices: Prices; readonly deepValley: number; readonly switchAtMs: number }
  | { readonly kind: 'clock'; readonly offsetMs: number }
  | { readonly kind: 'force'; readonly mode: ForcedMode };

/** Why a meter does not do as it is told. */
export type WriteRefusal = 'duplicate' | 'count' | 'hoarding' | 'value' | 'unsupported';

/** A meter at the moment of a write. */
export interface MeterAtWrite {
  readonly path: MeterPath;
  readonly purse: PurseMemory;
  readonly energy: BandEnergy;
  /** CT × PT. */
  readonly ratio: number;
  readonly atMs: number;
}

/** Why a meter of these capabilities refuses a write; undefined when it takes it. */
export function refusalOf(
  write: MeterWrite,
  { path, purse, energy, ratio }: MeterAtWrite,
  can: PurseCapabilities,
): WriteRefusal | undefined {
  const balance = partsToMinor(path.creditParts - costParts(energy, purse.settings.prices, ratio));
  switch (write.kind) {
    case 'buy':
      if (write.amountMinor === 0n && !can.zeroPurchase) return 'value';
      return (
        countRefusal(write.purchaseCount, path.purchaseCount, can) ??
        (balance + write.amountMinor > purse.settings.hoardingLimitMinor ? 'hoarding' : undefined)
      );
    case 'refund':
      if (!can.refundCommand) return 'unsupported';
      return (
        countRefusal(write.purchaseCount, path.purchaseCount, can) ??
        (write.amountMinor > balance ? 'value' : undefined)
      );
    case 'set':
      return can.setAbsolute ? undefined : 'unsupported';
    case 'backup':
      return can.secondTariffSet ? undefined : 'unsupported';
    case 'settings':
    case 'prices':
    case 'clock':
    case 'force':
      return undefined;
  }
}

function countRefusal(count: number, own: number, can: PurseCapabilities): WriteRefusal | undefined {
  if (!can.seqChecked || count === (own + 1) % 65_536) return undefined;
  return count === own && can.dupReported ? 'duplicate' : 'count';
}

/** The path after a write that was not refused. The relay follows when the meter settles. */
export function written(write: MeterWrite, meter: MeterAtWrite): MeterPath {
  const { path, purse, atMs } = meter;
  switch (write.kind) {
    case 'buy':
      return outside(credited(path, purse, write.amountMinor, write.purchaseCount, atMs));
    case 'refund':
      return outside(credited(path, purse, -write.amountMinor, write.purchaseCount, atMs));
    case 'set':
      return outside(wasSet(write, meter));
    case 'settings':
      return outside({ ...path, purse: { ...purse, settings: { ...purse.settings, ...defined(write.settings) } } });
    case 'prices':
      return outside(priced({ ...meter }, write.prices ?? purse.settings.prices, write.deepValley));
    case 'backup': {
      const { prices, deepValley, switchAtMs } = write;
      return outside({ ...path, purse: { ...purse, backup: { prices, deepValley, switchAtMs } } });
    }
    case 'clock':
      return { ...path, purse: { ...purse, clockOffsetMs: write.offsetMs } };
    case 'force':
      return { ...path, forced: write.mode };
  }
}

/** Money came in, or went out where `amountMinor` is below zero. */
export function credited(
  path: MeterPath,
  purse: PurseMemory,
  amountMinor: bigint,
  purchaseCount: number,
  atMs: number,
): MeterPath {
  const count = purchaseCount % 65_536;
  return {
    ...path,
    creditParts: path.creditParts + amountMinor * PARTS_PER_MINOR,
    purchaseCount: count,
    past: remember(path.past, { kind: 'purchase', atMs, amountMinor }),
    purse: {
      ...purse,
      cumulativeMinor: purse.cumulativeMinor + amountMinor,
      records: recorded(purse.records, { count, amountMinor }),
    },
  };
}

/** Other prices from now on: the balance stays as it is, so the credit moves by what all energy costs more. */
export function priced(
  { path, purse, energy, ratio, atMs }: MeterAtWrite,
  prices: Prices,
  deepValley: number | undefined,
): MeterPath {
  const before = purse.settings.prices;
  const shiftParts = costParts(energy, prices, ratio) - costParts(energy, before, ratio);
  const settings = { ...purse.settings, prices, deepValley: deepValley ?? purse.settings.deepValley };
  return {
    ...path,
    creditParts: path.creditParts + shiftParts,
    past: remember(path.past, { kind: 'priced', atMs, shiftParts, before }),
    purse: { ...purse, settings },
  };
}

/**
 * A balance from nowhere counts as a purchase in the meter's past, but not among its records. What is used is counted from
 * zero again: the next cent is taken when a whole one has been used, so the balance reads back as it was set.
 */
function wasSet(
  { balanceMinor, purchaseCount }: Extract<MeterWrite, { kind: 'set' }>,
  { path, purse, energy, ratio, atMs }: MeterAtWrite,
): MeterPath {
  const counted = { ...path, purse, purchaseCount: purchaseCount ?? path.purchaseCount };
  if (balanceMinor === undefined) return counted;
  const creditParts = (balanceMinor + 1n) * PARTS_PER_MINOR - 1n + costParts(energy, purse.settings.prices, ratio);
  const amountMinor = partsToMinor(creditParts - path.creditParts);
  return { ...counted, creditParts, past: remember(path.past, { kind: 'purchase', atMs, amountMinor }) };
}

/** From now on the platform sells: the tenant stops buying by himself. */
function outside(path: MeterPath): MeterPath {
  return path.purse === undefined
    ? path
    : { ...path, topUpAtMs: undefined, purse: { ...path.purse, soldOutside: true } };
}

function defined<T extends object>(partial: T): Partial<T> {
  return Object.fromEntries(Object.entries(partial).filter(([, value]) => value !== undefined)) as Partial<T>;
}
