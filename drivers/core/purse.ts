import type { Refusal } from './command.ts';

/** Price names of one set, as suffixes of the values below. */
export const PRICE_NAMES = ['sharp', 'peak', 'flat', 'valley', 'deepValley'] as const;

/**
 * Everything that a prepaid meter keeps or is told, by the name under which a model's table places it. Amounts in minor
 * units, prices in 0.0001 of the currency per kWh: the registers of all known meters count in just these.
 */
export type PurseValue =
  | 'count'
  | 'balanceMinor'
  | 'cumulativeMinor'
  /** What a purchase adds or a refund takes. */
  | 'amountMinor'
  | 'alarm1Minor'
  | 'alarm2Minor'
  | 'overdraftMinor'
  | 'hoardingLimitMinor'
  | 'overloadLimitW'
  | (typeof PRICE_NAMES)[number]
  | 'backupSharp'
  | 'backupPeak'
  | 'backupFlat'
  | 'backupValley'
  | 'backupDeepValley'
  /** When the backup prices take effect, minutes since the epoch, UTC; 0 when none wait. */
  | 'switchMinute'
  | 'forceOn'
  | 'forceOpen'
  | ClockPart;

/** The meter's own clock in parts: local time, `year` of the century, `weekday` 0 on Sunday. */
export type ClockPart = 'second' | 'minute' | 'hour' | 'weekday' | 'day' | 'month' | 'year';

/** Where a value is read. A value may stand in several places: the first that the meter answered counts. */
export interface PurseField {
  readonly value: PurseValue;
  readonly address: number;
  readonly type: 'u16' | 'u32' | 'i32' | 'i64';
  /** A register of all ones means "not there". */
  readonly absentWhenOnes?: boolean;
}

/** The last purchases, newest first: count (u16) and amount (i32) each; a count of all ones where there is none. */
export interface PurseRecords {
  readonly address: number;
  readonly entries: number;
}

/** A value in the data bytes of a write. */
export interface WritePart {
  readonly value: PurseValue;
  /** Offset from the first data byte. */
  readonly byte: number;
  readonly type: 'u8' | 'u16' | 'u32' | 'i32';
  /** Byte that is 1 when this part counts; parts that share one are written together or not at all. */
  readonly enable?: number;
}

/** One write frame: function 16, or Acrel's 0x20, which is laid out alike. Bytes that no part fills are zero. */
export interface WriteFrame {
  readonly function: 16 | 0x20;
  readonly start: number;
  readonly registers: number;
  readonly parts: readonly WritePart[];
}

/** How a meter's prepaid side is read and written. What a table leaves out, the meter cannot be told. */
export interface PurseTable {
  /** Blocks read beside the model's own spans. One that the meter refuses (exception 02) it does not have. */
  readonly blocks: readonly { readonly start: number; readonly count: number }[];
  readonly fields: readonly PurseField[];
  readonly records?: PurseRecords;
  readonly purchase: WriteFrame;
  readonly refund?: WriteFrame;
  readonly setPurse?: WriteFrame;
  readonly clock?: WriteFrame;
  /** Sent in turn, each only when the command has values for it. */
  readonly prices: readonly WriteFrame[];
  readonly backupPrices: readonly WriteFrame[];
  readonly settings: readonly WriteFrame[];
  /** Meanings of the exception codes that are the meter's own. */
  readonly refusals: Readonly<Record<number, Refusal>>;
}
