import type { MoneyState } from '../meterState.ts';

/** Balances at which people are warned and supply is cut, minor units. */
export interface MoneyLines {
  readonly alarm1Minor: bigint;
  readonly alarm2Minor: bigint;
  /** 0, or negative where overdraft is allowed. */
  readonly cutLineMinor: bigint;
}

/** What the house knows of the money behind a meter. `opened: false`: nobody pays for it, though others here do. */
export type MeterAccount =
  | { readonly opened: false }
  | (MoneyLines & {
      readonly opened: true;
      readonly custody: 'meter' | 'platform';
      /** The wallet, where it is kept here; undefined while it is not known yet. */
      readonly platformBalanceMinor: bigint | undefined;
    });

/** At the cut line or below it is arrears; each alarm begins below its own line, so that the line itself is still good. */
export function moneyStateOf(balanceMinor: bigint, lines: MoneyLines): MoneyState {
  if (balanceMinor <= lines.cutLineMinor) return 'arrears';
  if (balanceMinor < lines.alarm2Minor) return 'alarm2';
  if (balanceMinor < lines.alarm1Minor) return 'alarm1';
  return 'normal';
}
