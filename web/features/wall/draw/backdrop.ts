import type { Names } from '#contract/common.ts';
import type { Camera } from '../layout/camera.ts';
import { hasFloorLabels } from '../layout/packWall.ts';
import type { Box, Scene, SceneBuilding } from '../layout/scene.ts';
import type { Palette } from './palette.ts';

export interface BackdropContext {
  readonly ctx: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly camera: Camera;
  readonly unit: number;
  /** `typeScale`, read once for all. */
  readonly type: number;
  readonly width: number;
  readonly height: number;
}

const LABEL_PX = 12;
const LABEL_PX_LARGE = 15;
/** A floor's label needs so much height for itself, in type sizes. */
const LABEL_LEADING = 1.35;

/** Ground, frames, ground lines, floors: everything behind the tiles. */
export function paintBackdrop(
  backdrop: BackdropContext,
  scene: Scene,
  floorLabel: (names: Names | undefined) => string,
): void {
  const { ctx, palette, width, height } = backdrop;
  ctx.globalAlpha = 1;
  ctx.fillStyle = palette.ground;
  ctx.fillRect(0, 0, width, height);
  for (const building of scene.buildings) {
    if (building.frame.height > 0) frame(backdrop, building.frame);
    if (building.feederFrame !== undefined) feeders(backdrop, building.feederFrame);
    floors(backdrop, building, floorLabel);
    joints(backdrop, scene, building);
  }
}

function toScreen({ camera, unit }: BackdropContext, box: Box): Box {
  return {
    x: Math.round((box.x * camera.scale + camera.x) * unit),
    y: Math.round((box.y * camera.scale + camera.y) * unit),
    width: Math.round(box.width * camera.scale * unit),
    height: Math.round(box.height * camera.scale * unit),
  };
}

function frame(backdrop: BackdropContext, box: Box): void {
  const { ctx, palette, unit } = backdrop;
  const screen = toScreen(backdrop, box);
  const weight = Math.max(1, Math.round(unit));
  ctx.strokeStyle = palette.line;
  ctx.lineWidth = weight;
  ctx.strokeRect(screen.x + weight / 2, screen.y + weight / 2, screen.width - weight, screen.height - weight);
  // The ground line stands out to both sides: here the building meets the street.
  ctx.fillStyle = palette.line;
  const overhang = 10 * unit;
  ctx.fillRect(screen.x - overhang, screen.y + screen.height - weight, screen.width + 2 * overhang, weight * 2);
}

/** Feeders stand under the ground line: short risers lead up to the building. */
function feeders(backdrop: BackdropContext, box: Box): void {
  const { ctx, palette, unit } = backdrop;
  const screen = toScreen(backdrop, box);
  const weight = Math.max(1, Math.round(unit));
  ctx.strokeStyle = palette.line;
  ctx.lineWidth = weight;
  ctx.setLineDash([3 * unit, 3 * unit]);
  ctx.strokeRect(screen.x + weight / 2, screen.y + weight / 2, screen.width - weight, screen.height - weight);
  ctx.setLineDash([]);
}

function floors(
  backdrop: BackdropContext,
  building: SceneBuilding,
  floorLabel: (names: Names | undefined) => string,
): void {
  if (!hasFloorLabels(building.placed.grid)) return;
  slabs(backdrop, building);
  const { ctx, palette, unit, type, camera } = backdrop;
  const rowHeight =
    building.storeys.reduce((least, storey) => Math.min(least, storey.height), Number.POSITIVE_INFINITY) * camera.scale;
  const size = (rowHeight > 60 ? LABEL_PX_LARGE : LABEL_PX) * type;
  const step = labelStep(rowHeight, size * LABEL_LEADING);
  ctx.fillStyle = palette.text3;
  ctx.font = `500 ${size * unit}px ${palette.fontFamily}`;
  ctx.textAlign = 'right';
  ctx.textBaseline = 'middle';
  building.storeys.forEach((storey, index) => {
    if (index % step !== 0) return;
    const text = floorLabel(storey.names);
    if (text === '') return;
    const screen = toScreen(backdrop, storey);
    ctx.fillText(text, toScreen(backdrop, building.frame).x - 8 * unit, screen.y + screen.height / 2);
  });
}

/** Where storeys take several rows, a slab shows where one ends. */
function slabs(backdrop: BackdropContext, building: SceneBuilding): void {
  const { ctx, palette, unit } = backdrop;
  if (building.placed.grid.storeys.every((storey) => storey.rows === 1)) return;
  const weight = Math.max(1, Math.round(unit));
  ctx.fillStyle = palette.line;
  for (const storey of building.storeys.slice(1)) {
    const screen = toScreen(backdrop, storey);
    const overhang = 5 * unit;
    ctx.fillRect(screen.x - overhang, screen.y + screen.height - weight, screen.width + 2 * overhang, weight);
  }
}

/** Labels every 1, 2, 5 or 10 floors, so that they never touch. */
export function labelStep(rowHeight: number, leading: number): number {
  for (const step of [1, 2, 5, 10, 20, 50]) if (rowHeight * step >= leading) return step;
  return 100;
}

/** Meters of one room hang together by a bar across the gap. */
function joints(backdrop: BackdropContext, scene: Scene, building: SceneBuilding): void {
  const { ctx, palette } = backdrop;
  const gap = scene.packed.pitch - scene.side;
  ctx.fillStyle = palette.outline;
  for (let tile = building.firstTile; tile < building.endTile; tile++) {
    if (scene.joined[tile] !== 1) continue;
    const x = scene.x[tile] ?? 0;
    const y = scene.y[tile] ?? 0;
    const screen = toScreen(backdrop, { x: x - gap, y: y + scene.tall * 0.38, width: gap, height: scene.tall * 0.24 });
    ctx.fillRect(screen.x, screen.y, Math.max(1, screen.width), Math.max(1, screen.height));
  }
}

/** The root type size against 16 px: a 4K wall writes larger. */
export function typeScale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
}
