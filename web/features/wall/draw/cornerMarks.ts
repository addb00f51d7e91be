import { DETAIL, type PaintContext, type Square } from './paintContext.ts';
import type { TileView } from './tileView.ts';
import { paintTinyMarks } from './tinyMarks.ts';

/**
 * Marks on top of the state, each in its own corner: relay upper left, protection upper right, command lower left.
 */
export function paintCornerMarks(paint: PaintContext, square: Square, view: TileView, ink: string): void {
  if (!isMarked(view)) return;
  const { ctx } = paint;
  const side = square.side / square.unit;
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  if (side < DETAIL.signs) {
    paintTinyMarks(paint, square, view);
    return;
  }
  const size = Math.round(Math.min(15, side * 0.32) * square.unit);
  const inset = Math.round(Math.min(5, side * 0.06) * square.unit);
  const right = square.x + square.side - size - inset;
  const bottom = square.y + square.tall - size - inset;
  ctx.lineWidth = Math.max(square.unit, size * 0.13);
  // Words take the upper corners: there the marks stand side by side along the lower edge.
  const worded = side >= DETAIL.room;
  let strip = square.x + inset;
  const place = (x: number, y: number) => {
    if (!worded) return { x, y };
    const at = { x: strip, y: bottom };
    strip += size * 1.25;
    return at;
  };
  if (view.commandInFlight) {
    const at = place(square.x + inset, bottom);
    arrow(ctx, at.x, at.y, size);
  }
  if (view.relayOpen || view.relayDisagrees) {
    const at = place(square.x + inset, square.y + inset);
    relaySign(ctx, at.x, at.y, size, view.relayDisagrees);
  }
  if (view.protection !== 'none') {
    const at = place(right, square.y + inset);
    PROTECTIONS[view.protection](ctx, at.x, at.y, size);
  }
}

/** Nearly no tile is, and a wall draws twenty thousand of them. */
function isMarked(view: TileView): boolean {
  return view.commandInFlight || view.relayOpen || view.relayDisagrees || view.protection !== 'none';
}

const PROTECTIONS = { forcedClosed: shield, forcedOpen: lock, noCutWindow: clockSign } as const;

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
