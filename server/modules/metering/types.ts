import type { MeterAccount } from '#domain/account/moneyState.ts';
import type { FactEvent, MeterState } from '#domain/evaluate.ts';
import type { MeterModel, MeterStatus, Reading, Rejection, Values } from '#drivers/core/index.ts';
import type { LinePathState } from '#server/acquisition/types.ts';
import type { MeterProfile } from '#server/modules/estate/types.ts';

/** What a meter last said: all of it, or nothing. */
export interface LastRead {
  readonly readAtMs: number;
  readonly values: Values;
  readonly balanceMinor: bigint | undefined;
  readonly status: MeterStatus;
  readonly meterClockMs: number | undefined;
  readonly rejected: readonly Rejection[];
}

/** The last read as it is kept: it changes with each reading, whoever wants it as it was copies it. */
export interface CurrentRead extends LastRead {
  /** The load alone, W: `values` is made anew at each call. */
  readonly loadW: number | undefined;
}

/** Everything now known about one meter. */
export interface MeterView {
  readonly profile: MeterProfile;
  readonly last: CurrentRead | undefined;
  /** Last answer of any kind; undefined until the first one. */
  readonly heardMs: number | undefined;
  /** Known only from before our start. */
  readonly stale: boolean;
  readonly state: MeterState;
}

/** A meter that changed or answered. */
export interface MeterUpdate {
  readonly meter: MeterView;
  readonly events: readonly FactEvent[];
  /** The answer that this came from; undefined when time, a line or an alarm changed the meter. */
  readonly reading: Reading | undefined;
}

/** A line as its meters see it. */
export interface LineView {
  readonly lineId: number;
  readonly gatewayId: number;
  readonly propertyId: number;
  readonly path: LinePathState;
  readonly sinceMs: number;
  readonly reason: string;
}

/** Told after each batch and each sweep, also when nothing changed. */
export interface MeteringListener {
  metersChanged(updates: readonly MeterUpdate[], nowMs: number): void;
  /** About once a second. */
  swept?(nowMs: number): void;
  /** The wall clock was stepped by so much: instants that are kept to know ages must move with it. */
  clockStepped?(byMs: number): void;
  /** Meters, lines or their places changed: ask anew. */
  estateChanged?(propertyId: number): void;
}

/** Looks up a meter model; undefined for one that this release does not know. */
export type ModelLookup = (modelId: string) => MeterModel | undefined;

/** Who knows who pays for a meter. Asked for every reading: it must answer from memory and make nothing. */
export interface MoneySource {
  /** Undefined on a property without any account. */
  of(meterId: number): MeterAccount | undefined;
}

/** Who knows what meters were told. Asked for every reading. */
export interface CommandSource {
  wantedRelay(meterId: number): 'closed' | 'open' | undefined;
  inFlight(meterId: number): boolean;
  /** What keeps its supply on; undefined: it is not on the protective list. */
  protection(meterId: number): HeldProtection | undefined;
}

/** A place on the protective list: a person's, or the one that carries a meter over hours without cuts. */
export interface HeldProtection {
  readonly by: 'person' | 'window';
  /** Undefined: until somebody ends it. */
  readonly untilMs: number | undefined;
}
