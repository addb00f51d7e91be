import type { Names } from '#contract/common.ts';
import type { BuildingShape, Place } from '#contract/estate.ts';
import type { WallLayout } from '#contract/metering.ts';

/** A window: one room with its meters. `slots` are positions in the layout's meter columns. */
export interface WallRoom {
  readonly placeId: number;
  /** Absent where the meter hangs on something larger than a room: then it goes by its own name. */
  readonly names: Names | undefined;
  readonly slots: readonly number[];
}
export interface WallFloor {
  /** Absent where rooms hang on the building itself. */
  readonly placeId: number | undefined;
  readonly names: Names | undefined;
  readonly rooms: readonly WallRoom[];
}
export interface WallBuilding {
  /** The property's own id for what hangs on the property itself. */
  readonly placeId: number;
  /** Absent for the property's own public and substation meters. */
  readonly names: Names | undefined;
  readonly shape: BuildingShape;
  /** From the ground up. */
  readonly floors: readonly WallFloor[];
  /** Substation and public meters of the whole building: they stand under it. */
  readonly feeders: readonly number[];
  readonly slots: readonly number[];
}
export interface WallProperty {
  readonly propertyId: number;
  readonly names: Names;
  readonly buildings: readonly WallBuilding[];
  readonly meterCount: number;
}

const byPosition = (a: Place, b: Place) => a.position - b.position || a.id - b.id;

/** The estate tree of a property as it is drawn. Every meter of the layout appears exactly once. */
export function wallModel(layout: WallLayout): WallProperty {
  const children = new Map<number, Place[]>();
  for (const place of layout.places) {
    if (place.parentId === undefined) continue;
    const siblings = children.get(place.parentId);
    if (siblings === undefined) children.set(place.parentId, [place]);
    else siblings.push(place);
  }
  for (const siblings of children.values()) siblings.sort(byPosition);
  const slotsAt = new Map<number, number[]>();
  for (const [slot, placeId] of layout.meters.placeId.entries()) {
    const slots = slotsAt.get(placeId);
    if (slots === undefined) slotsAt.set(placeId, [slot]);
    else slots.push(slot);
  }

  const tree: Tree = { children: (id) => children.get(id) ?? [], slots: (id) => slotsAt.get(id) ?? [] };
  const buildings = tree.children(layout.propertyId).map((place) => buildingOf(tree, place));
  const drawn = new Set(buildings.flatMap((building) => building.slots));
  const loose = layout.meters.id.map((_, slot) => slot).filter((slot) => !drawn.has(slot));
  if (loose.length > 0) buildings.push(sharedBlock(layout, loose));
  return { propertyId: layout.propertyId, names: layout.propertyNames, buildings, meterCount: layout.meters.id.length };
}

interface Tree {
  children(placeId: number): readonly Place[];
  slots(placeId: number): readonly number[];
}

function buildingOf(tree: Tree, place: Place): WallBuilding {
  if (place.kind === 'room')
    return asBuilding(place, 'block', [{ placeId: undefined, names: undefined, rooms: [roomOf(tree, place)] }], []);
  const rooms = tree.children(place.id).filter((child) => child.kind === 'room');
  const floors: WallFloor[] = tree
    .children(place.id)
    .filter((child) => child.kind === 'floor')
    .map((floor) => floorOf(tree, floor));
  if (rooms.length > 0)
    floors.unshift({ placeId: undefined, names: undefined, rooms: rooms.map((room) => roomOf(tree, room)) });
  return asBuilding(place, place.shape ?? 'tower', floors, tree.slots(place.id));
}

function asBuilding(
  place: Place,
  shape: BuildingShape,
  floors: readonly WallFloor[],
  feeders: readonly number[],
): WallBuilding {
  const slots = [...floors.flatMap((floor) => floor.rooms.flatMap((room) => room.slots)), ...feeders];
  return { placeId: place.id, names: place.names, shape, floors, feeders, slots };
}

function floorOf(tree: Tree, floor: Place): WallFloor {
  const rooms = tree.children(floor.id).map((room) => roomOf(tree, room));
  // What hangs on the floor itself (corridor light, riser) stands at its end, each by its own name.
  for (const slot of tree.slots(floor.id)) rooms.push({ placeId: floor.id, names: undefined, slots: [slot] });
  return { placeId: floor.id, names: floor.names, rooms };
}

function roomOf(tree: Tree, room: Place): WallRoom {
  return { placeId: room.id, names: room.names, slots: tree.slots(room.id) };
}

/** Meters that hang on the property itself, as a block of their own. */
function sharedBlock(layout: WallLayout, slots: readonly number[]): WallBuilding {
  const rooms = slots.map((slot) => ({
    placeId: layout.propertyId,
    names: layout.meters.names[slot] ?? undefined,
    slots: [slot],
  }));
  return {
    placeId: layout.propertyId,
    names: undefined,
    shape: 'block',
    floors: [{ placeId: undefined, names: undefined, rooms }],
    feeders: [],
    slots,
  };
}
