import type { Gateway, Line, Meter, Place } from '#contract/index.ts';
import type { LineConfig } from '#drivers/core/index.ts';

/** Fired after commit, so that acquisition and live follow a change without a restart. */
export type EstateEvent =
  | { readonly kind: 'line'; readonly lineId: number; readonly propertyId: number; readonly gone: boolean }
  | { readonly kind: 'layout'; readonly propertyId: number };

/** A meter with everything that evaluation needs to know about it, polling already inherited. */
export interface MeterProfile {
  readonly meter: Meter;
  readonly livePollMs: number;
  readonly registerPollMs: number;
  /** Building the meter stands in, for building-scoped rights; undefined for property-level meters. */
  readonly buildingId: number | undefined;
  /** Name path from property to room. */
  readonly path: readonly Place[];
}

/** What other modules may ask of the estate. All of it is cached in memory and current after each EstateEvent. */
export interface EstateReader {
  /** Ready to run: enabled gateways only, models resolved, polling inherited. Undefined when gone or disabled. */
  lineConfig(lineId: number): LineConfig | undefined;
  lineIds(): readonly number[];
  line(lineId: number): Line | undefined;
  gateway(gatewayId: number): Gateway | undefined;
  meter(meterId: number): MeterProfile | undefined;
  meterIds(): readonly number[];
  metersOfProperty(propertyId: number): readonly MeterProfile[];
  metersOfLine(lineId: number): readonly MeterProfile[];
  place(placeId: number): Place | undefined;
  properties(): readonly Place[];
  placesOfProperty(propertyId: number): readonly Place[];
  onChange(listener: (event: EstateEvent) => void): () => void;
}
