/** Tiles of one floor, or of one building, under its name. */
export interface TileGroup {
  readonly key: string;
  readonly title: string;
  /** Indices into the list shown, in its order. */
  readonly from: number;
  readonly count: number;
}
export interface TileBox extends TileGroup {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly columns: number;
}
/** Where every tile of the list stands, px; tile `index` lies at `x[index]`, `y[index]`. */
export interface TileLayout {
  readonly side: number;
  /** Distance from one tile to the next, and height of a group's title. */
  readonly pitch: number;
  readonly title: number;
  readonly boxes: readonly TileBox[];
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly height: number;
}

const GAP = 3;
const TITLE = 26;
const BETWEEN = 20;
const PAD = 12;
/** Least width of a group, so that its title fits. */
const WIDTH_MIN = 150;

/** Side of the tiles so that `count` of them about fill the screen, px; readable where there are few, a coloured dot where there are many. */
export function sideFor(count: number, width: number, height: number, scale: number): number {
  const filling = Math.sqrt((width * height * 0.55) / Math.max(1, count));
  return Math.round(Math.max(20 * scale, Math.min(88 * scale, filling)));
}

/**
 * Groups side by side, shelf by shelf, each about three times as wide as high. `side` is the side of a tile, px; `scale` that
 * of the type.
 */
export function tileLayout(groups: readonly TileGroup[], width: number, side: number, scale = 1): TileLayout {
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const x = new Float32Array(total);
  const y = new Float32Array(total);
  const boxes: TileBox[] = [];
  const [pitch, pad, title, between] = [side + GAP * scale, PAD * scale, TITLE * scale, BETWEEN * scale];
  const most = Math.max(1, Math.floor((width - 2 * pad + GAP * scale) / pitch));
  let left = pad;
  let top = pad;
  let shelf = 0;
  for (const group of groups) {
    const wanted = Math.max(Math.ceil(Math.sqrt(group.count * 3)), Math.ceil((WIDTH_MIN * scale) / pitch));
    const columns = Math.min(most, wanted);
    const boxWidth = columns * pitch - GAP * scale;
    if (left > pad && left + boxWidth > width - pad) {
      left = pad;
      top += shelf + between;
      shelf = 0;
    }
    boxes.push({ ...group, x: left, y: top, width: boxWidth, columns });
    for (let at = 0; at < group.count; at++) {
      x[group.from + at] = left + (at % columns) * pitch;
      y[group.from + at] = top + title + Math.floor(at / columns) * pitch;
    }
    shelf = Math.max(shelf, title + Math.ceil(group.count / columns) * pitch);
    left += boxWidth + between;
  }
  return { side, pitch, title, boxes, x, y, height: top + shelf + pad };
}

/** Neighbours in the list with the same name make one group. */
export function groupsOf(count: number, titleOf: (index: number) => string): readonly TileGroup[] {
  const groups: TileGroup[] = [];
  for (let index = 0; index < count; index++) {
    const title = titleOf(index);
    const last = groups.at(-1);
    if (last !== undefined && last.title === title) groups[groups.length - 1] = { ...last, count: last.count + 1 };
    else groups.push({ key: `${index}`, title, from: index, count: 1 });
  }
  return groups;
}

/** Tile under a point; undefined between tiles. */
export function tileAt(layout: TileLayout, x: number, y: number): number | undefined {
  const { pitch, title } = layout;
  for (const box of layout.boxes) {
    if (x < box.x || x >= box.x + box.columns * pitch || y < box.y + title) continue;
    const column = Math.floor((x - box.x) / pitch);
    const at = Math.floor((y - box.y - title) / pitch) * box.columns + column;
    if (column < box.columns && at < box.count) return box.from + at;
  }
  return undefined;
}

/** Tiles that a rectangle touches, in the order of the list. */
export function tilesIn(layout: TileLayout, a: { x: number; y: number }, b: { x: number; y: number }): number[] {
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)];
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)];
  const found: number[] = [];
  for (let index = 0; index < layout.x.length; index++) {
    const x = layout.x[index] ?? 0;
    const y = layout.y[index] ?? 0;
    if (x + layout.side >= left && x <= right && y + layout.side >= top && y <= bottom) found.push(index);
  }
  return found;
}
