import type { RegisterPoint } from '#domain/settlement/register.ts';

/** When charges are posted; what is used is accumulated in both. */
export type ChargeMode = 'realTime' | 'monthEnd';
export type ChargeReason = 'reading' | 'monthEnd' | 'modeSwitch' | 'closing' | 'correction';
export type HoldCause = 'noTariffVersion' | 'quarantine';
export type Utility = 'electricity' | 'water';

/** Which tariff an account has from when on. */
export interface TariffFrom {
  readonly fromMs: number;
  readonly tariffId: number;
}

/** One meter epoch of one account as it is charged: from where to where, and by which rules. */
export interface Stream {
  readonly id: bigint;
  readonly propertyId: number;
  readonly accountId: number;
  readonly meterId: number;
  readonly epoch: number;
  readonly custody: 'meter' | 'platform';
  readonly mode: ChargeMode;
  readonly utility: Utility;
  /** CT × PT, a whole number. */
  readonly multiplier: bigint;
  readonly tariffs: readonly TariffFrom[];
  /** Everything before it is in segments. */
  readonly cursor: RegisterPoint;
  /** Everything before it is in charges. */
  readonly chargedToMs: number;
  /** Used since then. */
  readonly unchargedWh: bigint;
  readonly end: RegisterPoint | undefined;
  readonly hold: HoldCause | undefined;
}

/** How a wallet stands to its account's lines. */
export type ArrearsLevel = 'normal' | 'alarm1' | 'alarm2' | 'arrears';
