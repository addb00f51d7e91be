import type { AlarmKind, AlarmSourceKind, Names } from '#contract/index.ts';

export interface AlarmSource {
  readonly kind: AlarmSourceKind;
  /** 0 for the platform. */
  readonly id: number;
}

/** Value and limit at the time of the alarm, in the unit; balances in minor units. */
export interface Measured {
  readonly value: number;
  readonly limit: number | undefined;
  readonly unit: string;
}

/** Where a source stands and what it is called, as it was when the alarm was raised. */
export interface SourcePlace {
  /** Undefined for the platform. */
  readonly propertyId: number | undefined;
  readonly buildingId: number | undefined;
  readonly gatewayId: number | undefined;
  readonly lineId: number | undefined;
  readonly path: readonly Names[];
  readonly label: Names | undefined;
  /** Everything that people search by, lower case. */
  readonly search: string;
}

/** What the tracker decided; in order. */
export type AlarmTransition =
  | {
      readonly action: 'raise';
      readonly kind: AlarmKind;
      readonly source: AlarmSource;
      readonly place: SourcePlace;
      readonly atMs: number;
      readonly measured: Measured | undefined;
      readonly childCount: number;
    }
  | {
      readonly action: 'clear';
      readonly kind: AlarmKind;
      readonly source: AlarmSource;
      /** Which of the source's alarms: the one that was raised then. */
      readonly raisedAtMs: number;
      readonly atMs: number;
      /** The lost gateway or line that explains it, when that is why it was cleared. */
      readonly cause: AlarmSource | undefined;
    };

/** An alarm that is open or not acknowledged yet, as far as marks and counts need it. */
export interface CurrentAlarm {
  readonly id: number;
  readonly kind: AlarmKind;
  readonly severity: number;
  /** Undefined for the platform. */
  readonly propertyId: number | undefined;
  readonly buildingId: number | undefined;
  readonly source: AlarmSource;
  readonly raisedAtMs: number;
  readonly open: boolean;
  readonly acknowledged: boolean;
}
