import type { PaintContext, Square } from './tilePainter.ts';
import type { TileView } from './tileView.ts';

/** Side in CSS px from which a mark is drawn as its sign; below it is a filled corner. */
const SIGN_FROM = 17;

/**
 * Marks on top of the state, each in its own corner: relay upper left, protection upper right, command lower left.
 * On tiles with words the relay moves to the lower edge, since the room's number stands in its corner.
 */
export function paintCornerMarks(paint: PaintContext, square: Square, view: TileView, ink: string): void {
  const { ctx } = paint;
  const side = square.side / square.unit;
  const size = Math.round(Math.max(3, Math.min(15, side * (side < SIGN_FROM ? 0.28 : 0.32))) * square.unit);
  const inset = Math.round((side < SIGN_FROM ? 0 : Math.min(5, side * 0.06)) * square.unit);
  const right = square.x + square.side - size - inset;
  const bottom = square.y + square.side - size - inset;
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  ctx.lineWidth = Math.max(square.unit, size * 0.13);
  const signs = side >= SIGN_FROM;
  const worded = side >= 38;
  if (view.relayOpen || view.relayDisagrees) {
    const x = worded ? square.x + inset + (view.commandInFlight ? size * 1.3 : 0) : square.x + inset;
    const y = worded ? bottom : square.y + inset;
    if (signs) relaySign(ctx, x, y, size, view.relayDisagrees);
    else corner(ctx, x, y, size, 'upperLeft');
  }
  if (view.protection !== 'none') {
    if (!signs) corner(ctx, right, square.y + inset, size, 'upperRight');
    else if (view.protection === 'forcedClosed') shield(ctx, right, square.y + inset, size);
    else if (view.protection === 'forcedOpen') lock(ctx, right, square.y + inset, size);
    else clockSign(ctx, right, square.y + inset, size);
  }
  if (view.commandInFlight) {
    if (signs) arrow(ctx, square.x + inset, bottom, size);
    else corner(ctx, square.x + inset, bottom, size, 'lowerLeft');
  }
}

type CornerName = 'upperLeft' | 'upperRight' | 'lowerLeft';

function corner(ctx: CanvasRenderingContext2D, x: number, y: number, size: number, name: CornerName): void {
  const points: Record<CornerName, readonly [number, number][]> = {
    upperLeft: [
      [0, 0],
      [1, 0],
      [0, 1],
    ],
    upperRight: [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
    lowerLeft: [
      [0, 0],
      [1, 1],
      [0, 1],
    ],
  };
  ctx.beginPath();
  for (const [px, py] of points[name]) ctx.lineTo(x + px * size, y + py * size);
  ctx.fill();
}

/** An open switch blade between two contacts; with a stroke through it when it disagrees with its command. */
function relaySign(ctx: CanvasRenderingContext2D, x: number, y: number, size: number, disagrees: boolean): void {
  ctx.beginPath();
  ctx.moveTo(x, y + size * 0.72);
  ctx.lineTo(x + size * 0.28, y + size * 0.72);
  ctx.lineTo(x + size * 0.78, y + size * 0.28);
  ctx.moveTo(x + size * 0.76, y + size * 0.72);
  ctx.lineTo(x + size, y + size * 0.72);
  if (disagrees) {
    ctx.moveTo(x + size * 0.3, y + size * 0.1);
    ctx.lineTo(x + size * 0.7, y + size);
  }
  ctx.stroke();
}

function shield(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.beginPath();
  ctx.moveTo(x + size * 0.1, y + size * 0.08);
  ctx.lineTo(x + size * 0.9, y + size * 0.08);
  ctx.lineTo(x + size * 0.9, y + size * 0.5);
  ctx.quadraticCurveTo(x + size * 0.86, y + size * 0.84, x + size * 0.5, y + size);
  ctx.quadraticCurveTo(x + size * 0.14, y + size * 0.84, x + size * 0.1, y + size * 0.5);
  ctx.closePath();
  ctx.fill();
}

function lock(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.fillRect(x + size * 0.14, y + size * 0.45, size * 0.72, size * 0.52);
  ctx.beginPath();
  ctx.arc(x + size / 2, y + size * 0.45, size * 0.24, Math.PI, 0);
  ctx.stroke();
}

function clockSign(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.beginPath();
  ctx.arc(x + size / 2, y + size / 2, size * 0.42, 0, Math.PI * 2);
  ctx.moveTo(x + size / 2, y + size * 0.25);
  ctx.lineTo(x + size / 2, y + size / 2);
  ctx.lineTo(x + size * 0.7, y + size * 0.6);
  ctx.stroke();
}

function arrow(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.beginPath();
  ctx.moveTo(x + size * 0.2, y + size * 0.1);
  ctx.lineTo(x + size * 0.9, y + size * 0.5);
  ctx.lineTo(x + size * 0.2, y + size * 0.9);
  ctx.closePath();
  ctx.fill();
}
