import { type BuildingGrid, buildingGrid, gridMaker } from './buildingGrid.ts';
import type { WallBuilding, WallProperty } from './wallModel.ts';

/** Distances around the tiles, CSS px. They follow the type size, not the tile size. */
export interface WallMetrics {
  readonly marginX: number;
  readonly marginY: number;
  readonly gapX: number;
  readonly gapY: number;
  /** Two lines of text under a building. */
  readonly labelHeight: number;
  /** Narrowest that a building may be, so that its label has room. */
  readonly labelWidth: (building: WallBuilding) => number;
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
  /** Distance from tile to tile along a storey, CSS px. */
  readonly pitch: number;
  /** Distance from line to line; larger than `pitch` where a wide wall leaves height to spare. */
  readonly rowPitch: number;
  readonly width: number;
  readonly height: number;
}

/** Space between the frame of a building and its tiles. */
export function framePad(pitch: number): number {
  return Math.max(2, Math.min(8, Math.round(pitch * 0.28)));
}

const WRAP_COLUMNS = [240, 160, 120, 96, 72, 56, 48, 40, 32, 24, 16, 12] as const;
/** Widest that one property may be, as shares of the wall; narrower ones may stand side by side. */
const PROPERTY_SHARES = [1, 0.66, 0.58, 0.5, 0.42, 0.33, 0.25] as const;
const PITCH_STEPS = 14;

/** How much larger tiles must be, per share of tiles on folded storeys, to be worth the folding. */
const FOLDING_COST = 0.5;
/** Tallest tile, of its width. */
const STRETCH_MAX = 1.6;

/**
 * The wall with the largest tiles that fits the viewport; with the smallest ones when nothing fits. People know a building
 * by its storeys, so one line a storey wins over somewhat larger tiles.
 */
export function packToFit(
  properties: readonly WallProperty[],
  viewport: { width: number; height: number },
  metrics: WallMetrics,
): PackedWall {
  let best: { wall: PackedWall; grids: readonly (readonly BuildingGrid[])[]; share: number } | undefined;
  let bestScore = 0;
  const shares = properties.length > 1 ? PROPERTY_SHARES : ([1] as const);
  const gridOf = gridMaker();
  let before: readonly (readonly BuildingGrid[])[] | undefined;
  for (const wrap of WRAP_COLUMNS) {
    const grids = properties.map((property) => property.buildings.map((building) => gridOf(building, wrap)));
    // A narrower wrap that folds nothing more is the same wall.
    if (before !== undefined && areSame(grids.flat(), before.flat())) continue;
    before = grids;
    const cost = 1 + FOLDING_COST * foldedShare(grids.flat());
    for (const share of shares) {
      const wall = largest(properties, grids, viewport, metrics, share, bestScore * cost);
      if (wall === undefined || wall.pitch / cost <= bestScore) continue;
      best = { wall, grids, share };
      bestScore = wall.pitch / cost;
    }
  }
  if (best === undefined) return packAt(properties, viewport.width, metrics, metrics.pitchMin);
  return stretched(properties, best.grids, viewport, metrics, best.share, best.wall);
}

function areSame(some: readonly BuildingGrid[], others: readonly BuildingGrid[]): boolean {
  return some.every((grid, index) => grid === others[index]);
}

/** Windows may be taller than wide: height that is left over makes them so. */
function stretched(
  properties: readonly WallProperty[],
  grids: readonly (readonly BuildingGrid[])[],
  viewport: { width: number; height: number },
  metrics: WallMetrics,
  share: number,
  square: PackedWall,
): PackedWall {
  const { pitch } = square;
  for (let rowPitch = Math.floor(pitch * STRETCH_MAX); rowPitch > pitch; rowPitch--) {
    const wall = pack(properties, grids, viewport.width, metrics, pitch, share, rowPitch);
    if (wall !== undefined && wall.height <= viewport.height) return wall;
  }
  return square;
}

/** Share of the tiles that stand on storeys of several lines, in buildings of several storeys. */
function foldedShare(grids: readonly BuildingGrid[]): number {
  let folded = 0;
  let all = 0;
  for (const grid of grids) {
    all += grid.cells.length;
    if (grid.storeys.length > 1 && grid.storeys.some((storey) => storey.rows > 1)) folded += grid.cells.length;
  }
  return all === 0 ? 0 : folded / all;
}

function largest(
  properties: readonly WallProperty[],
  grids: readonly (readonly BuildingGrid[])[],
  viewport: { width: number; height: number },
  metrics: WallMetrics,
  share: number,
  beat: number,
): PackedWall | undefined {
  let low = Math.max(metrics.pitchMin, beat);
  let high = metrics.pitchMax;
  let found: PackedWall | undefined;
  for (let step = 0; step < PITCH_STEPS && high - low > 0.25; step++) {
    const pitch = (low + high) / 2;
    const wall = pack(properties, grids, viewport.width, metrics, pitch, share);
    if (wall !== undefined && wall.height <= viewport.height) {
      low = pitch;
      found = wall;
    } else high = pitch;
  }
  if (found === undefined) return undefined;
  // Whole pixels keep every tile the same size; very small tiles need the half.
  const crisp = found.pitch >= 8 ? Math.floor(found.pitch) : Math.floor(found.pitch * 2) / 2;
  if (crisp <= beat) return undefined;
  const wall = pack(properties, grids, viewport.width, metrics, Math.max(crisp, metrics.pitchMin), share);
  // Smaller tiles may break the shelves elsewhere and end up higher: then the found pitch stays.
  return wall !== undefined && wall.height <= viewport.height ? wall : found;
}

/** Sides of tiles that a finger can hit and a column can hold, CSS px. */
const COLUMN_PITCHES = [36, 33, 30, 28, 26, 24, 22] as const;

/** One column for narrow screens that scroll: the width is given, the shortest way down is taken. */
export function packColumn(properties: readonly WallProperty[], width: number, metrics: WallMetrics): PackedWall {
  const walls = COLUMN_PITCHES.map((pitch) => packAt(properties, width, metrics, pitch));
  return walls.reduce((best, wall) => (wall.height < best.height ? wall : best));
}

function packAt(properties: readonly WallProperty[], width: number, metrics: WallMetrics, pitch: number): PackedWall {
  const usable = width - 2 * metrics.marginX - metrics.floorLabelWidth - 2 * framePad(pitch);
  const wrap = Math.max(1, Math.floor(usable / pitch));
  const grids = properties.map((property) => property.buildings.map((building) => buildingGrid(building, wrap)));
  return (
    pack(properties, grids, width, metrics, pitch, 1) ?? { properties: [], pitch, rowPitch: pitch, width, height: 0 }
  );
}

/** Shelves of buildings within shelves of properties, all at one pitch; undefined when a building is too wide. */
function pack(
  properties: readonly WallProperty[],
  grids: readonly (readonly BuildingGrid[])[],
  width: number,
  metrics: WallMetrics,
  pitch: number,
  share: number,
  rowPitch = pitch,
): PackedWall | undefined {
  const usable = width - 2 * metrics.marginX;
  const limit = usable * share;
  const placed: PlacedProperty[] = [];
  let x = 0;
  let y = metrics.marginY;
  let shelfHeight = 0;
  for (const [index, property] of properties.entries()) {
    const title = properties.length > 1 ? metrics.titleHeight : 0;
    const block = packProperty(grids[index] ?? [], limit, metrics, { pitch, rowPitch }, title);
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
  const right = Math.max(0, ...placed.map((one) => one.x + one.width));
  return {
    properties: placed,
    pitch,
    rowPitch,
    width: right + metrics.marginX,
    height: y + shelfHeight + metrics.marginY,
  };
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
  /** Below the ground line: feeders and label. */
  readonly below: number;
}

interface Pitches {
  readonly pitch: number;
  readonly rowPitch: number;
}

function sizeOf(grid: BuildingGrid, metrics: WallMetrics, { pitch, rowPitch }: Pitches): Size {
  const pad = framePad(pitch);
  const labels = hasFloorLabels(grid) ? metrics.floorLabelWidth : 0;
  return {
    grid,
    labels,
    width: labels + Math.max(grid.columns * pitch + 2 * pad, metrics.labelWidth(grid.building)),
    height: grid.rows === 0 ? 0 : grid.rows * rowPitch + 2 * pad,
    below: (grid.feederRows === 0 ? 0 : grid.feederRows * rowPitch + 2 * pad) + metrics.labelHeight,
  };
}

/** One storey needs no number. */
export function hasFloorLabels(grid: BuildingGrid): boolean {
  return grid.storeys.length > 1 && grid.storeys.some((storey) => storey.floor.names !== undefined);
}

/** Buildings one above the other in the width of the widest; the last stands on the ground of its shelf. */
interface Stack {
  sizes: Size[];
  width: number;
  height: number;
}

/** Buildings side by side on common ground lines; low ones share a place where a tall one leaves room above them. */
function packProperty(
  grids: readonly BuildingGrid[],
  width: number,
  metrics: WallMetrics,
  pitches: Pitches,
  title: number,
): { buildings: PlacedBuilding[]; width: number; height: number } | undefined {
  const shelves: Stack[][] = [];
  let x = 0;
  let shelfHeight = 0;
  for (const grid of grids) {
    const size = sizeOf(grid, metrics, pitches);
    if (size.width > width + 0.5) return undefined;
    const shelf = shelves.at(-1);
    const stack = shelf?.at(-1);
    if (stack !== undefined && stacks(stack, size, shelfHeight, x, width, metrics)) {
      x += Math.max(0, size.width - stack.width);
      stack.sizes.push(size);
      stack.height += metrics.gapY + size.height + size.below;
      stack.width = Math.max(stack.width, size.width);
      continue;
    }
    const fits = shelf !== undefined && x + metrics.gapX + size.width <= width + 0.5;
    if (!fits) {
      shelves.push([]);
      shelfHeight = 0;
    }
    x = fits ? x + metrics.gapX + size.width : size.width;
    shelves.at(-1)?.push({ sizes: [size], width: size.width, height: size.height + size.below });
    shelfHeight = Math.max(shelfHeight, size.height + size.below);
  }
  return placeShelves(shelves, metrics, title);
}

function stacks(
  stack: Stack,
  size: Size,
  shelfHeight: number,
  x: number,
  width: number,
  metrics: WallMetrics,
): boolean {
  const grows = Math.max(0, size.width - stack.width);
  return (
    stack.height + metrics.gapY + size.height + size.below <= shelfHeight &&
    x + grows <= width + 0.5 &&
    grows < size.width / 2
  );
}

function placeShelves(
  shelves: readonly Stack[][],
  metrics: WallMetrics,
  title: number,
): { buildings: PlacedBuilding[]; width: number; height: number } {
  const buildings: PlacedBuilding[] = [];
  let y = title;
  let widest = 0;
  for (const shelf of shelves) {
    const lasts = shelf.map((stack) => stack.sizes.at(-1)?.below ?? 0);
    const above = Math.max(...shelf.map((stack, index) => stack.height - (lasts[index] ?? 0)));
    let left = 0;
    for (const stack of shelf) {
      let ground = y + above;
      for (const size of stack.sizes.toReversed()) {
        buildings.push(placeBuilding(size, left, ground, metrics));
        ground -= size.height + metrics.gapY;
        const next = stack.sizes[stack.sizes.indexOf(size) - 1];
        ground -= next?.below ?? 0;
      }
      left += stack.width + metrics.gapX;
    }
    widest = Math.max(widest, left - metrics.gapX);
    y += above + Math.max(...lasts) + metrics.gapY;
  }
  const order = new Map(
    shelves.flatMap((shelf) => shelf.flatMap((stack) => stack.sizes)).map((size, index) => [size.grid, index]),
  );
  buildings.sort((a, b) => (order.get(a.grid) ?? 0) - (order.get(b.grid) ?? 0));
  return { buildings, width: widest, height: Math.max(title, y - metrics.gapY) };
}

function placeBuilding(size: Size, left: number, ground: number, metrics: WallMetrics): PlacedBuilding {
  return {
    grid: size.grid,
    x: left + size.labels,
    y: ground - size.height,
    width: size.width - size.labels,
    height: size.height,
    tilesX: left + size.labels,
    feederY: ground,
    labelY: ground + size.below - metrics.labelHeight,
  };
}
