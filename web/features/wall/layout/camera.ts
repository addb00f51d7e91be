import type { Box } from './scene.ts';

/** Where the world stands on the screen: screen = world × scale + offset, CSS px. */
export interface Camera {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}
export interface Viewport {
  readonly width: number;
  readonly height: number;
}

export const HOME: Camera = { scale: 1, x: 0, y: 0 };
const TILE_PX_MAX = 260;
/** Up to here nothing is magnified. */
const FLAT_MOST = 1.001;
/** Room around what is looked at, px; less where the screen has less. */
const MARGIN_PX = 48;
const MARGIN_SHARE = 1 / 24;

/** Largest useful magnification: a tile that shows all it knows. */
export function scaleMax(tileSide: number): number {
  return Math.max(1, TILE_PX_MAX / Math.max(1, tileSide));
}

/** Whether a wall that magnifies at `most` goes no further in. */
export function isInnermost(camera: Camera, most: number): boolean {
  return camera.scale >= most * 0.999;
}

/** Whether a camera magnifies nothing: a column then scrolls, and nothing of a wall that fits is out of sight. */
export function isFlat(camera: Camera): boolean {
  return camera.scale <= FLAT_MOST;
}

/** Magnifies around a point of the screen. */
export function zoomAt(camera: Camera, factor: number, at: { x: number; y: number }, most: number): Camera {
  const scale = Math.min(most, Math.max(1, camera.scale * factor));
  const ratio = scale / camera.scale;
  return { scale, x: at.x - (at.x - camera.x) * ratio, y: at.y - (at.y - camera.y) * ratio };
}

/** Keeps the world on the screen: no edge comes further in than the viewport's. */
export function clampCamera(camera: Camera, world: Viewport, viewport: Viewport): Camera {
  const clamp = (offset: number, size: number, room: number) => {
    const drawn = size * camera.scale;
    return drawn <= room ? (room - drawn) / 2 : Math.min(0, Math.max(room - drawn, offset));
  };
  return {
    scale: camera.scale,
    x: clamp(camera.x, world.width, viewport.width),
    y: clamp(camera.y, world.height, viewport.height),
  };
}

/** The camera that shows a box in the middle, as large as fits with a margin around it. */
export function cameraOn(box: Box, viewport: Viewport, most: number): Camera {
  const margin = Math.min(MARGIN_PX, viewport.width * MARGIN_SHARE);
  const fit = Math.min((viewport.width - 2 * margin) / box.width, (viewport.height - 2 * margin) / box.height);
  const scale = Math.min(most, Math.max(1, fit));
  return {
    scale,
    x: viewport.width / 2 - (box.x + box.width / 2) * scale,
    y: viewport.height / 2 - (box.y + box.height / 2) * scale,
  };
}

/** The same middle of the screen without magnification, for a column that scrolls from there on. */
export function flattened(camera: Camera, viewport: Viewport): Camera {
  const middle = viewport.height / 2;
  return { scale: 1, x: 0, y: middle - (middle - camera.y) / camera.scale };
}

/** In between two cameras; `progress` from 0 to 1, eased. Magnification moves evenly to the eye. */
export function between(from: Camera, to: Camera, progress: number): Camera {
  const eased = 1 - (1 - progress) ** 3;
  const scale = from.scale * (to.scale / from.scale) ** eased;
  if (Math.abs(to.scale - from.scale) < 1e-6)
    return { scale: to.scale, x: from.x + (to.x - from.x) * eased, y: from.y + (to.y - from.y) * eased };
  // The share of the way that keeps the fixed point of the zoom still.
  const share = (scale - from.scale) / (to.scale - from.scale);
  return { scale, x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
