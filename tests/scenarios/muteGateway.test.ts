import { expect, onTestFinished, test } from 'vitest';
import { listAlarms } from '#contract/index.ts';
import { enterEstate } from './support/estateByApi.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { openWallFeed } from './support/wallFeed.ts';

const newSite = useSites();
const LIVE_POLL_MS = 2_000;
/** 32 deadlines of about a second each until the last meter has been asked in vain, then the delay of the alarm. */
const FOUND_OUT_WITHIN_MS = 90_000;

test('a gateway that accepts and never answers is one alarm, not one per meter, and heals by itself', {
  timeout: 300_000,
}, async () => {
  const plant = await startTestPlant(64);
  onTestFinished(() => plant.stop());
  const system = await newSite().start();
  const api = await system.signIn();
  const entered = await enterEstate(api, plant.manifest, LIVE_POLL_MS);
  const wall = await openWallFeed(system.url, api, entered.propertyId);
  onTestFinished(() => wall.close());
  const lost = () => [...wall.meters.values()].filter(({ facts }) => facts.link === 'lost').length;
  const online = () => [...wall.meters.values()].filter(({ facts }) => facts.link === 'online').length;
  await until('every meter is online', 60_000, () => online() === 64);

  const gatewayCode = plant.manifest.gateways[0]?.code ?? '';
  const fault = plant.faults.set({ target: { kind: 'gateway', gatewayCode }, fault: { kind: 'mute' } });
  const alarms = async () =>
    (await api.call(listAlarms, { query: { state: 'current', limit: 500 } })).items.filter(({ kind }) =>
      ['gatewayLost', 'lineLost', 'meterLost'].includes(kind),
    );
  await until('the gateway and its meters are lost', FOUND_OUT_WITHIN_MS, async () => {
    const found = await alarms();
    return lost() === 32 && found.length > 0;
  });
  expect((await alarms()).map(({ kind, childCount }) => ({ kind, childCount }))).toEqual([
    { kind: 'gatewayLost', childCount: 32 },
  ]);

  plant.faults.clear(fault.id);
  await until('every meter is online again', 120_000, () => online() === 64);
  await until('the alarm has returned', 30_000, async () =>
    (await alarms()).every(({ state }) => state === 'returned'),
  );
});
