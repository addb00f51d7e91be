import type { TileStore } from '../../../live/tileStore.ts';
import { STEP_OF, STEP_SIGNS } from '../../jobs/batchFigures.ts';
import type { MeterProgress } from '../../jobs/useBatch.ts';
import { typeScale } from '../../wall/draw/backdrop.ts';
import { createHatch } from '../../wall/draw/hatch.ts';
import { DETAIL, type PaintContext } from '../../wall/draw/paintContext.ts';
import type { Palette } from '../../wall/draw/palette.ts';
import { paintAwaited, paintTile } from '../../wall/draw/tilePainter.ts';
import { type TileWords, tileView } from '../../wall/draw/tileView.ts';
import type { TileLayout } from './tileLayout.ts';

export interface TilesSource {
  readonly layout: TileLayout;
  readonly store: TileStore;
  /** Slots in the order shown. */
  readonly rows: Uint32Array;
  readonly peakW: ArrayLike<number>;
  readonly versionOf: (slot: number) => number;
  readonly words: (slot: number) => TileWords;
  readonly selected: (index: number) => boolean;
  readonly cursor: () => number;
  readonly progress: (index: number) => MeterProgress | undefined;
}

/** The canvas under the tiles: as large as the screen, following the scroll; draws what is visible, again only what changed. */
export function createTilesCanvas(canvas: HTMLCanvasElement) {
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('this browser has no 2D canvas');
  const ctx: CanvasRenderingContext2D = context;
  let source: TilesSource | undefined;
  let palette: Palette | undefined;
  let unit = 1;
  /** Words and marks follow the type of the page. */
  let type = 1;
  let top = 0;
  let painted = new Uint32Array();
  let paint: PaintContext | undefined;

  function drawTile(from: TilesSource, look: PaintContext, index: number): void {
    const { layout, store } = from;
    const y = (layout.y[index] ?? 0) - top;
    const side = Math.round(layout.side * unit);
    if (y + layout.side < 0 || y * unit > canvas.height) return;
    const slot = from.rows[index] ?? 0;
    const square = {
      x: Math.round((layout.x[index] ?? 0) * unit),
      y: Math.round(y * unit),
      side,
      tall: side,
      unit: unit * type,
    };
    ctx.fillStyle = look.palette.ground;
    ctx.fillRect(square.x - unit, square.y - unit, side + 2 * unit, side + 2 * unit);
    if (store.known) {
      const view = tileView(store, slot, from.peakW[slot] ?? 0);
      const worded = layout.side >= DETAIL.room * type || (view.state === 'lost' && layout.side >= DETAIL.age * type);
      paintTile(look, square, view, worded ? from.words(slot) : undefined);
    } else paintAwaited(look, square);
    const progress = from.progress(index);
    if (progress !== undefined)
      drawSign(look, square, STEP_SIGNS[STEP_OF[progress.state]], STEP_OF[progress.state] === 'failed');
    if (from.selected(index) || from.cursor() === index) {
      const selected = from.selected(index);
      ctx.strokeStyle = selected ? look.palette.select : look.palette.text1;
      ctx.lineWidth = Math.max(1, Math.round((from.cursor() === index ? 3 : 2) * unit));
      ctx.strokeRect(square.x, square.y, side, side);
    }
    painted[index] = from.versionOf(slot);
  }

  function drawSign(
    look: PaintContext,
    square: { x: number; y: number; side: number },
    sign: string,
    bad: boolean,
  ): void {
    const size = Math.max(9 * unit, Math.round(square.side * 0.42));
    const x = square.x + square.side - size;
    const y = square.y + square.side - size;
    ctx.fillStyle = bad ? look.palette.fill.arrears : look.palette.ground;
    ctx.fillRect(x, y, size, size);
    ctx.fillStyle = bad ? look.palette.onMark : look.palette.text1;
    ctx.font = `700 ${Math.round(size * 0.8)}px ${look.palette.fontFamily}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillText(sign, x + size / 2, y + size / 2);
  }

  /** Everything on screen. */
  function draw(): void {
    if (source === undefined || palette === undefined) return;
    if (painted.length !== source.rows.length) painted = new Uint32Array(source.rows.length);
    const hatch = createHatch(ctx, palette.hatch, source.layout.side * unit, unit * type);
    paint = { ctx, palette, hatch, pulseOn: true };
    ctx.fillStyle = palette.ground;
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    for (let index = 0; index < source.rows.length; index++) drawTile(source, paint, index);
  }

  return {
    draw,
    /** Only tiles whose meter changed since they were drawn. */
    drawChanged(): void {
      if (source === undefined || paint === undefined) return;
      if (painted.length !== source.rows.length) {
        draw();
        return;
      }
      for (let index = 0; index < source.rows.length; index++) {
        if (painted[index] !== source.versionOf(source.rows[index] ?? 0)) drawTile(source, paint, index);
      }
    },
    setSource(next: TilesSource | undefined): void {
      source = next;
    },
    setPalette(next: Palette): void {
      palette = next;
    },
    resize(width: number, height: number, devicePixelRatio: number): void {
      unit = devicePixelRatio;
      type = typeScale();
      canvas.width = Math.round(width * unit);
      canvas.height = Math.round(height * unit);
    },
    scroll(next: number): void {
      top = next;
    },
  };
}
export type TilesCanvas = ReturnType<typeof createTilesCanvas>;
