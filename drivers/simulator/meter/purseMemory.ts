import type { PurchaseRecord, PurseCapabilities } from '#drivers/core/index.ts';
import type { EstateMeter } from '../estate/estateTypes.ts';
import { PRICES, type Prices } from './tariff.ts';

/** Purchases that a meter remembers, newest first (DL/T 645-2007 keeps ten). */
export const RECORDS_LIMIT = 10;

/** A meter's display ends here: 999,999.99. */
export const DEFAULT_HOARDING_MINOR = 99_999_999n;

/** What a meter knows to do with money when nothing is switched off. */
export const ALL_CAPABILITIES: PurseCapabilities = {
  seqChecked: true,
  dupReported: true,
  readRecord: true,
  readCumulative: true,
  readBalance: true,
  zeroPurchase: true,
  refundCommand: true,
  setAbsolute: true,
  secondTariffSet: true,
};

/** Lines, limits and prices: what the meter was set to. */
export interface PurseSettings {
  readonly alarm1Minor: bigint;
  readonly alarm2Minor: bigint;
  /** At or below this the meter trips by itself, unless forced closed: the overdraft, negated. */
  readonly cutLineMinor: bigint;
  readonly hoardingLimitMinor: bigint;
  readonly overloadLimitW: number | undefined;
  readonly prices: Prices;
  /** Kept and shown; the meters of this plant count no deep valley. */
  readonly deepValley: number | undefined;
}

export interface BackupPrices {
  readonly prices: Prices;
  readonly deepValley: number;
  readonly switchAtMs: number;
}

/** What a meter remembers of its money beyond balance and count, once anything has happened to it. */
export interface PurseMemory {
  readonly settings: PurseSettings;
  readonly backup: BackupPrices | undefined;
  /** All that was ever bought, less refunds. */
  readonly cumulativeMinor: bigint;
  readonly records: readonly PurchaseRecord[];
  /** Somebody outside sells now: the tenant's own habit of buying has ended for good. */
  readonly soldOutside: boolean;
  /** The meter's own clock less the plant's time. */
  readonly clockOffsetMs: number;
}

/** How a meter left the factory and was set up. */
export function firstSettings({ purse, meter }: EstateMeter): PurseSettings {
  return {
    alarm1Minor: purse?.alarm1Minor ?? 0n,
    alarm2Minor: purse?.alarm2Minor ?? 0n,
    cutLineMinor: purse?.cutLineMinor ?? 0n,
    hoardingLimitMinor: DEFAULT_HOARDING_MINOR,
    overloadLimitW: meter.overloadLimitW,
    prices: PRICES[purse?.tariff ?? 'retail'],
    deepValley: undefined,
  };
}

/** The records with one more, the oldest forgotten. */
export function recorded(records: readonly PurchaseRecord[], record: PurchaseRecord): readonly PurchaseRecord[] {
  return [record, ...records].slice(0, RECORDS_LIMIT);
}
