import type { ALARM_SUPPRESSIONS, AlarmKind, AlarmSourceKind, AlarmState, Names } from '#contract/index.ts';

export interface AlarmSource {
  readonly kind: AlarmSourceKind;
  /** 0 for the platform. */
  readonly id: number;
}

/** The rule that holds an alarm back. */
export type Suppression = (typeof ALARM_SUPPRESSIONS)[number];

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
  /** From the property down; what waited on the disk of an older release has none. */
  readonly placeIds?: readonly number[];
  readonly path: readonly Names[];
  readonly label: Names | undefined;
  /** Everything that people search by, lower case. */
  readonly search: string;
}

/** Which alarm of a source: the one that was raised (the last time) then. */
interface OpenAlarm {
  readonly kind: AlarmKind;
  readonly source: AlarmSource;
  readonly raisedAtMs: number;
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
      /** A rule holds it back from the beginning. */
      readonly suppressed?: Suppression | undefined;
    }
  | (OpenAlarm & {
      readonly action: 'clear';
      readonly atMs: number;
      /** The lost gateway or line that explains it, when that is why it was cleared. */
      readonly cause: AlarmSource | undefined;
    })
  | (OpenAlarm & { readonly action: 'suppress' | 'unsuppress'; readonly atMs: number })
  /** As many meters are gone with it now. */
  | (OpenAlarm & { readonly action: 'children'; readonly childCount: number });

/** An alarm that is not closed, as far as marks, counts and the clock need it. */
export interface CurrentAlarm {
  readonly id: number;
  readonly kind: AlarmKind;
  readonly severity: number;
  readonly state: AlarmState;
  /** Undefined for the platform. */
  readonly propertyId: number | undefined;
  readonly buildingId: number | undefined;
  readonly source: AlarmSource;
  /** The last time. */
  readonly raisedAtMs: number;
  /** The condition holds, or held when a person closed the alarm and has not been seen to go. */
  readonly open: boolean;
  readonly suppressed: boolean;
  readonly assignedTo: number | undefined;
  readonly shelvedUntilMs: number | undefined;
  readonly chattering: boolean;
}
