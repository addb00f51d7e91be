import { expect, onTestFinished, test } from 'vitest';
import { createPlace, deleteGateway, deleteMeter, getMeterNow, listGateways, listMeters } from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { ApiFailure } from './support/api.ts';
import { enterEstate, enterGateway, metersOf } from './support/estateByApi.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { openWallFeed } from './support/wallFeed.ts';

const newSite = useSites();
/** The promise: values of a new gateway within ten seconds, without a restart. */
const NEW_GATEWAY_MS = 10_000;

async function plantFor(meters: number, seed?: number): Promise<Plant> {
  const plant = await startTestPlant(meters, seed);
  onTestFinished(() => plant.stop());
  return plant;
}

test('a gateway entered over the API shows the values of its meters within ten seconds, and goes when removed', async () => {
  const plant = await plantFor(64);
  const system = await newSite().start();
  const api = await system.signIn();
  const property = await api.call(createPlace, { body: { kind: 'property', names: { en: 'East Court' } } });
  const wall = await openWallFeed(system.url, api, property.id);
  expect(wall.meters.size).toBe(0);

  const [first, second] = plant.manifest.gateways;
  if (first === undefined || second === undefined) throw new Error('the plant has two gateways');
  const enteredMs = performance.now();
  const gateway = await enterGateway(api, property.id, first);
  const meters = await metersOf(api, property.id);
  expect(meters.size).toBe(32);
  for (const meter of meters.values()) {
    const leftMs = NEW_GATEWAY_MS - (performance.now() - enteredMs);
    const now = await until(`meter ${meter.meterNumber} has values`, leftMs, async () => {
      const answer = await api.call(getMeterNow, { params: { meterId: meter.id } });
      return answer.readAt !== undefined && answer;
    });
    const truth = plant.meter(meter.meterNumber)?.image.values.energyWh;
    expect(Math.abs((now.values['energyWh'] ?? Number.NaN) - (truth ?? 0))).toBeLessThan(100);
  }
  // A screen that was open all the time sees them too, after it joined anew for the changed layout.
  const again = await openWallFeed(system.url, api, property.id);
  await until('the wall heard every meter', 10_000, () =>
    [...again.meters.values()].every(({ heardAgoS }) => heardAgoS !== undefined),
  );
  expect(again.meters.size).toBe(32);

  // A second gateway beside it; then one meter and the first gateway go, and the second does not notice.
  await enterGateway(api, property.id, second);
  const goneMeter = [...meters.values()][0];
  if (goneMeter === undefined) throw new Error('no meter');
  await api.call(deleteMeter, { params: { meterId: goneMeter.id } });
  await expect(api.call(deleteGateway, { params: { gatewayId: gateway.id } })).rejects.toThrow(ApiFailure);
  await api.call(deleteGateway, { params: { gatewayId: gateway.id }, query: { withMeters: true } });
  await expect(api.call(getMeterNow, { params: { meterId: goneMeter.id } })).rejects.toThrow(/404/);
  const { items: gateways } = await api.call(listGateways, { query: { propertyId: property.id } });
  expect(gateways.map(({ code }) => code)).toEqual([second.code]);
  const rest = await openWallFeed(system.url, api, property.id);
  await until('the second gateway is read', 15_000, () =>
    [...rest.meters.values()].every(({ heardAgoS }) => heardAgoS !== undefined),
  );
  expect(rest.meters.size).toBe(32);
  for (const feed of [wall, again, rest]) feed.close();
});

test('what was entered is there after a restart, and is read again by itself', async () => {
  const plant = await plantFor(32);
  const site = newSite();
  const first = await site.start();
  const entered = await enterEstate(await first.signIn(), plant.manifest);
  await first.end('SIGTERM');

  const second = await site.start();
  const api = await second.signIn();
  const { items } = await api.call(listMeters, { query: { propertyId: entered.propertyId, limit: 1_000 } });
  expect(items.map(({ meterNumber }) => meterNumber).toSorted()).toEqual([...entered.meters.keys()].toSorted());
  const wall = await openWallFeed(second.url, api, entered.propertyId);
  await until('every meter is read', 20_000, () =>
    [...wall.meters.values()].every(({ heardAgoS, stale }) => heardAgoS !== undefined && !stale),
  );
  wall.close();
});
