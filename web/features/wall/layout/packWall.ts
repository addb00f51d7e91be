import { type BuildingGrid, buildingGrid } from './buildingGrid.ts';
import type { WallProperty } from './wallModel.ts';

/** Distances around the tiles, CSS px. They follow the type size, not the tile size. */
export interface WallMetrics {
  readonly marginX: number;
  readonly marginY: number;
  readonly gapX: number;
  readonly gapY: number;
  /** Two lines of text under a building. */
  readonly labelHeight: number;
  /** Narrowest building, so that its label has room. */
  readonly labelWidth: number;
  /** Left of a building with named floors. */
  readonly floorLabelWidth: number;
  /** One line over a property, when there are several. */
  readonly titleHeight: number;
  readonly pitchMin: number;
  readonly pitchMax: number;
}

/** A building on the wall: the outer box of its tiles, with the ground line at its lower edge. */
export interface PlacedBuilding {
  readonly grid: BuildingGrid;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Left end of the label and of the box of the feeders. */
  readonly tilesX: number;
  readonly feederY: number;
  readonly labelY: number;
}
export interface PlacedProperty {
  readonly property: WallProperty;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly buildings: readonly PlacedBuilding[];
}
export interface PackedWall {
  readonly properties: readonly PlacedProperty[];
  /** Distance from tile to tile, CSS px. */
  readonly pitch: number;
  readonly width: number;
  readonly height: number;
}

/** Space between the frame of a building and its tiles. */
export function framePad(pitch: number): number {
  return Math.max(2, Math.min(8, Math.round(pitch * 0.28)));
}

const WRAP_COLUMNS = [240, 160, 120, 96, 72, 56, 48, 40, 32, 24, 16, 12] as const;
const PROPERTIES_ABREAST = [1, 2, 3, 4] as const;
const PITCH_STEPS = 14;

/** The wall with the largest tiles that fits the viewport; with the smallest ones when nothing fits. */
export function packToFit(
  properties: readonly WallProperty[],
  viewport: { width: number; height: number },
  metrics: WallMetrics,
): PackedWall {
  let best: PackedWall | undefined;
  const abreastChoices = properties.length > 1 ? PROPERTIES_ABREAST.filter((count) => count <= properties.length) : [1];
  for (const wrap of WRAP_COLUMNS) {
    const grids = properties.map((property) => property.buildings.map((building) => buildingGrid(building, wrap)));
    for (const abreast of abreastChoices) {
      const wall = largest(properties, grids, viewport, metrics, abreast, best?.pitch ?? 0);
      if (wall !== undefined) best = wall;
    }
  }
  return best ?? packColumn(properties, viewport.width, metrics, metrics.pitchMin);
}

function largest(
  properties: readonly WallProperty[],
  grids: readonly (readonly BuildingGrid[])[],
  viewport: { width: number; height: number },
  metrics: WallMetrics,
  abreast: number,
  beat: number,
): PackedWall | undefined {
  let low = Math.max(metrics.pitchMin, beat);
  let high = metrics.pitchMax;
  let found: PackedWall | undefined;
  for (let step = 0; step < PITCH_STEPS && high - low > 0.25; step++) {
    const pitch = (low + high) / 2;
    const wall = pack(properties, grids, viewport.width, metrics, pitch, abreast);
    if (wall !== undefined && wall.height <= viewport.height) {
      low = pitch;
      found = wall;
    } else high = pitch;
  }
  if (found === undefined) return undefined;
  // Whole pixels keep every tile the same size; very small tiles need the half.
  const crisp = found.pitch >= 8 ? Math.floor(found.pitch) : Math.floor(found.pitch * 2) / 2;
  return crisp <= beat
    ? undefined
    : (pack(properties, grids, viewport.width, metrics, Math.max(crisp, metrics.pitchMin), abreast) ?? found);
}

/** One column for narrow screens that scroll: the width is given, the height follows. */
export function packColumn(
  properties: readonly WallProperty[],
  width: number,
  metrics: WallMetrics,
  pitch: number,
): PackedWall {
  const usable = width - 2 * metrics.marginX - metrics.floorLabelWidth - 2 * framePad(pitch);
  const wrap = Math.max(1, Math.floor(usable / pitch));
  const grids = properties.map((property) => property.buildings.map((building) => buildingGrid(building, wrap)));
  return pack(properties, grids, width, metrics, pitch, 1) ?? { properties: [], pitch, width, height: 0 };
}

/** Shelves of buildings within shelves of properties, all at one pitch; undefined when a building is too wide. */
function pack(
  properties: readonly WallProperty[],
  grids: readonly (readonly BuildingGrid[])[],
  width: number,
  metrics: WallMetrics,
  pitch: number,
  abreast: number,
): PackedWall | undefined {
  const usable = width - 2 * metrics.marginX;
  const limit = (usable - (abreast - 1) * metrics.gapX) / abreast;
  const placed: PlacedProperty[] = [];
  let x = 0;
  let y = metrics.marginY;
  let shelfHeight = 0;
  for (const [index, property] of properties.entries()) {
    const title = properties.length > 1 ? metrics.titleHeight : 0;
    const block = packProperty(grids[index] ?? [], limit, metrics, pitch, title);
    if (block === undefined) return undefined;
    if (x > 0 && x + block.width > usable + 0.5) {
      x = 0;
      y += shelfHeight + metrics.gapY;
      shelfHeight = 0;
    }
    placed.push(
      moved(
        { property, x: 0, y: 0, width: block.width, height: block.height, buildings: block.buildings },
        metrics.marginX + x,
        y,
      ),
    );
    x += block.width + metrics.gapX * 1.5;
    shelfHeight = Math.max(shelfHeight, block.height);
  }
  return { properties: placed, pitch, width, height: y + shelfHeight + metrics.marginY };
}

function moved(property: PlacedProperty, dx: number, dy: number): PlacedProperty {
  const buildings = property.buildings.map((box) => ({
    ...box,
    x: box.x + dx,
    y: box.y + dy,
    tilesX: box.tilesX + dx,
    feederY: box.feederY + dy,
    labelY: box.labelY + dy,
  }));
  return { ...property, x: property.x + dx, y: property.y + dy, buildings };
}

interface Size {
  readonly grid: BuildingGrid;
  readonly labels: number;
  readonly width: number;
  readonly height: number;
  readonly feederHeight: number;
}

function sizeOf(grid: BuildingGrid, metrics: WallMetrics, pitch: number): Size {
  const pad = framePad(pitch);
  const named = grid.storeys.some((storey) => storey.floor.names !== undefined);
  const labels = named ? metrics.floorLabelWidth : 0;
  return {
    grid,
    labels,
    width: labels + Math.max(grid.columns * pitch + 2 * pad, metrics.labelWidth),
    height: grid.rows === 0 ? 0 : grid.rows * pitch + 2 * pad,
    feederHeight: grid.feederRows === 0 ? 0 : grid.feederRows * pitch + 2 * pad,
  };
}

/** Buildings side by side on common ground lines. */
function packProperty(
  grids: readonly BuildingGrid[],
  width: number,
  metrics: WallMetrics,
  pitch: number,
  title: number,
): { buildings: PlacedBuilding[]; width: number; height: number } | undefined {
  const shelves: Size[][] = [];
  let x = 0;
  for (const grid of grids) {
    const size = sizeOf(grid, metrics, pitch);
    if (size.width > width + 0.5) return undefined;
    if (shelves.length === 0 || x + size.width > width + 0.5) {
      shelves.push([]);
      x = 0;
    }
    shelves.at(-1)?.push(size);
    x += size.width + metrics.gapX;
  }
  const buildings: PlacedBuilding[] = [];
  let y = title;
  let widest = 0;
  for (const shelf of shelves) {
    const ground = y + Math.max(...shelf.map((size) => size.height));
    let left = 0;
    for (const size of shelf) {
      buildings.push(placeBuilding(size, left, ground));
      left += size.width + metrics.gapX;
    }
    widest = Math.max(widest, left - metrics.gapX);
    y = ground + Math.max(...shelf.map((size) => size.feederHeight)) + metrics.labelHeight + metrics.gapY;
  }
  return { buildings, width: widest, height: Math.max(title, y - metrics.gapY) };
}

function placeBuilding(size: Size, left: number, ground: number): PlacedBuilding {
  return {
    grid: size.grid,
    x: left + size.labels,
    y: ground - size.height,
    width: size.width - size.labels,
    height: size.height,
    tilesX: left + size.labels,
    feederY: ground,
    labelY: ground + size.feederHeight,
  };
}
