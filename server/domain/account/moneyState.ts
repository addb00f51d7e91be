import type { MoneyState } from '../meterState.ts';

/** Balances at which people are warned and supply is cut, minor units. */
export interface MoneyLines {
  readonly alarm1Minor: bigint;
  readonly alarm2Minor: bigint;
  /** 0, or negative where overdraft is allowed. */
  readonly cutLineMinor: bigint;
}

/** A balance with the line at which supply is cut. */
export interface Position {
  readonly balanceMinor: bigint;
  /**
   * A wallet that nothing was ever paid into or charged to. It is empty because its account is new, and that is no debt:
   * nothing was consumed yet that is not paid.
   */
  readonly unused: boolean;
}

/** What the house knows of the money behind a meter. `opened: false`: nobody pays for it, though others here do. */
export type MeterAccount =
  | { readonly opened: false }
  | (MoneyLines & {
      readonly opened: true;
      readonly custody: 'meter' | 'platform';
      /** The wallet, where it is kept here; undefined while it is not known yet. */
      readonly platform: Position | undefined;
    });

/** What a meter itself says that it holds was put there or is owed. */
export const inMeter = (balanceMinor: bigint): Position => ({ balanceMinor, unused: false });

/** A wallet by what the book has of it; undefined: there is no entry yet. */
export function inWallet(balanceMinor: bigint | undefined): Position {
  return { balanceMinor: balanceMinor ?? 0n, unused: balanceMinor === undefined };
}

/** Is this account in arrears? The only rule: screens, notices, trips and the word to a relay all ask here. */
export function isInArrears({ balanceMinor, unused }: Position, { cutLineMinor }: Pick<MoneyLines, 'cutLineMinor'>) {
  return !unused && balanceMinor <= cutLineMinor;
}

/** At the cut line or below it is arrears (see `isInArrears`); each alarm begins below its own line, so that the line itself is still good. */
export function moneyStateOf(position: Position, lines: MoneyLines): Exclude<MoneyState, 'notOpened'> {
  const { balanceMinor, unused } = position;
  // Nobody is warned of what was not begun.
  if (unused) return 'normal';
  if (isInArrears(position, lines)) return 'arrears';
  if (balanceMinor < lines.alarm2Minor) return 'alarm2';
  if (balanceMinor < lines.alarm1Minor) return 'alarm1';
  return 'normal';
}
