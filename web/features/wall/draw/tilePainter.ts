import type { DisplayState } from '#domain/meterState.ts';
import { paintCornerMarks } from './cornerMarks.ts';
import { DETAIL, type PaintContext, type Square } from './paintContext.ts';
import type { Palette } from './palette.ts';
import type { TileView, TileWords } from './tileView.ts';

/** Paints one tile: fill, second cue, corner marks, words. The square must have been cleared. */
export function paintTile(paint: PaintContext, square: Square, view: TileView, words: TileWords | undefined): void {
  const { ctx, palette } = paint;
  const side = square.side / square.unit;
  if (view.state === 'notOpened' || (view.state === 'lost' && view.lastState === 'notOpened'))
    paintHollow(paint, square);
  else {
    ctx.fillStyle = fillOf(palette, view);
    ctx.fillRect(square.x, square.y, square.side, square.tall);
  }
  if (view.state === 'lost' && paint.hatch !== null) {
    ctx.fillStyle = paint.hatch;
    ctx.fillRect(square.x, square.y, square.side, square.tall);
  }
  const cue = view.state === 'lost' ? view.lastState : view.state;
  const ink = view.state === 'lost' ? palette.hatch : inkOf(palette, cue);
  if (side >= DETAIL.glyph && (view.state !== 'lost' || side >= DETAIL.corners))
    paintCue(paint, square, cue, ink, side);
  if (side >= DETAIL.corners) paintCornerMarks(paint, square, view, inkOf(palette, view.state));
  if (words !== undefined) paintWords(paint, square, view, words, side);
  if (view.unacknowledged) paintRing(paint, square);
}

/** A place of which nothing is known yet: an empty window, quieter than every state. */
export function paintAwaited({ ctx, palette }: PaintContext, { x, y, side, tall }: Square): void {
  ctx.fillStyle = palette.surface;
  ctx.fillRect(x, y, side, tall);
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
    case 'arrears':
      return palette.onMark;
    case 'opened':
    case 'notOpened':
    case 'lost':
      return palette.text1;
  }
}

function paintHollow({ ctx, palette }: PaintContext, { x, y, side, tall, unit }: Square): void {
  const weight = Math.max(1, Math.round(unit));
  ctx.strokeStyle = palette.outline;
  ctx.lineWidth = weight;
  ctx.setLineDash(side / unit < 8 ? [] : [2 * unit, 2 * unit]);
  ctx.strokeRect(x + weight / 2, y + weight / 2, side - weight, tall - weight);
  ctx.setLineDash([]);
}

/** One bar, two bars, ¥0: in the middle of a small tile, in the lower right corner of one that carries words. */
function paintCue(paint: PaintContext, square: Square, state: DisplayState, ink: string, side: number): void {
  const { ctx, palette } = paint;
  const large = side >= DETAIL.room;
  const box = large ? square.side * 0.3 : square.side;
  const left = large ? square.x + square.side - box * 1.15 : square.x;
  const top = large ? square.y + square.tall - box * 1.1 : square.y + (square.tall - box) / 2;
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
        ctx.font = `800 ${Math.round(box * (large ? 0.72 : side < 17 ? 0.58 : 0.48))}px ${palette.fontFamily}`;
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

function paintRing({ ctx, palette, pulseOn }: PaintContext, { x, y, side, tall, unit }: Square): void {
  const weight = Math.max(unit, Math.round(Math.min(2.5 * unit, side * 0.1)));
  ctx.strokeStyle = palette.text1;
  ctx.globalAlpha *= pulseOn ? 1 : 0.3;
  ctx.lineWidth = weight;
  ctx.strokeRect(x + weight / 2, y + weight / 2, side - weight, tall - weight);
  ctx.globalAlpha = 1;
}

/** Room, then balance and load as the tile grows; the lost say how old they are instead. */
function paintWords(paint: PaintContext, square: Square, view: TileView, words: TileWords, side: number): void {
  if (side < DETAIL.room) {
    if (view.state === 'lost') paintAge(paint, square, words.age);
    return;
  }
  const lost = view.state === 'lost';
  const size = Math.max(10, Math.min(22, side * 0.16)) * square.unit;
  const lines = [
    { text: words.room, weight: 600, size },
    ...(side >= DETAIL.money || lost
      ? [{ text: lost ? words.age : words.balance, weight: 400, size: size * 0.88 }]
      : []),
    ...(side >= DETAIL.money && !lost ? [{ text: words.load, weight: 400, size: size * 0.88 }] : []),
  ];
  const { ctx, palette } = paint;
  const pad = Math.round(side * 0.08 * square.unit);
  const width = square.side - 2 * pad;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  let y = square.y + pad;
  for (const line of lines) {
    ctx.font = `${line.weight} ${line.size}px ${palette.fontFamily}`;
    const text = fitText(ctx, line.text, width);
    if (lost && text !== '') {
      // The hatch would cross the words.
      ctx.fillStyle = palette.ground;
      ctx.fillRect(square.x + pad / 2, y - pad / 3, ctx.measureText(text).width + pad, line.size * 1.3);
    }
    ctx.fillStyle = inkOf(palette, view.state);
    ctx.fillText(text, square.x + pad, y);
    y += line.size * 1.32;
  }
}

function paintAge({ ctx, palette }: PaintContext, square: Square, age: string): void {
  if (age === '') return;
  const size = Math.max(9, Math.min(13, (square.side / square.unit) * 0.36)) * square.unit;
  ctx.font = `600 ${size}px ${palette.fontFamily}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  const written = ctx.measureText(age).width;
  if (written > square.side) return;
  const width = Math.min(square.side, written + size * 0.5);
  ctx.fillStyle = palette.ground;
  ctx.fillRect(square.x + (square.side - width) / 2, square.y + square.tall / 2 - size * 0.7, width, size * 1.4);
  ctx.fillStyle = palette.text2;
  ctx.fillText(age, square.x + square.side / 2, square.y + square.tall / 2);
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
