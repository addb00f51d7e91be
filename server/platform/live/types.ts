import type { MeterNow, Pulse } from '#contract/index.ts';
import type { LinkState } from '#domain/meterState.ts';

/** What the wall shows of one meter. */
export interface LiveMeter {
  readonly meterId: number;
  readonly buildingId: number | undefined;
  readonly packedFacts: number;
  readonly link: LinkState;
  readonly loadW: number | undefined;
  readonly balanceMinor: bigint | undefined;
  readonly heardMs: number | undefined;
}

/** The part of a property that a feed shows: everything, or some of its buildings. */
export interface FeedPart {
  readonly propertyId: number;
  /** Undefined = the whole property. Sorted. */
  readonly buildingIds: readonly number[] | undefined;
}

/** Figures of a pulse, without what numbers and dates it. */
export type PulseFigures = Omit<Pulse, 'propertyId' | 'epoch' | 'seq' | 'atMs' | 'release'>;

/** Where a thing stands, to ask for the right to see it. */
export interface Whereabouts {
  readonly propertyId: number;
  readonly buildingId: number | undefined;
}

/** What the live feed asks of those who know. Everything is answered from memory. */
export interface LiveSource {
  /** Undefined when there is no such property. In the order of their ids. */
  meters(part: FeedPart): readonly LiveMeter[] | undefined;
  pulse(part: FeedPart): PulseFigures;
  /** Buildings of a property. */
  buildingIds(propertyId: number): readonly number[];
  meterAt(meterId: number): Whereabouts | undefined;
  meterNow(meterId: number): MeterNow | undefined;
}
