import { type PaintContext, ringWeight, type Square } from './paintContext.ts';
import type { TileView } from './tileView.ts';

type Pen = PaintContext['ctx'];
type Draw = (pen: Pen, at: Corner, size: number) => void;

/** A corner of a tile and the ways from it into the tile. */
interface Corner {
  readonly x: number;
  readonly y: number;
  readonly right: 1 | -1;
  readonly down: 1 | -1;
}

/** Smallest shape that can be told from another, device px. */
const SIZE_MIN = 3;
const SHARE = 0.28;

/**
 * The marks of a tile that is too small for signs. Each has the corner of its sign; what shares a corner differs by its
 * form: relay upper left (open a wedge, at odds with its command two strokes), protection upper right (shield a block, lock
 * an angle, window without cuts two strokes), command lower left. Whole pixels, so that eight of them suffice for a tile.
 */
export function paintTinyMarks({ ctx }: PaintContext, square: Square, view: TileView): void {
  const size = Math.max(SIZE_MIN, Math.round(square.side * SHARE));
  // The ring of an unacknowledged alarm would cover them.
  const inset = view.unacknowledged ? ringWeight(square) : 0;
  const left = square.x + inset;
  const right = square.x + square.side - inset;
  const top = square.y + inset;
  const bottom = square.y + square.tall - inset;
  if (view.relayDisagrees) strokes(ctx, { x: left, y: top, right: 1, down: 1 }, size);
  else if (view.relayOpen) wedge(ctx, { x: left, y: top, right: 1, down: 1 }, size);
  if (view.protection !== 'none') PROTECTIONS[view.protection](ctx, { x: right, y: top, right: -1, down: 1 }, size);
  if (view.commandInFlight) wedge(ctx, { x: left, y: bottom, right: 1, down: -1 }, size);
}

/** A rectangle `dx`, `dy` px from the corner into the tile. */
function patch(pen: Pen, at: Corner, dx: number, dy: number, width: number, height: number): void {
  const x = at.right === 1 ? at.x + dx : at.x - dx - width;
  const y = at.down === 1 ? at.y + dy : at.y - dy - height;
  pen.fillRect(x, y, width, height);
}

const wedge: Draw = (pen, at, size) => {
  for (let row = 0; row < size; row++) patch(pen, at, 0, row, size - row, 1);
};
const block: Draw = (pen, at, size) => patch(pen, at, 0, 0, size, size);
const angle: Draw = (pen, at, size) => {
  const weight = Math.max(1, Math.round(size / 4));
  patch(pen, at, 0, 0, size, weight);
  patch(pen, at, 0, weight, weight, size - weight);
};
const strokes: Draw = (pen, at, size) => {
  const width = Math.max(1, Math.floor(size * 0.4));
  const height = Math.max(2, Math.round(size * 0.6));
  patch(pen, at, 0, 0, width, height);
  patch(pen, at, size - width, 0, width, height);
};
const PROTECTIONS: Readonly<Record<Exclude<TileView['protection'], 'none'>, Draw>> = {
  forcedClosed: block,
  forcedOpen: angle,
  noCutWindow: strokes,
};
