import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { PlantManifest } from '#drivers/simulator/manifest.ts';
import { silentLog } from '#server/platform/log.ts';
import { startPlant } from '#server/platform/plant/plant.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'meterwall-plant-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test('a plant that ends is started again with the same estate; its past can be asked; a stop leaves no process', async () => {
  const manifests: PlantManifest[] = [];
  const twice = Promise.withResolvers<void>();
  const plant = startPlant({
    size: '8',
    variables: { PLANT_WIRE: 'off' },
    stateDir: join(dir, 'plant'),
    log: silentLog,
    async onReady(manifest) {
      manifests.push(manifest);
      if (manifests.length === 2) twice.resolve();
    },
  });
  onTestFinished(() => plant.stop());
  expect(await plant.ready(15_000)).toBe(true);
  const first = plant.pid() ?? 0;
  process.kill(first, 'SIGKILL');
  await twice.promise;
  expect(plant.pid()).not.toBe(first);
  expect(manifests.map(numbersOf)[1]).toEqual(manifests.map(numbersOf)[0]);
  expect(numbersOf(manifests[0]).length).toBe(8);

  const toMs = Date.UTC(2026, 10, 22);
  let rows = 0;
  await plant.history({ fromMs: toMs - 7_200_000, toMs, stepMs: 1_800_000 }, (batch) => {
    rows += batch.length;
  });
  expect(rows).toBeGreaterThanOrEqual(8 * 4);

  const last = plant.pid() ?? 0;
  await plant.stop();
  expect(() => process.kill(last, 0)).toThrow();
});

test('a plant that cannot start is waited for only so long', async () => {
  const plant = startPlant({
    size: 'dmeo',
    variables: {},
    stateDir: join(dir, 'bad'),
    log: silentLog,
    onReady: async () => {},
  });
  onTestFinished(() => plant.stop());
  expect(await plant.ready(500)).toBe(false);
});

function numbersOf(manifest: PlantManifest | undefined): string[] {
  return (manifest?.gateways ?? [])
    .flatMap(({ lines }) => lines)
    .flatMap(({ meters }) => meters)
    .map(({ meterNumber }) => meterNumber);
}
