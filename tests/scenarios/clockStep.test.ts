import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { getMeterNow, getSession, listAlarms, listRegisters, type RegisterReading } from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import type { Api } from './support/api.ts';
import { type ClockedSystem, startWithClock } from './support/clockSite.ts';
import { type EnteredEstate, enterEstate } from './support/estateByApi.ts';
import { type RunningSystem, useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { openWallFeed, type WallFeed } from './support/wallFeed.ts';

const newSite = useSites();
const METERS = 64;
const HOUR_MS = 3_600_000;
const HALF_HOUR_MS = HOUR_MS / 2;
/** A register that was read later than this after its instant is late (modules/metering/registerKeeper.ts). */
const MEASURED_WITHIN_MS = 2 * 60_000;
/** Lost after a minute of silence, whatever the wall clock says meanwhile. */
const METER_LOST_WITHIN_MS = 90_000;
const SEEN_WITHIN_MS = 15_000;
const LOST_KINDS = ['meterLost', 'lineLost', 'gatewayLost'];

interface Scene {
  readonly plant: Plant;
  readonly system: RunningSystem;
  readonly api: Api;
  readonly entered: EnteredEstate;
  readonly setClock: ClockedSystem['setClock'];
}

test('a clock stepped by an hour, forwards and backwards: nobody is lost, nothing waits, ages and registers stay right', {
  timeout: 300_000,
}, async () => {
  const scene = await sceneAtWork();
  const { plant, api, entered } = scene;
  const silent = plant.manifest.gateways[0]?.lines[0]?.meters[5]?.meterNumber ?? '';
  const lost = (wall: WallFeed): readonly number[] =>
    [...wall.meters].flatMap(([id, { facts }]) => (facts.link === 'lost' ? [id] : []));
  const wall = await openWall(scene);
  await until('every meter is online', 60_000, () => linksOf(wall).online === METERS);

  // A meter is on its way to be lost when the clock leaps forward: it is lost when a minute has passed, not an hour.
  const silence = plant.faults.set({ target: { kind: 'meter', meterNumber: silent }, fault: { kind: 'silent' } });
  await until('the silent meter is late', 30_000, () => linksOf(wall).late === 1);
  scene.setClock(HOUR_MS);
  await expectCalm(scene, HOUR_MS, wall, { online: METERS - 1, late: 1, lost: 0 });

  // It is set back by two hours: an hour behind the world. The minute of silence does not begin anew.
  const wallInBetween = await openWall(scene);
  scene.setClock(-HOUR_MS);
  await expectCalm(scene, -HOUR_MS, wallInBetween, { online: METERS - 1, late: 1, lost: 0 });
  const wallAfter = await openWall(scene);
  await until('the silent meter is lost', METER_LOST_WITHIN_MS, () => lost(wallAfter).length === 1);
  expect(lost(wallAfter)).toEqual([entered.meters.get(silent)?.id]);
  await until('with its own alarm', SEEN_WITHIN_MS, async () => (await lostAlarms(api)).length === 1);
  plant.faults.clear(silence.id);

  // What happens on the clock that went back takes the time that it always takes.
  const gatewayCode = plant.manifest.gateways[1]?.code ?? '';
  const down = plant.faults.set({ target: { kind: 'gateway', gatewayCode }, fault: { kind: 'down' } });
  await until('a gateway’s meters are lost', SEEN_WITHIN_MS, () => lost(wallAfter).length >= 32);
  await until('with one alarm', SEEN_WITHIN_MS, async () => {
    const kinds = (await lostAlarms(api)).map(({ kind }) => kind);
    return kinds.filter((kind) => kind === 'gatewayLost').length === 1 && kinds.length === 2;
  });
  plant.faults.clear(down.id);
  await until('every meter is online again', 90_000, () => linksOf(wallAfter).online === METERS);
  await until('the alarms have returned', 40_000, async () =>
    (await lostAlarms(api)).every(({ state }) => state === 'returned'),
  );

  await expectSaneRegisters(scene, silent);
  // The session and the very first screen have lived through all of it.
  await api.call(getSession);
  const frames = wall.frames();
  await until('the first screen still hears', 10_000, () => wall.frames() > frames);
});

async function sceneAtWork(): Promise<Scene> {
  const plant = await startTestPlant(METERS);
  onTestFinished(() => plant.stop());
  const { system, setClock } = await startWithClock(newSite());
  const api = await system.signIn();
  const entered = await enterEstate(api, plant.manifest);
  return {
    plant,
    system,
    api,
    entered,
    setClock,
  };
}

async function openWall({ system, api, entered }: Scene): Promise<WallFeed> {
  const wall = await openWallFeed(system.url, api, entered.propertyId);
  onTestFinished(() => wall.close());
  return wall;
}

/** For ten seconds after a step: the screens are made to ask anew, and what they are told is as before it. */
async function expectCalm(scene: Scene, offsetMs: number, before: WallFeed, links: Links): Promise<void> {
  const { api, entered, plant } = scene;
  await until(
    'the server’s clock was stepped',
    5_000,
    () => Math.abs(before.pulse().atMs - Date.now() - offsetMs) < 5_000,
  );
  await until('screens see a gap and ask anew', 5_000, () => before.fault() !== undefined);
  const after = await openWall(scene);
  const endMs = performance.now() + 10_000;
  while (performance.now() < endMs) {
    expect(linksOf(after)).toEqual(links);
    expect(linksOf(before)).toEqual(links);
    expect(after.pulse().oldestReadingMs).toBeLessThan(60_000);
    for (const { facts, stale, heardAgoS } of after.meters.values()) {
      expect(stale).toBe(false);
      if (facts.link === 'online') expect(heardAgoS).toBeLessThan(10);
    }
    await sleep(200);
  }
  expect(await lostAlarms(api)).toEqual([]);
  const [number = '', meter] =
    [...entered.meters].find(([, { id }]) => after.meters.get(id)?.facts.link === 'online') ?? [];
  const now = await api.call(getMeterNow, { params: { meterId: meter?.id ?? 0 } });
  const ageMs = Date.now() + offsetMs - Date.parse(now.readAt ?? '');
  expect(Math.abs(ageMs), 'the reading is of now, by the clock that the house has').toBeLessThan(10_000);
  expect(now.values['energyWh']).toBeLessThanOrEqual(plant.meter(number)?.image.values.energyWh ?? 0);
}

interface Links {
  readonly online: number;
  readonly late: number;
  readonly lost: number;
}

function linksOf(wall: WallFeed): Links {
  const links = { online: 0, late: 0, lost: 0 };
  for (const { facts } of wall.meters.values()) links[facts.link] += 1;
  return links;
}

async function lostAlarms(api: Api) {
  const { items } = await api.call(listAlarms, { query: { state: 'current', limit: 500 } });
  return items.filter(({ kind }) => LOST_KINDS.includes(kind));
}

/**
 * Each instant once; the reading belongs to the half hour that the clock showed, and is called late where it is; registers
 * do not fall from one instant to the next, and never say more than the meter itself.
 */
async function expectSaneRegisters({ api, entered, plant }: Scene, silent: string): Promise<void> {
  for (const [number, { id }] of entered.meters) {
    const { items } = await api.call(listRegisters, { params: { meterId: id }, query: { limit: 100 } });
    const rows = items.toReversed();
    const instants = rows.map(({ instant }) => Date.parse(instant));
    const first = instants[0] ?? Number.NaN;
    if (number === silent) expect(instants).toHaveLength(1);
    else if (saysRegistersAlways(plant, number)) expect(instants).toContain(first + HOUR_MS);
    expect(instants.every((instant, index) => index === 0 || instant > (instants[index - 1] ?? 0))).toBe(true);
    for (const row of rows) expectHonest(row);
    const energies = rows.map(({ registers }) => BigInt(registers['energyWh'] ?? -1));
    const truth = plant.meter(number)?.image.values.energyWh ?? 0;
    expect(energies.every((energy, index) => energy >= (energies[index - 1] ?? 0n))).toBe(true);
    expect(Number(energies.at(-1))).toBeLessThanOrEqual(truth);
  }
}

/** Models whose live poll leaves the counters out have a row at the leap only where the poll of registers was due. */
function saysRegistersAlways(plant: Plant, meterNumber: string): boolean {
  return plant.meter(meterNumber)?.model.spans.every(({ serves }) => serves.includes('registers')) === true;
}

function expectHonest({ instant, readAt, quality }: RegisterReading): void {
  const lateMs = Date.parse(readAt) - Date.parse(instant);
  expect(lateMs).toBeGreaterThanOrEqual(0);
  expect(lateMs).toBeLessThan(HALF_HOUR_MS);
  expect(quality).toBe(lateMs <= MEASURED_WITHIN_MS ? 'measured' : 'late');
}
