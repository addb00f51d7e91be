import { createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Alarm, getLineHealth, listAlarms } from '#contract/index.ts';
import { systemClock } from '#drivers/core/index.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import type { Fault } from '#drivers/simulator/faults/fault.ts';
import { type Plant, startPlant } from '#drivers/simulator/plant.ts';
import type { Api } from './support/api.ts';
import { enterEstate } from './support/estateByApi.ts';
import { useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { openWallFeed, type WallFeed } from './support/wallFeed.ts';

const newSite = useSites();
const GATEWAYS = 320;
const METERS_EACH = 2;
/** Attempts are counted for so long. */
const COUNTED_SECONDS = 300;
const LOST_KINDS = ['networkLost', 'gatewayLost', 'lineLost', 'meterLost'];

test('320 gateways gone at once and back: attempts are spread and bounded, one alarm, everything returns', {
  timeout: 400_000,
}, async () => {
  const plant = await bigPlant();
  const { api, wall, propertyId } = await watched(plant, 5_000);
  await until('every meter is online', 60_000, () => countOf(wall, 'online') === GATEWAYS * METERS_EACH);

  const faults = everyGateway(plant, { kind: 'down' });
  const refuser = await refuseOn(plant);
  await until('every meter is lost and the cause is known', 90_000, async () => {
    const open = await lostAlarms(api, propertyId);
    return countOf(wall, 'lost') === GATEWAYS * METERS_EACH && open.length > 0;
  });
  await refuser.secondsPassed(75);
  // Each tries after 0.5, 1, 2, … 30 s, less up to half of it: at first all at once, then ever thinner.
  expect(refuser.most(0, 5), 'attempts in any of the first seconds').toBeLessThanOrEqual(2 * GATEWAYS);
  expect(refuser.most(15, 40), 'attempts in a second, later').toBeLessThanOrEqual(GATEWAYS / 4);
  expect(refuser.most(40, 75), 'attempts in a second at the slowest pace').toBeLessThanOrEqual(GATEWAYS / 6);
  expect(refuser.total(), 'all attempts').toBeLessThanOrEqual(12 * GATEWAYS);
  expect(await causesOf(api, propertyId)).toEqual([`networkLost ${GATEWAYS * METERS_EACH}`]);

  await refuser.stop();
  for (const id of faults) plant.faults.clear(id);
  await until('every meter is online again', 90_000, () => countOf(wall, 'online') === GATEWAYS * METERS_EACH);
  await until('the alarm has cleared by itself', 90_000, async () => (await lostAlarms(api, propertyId)).length === 0);
  expect(wall.fault()).toBeUndefined();
});

test('gateways that answer garbage for ever are one alarm each, none per meter, say why, and heal by themselves', {
  timeout: 300_000,
}, async () => {
  // Four, of which two go: the network is not lost. One of the two speaks RTU over TCP, the other Modbus TCP.
  const plant = await startTestPlant(4 * 32);
  onTestFinished(() => plant.stop());
  const { api, wall, propertyId, gateways } = await watched(plant, 2_000);
  await until('every meter is online', 60_000, () => countOf(wall, 'online') === 128);

  const codes = plant.manifest.gateways.slice(0, 2).map(({ code }) => code);
  const faults = codes.map(
    (gatewayCode) =>
      plant.faults.set({ target: { kind: 'gateway', gatewayCode }, fault: { kind: 'garbage', bytes: 600 } }).id,
  );
  await until('both are lost with their meters', 120_000, async () => {
    const open = await lostAlarms(api, propertyId);
    return countOf(wall, 'lost') === 64 && open.filter(({ kind }) => kind === 'gatewayLost').length === 2;
  });
  expect(await causesOf(api, propertyId)).toEqual(['gatewayLost 32', 'gatewayLost 32']);
  for (const gateway of gateways.slice(0, 2)) {
    const health = await api.call(getLineHealth, { params: { lineId: gateway.lines[0]?.id ?? 0 } });
    expect(health.linkReason).toContain('answers, but not in Modbus');
  }
  expect(countOf(wall, 'online'), 'the others never noticed').toBe(64);

  for (const id of faults) plant.faults.clear(id);
  await until('every meter is online again', 120_000, () => countOf(wall, 'online') === 128);
  await until('the alarms have cleared', 60_000, async () => (await lostAlarms(api, propertyId)).length === 0);
});

/** 320 gateways as those of the test field, with two meters each. */
async function bigPlant(): Promise<Plant> {
  const whole = makeEstate({ kind: 'count', meters: GATEWAYS * 32 }, 20_261_122);
  const gateways = whole.gateways.map((gateway) => ({
    ...gateway,
    lines: gateway.lines.map((line) => ({ ...line, meters: line.meters.slice(0, METERS_EACH) })),
  }));
  const plant = await startPlant({
    estate: { ...whole, gateways },
    clock: systemClock,
    speed: 1,
    wire: 'off',
    thinkMs: [1, 5],
    stateFolder: undefined,
    listenHost: '127.0.0.1',
  });
  onTestFinished(() => plant.stop());
  return plant;
}

async function watched(plant: Plant, livePollMs: number) {
  const system = await newSite().start();
  const api = await system.signIn();
  const entered = await enterEstate(api, plant.manifest, livePollMs);
  const wall = await openWallFeed(system.url, api, entered.propertyId);
  onTestFinished(() => wall.close());
  return { api, wall, propertyId: entered.propertyId, gateways: entered.gateways };
}

function everyGateway(plant: Plant, fault: Fault): readonly number[] {
  return plant.manifest.gateways.map(
    ({ code }) => plant.faults.set({ target: { kind: 'gateway', gatewayCode: code }, fault }).id,
  );
}

/** Stands in for the gateways that are gone, on their ports: hangs up on whoever comes, and counts them by the second. */
async function refuseOn(plant: Plant) {
  const fromMs = performance.now();
  const seconds = Array.from({ length: COUNTED_SECONDS }, () => 0);
  const servers: Server[] = [];
  for (const { lines } of plant.manifest.gateways) {
    for (const { transport } of lines) {
      if (transport.kind === 'serial') continue;
      const server = createServer((socket) => {
        const second = Math.floor((performance.now() - fromMs) / 1_000);
        seconds[second] = (seconds[second] ?? 0) + 1;
        socket.on('error', () => socket.destroy());
        socket.destroy();
      });
      servers.push(server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(transport.port, transport.host, resolve);
      });
    }
  }
  const stop = async () => {
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  };
  onTestFinished(stop);
  return {
    /** Attempts in the busiest of the seconds `[from, to)`. */
    most: (from: number, to: number) => Math.max(...seconds.slice(from, to)),
    total: () => seconds.reduce((sum, count) => sum + count, 0),
    secondsPassed: (wanted: number) =>
      until(`${wanted} seconds have passed`, wanted * 1_000, () => performance.now() - fromMs > wanted * 1_000),
    stop,
  };
}

function countOf(wall: WallFeed, link: string): number {
  return [...wall.meters.values()].filter(({ facts }) => facts.link === link).length;
}

/** Open alarms of lost paths, as "kind meters". */
async function causesOf(api: Api, propertyId: number): Promise<readonly string[]> {
  return (await lostAlarms(api, propertyId)).map(({ kind, childCount }) => `${kind} ${childCount}`);
}

async function lostAlarms(api: Api, propertyId: number): Promise<readonly Alarm[]> {
  const { items } = await api.call(listAlarms, { query: { propertyId, state: 'open', limit: 1_000 } });
  return items.filter(({ kind }) => LOST_KINDS.includes(kind));
}
