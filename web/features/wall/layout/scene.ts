import type { Cell } from './buildingGrid.ts';
import { framePad, type PackedWall, type PlacedBuilding } from './packWall.ts';
import type { WallRoom } from './wallModel.ts';

/** A rectangle in the world: CSS px of the fitted wall. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A building with the range of its tiles. */
export interface SceneBuilding extends Box {
  readonly placed: PlacedBuilding;
  readonly propertyIndex: number;
  readonly frame: Box;
  readonly feederFrame: Box | undefined;
  readonly firstTile: number;
  readonly endTile: number;
  readonly storeys: readonly (Box & {
    readonly names: PlacedBuilding['grid']['storeys'][number]['floor']['names'];
    readonly placeId: number | undefined;
  })[];
}

/** Everything with its place: tiles in columns of equal index, for the renderer, the hit test and the keyboard. */
export interface Scene {
  readonly packed: PackedWall;
  readonly size: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Width and height of a tile, without the gap. */
  readonly side: number;
  readonly tall: number;
  readonly propertyIndex: Uint16Array;
  readonly slot: Uint32Array;
  readonly buildingIndex: Uint16Array;
  readonly rooms: readonly (WallRoom | undefined)[];
  /** 1 = joined to the tile on the left. */
  readonly joined: Uint8Array;
  readonly buildings: readonly SceneBuilding[];
  /** Tile of a meter's slot, per property. */
  readonly tileOf: readonly Int32Array[];
}

/** Distance between tiles of one pitch. */
export function gapOf(pitch: number): number {
  return pitch < 5 ? 0.5 : Math.max(1, Math.round(pitch * 0.12));
}

/** Tiles of a packed wall. */
export function createScene(packed: PackedWall): Scene {
  const size = packed.properties.reduce((sum, one) => sum + one.property.meterCount, 0);
  const scene = {
    x: new Float32Array(size),
    y: new Float32Array(size),
    propertyIndex: new Uint16Array(size),
    slot: new Uint32Array(size),
    buildingIndex: new Uint16Array(size),
    joined: new Uint8Array(size),
  };
  const rooms: (WallRoom | undefined)[] = [];
  const buildings: SceneBuilding[] = [];
  const tileOf = packed.properties.map((one) => new Int32Array(one.property.meterCount).fill(-1));
  const { pitch, rowPitch } = packed;
  const pad = framePad(pitch);
  const inset = gapOf(pitch) / 2;

  for (const [propertyIndex, property] of packed.properties.entries()) {
    for (const placed of property.buildings) {
      const firstTile = rooms.length;
      const add = (cell: Cell, x: number, y: number) => {
        const tile = rooms.length;
        scene.x[tile] = x + inset;
        scene.y[tile] = y + inset;
        scene.propertyIndex[tile] = propertyIndex;
        scene.slot[tile] = cell.slot;
        scene.buildingIndex[tile] = buildings.length;
        scene.joined[tile] = cell.joined ? 1 : 0;
        rooms.push(cell.room);
        const tiles = tileOf[propertyIndex];
        if (tiles !== undefined) tiles[cell.slot] = tile;
      };
      const ground = placed.y + placed.height;
      for (const cell of placed.grid.cells)
        add(cell, placed.x + pad + cell.column * pitch, ground - pad - (cell.row + 1) * rowPitch);
      for (const cell of placed.grid.feeders)
        add(cell, placed.x + pad + cell.column * pitch, placed.feederY + pad + cell.row * rowPitch);
      buildings.push(sceneBuilding(placed, propertyIndex, firstTile, rooms.length, packed));
    }
  }
  return {
    packed,
    size: rooms.length,
    side: pitch - 2 * inset,
    tall: rowPitch - 2 * inset,
    ...scene,
    rooms,
    buildings,
    tileOf,
  };
}

function sceneBuilding(
  placed: PlacedBuilding,
  propertyIndex: number,
  firstTile: number,
  endTile: number,
  { pitch, rowPitch }: PackedWall,
): SceneBuilding {
  const pad = framePad(pitch);
  const { grid } = placed;
  const frameWidth = grid.columns * pitch + 2 * pad;
  const ground = placed.y + placed.height;
  const frame = { x: placed.x, y: placed.y, width: frameWidth, height: placed.height };
  const feederFrame =
    grid.feederRows === 0
      ? undefined
      : { x: placed.x, y: placed.feederY, width: frameWidth, height: grid.feederRows * rowPitch + 2 * pad };
  return {
    placed,
    propertyIndex,
    frame,
    feederFrame,
    firstTile,
    endTile,
    x: placed.x,
    y: placed.y,
    width: frameWidth,
    height: placed.height + (feederFrame?.height ?? 0),
    storeys: grid.storeys.map((storey) => ({
      x: placed.x + pad,
      y: ground - pad - (storey.row + storey.rows) * rowPitch,
      width: grid.columns * pitch,
      height: storey.rows * rowPitch,
      names: storey.floor.names,
      placeId: storey.floor.placeId,
    })),
  };
}

/** The tile at a point of the world; -1 where there is none. */
export function tileAt(scene: Scene, x: number, y: number): number {
  const slack = scene.packed.pitch - scene.side;
  for (const building of scene.buildings) {
    if (x < building.x || x > building.x + building.width || y < building.y || y > building.y + building.height)
      continue;
    for (let tile = building.firstTile; tile < building.endTile; tile++) {
      const dx = x - (scene.x[tile] ?? 0);
      const dy = y - (scene.y[tile] ?? 0);
      if (dx >= -slack / 2 && dx < scene.side + slack / 2 && dy >= -slack / 2 && dy < scene.tall + slack / 2)
        return tile;
    }
  }
  return -1;
}

/** The building at a point of the world, its label included. */
export function buildingAt(scene: Scene, x: number, y: number): SceneBuilding | undefined {
  return scene.buildings.find((one) => x >= one.x && x <= one.x + one.width && y >= one.y && y <= one.y + one.height);
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** The next tile in a direction: near ones first, straight ones before slanting ones; the same tile at the edge. */
export function neighbourOf(scene: Scene, tile: number, direction: Direction): number {
  const x = scene.x[tile] ?? 0;
  const y = scene.y[tile] ?? 0;
  let best = tile;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let other = 0; other < scene.size; other++) {
    const dx = (scene.x[other] ?? 0) - x;
    const dy = (scene.y[other] ?? 0) - y;
    const ahead = direction === 'right' ? dx : direction === 'left' ? -dx : direction === 'down' ? dy : -dy;
    if (ahead < scene.side / 2) continue;
    const aside = Math.abs(direction === 'left' || direction === 'right' ? dy : dx);
    const cost = ahead + aside * 3;
    if (cost < bestCost) {
      bestCost = cost;
      best = other;
    }
  }
  return best;
}
