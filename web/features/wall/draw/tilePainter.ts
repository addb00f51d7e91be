import type { DisplayState } from '#domain/meterState.ts';
import { paintCornerMarks } from './cornerMarks.ts';
import type { Palette } from './palette.ts';
import type { TileView, TileWords } from './tileView.ts';

/** A square on the canvas, device px. `unit` = device px per CSS px. */
export interface Square {
  readonly x: number;
  readonly y: number;
  readonly side: number;
  readonly unit: number;
}

/** Sides in CSS px from which a tile gains detail. */
export const DETAIL = { glyph: 5, corners: 9, arrearsText: 13, age: 24, room: 38, money: 62 } as const;

export interface PaintContext {
  readonly ctx: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly hatch: CanvasPattern | null;
  /** The half of the second in which unacknowledged alarms shine. */
  readonly pulseOn: boolean;
}

/** Paints one tile: fill, second cue, corner marks, words. The square must have been cleared. */
export function paintTile(paint: PaintContext, square: Square, view: TileView, words: TileWords | undefined): void {
  const { ctx, palette } = paint;
  const side = square.side / square.unit;
  if (view.state === 'notOpened' || (view.state === 'lost' && view.lastState === 'notOpened'))
    paintHollow(paint, square);
  else {
    ctx.fillStyle = fillOf(palette, view);
    ctx.fillRect(square.x, square.y, square.side, square.side);
  }
  if (view.state === 'lost' && paint.hatch !== null) {
    ctx.fillStyle = paint.hatch;
    ctx.fillRect(square.x, square.y, square.side, square.side);
  }
  const cue = view.state === 'lost' ? view.lastState : view.state;
  const ink = view.state === 'lost' ? palette.hatch : inkOf(palette, cue);
  if (side >= DETAIL.glyph && (view.state !== 'lost' || side >= DETAIL.corners))
    paintCue(paint, square, cue, ink, side);
  if (side >= DETAIL.corners) paintCornerMarks(paint, square, view, inkOf(palette, view.state));
  if (words !== undefined) paintWords(paint, square, view, words, side);
  if (view.unacknowledged) paintRing(paint, square);
}

function fillOf(palette: Palette, view: TileView): string {
  if (view.state === 'lost') return palette.faded[view.lastState];
  if (view.state === 'opened') return palette.glow[view.glow] ?? palette.fill.opened;
  return palette.fill[view.state];
}

function inkOf(palette: Palette, state: DisplayState): string {
  switch (state) {
    case 'alarm1':
    case 'alarm2':
      return palette.onMark;
    case 'arrears':
      return palette.onArrears;
    case 'opened':
    case 'notOpened':
    case 'lost':
      return palette.text1;
  }
}

function paintHollow({ ctx, palette }: PaintContext, { x, y, side, unit }: Square): void {
  const weight = Math.max(1, Math.round(unit));
  ctx.strokeStyle = palette.outline;
  ctx.lineWidth = weight;
  ctx.setLineDash(side / unit < 8 ? [] : [2 * unit, 2 * unit]);
  ctx.strokeRect(x + weight / 2, y + weight / 2, side - weight, side - weight);
  ctx.setLineDash([]);
}

/** One bar, two bars, ¥0: in the middle of a small tile, in the lower right corner of one that carries words. */
function paintCue(paint: PaintContext, square: Square, state: DisplayState, ink: string, side: number): void {
  const { ctx, palette } = paint;
  const large = side >= DETAIL.room;
  const box = large ? square.side * 0.3 : square.side;
  const left = large ? square.x + square.side - box * 1.15 : square.x;
  const top = large ? square.y + square.side - box * 1.1 : square.y;
  ctx.fillStyle = ink;
  const bar = (at: number) => {
    const height = Math.max(square.unit, Math.round(box * (large ? 0.17 : 0.13)));
    const width = Math.round(box * (large ? 0.8 : 0.54));
    ctx.fillRect(Math.round(left + (box - width) / 2), Math.round(top + box * at), width, height);
  };
  switch (state) {
    case 'alarm1':
      bar(0.58);
      return;
    case 'alarm2':
      bar(0.34);
      bar(0.6);
      return;
    case 'arrears':
      if (side < DETAIL.arrearsText) paintNought(ctx, left + box / 2, top + box / 2, box * 0.22, square.unit, ink);
      else {
        ctx.font = `800 ${Math.round(box * (large ? 0.72 : 0.58))}px ${palette.fontFamily}`;
        ctx.textAlign = 'center';
        ctx.textBaseline = 'middle';
        ctx.fillText('¥0', left + box / 2, top + box * 0.54);
      }
      return;
    case 'opened':
    case 'notOpened':
    case 'lost':
      return;
  }
}

function paintNought(
  ctx: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  unit: number,
  ink: string,
): void {
  ctx.strokeStyle = ink;
  ctx.lineWidth = Math.max(unit, radius * 0.62);
  ctx.beginPath();
  ctx.ellipse(x, y, Math.max(unit, radius * 0.8), Math.max(unit, radius * 1.2), 0, 0, Math.PI * 2);
  ctx.stroke();
}

function paintRing({ ctx, palette, pulseOn }: PaintContext, { x, y, side, unit }: Square): void {
  const weight = Math.max(unit, Math.round(Math.min(2.5 * unit, side * 0.1)));
  ctx.strokeStyle = palette.text1;
  ctx.globalAlpha *= pulseOn ? 1 : 0.3;
  ctx.lineWidth = weight;
  ctx.strokeRect(x + weight / 2, y + weight / 2, side - weight, side - weight);
  ctx.globalAlpha = 1;
}

function paintWords(paint: PaintContext, square: Square, view: TileView, words: TileWords, side: number): void {
  const { ctx, palette } = paint;
  const { unit } = square;
  if (side < DETAIL.room) {
    if (view.state === 'lost') paintAge(paint, square, words.age);
    return;
  }
  const size = Math.max(10, Math.min(22, side * 0.16)) * unit;
  const pad = Math.round(side * 0.08 * unit);
  const width = square.side - 2 * pad;
  ctx.fillStyle = inkOf(palette, view.state);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  ctx.font = `600 ${size}px ${palette.fontFamily}`;
  ctx.fillText(
    fitText(ctx, words.room, view.protection === 'none' ? width : width - size),
    square.x + pad,
    square.y + pad,
  );
  if (side < DETAIL.money) {
    if (view.state === 'lost') line(ctx, palette, words.age, square, pad, size, 1);
    return;
  }
  ctx.font = `400 ${size * 0.86}px ${palette.fontFamily}`;
  ctx.fillText(
    fitText(ctx, view.state === 'lost' ? words.age : words.balance, width),
    square.x + pad,
    square.y + pad + size * 1.4,
  );
  ctx.fillText(fitText(ctx, words.load, width), square.x + pad, square.y + pad + size * 2.6);
}

function line(
  ctx: CanvasRenderingContext2D,
  palette: Palette,
  text: string,
  square: Square,
  pad: number,
  size: number,
  row: number,
): void {
  ctx.font = `400 ${size * 0.9}px ${palette.fontFamily}`;
  ctx.fillText(fitText(ctx, text, square.side - 2 * pad), square.x + pad, square.y + pad + size * 1.35 * row);
}

function paintAge({ ctx, palette }: PaintContext, square: Square, age: string): void {
  if (age === '') return;
  const size = Math.max(9, Math.min(13, (square.side / square.unit) * 0.36)) * square.unit;
  ctx.font = `600 ${size}px ${palette.fontFamily}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  const width = Math.min(square.side, ctx.measureText(age).width + size * 0.5);
  ctx.fillStyle = palette.ground;
  ctx.fillRect(square.x + (square.side - width) / 2, square.y + square.side / 2 - size * 0.7, width, size * 1.4);
  ctx.fillStyle = palette.text2;
  ctx.fillText(fitText(ctx, age, square.side), square.x + square.side / 2, square.y + square.side / 2);
}

/** The text, or as much of it as fits with an ellipsis. */
export function fitText(
  ctx: { measureText(text: string): { readonly width: number } },
  text: string,
  width: number,
): string {
  if (ctx.measureText(text).width <= width) return text;
  for (let length = text.length - 1; length > 0; length--) {
    const shorter = `${text.slice(0, length)}…`;
    if (ctx.measureText(shorter).width <= width) return shorter;
  }
  return '';
}
