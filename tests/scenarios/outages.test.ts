import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Alarm, getTrend, listAlarms, listRegisters, type Meter, type RegisterReading } from '#contract/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import type { Api } from './support/api.ts';
import { enterEstate } from './support/estateByApi.ts';
import { beginOutage, type Outage } from './support/postgresOutage.ts';
import { type RunningSystem, type Site, useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { openWallFeed, type WallFeed } from './support/wallFeed.ts';

const newSite = useSites();
const METERS = 96;
const GATEWAYS = METERS / 32;
const LIVE_POLL_MS = 1_000;
/** So long do the meters answer while nothing can be stored. */
const SERVED_MS = 12_000;
/** The promise: screens know within ten seconds. */
const TOLD_WITHIN_MS = 10_000;
/** A reading waits for a second in memory; then it is on the disk. Twice that, on a busy machine. */
const ON_DISK_WITHIN_MS = 4_000;

interface Stage {
  readonly site: Site;
  readonly system: RunningSystem;
  readonly plant: Plant;
  readonly propertyId: number;
  readonly meters: readonly Meter[];
  readonly wall: WallFeed;
}

interface Ending {
  readonly how: 'killed' | 'hung';
  readonly what: string;
  /** What happens at the height of the outage; gives the system that runs after it. */
  strike(stage: Stage, outage: Outage): Promise<RunningSystem>;
}

const comesBack: Ending['strike'] = ({ system }, outage) => {
  outage.end();
  return Promise.resolve(system);
};
const endings: readonly Ending[] = [
  { how: 'killed', what: 'it comes back', strike: comesBack },
  { how: 'hung', what: 'it goes on', strike: comesBack },
  {
    how: 'killed',
    what: 'the server was stopped meanwhile and started',
    async strike({ site, system, plant }, outage) {
      silence(plant);
      expect(await system.end('SIGTERM'), 'it stops in order').toMatchObject({ code: 0 });
      outage.end();
      return site.start();
    },
  },
  {
    how: 'killed',
    what: 'the server was killed meanwhile and started',
    async strike({ site, system, plant }, outage) {
      silence(plant);
      await sleep(ON_DISK_WITHIN_MS);
      await system.end('SIGKILL');
      outage.end();
      return site.start();
    },
  },
];

test.for(endings)(
  'Postgres $how under load until $what: the wall goes on, nothing is lost',
  {
    timeout: 240_000,
  },
  async ({ how, strike }) => {
    const stage = await stageBefore();
    const { system, plant, wall, meters, propertyId } = stage;
    const outage = beginOutage(stage.site, how);
    onTestFinished(() => outage.end());
    await until('the screens know that the database is away', TOLD_WITHIN_MS, () => wall.pulse().databaseAway === true);
    expect((await fetch(`${system.url}/healthz`)).status).toBe(503);

    const before = energies(plant);
    clearAll(plant);
    await until('every meter is online on the wall', 60_000, () => onlineCount(wall) === METERS);
    await sleep(SERVED_MS);
    const freshest = [...wall.meters.values()].map(({ heardAgoS }) => heardAgoS ?? Number.POSITIVE_INFINITY);
    expect(Math.max(...freshest), 'the wall is live').toBeLessThanOrEqual(10);
    expect([...wall.meters.values()].filter(({ stale }) => stale)).toEqual([]);
    expect(wall.fault()).toBeUndefined();
    expect(outage.struck(), 'what was started again was killed again').toBeGreaterThan(how === 'killed' ? 10 : 3);
    const waiting = await until('registers wait on the disk', 10_000, async () => {
      const figures = await figuresOf(system);
      return (figures.get('registers_waiting') ?? 0) || undefined;
    });

    const after = await strike(stage, outage);
    const endMs = Date.now();
    const api = await until('somebody can sign in again', 60_000, () => after.signIn());
    await until('nothing waits any more', 60_000, async () => {
      const figures = await figuresOf(after);
      return [...figures]
        .filter(([name]) => /_(waiting|queued|spool_bytes)$/.test(name))
        .every(([, value]) => value === 0);
    });
    const energiesAfter = energies(plant);

    const registers = await registersOf(api, meters);
    const inOutage = registers.filter(
      ({ readAt }) => Date.parse(readAt) >= outage.fromMs && Date.parse(readAt) <= endMs,
    );
    expect(new Set(registers.map(({ meterId, instant }) => `${meterId} ${instant}`)).size).toBe(registers.length);
    expect(inOutage.length, 'all registers that waited are stored').toBeGreaterThanOrEqual(waiting);
    for (const meter of meters) {
      const stored = await telemetryOf(api, meter, outage.fromMs, endMs);
      expect(stored.length, `telemetry of ${meter.meterNumber} in the outage`).toBeGreaterThan(0);
      expect(new Set(stored.map(({ at }) => at)).size, 'none twice').toBe(stored.length);
      const values = [...stored.map(({ last }) => last), ...energyOf(inOutage, meter)];
      // What a meter has counted lies between what it said before and says now: anything else was invented.
      expect(Math.min(...values)).toBeGreaterThanOrEqual(before.get(meter.meterNumber) ?? Number.NaN);
      expect(Math.max(...values)).toBeLessThanOrEqual(energiesAfter.get(meter.meterNumber) ?? Number.NaN);
    }
    const [network] = await networkAlarms(api, propertyId);
    expect(Date.parse(network?.raisedAt ?? ''), 'raised before').toBeLessThan(outage.fromMs);
    expect(Date.parse(network?.clearedAt ?? ''), 'cleared when it was so').toBeGreaterThan(outage.fromMs);
    expect(Date.parse(network?.clearedAt ?? '')).toBeLessThanOrEqual(endMs);
    expect(await after.end('SIGTERM')).toMatchObject({ code: 0 });
  },
);

test('kill -9 of the server under load, three times: each start goes on, nothing stands twice', {
  timeout: 240_000,
}, async () => {
  const { site, system, plant, meters, propertyId } = await stageBefore();
  clearAll(plant);
  const before = energies(plant);
  const fromMs = Date.now();
  let running = system;
  for (let round = 0; round < 3; round += 1) {
    const wall = await openWallFeed(running.url, await running.signIn(), propertyId);
    await until('every meter is online on the wall', 60_000, () => onlineCount(wall) === METERS);
    await sleep(ON_DISK_WITHIN_MS);
    wall.close();
    await running.end('SIGKILL');
    running = await site.start();
  }
  const api = await running.signIn();
  const registers = await registersOf(api, meters);
  expect(new Set(registers.map(({ meterId }) => meterId)).size).toBeGreaterThan(0);
  expect(new Set(registers.map(({ meterId, instant }) => `${meterId} ${instant}`)).size).toBe(registers.length);
  for (const meter of meters) {
    const stored = await telemetryOf(api, meter, fromMs, Date.now());
    // What was read in the first four seconds is there, whatever came after.
    expect(stored.length, `telemetry of ${meter.meterNumber}`).toBeGreaterThan(0);
    expect(new Set(stored.map(({ at }) => at)).size).toBe(stored.length);
    const values = stored.map(({ last }) => last);
    expect(values, 'a counter never falls').toEqual(values.toSorted((a, b) => a - b));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(before.get(meter.meterNumber) ?? Number.NaN);
  }
  const open = (await networkAlarms(api, propertyId)).filter(({ clearedAt }) => clearedAt === undefined);
  expect(open.length).toBeLessThanOrEqual(1);
  expect(await running.end('SIGTERM')).toMatchObject({ code: 0 });
});

/** An estate whose gateways are all down, so that nothing has ever been read: whatever is stored is of the outage. */
async function stageBefore(): Promise<Stage> {
  const plant = await startTestPlant(METERS);
  onTestFinished(() => plant.stop());
  silence(plant);
  const site = newSite();
  const system = await site.start();
  const api = await system.signIn();
  const { propertyId, meters } = await enterEstate(api, plant.manifest, LIVE_POLL_MS);
  const wall = await openWallFeed(system.url, api, propertyId);
  onTestFinished(() => wall.close());
  await until(
    'the network is lost, as one alarm',
    60_000,
    async () => (await networkAlarms(api, propertyId)).length === 1,
  );
  return { site, system, plant, propertyId, meters: [...meters.values()], wall };
}

function silence(plant: Plant): void {
  expect(plant.manifest.gateways).toHaveLength(GATEWAYS);
  for (const { code } of plant.manifest.gateways) {
    plant.faults.set({ target: { kind: 'gateway', gatewayCode: code }, fault: { kind: 'down' } });
  }
}

function clearAll(plant: Plant): void {
  for (const { id } of plant.faults.list()) plant.faults.clear(id);
}

/** What every meter says now of its energy, Wh. */
function energies(plant: Plant): ReadonlyMap<string, number> {
  const numbers = plant.manifest.gateways.flatMap(({ lines }) => lines.flatMap(({ meters }) => meters));
  return new Map(
    numbers.map(({ meterNumber }) => [meterNumber, plant.meter(meterNumber)?.image.values.energyWh ?? Number.NaN]),
  );
}

function onlineCount(wall: WallFeed): number {
  return [...wall.meters.values()].filter(({ facts }) => facts.link === 'online').length;
}

async function figuresOf({ url }: RunningSystem): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^(\w+) (\S+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, Number(value)] as const];
    }),
  );
}

async function registersOf(api: Api, meters: readonly Meter[]): Promise<readonly RegisterReading[]> {
  const pages = meters.map(({ id }) => api.call(listRegisters, { params: { meterId: id } }));
  return (await Promise.all(pages)).flatMap(({ items }) => items);
}

async function telemetryOf(api: Api, { id }: Meter, fromMs: number, toMs: number) {
  const query = { quantity: 'energyWh', from: iso(fromMs), to: iso(toMs + 1), resolution: 'raw' } as const;
  return (await api.call(getTrend, { params: { meterId: id }, query })).points;
}

function energyOf(registers: readonly RegisterReading[], { id }: Meter): readonly number[] {
  return registers
    .filter(({ meterId }) => meterId === id)
    .flatMap(({ registers: counters }) => (counters['energyWh'] === undefined ? [] : Number(counters['energyWh'])));
}

async function networkAlarms(api: Api, propertyId: number): Promise<readonly Alarm[]> {
  const { items } = await api.call(listAlarms, { query: { propertyId, state: 'all', kind: 'networkLost' } });
  return items;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
