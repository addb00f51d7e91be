// @vitest-environment node
import { expect, test } from 'vitest';
import { between, cameraOn, clampCamera, HOME, zoomAt } from '../../../web/features/wall/layout/camera.ts';
import { furtherIn, furtherOut, levelsAt, showsTile } from '../../../web/features/wall/layout/levels.ts';
import { packToFit } from '../../../web/features/wall/layout/packWall.ts';
import { createScene } from '../../../web/features/wall/layout/scene.ts';
import { wallModel } from '../../../web/features/wall/layout/wallModel.ts';
import { layoutOf, METRICS } from './support.ts';

const viewport = { width: 1_500, height: 1_028 };
const scene = createScene(
  packToFit(
    [1, 2].map((id) =>
      wallModel(
        layoutOf(
          [
            { name: 'A', floors: 20, rooms: 30 },
            { name: 'B', floors: 10, rooms: 20 },
          ],
          0,
          id,
        ),
      ),
    ),
    viewport,
    METRICS,
  ),
);

test('the point under the pointer stays under it while zooming', () => {
  const at = { x: 400, y: 300 };
  const camera = { scale: 2, x: -100, y: -50 };
  const world = { x: (at.x - camera.x) / camera.scale, y: (at.y - camera.y) / camera.scale };
  const next = zoomAt(camera, 1.7, at, 20);
  expect(world.x * next.scale + next.x).toBeCloseTo(at.x);
  expect(world.y * next.scale + next.y).toBeCloseTo(at.y);
});

test('no edge of the wall comes further in than the edge of the screen', () => {
  const world = { width: 1_500, height: 1_000 };
  expect(clampCamera({ scale: 2, x: 500, y: 500 }, world, viewport)).toEqual({ scale: 2, x: 0, y: 0 });
  expect(clampCamera({ scale: 2, x: -9_000, y: 0 }, world, viewport).x).toBe(1_500 - 3_000);
  expect(clampCamera(HOME, world, viewport).y).toBe(14);
});

test('+ goes in level by level to the room and − the same way back', () => {
  expect(levelsAt(scene, 40).map((one) => one.level)).toEqual(['all', 'property', 'building', 'floor', 'room']);
  let camera = HOME;
  const scales = [camera.scale];
  for (;;) {
    const next = furtherIn(scene, 40, camera, viewport, 12);
    if (next === undefined) break;
    camera = next;
    scales.push(camera.scale);
  }
  expect(scales.length).toBeGreaterThanOrEqual(3);
  expect(scales).toEqual(scales.toSorted((a, b) => a - b));
  let steps = 0;
  for (let back = furtherOut(scene, 40, camera, viewport, 12); back !== undefined && steps < 9; steps++) {
    camera = back;
    back = furtherOut(scene, 40, camera, viewport, 12);
  }
  expect(camera.scale).toBe(1);
});

test('a glide begins and ends exactly at its cameras', () => {
  const to = cameraOn({ x: 100, y: 100, width: 200, height: 100 }, viewport, 20);
  expect(between(HOME, to, 0)).toEqual(HOME);
  const end = between(HOME, to, 1);
  expect(end.scale).toBeCloseTo(to.scale);
  expect(end.x).toBeCloseTo(to.x);
  expect(end.y).toBeCloseTo(to.y);
});

test('a tile is in sight when it is whole, and as large as the sight of its building', () => {
  const most = 20;
  const building = scene.buildings[0];
  if (building === undefined) throw new Error('no building');
  const onBuilding = cameraOn(building, viewport, most);
  const tile = building.firstTile;
  expect(showsTile(scene, tile, HOME, viewport, most)).toBe(false);
  expect(showsTile(scene, tile, onBuilding, viewport, most)).toBe(true);
  const room = levelsAt(scene, tile).at(-1)?.box ?? building;
  expect(showsTile(scene, tile, cameraOn(room, viewport, most), viewport, most)).toBe(true);
  expect(showsTile(scene, building.endTile - 1, cameraOn(room, viewport, most), viewport, most)).toBe(false);
});
