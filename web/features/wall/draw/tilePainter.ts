import type { DisplayState } from '#domain/meterState.ts';
import { paintCornerMarks } from './cornerMarks.ts';
import { CUES, DETAIL, type PaintContext, ringWeight, type Square } from './paintContext.ts';
import type { Palette } from './palette.ts';
import type { TileView, TileWords } from './tileView.ts';

/** Paints one tile: fill, second cue, corner marks, words. The square must have been cleared. */
export function paintTile(paint: PaintContext, square: Square, view: TileView, words: TileWords | undefined): void {
  const { ctx, palette } = paint;
  const side = square.side / square.unit;
  if (view.state === 'notOpened' || (view.state === 'lost' && view.lastState === 'notOpened'))
    paintHollow(paint, square, view.unacknowledged && square.side >= RING_MIN ? ringWeight(square) : 0);
  else {
    ctx.fillStyle = fillOf(palette, view);
    ctx.fillRect(square.x, square.y, square.side, square.tall);
  }
  if (view.state === 'lost' && paint.hatch !== null) {
    ctx.fillStyle = paint.hatch;
    ctx.fillRect(square.x, square.y, square.side, square.tall);
  }
  const cue = view.state === 'lost' ? view.lastState : view.state;
  const ink = view.state === 'lost' ? palette.text1 : inkOf(palette, cue);
  if (square.side >= (view.state === 'lost' ? CUES.corners : CUES.glyph)) paintCue(paint, square, cue, ink, side);
  if (square.side >= CUES.corners) paintCornerMarks(paint, square, view, inkOf(palette, view.state));
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

/** Outlines of tiles up to so many device px are a single one wide, or nothing hollow would be left. */
const HAIRLINE_MAX = 12;

/** The outline of an empty window, `inset` px within the tile: inside the ring, which would cover it. */
function paintHollow({ ctx, palette }: PaintContext, { x, y, side, tall, unit }: Square, inset: number): void {
  const weight = side <= HAIRLINE_MAX ? 1 : Math.max(1, Math.round(unit));
  const edge = inset + weight / 2;
  ctx.strokeStyle = palette.outline;
  ctx.lineWidth = weight;
  ctx.setLineDash(side < CUES.corners ? [] : [2 * weight, 2 * weight]);
  ctx.strokeRect(x + edge, y + edge, side - 2 * edge, tall - 2 * edge);
  ctx.setLineDash([]);
}

/** One bar, two bars, ¥0: in the middle of a small tile, in the lower right corner of one that carries words. */
function paintCue(paint: PaintContext, square: Square, state: DisplayState, ink: string, side: number): void {
  const { ctx, palette } = paint;
  const large = side >= DETAIL.room;
  const box = large ? square.side * 0.3 : square.side;
  const left = large ? square.x + square.side - box * 1.15 : square.x;
  const top = large ? square.y + square.tall - box * 1.1 : square.y + (square.tall - box) / 2;
  const weight = Math.max(1, Math.round(box * (large ? 0.17 : 0.13)));
  const width = Math.round(box * (large ? 0.8 : 0.54));
  ctx.fillStyle = ink;
  const bar = (at: number) => ctx.fillRect(Math.round(left + (box - width) / 2), Math.round(top) + at, width, weight);
  switch (state) {
    case 'alarm1':
      bar(Math.round(box * 0.58));
      return;
    case 'alarm2': {
      // However small, two bars never become one.
      const lower = Math.round(box * 0.6);
      bar(Math.min(Math.round(box * 0.34), lower - 2 * weight));
      bar(lower);
      return;
    }
    case 'arrears':
      if (side < DETAIL.arrearsText) paintNought(ctx, square, weight);
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

const NOUGHT_MIN = 5;

/** The 0 of `¥0` where there is no room for both, in whole pixels. */
function paintNought(ctx: PaintContext['ctx'], { x, y, side, tall }: Square, weight: number): void {
  // Of four pixels two are left dark: the tile itself is the 0.
  if (side < NOUGHT_MIN) {
    ctx.fillRect(x + 1, y + Math.round((tall - 2) / 2), 2, 2);
    return;
  }
  const width = Math.max(3, Math.round(side * 0.44));
  const height = Math.max(3, Math.round(side * 0.6));
  const left = x + Math.round((side - width) / 2);
  const top = y + Math.round((tall - height) / 2);
  // Rounded corners, as soon as there is something between them.
  const corner = width > 3 ? weight : 0;
  ctx.fillRect(left + corner, top, width - 2 * corner, weight);
  ctx.fillRect(left + corner, top + height - weight, width - 2 * corner, weight);
  ctx.fillRect(left, top + weight, weight, height - 2 * weight);
  ctx.fillRect(left + width - weight, top + weight, weight, height - 2 * weight);
}

/** From here on a ring leaves room for the cue within it, device px; on smaller tiles it is a line at the left edge. */
const RING_MIN = 5;

function paintRing({ ctx, palette, pulseOn }: PaintContext, square: Square): void {
  const { x, y, side, tall } = square;
  const weight = ringWeight(square);
  ctx.globalAlpha *= pulseOn ? 1 : 0.3;
  if (side < RING_MIN) {
    ctx.fillStyle = palette.text1;
    ctx.fillRect(x, y, weight, tall);
  } else {
    ctx.strokeStyle = palette.text1;
    ctx.lineWidth = weight;
    ctx.strokeRect(x + weight / 2, y + weight / 2, side - weight, tall - weight);
  }
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
