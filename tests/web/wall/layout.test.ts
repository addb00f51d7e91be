// @vitest-environment node
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildingGrid } from '../../../web/features/wall/layout/buildingGrid.ts';
import { type PackedWall, packColumn, packToFit } from '../../../web/features/wall/layout/packWall.ts';
import { createScene, neighbourOf, type Scene, tileAt } from '../../../web/features/wall/layout/scene.ts';
import { wallModel } from '../../../web/features/wall/layout/wallModel.ts';
import { type BuildingSpec, layoutOf, METRICS } from './support.ts';

const PLAZA: readonly BuildingSpec[] = [
  { name: 'Tower A', floors: 29, rooms: 13, feeders: 4 },
  { name: 'Tower B', floors: 24, rooms: 11 },
  { name: 'Mall', floors: 7, rooms: 48, shape: 'block', feeders: 20 },
  { name: 'Street', floors: 1, rooms: 165, shape: 'row' },
];
const sceneOf = (specs: readonly BuildingSpec[], size = { width: 1_500, height: 1_028 }, loose = 0) =>
  createScene(packToFit([wallModel(layoutOf(specs, loose))], size, METRICS));

/** Faults of a scene: tiles that share a place or stand outside the wall. One expectation for all of them keeps it quick. */
function faultsOf(scene: Scene, packed: PackedWall): readonly string[] {
  const seen = new Set<string>();
  const faults: string[] = [];
  for (let tile = 0; tile < scene.size; tile++) {
    const x = scene.x[tile] ?? 0;
    const y = scene.y[tile] ?? 0;
    const key = `${x.toFixed(1)}|${y.toFixed(1)}`;
    if (seen.has(key)) faults.push(`two tiles at ${key}`);
    if (x < 0 || y < 0 || x + scene.side > packed.width || y + scene.tall > packed.height)
      faults.push(`outside at ${key}`);
    seen.add(key);
  }
  return faults;
}

test('every meter of the layout is one tile, wherever it hangs', () => {
  const layout = layoutOf(PLAZA, 9);
  const scene = createScene(packToFit([wallModel(layout)], { width: 1_500, height: 1_028 }, METRICS));
  expect(scene.size).toBe(layout.meters.id.length);
  expect([...scene.slot].toSorted((a, b) => a - b)).toEqual(layout.meters.id.map((_, slot) => slot));
  for (const [slot, tile] of (scene.tileOf[0] ?? new Int32Array()).entries()) expect(scene.slot[tile]).toBe(slot);
});

test('twenty thousand tiles fit a 4K wall without scrolling, each large enough to carry its mark', () => {
  const specs = Array.from({ length: 12 }, (_, index) => ({ name: `B${index}`, floors: 28, rooms: 59, feeders: 15 }));
  const viewport = { width: 3_140, height: 2_076 };
  const packed = packToFit([wallModel(layoutOf(specs))], viewport, METRICS);
  const scene = createScene(packed);
  expect(scene.size).toBe(20_004);
  expect(packed.height).toBeLessThanOrEqual(viewport.height);
  expect(packed.width).toBeLessThanOrEqual(viewport.width);
  expect(packed.pitch).toBeGreaterThanOrEqual(10);
  expect(faultsOf(scene, packed)).toEqual([]);
});

test('whatever the estate, the wall fits the screen and no two tiles share a place', () => {
  const spec = fc.record({
    name: fc.constant('B'),
    floors: fc.integer({ min: 0, max: 20 }),
    rooms: fc.integer({ min: 1, max: 40 }),
    feeders: fc.integer({ min: 0, max: 30 }),
    shape: fc.constantFrom('tower', 'row', 'block'),
    perRoom: fc.integer({ min: 1, max: 3 }),
  });
  const viewport = { width: 1_500, height: 1_028 };
  fc.assert(
    fc.property(
      fc.array(fc.array(spec, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
      (properties) => {
        const models = properties.map((specs, index) => wallModel(layoutOf(specs, 0, index + 1)));
        const packed = packToFit(models, viewport, METRICS);
        const scene = createScene(packed);
        expect(scene.size).toBe(models.reduce((sum, model) => sum + model.meterCount, 0));
        expect(faultsOf(scene, packed)).toEqual([]);
        expect(packed.pitch === METRICS.pitchMin || packed.height <= viewport.height).toBe(true);
      },
    ),
    { numRuns: 30 },
  );
});

test('floors stand on each other from the ground up, rooms side by side in their order', () => {
  const scene = sceneOf([{ name: 'A', floors: 3, rooms: 4 }]);
  const [first, second] = [0, 1];
  expect(scene.rooms[first]?.names?.en).toBe('1F-1');
  expect(scene.x[second]).toBeGreaterThan(scene.x[first] ?? 0);
  const upper = scene.rooms.findIndex((room) => room?.names?.en === '2F-1');
  expect(scene.y[upper]).toBeLessThan(scene.y[first] ?? 0);
  expect(scene.x[upper]).toBe(scene.x[first]);
});

test('feeders stand under the ground line of their building', () => {
  const scene = sceneOf([{ name: 'A', floors: 3, rooms: 4, feeders: 2 }]);
  const building = scene.buildings[0];
  const lowest = Math.max(...[...scene.y].slice(0, 12));
  for (const tile of [12, 13]) expect(scene.y[tile]).toBeGreaterThan(lowest);
  expect(building?.feederFrame?.y).toBe((building?.frame.y ?? 0) + (building?.frame.height ?? 0));
});

test('meters of one room are joined, and a room is not torn over two lines', () => {
  const model = wallModel(layoutOf([{ name: 'A', floors: 1, rooms: 5, perRoom: 2 }]));
  const [building] = model.buildings;
  if (building === undefined) throw new Error('no building');
  const grid = buildingGrid(building, 5);
  const byRoom = Map.groupBy(grid.cells, (cell) => cell.room?.placeId);
  for (const cells of byRoom.values()) {
    expect(new Set(cells.map((cell) => cell.row)).size).toBe(1);
    expect(cells.map((cell) => cell.joined)).toEqual([false, true]);
  }
});

test('a storey wider than the screen takes lines of about equal length', () => {
  const model = wallModel(layoutOf([{ name: 'Mall', floors: 2, rooms: 49 }]));
  const [building] = model.buildings;
  if (building === undefined) throw new Error('no building');
  const grid = buildingGrid(building, 40);
  expect(grid.columns).toBe(25);
  expect(grid.storeys.map((storey) => storey.rows)).toEqual([2, 2]);
});

test('a phone gets one column of its own width that scrolls', () => {
  const packed = packColumn([wallModel(layoutOf(PLAZA, 9))], 390, { ...METRICS, marginX: 16 });
  expect(packed.width).toBeLessThanOrEqual(390);
  expect(packed.pitch).toBeGreaterThanOrEqual(22);
  expect(faultsOf(createScene(packed), packed)).toEqual([]);
});

test('the tile under the pointer is the one that is drawn there', () => {
  const scene = sceneOf(PLAZA, undefined, 9);
  for (let tile = 0; tile < scene.size; tile += 37) {
    expect(tileAt(scene, (scene.x[tile] ?? 0) + scene.side / 2, (scene.y[tile] ?? 0) + scene.tall / 2)).toBe(tile);
  }
  expect(tileAt(scene, 1, 1)).toBe(-1);
});

test('arrows walk to the neighbour and stay at the edge', () => {
  const scene = sceneOf([{ name: 'A', floors: 3, rooms: 4 }]);
  const at = (name: string) => scene.rooms.findIndex((room) => room?.names?.en === name);
  expect(neighbourOf(scene, at('2F-2'), 'right')).toBe(at('2F-3'));
  expect(neighbourOf(scene, at('2F-2'), 'left')).toBe(at('2F-1'));
  expect(neighbourOf(scene, at('2F-2'), 'up')).toBe(at('3F-2'));
  expect(neighbourOf(scene, at('2F-2'), 'down')).toBe(at('1F-2'));
  expect(neighbourOf(scene, at('2F-4'), 'right')).toBe(at('2F-4'));
});
