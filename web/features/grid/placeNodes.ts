import type { Language } from '../../i18n/index.ts';
import { nameIn } from '../../ui/format.ts';
import type { WallProperty } from '../wall/layout/wallModel.ts';

/** One place of the filter's tree. Floors and rooms are folded away until somebody opens them. */
export interface PlaceNode {
  readonly placeId: number;
  readonly name: string;
  /** Meters in it. */
  readonly total: number;
  readonly children: readonly PlaceNode[];
}

/** Buildings with floors with rooms; the property's own meters stand as a place of their own. */
export function placeNodes(model: WallProperty, ownName: string, language: Language): readonly PlaceNode[] {
  return model.buildings.map((building) => ({
    placeId: building.placeId,
    name: nameIn(building.names, language) || ownName,
    total: building.slots.length,
    children: building.floors.flatMap((floor) => {
      const rooms = floor.rooms
        .filter(({ placeId }) => placeId !== floor.placeId && placeId !== building.placeId)
        .map((room) => ({
          placeId: room.placeId,
          name: nameIn(room.names, language),
          total: room.slots.length,
          children: [],
        }))
        .filter(({ total }) => total > 0);
      if (floor.placeId === undefined) return rooms;
      const total = floor.rooms.reduce((sum, room) => sum + room.slots.length, 0);
      return [{ placeId: floor.placeId, name: nameIn(floor.names, language), total, children: rooms }];
    }),
  }));
}
