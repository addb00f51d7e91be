import { MARKS } from '#domain/meterState.ts';
import type { TileStore } from '../../../live/tileStore.ts';
import { type Camera, HOME } from '../layout/camera.ts';
import type { Scene } from '../layout/scene.ts';
import { paintBackdrop, typeScale } from './backdrop.ts';
import { createHatch } from './hatch.ts';
import { DETAIL, type PaintContext, type Square } from './paintContext.ts';
import type { Palette } from './palette.ts';
import { paintAwaited, paintTile } from './tilePainter.ts';
import { type TileWords, tileView } from './tileView.ts';

/** Bits of `packFacts` below the marks. */
const MARK_SHIFT = 9;
const DIMMED = 0.16;
/** Deltas of several properties come one after the other: they are drawn together, since each frame copies the canvas. */
const GATHER_MS = 40;
/** A pulse waits a little for changes that are drawn anyway. */
const PULSE_WAIT_MS = 250;
/** Set once, when every tile stands with its first live value: what "the wall is there" is measured by. */
const PAINTED_MARK = 'wall.painted';

/** What the renderer draws from: places, live values, usual peaks, words on demand. */
export interface RendererSource {
  readonly scene: Scene;
  readonly stores: readonly TileStore[];
  /** Usual peak in W per property and slot; 0 = unknown. */
  readonly peakW: readonly ArrayLike<number>[];
  readonly words: (tile: number) => TileWords;
  readonly floorLabel: (names: Scene['buildings'][number]['storeys'][number]['names']) => string;
}

export interface RendererStats {
  fullDraws: number;
  tileDraws: number;
}

/** One 2D canvas; a frame draws only the tiles that changed, everything only when the view itself changed. */
export interface WallRenderer {
  readonly stats: Readonly<RendererStats>;
  setSource(source: RendererSource | undefined): void;
  setPalette(palette: Palette): void;
  resize(width: number, height: number, devicePixelRatio: number): void;
  setCamera(camera: Camera): void;
  /** Rows of DISPLAY_STATES to show plainly; the others are dimmed. */
  setShown(shown: ReadonlySet<number> | undefined): void;
  /** The live stores have changes. */
  changed(): void;
  /** Other half of the pulse; redraws only what pulses. */
  pulse(on: boolean): void;
  invalidate(): void;
  destroy(): void;
}

/** A renderer for a canvas; frames are asked from `requestFrame`. */
export function createWallRenderer(canvas: HTMLCanvasElement, firstPalette: Palette): WallRenderer {
  const context = canvas.getContext('2d', { alpha: false });
  if (context === null) throw new Error('this browser has no 2D canvas');
  const ctx: CanvasRenderingContext2D = context;
  const stats: RendererStats = { fullDraws: 0, tileDraws: 0 };
  let palette = firstPalette;
  let source: RendererSource | undefined;
  let camera: Camera = HOME;
  let unit = 1;
  /** Words and marks follow the type size: a 4K wall is read from three metres. */
  let type = 1;
  let shown: ReadonlySet<number> | undefined;
  let pulseOn = true;
  let hatch: CanvasPattern | null = null;
  let everything = true;
  let pulsing = false;
  let frame = 0;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let isPainted = false;

  function request(): void {
    clearTimeout(gathering);
    dueMs = Number.POSITIVE_INFINITY;
    if (frame === 0) frame = requestAnimationFrame(draw);
  }

  /** Draws after at most `waitMs`, together with whatever else is to be drawn by then. */
  function requestWithin(waitMs: number): void {
    const due = performance.now() + waitMs;
    if (frame !== 0 || due >= dueMs) return;
    clearTimeout(gathering);
    dueMs = due;
    gathering = setTimeout(request, waitMs);
  }

  function invalidate(): void {
    everything = true;
    request();
  }

  function squareOf(scene: Scene, tile: number): Square {
    // Both edges are rounded, so that neighbours never overlap and gaps stay even.
    const x = Math.round(((scene.x[tile] ?? 0) * camera.scale + camera.x) * unit);
    const y = Math.round(((scene.y[tile] ?? 0) * camera.scale + camera.y) * unit);
    const device = camera.scale * unit;
    return {
      x,
      y,
      side: Math.max(1, Math.round(scene.side * device)),
      tall: Math.max(1, Math.round(scene.tall * device)),
      unit: unit * type,
    };
  }

  function isVisible(square: Square): boolean {
    return (
      square.x + square.side >= 0 &&
      square.y + square.tall >= 0 &&
      square.x <= canvas.width &&
      square.y <= canvas.height
    );
  }

  function drawTile(from: RendererSource, paint: PaintContext, tile: number, clear: boolean): void {
    const { scene } = from;
    const square = squareOf(scene, tile);
    if (!isVisible(square)) return;
    const property = scene.propertyIndex[tile] ?? 0;
    const slot = scene.slot[tile] ?? 0;
    const store = from.stores[property];
    if (store === undefined) return;
    if (clear) {
      ctx.fillStyle = palette.ground;
      ctx.fillRect(square.x, square.y, square.side, square.tall);
    }
    stats.tileDraws++;
    if (!store.known) {
      paintAwaited(paint, square);
      return;
    }
    const view = tileView(store, slot, from.peakW[property]?.[slot] ?? 0);
    const side = (scene.side * camera.scale) / type;
    const worded = side >= DETAIL.room || (view.state === 'lost' && side >= DETAIL.age);
    const dimmed = shown !== undefined && !shown.has(store.stateIndex[slot] ?? 0);
    if (dimmed) ctx.globalAlpha = DIMMED;
    paintTile(paint, square, dimmed ? { ...view, unacknowledged: false } : view, worded ? from.words(tile) : undefined);
    ctx.globalAlpha = 1;
  }

  function draw(): void {
    frame = 0;
    if (source === undefined) {
      ctx.fillStyle = palette.ground;
      ctx.fillRect(0, 0, canvas.width, canvas.height);
      return;
    }
    const from = source;
    if (everything) {
      hatch = createHatch(ctx, palette.hatch, from.scene.side * camera.scale * unit, unit * type);
      paintBackdrop(
        { ctx, palette, camera, unit, type, width: canvas.width, height: canvas.height },
        from.scene,
        from.floorLabel,
      );
    }
    const paint: PaintContext = { ctx, palette, hatch, pulseOn };
    if (everything) {
      stats.fullDraws++;
      for (const store of from.stores) store.takeChanges(() => {});
      for (let tile = 0; tile < from.scene.size; tile++) drawTile(from, paint, tile, false);
    } else {
      for (const [property, store] of from.stores.entries()) {
        const tileOf = from.scene.tileOf[property];
        store.takeChanges((slot) => drawTile(from, paint, tileOf?.[slot] ?? -1, true));
      }
      if (pulsing) drawPulsing(from, paint);
    }
    everything = false;
    pulsing = false;
    if (!isPainted && from.stores.every((store) => store.revision > 0)) {
      isPainted = true;
      performance.mark(PAINTED_MARK);
    }
  }

  function drawPulsing(from: RendererSource, paint: PaintContext): void {
    const mask = MARKS.unacknowledgedAlarm << MARK_SHIFT;
    for (let tile = 0; tile < from.scene.size; tile++) {
      const facts = from.stores[from.scene.propertyIndex[tile] ?? 0]?.packedFacts[from.scene.slot[tile] ?? 0] ?? 0;
      if ((facts & mask) !== 0) drawTile(from, paint, tile, true);
    }
  }

  return {
    stats,
    setSource(next) {
      source = next;
      invalidate();
    },
    setPalette(next) {
      palette = next;
      invalidate();
    },
    resize(width, height, devicePixelRatio) {
      unit = devicePixelRatio;
      type = typeScale();
      canvas.width = Math.round(width * unit);
      canvas.height = Math.round(height * unit);
      invalidate();
    },
    setCamera(next) {
      camera = next;
      invalidate();
    },
    setShown(next) {
      shown = next;
      invalidate();
    },
    changed() {
      if (isPainted) requestWithin(GATHER_MS);
      else request();
    },
    pulse(on) {
      pulseOn = on;
      pulsing = true;
      requestWithin(PULSE_WAIT_MS);
    },
    invalidate,
    destroy() {
      clearTimeout(gathering);
      cancelAnimationFrame(frame);
      source = undefined;
    },
  };
}
