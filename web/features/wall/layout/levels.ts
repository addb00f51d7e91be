import { type Camera, cameraOn, HOME, isFlat, type Viewport } from './camera.ts';
import type { Box, Scene } from './scene.ts';

/** How far in the wall stands; `all` is everything at once: the group, or the one property. */
export type Level = 'all' | 'property' | 'building' | 'floor' | 'room';

/** A step must magnify at least so much to be one. */
const STEP = 1.18;
/** A glide ends this close to where it goes. */
const IN_MOST = 0.999;

/** The boxes of the levels around a tile, from the outside in. Levels that a wall does not have are left out. */
export function levelsAt(scene: Scene, tile: number): readonly { readonly level: Level; readonly box: Box }[] {
  const levels: { level: Level; box: Box }[] = [
    { level: 'all', box: { x: 0, y: 0, width: scene.packed.width, height: scene.packed.height } },
  ];
  const property = scene.packed.properties[scene.propertyIndex[tile] ?? 0];
  if (property !== undefined && scene.packed.properties.length > 1) levels.push({ level: 'property', box: property });
  const building = scene.buildings[scene.buildingIndex[tile] ?? 0];
  if (building === undefined) return levels;
  levels.push({ level: 'building', box: building });
  const y = scene.y[tile] ?? 0;
  const storey = building.storeys.find((one) => y >= one.y && y < one.y + one.height);
  if (storey !== undefined && building.storeys.length > 1) levels.push({ level: 'floor', box: storey });
  levels.push({
    level: 'room',
    box: { x: (scene.x[tile] ?? 0) - scene.side, y: y - scene.tall, width: scene.side * 3, height: scene.tall * 3 },
  });
  return levels;
}

/** The camera one level further in, around a tile; undefined at the innermost. */
export function furtherIn(
  scene: Scene,
  tile: number,
  camera: Camera,
  viewport: Viewport,
  most: number,
): Camera | undefined {
  for (const { box } of levelsAt(scene, tile)) {
    const next = cameraOn(box, viewport, most);
    if (next.scale > camera.scale * STEP) return next;
  }
  return undefined;
}

/** The camera one level further out; undefined when everything is already in view. */
export function furtherOut(
  scene: Scene,
  tile: number,
  camera: Camera,
  viewport: Viewport,
  most: number,
): Camera | undefined {
  if (isFlat(camera)) return undefined;
  for (const { box } of levelsAt(scene, tile).toReversed()) {
    const next = cameraOn(box, viewport, most);
    if (next.scale * STEP < camera.scale) return next;
  }
  return HOME;
}

/** Whether a camera shows a tile whole, and at least as large as the sight of its building would. */
export function showsTile(scene: Scene, tile: number, camera: Camera, viewport: Viewport, most: number): boolean {
  const building = scene.buildings[scene.buildingIndex[tile] ?? 0];
  if (building === undefined || camera.scale < cameraOn(building, viewport, most).scale * IN_MOST) return false;
  const x = (scene.x[tile] ?? 0) * camera.scale + camera.x;
  const y = (scene.y[tile] ?? 0) * camera.scale + camera.y;
  const right = x + scene.side * camera.scale;
  return x >= 0 && y >= 0 && right <= viewport.width && y + scene.tall * camera.scale <= viewport.height;
}

/** The tile nearest to the middle of the screen: the one that zooming means when none is chosen. */
export function middleTile(scene: Scene, camera: Camera, viewport: Viewport): number {
  const x = (viewport.width / 2 - camera.x) / camera.scale;
  const y = (viewport.height / 2 - camera.y) / camera.scale;
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let tile = 0; tile < scene.size; tile++) {
    const distance = ((scene.x[tile] ?? 0) - x) ** 2 + ((scene.y[tile] ?? 0) - y) ** 2;
    if (distance < least) {
      least = distance;
      best = tile;
    }
  }
  return best;
}
