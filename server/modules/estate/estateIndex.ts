import type { Meter, Place, Polling } from '#contract/index.ts';
import type { GatewayFacts, LineFacts } from './rows.ts';
import type { MeterProfile } from './types.ts';

/** Where neither meter, gateway nor property says otherwise. */
export const DEFAULT_POLLING = { livePollMs: 10_000, registerPollMs: 1_800_000 } as const;

/** What follows from the rows; built anew after a change (10 ms for ten thousand meters). */
export interface EstateIndex {
  readonly properties: readonly Place[];
  /** Parents before children, siblings by position. */
  readonly placesByProperty: ReadonlyMap<number, readonly Place[]>;
  readonly childrenOf: ReadonlyMap<number, readonly Place[]>;
  readonly linesByGateway: ReadonlyMap<number, readonly LineFacts[]>;
  readonly profiles: ReadonlyMap<number, MeterProfile>;
  readonly metersByLine: ReadonlyMap<number, readonly MeterProfile[]>;
  readonly metersByProperty: ReadonlyMap<number, readonly MeterProfile[]>;
  /** The building that a place is or stands in; undefined for a property. */
  buildingOf(placeId: number): number | undefined;
}

const DEPTH = { property: 0, building: 1, floor: 2, room: 3 } as const;

export function buildIndex(
  places: ReadonlyMap<number, Place>,
  lines: ReadonlyMap<number, LineFacts>,
  meters: ReadonlyMap<number, Meter>,
  gateways: ReadonlyMap<number, GatewayFacts>,
): EstateIndex {
  const sorted = [...places.values()].sort(
    (a, b) => DEPTH[a.kind] - DEPTH[b.kind] || a.position - b.position || a.id - b.id,
  );
  const pathOf = createPaths(places);
  const buildingOf = (placeId: number) => pathOf(placeId).find((place) => place.kind === 'building')?.id;
  const profiles = new Map<number, MeterProfile>();
  for (const meter of [...meters.values()].sort((a, b) => a.id - b.id)) {
    const gateway = gateways.get(meter.gatewayId);
    const polling = inherit(meter.polling, gateway?.polling, places.get(meter.propertyId)?.polling);
    profiles.set(meter.id, { meter, ...polling, buildingId: buildingOf(meter.placeId), path: pathOf(meter.placeId) });
  }
  const sortedLines = [...lines.values()].sort((a, b) => a.id - b.id);
  return {
    properties: sorted.filter((place) => place.kind === 'property'),
    placesByProperty: Map.groupBy(sorted, (place) => place.propertyId),
    childrenOf: Map.groupBy(sorted, (place) => place.parentId ?? 0),
    linesByGateway: Map.groupBy(sortedLines, (line) => line.gatewayId),
    profiles,
    metersByLine: Map.groupBy(profiles.values(), ({ meter }) => meter.lineId),
    metersByProperty: Map.groupBy(profiles.values(), ({ meter }) => meter.propertyId),
    buildingOf,
  };
}

/** Each period from the nearest that sets it. */
function inherit(...levels: readonly (Polling | undefined)[]) {
  const nearest = (key: keyof typeof DEFAULT_POLLING) =>
    levels.find((level) => level?.[key] !== undefined)?.[key] ?? DEFAULT_POLLING[key];
  return { livePollMs: nearest('livePollMs'), registerPollMs: nearest('registerPollMs') };
}

/** Paths from property to place, each made once: rooms of a floor share all but their last step. */
function createPaths(places: ReadonlyMap<number, Place>): (placeId: number) => readonly Place[] {
  const known = new Map<number, readonly Place[]>();
  const pathOf = (placeId: number): readonly Place[] => {
    const before = known.get(placeId);
    if (before !== undefined) return before;
    const place = places.get(placeId);
    if (place === undefined) return [];
    const path = place.parentId === undefined ? [place] : [...pathOf(place.parentId), place];
    known.set(placeId, path);
    return path;
  };
  return pathOf;
}
