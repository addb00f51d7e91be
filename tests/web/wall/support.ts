import type { Place } from '#contract/estate.ts';
import type { WallLayout } from '#contract/metering.ts';
import type { TileView } from '../../../web/features/wall/draw/tileView.ts';
import type { WallMetrics } from '../../../web/features/wall/layout/packWall.ts';

/** A tile of which there is nothing to tell. */
export const QUIET: TileView = {
  state: 'opened',
  lastState: 'opened',
  glow: 0,
  relayOpen: false,
  relayDisagrees: false,
  protection: 'none',
  commandInFlight: false,
  unacknowledged: false,
};

export interface BuildingSpec {
  readonly name: string;
  readonly floors: number;
  readonly rooms: number;
  readonly shape?: 'tower' | 'row' | 'block';
  readonly feeders?: number;
  /** Meters per room; 1 by default. */
  readonly perRoom?: number;
}

/** The layout of a property with regular buildings; `loose` meters hang on the property itself. */
export function layoutOf(buildings: readonly BuildingSpec[], loose = 0, propertyId = 1): WallLayout {
  const places: Place[] = [
    { id: propertyId, kind: 'property', propertyId, names: { en: `P${propertyId}` }, position: 0 },
  ];
  const placeIds: number[] = [];
  let nextId = propertyId * 1_000_000;
  const add = (kind: Place['kind'], parentId: number, name: string, position: number, shape?: Place['shape']) => {
    const id = ++nextId;
    places.push({
      id,
      kind,
      parentId,
      propertyId,
      names: { en: name },
      position,
      ...(shape === undefined ? {} : { shape }),
    });
    return id;
  };
  for (const [index, spec] of buildings.entries()) {
    const building = add('building', propertyId, spec.name, index, spec.shape ?? 'tower');
    for (let floor = 1; floor <= spec.floors; floor++) {
      const floorId = add('floor', building, `${floor}F`, floor);
      for (let room = 1; room <= spec.rooms; room++) {
        const roomId = add('room', floorId, `${floor}F-${room}`, room);
        for (let meter = 0; meter < (spec.perRoom ?? 1); meter++) placeIds.push(roomId);
      }
    }
    for (let feeder = 0; feeder < (spec.feeders ?? 0); feeder++) placeIds.push(building);
  }
  for (let meter = 0; meter < loose; meter++) placeIds.push(propertyId);
  const ids = placeIds.map((_, index) => propertyId * 100_000 + index + 1);
  return {
    propertyId,
    propertyNames: { en: `P${propertyId}` },
    timeZone: 'Asia/Shanghai',
    currency: 'CNY',
    places,
    meters: {
      id: ids,
      placeId: placeIds,
      lineId: ids.map(() => 1),
      role: ids.map(() => 'tenant'),
      modelId: ids.map(() => 'm'),
      meterNumber: ids.map(String),
      names: ids.map(() => null),
      peakW: ids.map(() => 1_000),
    },
    lines: [{ id: 1, gatewayId: 1, gatewayCode: 'G', name: '1' }],
  };
}

export const METRICS: WallMetrics = {
  marginX: 36,
  marginY: 28,
  gapX: 34,
  gapY: 26,
  labelHeight: 56,
  labelWidth: () => 128,
  floorLabelWidth: 34,
  titleHeight: 44,
  pitchMin: 3,
  pitchMax: 76,
};
