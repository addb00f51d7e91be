import type { WallBuilding, WallFloor, WallRoom } from './wallModel.ts';

/** A tile in the grid of its building; row 0 is the lowest. */
export interface Cell {
  readonly slot: number;
  readonly column: number;
  readonly row: number;
  readonly room: WallRoom | undefined;
  /** Drawn joined to the tile on its left: another meter of the same room. */
  readonly joined: boolean;
}
/** The rows that one storey fills. */
export interface Storey {
  readonly floor: WallFloor;
  readonly row: number;
  readonly rows: number;
}
export interface BuildingGrid {
  readonly building: WallBuilding;
  readonly columns: number;
  readonly rows: number;
  readonly cells: readonly Cell[];
  readonly storeys: readonly Storey[];
  /** Feeders stand below the ground line in a grid of their own; row 0 is the highest. */
  readonly feeders: readonly Cell[];
  readonly feederRows: number;
}

const ROW_ASPECT = 7;
const BLOCK_ASPECT = 3.5;

/**
 * Lays buildings out like `buildingGrid`, each shape of each building once: at most widths nothing is wrapped, and then the
 * same grid is given again.
 */
export function gridMaker(): (building: WallBuilding, wrapColumns: number) => BuildingGrid {
  const made = new Map<WallBuilding, Map<number, BuildingGrid>>();
  return (building, wrapColumns) => {
    const grids = made.get(building) ?? new Map<number, BuildingGrid>();
    made.set(building, grids);
    // Without storeys the feeders alone make the shape, and they go by the wrap itself.
    const shape = building.floors.length === 0 ? wrapColumns : balanced(idealColumns(building), wrapColumns);
    const grid = grids.get(shape) ?? buildingGrid(building, wrapColumns);
    grids.set(shape, grid);
    return grid;
  };
}

/** Lays a building out with at most `wrapColumns` tiles side by side; wider storeys take several rows. */
export function buildingGrid(building: WallBuilding, wrapColumns: number): BuildingGrid {
  const width = balanced(idealColumns(building), wrapColumns);
  const cells: Cell[] = [];
  const storeys: Storey[] = [];
  let row = 0;
  for (const floor of building.floors) {
    const rows = placeFloor(floor, row, width, cells);
    storeys.push({ floor, row, rows });
    row += rows;
  }
  const columns = cells.reduce((most, cell) => Math.max(most, cell.column + 1), 1);
  const feederColumns = building.floors.length === 0 ? Math.min(wrapColumns, Math.max(columns, 12)) : columns;
  const feeders = building.feeders.map((slot, index) => ({
    slot,
    column: index % feederColumns,
    row: Math.floor(index / feederColumns),
    room: undefined,
    joined: false,
  }));
  const widest = feeders.reduce((most, cell) => Math.max(most, cell.column + 1), columns);
  return {
    building,
    columns: widest,
    rows: row,
    cells,
    storeys,
    feeders,
    feederRows: Math.ceil(building.feeders.length / feederColumns),
  };
}

function widthOf(floor: WallFloor): number {
  return floor.rooms.reduce((sum, room) => sum + Math.max(1, room.slots.length), 0);
}

/** A tower stands as it is built; a row or a block of one storey is folded into a pleasant shape. */
function idealColumns(building: WallBuilding): number {
  const { floors } = building;
  const widest = floors.reduce((most, floor) => Math.max(most, widthOf(floor)), 1);
  if (building.shape === 'tower' || floors.length > 1) return widest;
  return Math.min(widest, Math.ceil(Math.sqrt(widest * (building.shape === 'row' ? ROW_ASPECT : BLOCK_ASPECT))));
}

/** Columns so that the lines of a wrapped storey are about equally long. */
function balanced(columns: number, wrapColumns: number): number {
  return Math.max(1, Math.ceil(columns / Math.ceil(columns / wrapColumns)));
}

/** Fills rows from the left and, storey by storey, from the ground up; returns how many rows it took. */
function placeFloor(floor: WallFloor, firstRow: number, width: number, cells: Cell[]): number {
  const lines = linesOf(floor, width);
  lines.forEach((line, index) => {
    // Within a storey people read from the top: its first line is the upper one.
    const row = firstRow + lines.length - 1 - index;
    for (const place of line) cells.push({ ...place, row });
  });
  return Math.max(1, lines.length);
}

type LineCell = Omit<Cell, 'row'>;

function linesOf(floor: WallFloor, width: number): readonly LineCell[][] {
  const lines: LineCell[][] = [[]];
  let column = 0;
  const wrap = () => {
    lines.push([]);
    column = 0;
  };
  for (const room of floor.rooms) {
    const size = Math.max(1, room.slots.length);
    if (column > 0 && column + Math.min(size, width) > width) wrap();
    // A room without meters keeps its place, so that its neighbours stand where people know them.
    if (room.slots.length === 0) column++;
    room.slots.forEach((slot, index) => {
      if (column >= width) wrap();
      lines.at(-1)?.push({ slot, column, room, joined: index > 0 && column > 0 });
      column++;
    });
  }
  return lines;
}
