import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import {
  acknowledgeAlarms,
  createUser,
  getMeterNow,
  listAlarms,
  listMeters,
  listRegisters,
  listUsers,
  readMeter,
} from '#contract/index.ts';
import { killProcess } from '../support/processes.ts';
import type { Api } from './support/api.ts';
import { enterEstate } from './support/estateByApi.ts';
import { type RunningSystem, type Site, useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { openWallFeed } from './support/wallFeed.ts';

const newSite = useSites();
/** Latest values are written together every five seconds (metering/latestKeeper.ts). */
const LATEST_STORED_WITHIN_MS = 7_000;

/** Everything of one property that was answered to somebody and must never be lost. */
interface Kept {
  readonly users: readonly string[];
  readonly alarms: readonly string[];
  readonly meters: readonly string[];
  readonly registers: readonly string[];
}

type Strike = (system: RunningSystem, site: Site) => Promise<unknown>;

const strikes: readonly { readonly what: string; readonly strike: Strike }[] = [
  { what: 'the server; Postgres is left behind', strike: (system) => system.end('SIGKILL') },
  {
    what: 'the server and every Postgres process at once',
    strike: (system, site) => {
      const ending = system.end('SIGKILL');
      for (const { pid } of site.processes()) killProcess(pid);
      return ending;
    },
  },
];

test.for(strikes)('kill -9 of $what: the next start recovers by itself, nothing stored is lost', async ({ strike }) => {
  const { site, system, plant, propertyId, meterId } = await busySite();
  const api = await system.signIn();
  const before = await keptOf(api, propertyId, meterId);
  const reading = await api.call(getMeterNow, { params: { meterId } });
  await sleep(LATEST_STORED_WITHIN_MS);
  const old = site.processes().map(({ pid }) => pid);
  expect(old.length, 'server and Postgres').toBeGreaterThan(1);
  // Nobody answers after the restart, so that what is shown can only come from before it.
  for (const { code } of plant.manifest.gateways) {
    plant.faults.set({ target: { kind: 'gateway', gatewayCode: code }, fault: { kind: 'mute' } });
  }
  await strike(system, site);

  const again = await site.start();
  const left = site.processes().filter(({ pid }) => old.includes(pid));
  expect(left, 'no process of the killed server lives on').toEqual([]);
  const apiAgain = await again.signIn();
  expectKept(await keptOf(apiAgain, propertyId, meterId), before);
  const now = await apiAgain.call(getMeterNow, { params: { meterId } });
  expect(now.stale, 'known from before only').toBe(true);
  expect(Date.parse(now.readAt ?? ''), 'what was heard in time is there').toBeGreaterThanOrEqual(
    Date.parse(reading.readAt ?? ''),
  );
  const wall = await openWallFeed(again.url, apiAgain, propertyId);
  expect([...wall.meters.values()].every(({ stale }) => stale)).toBe(true);

  for (const { id } of plant.faults.list()) plant.faults.clear(id);
  await until('all meters are read again and no longer stale', 60_000, () =>
    [...wall.meters.values()].every(({ stale, facts }) => !stale && facts.link === 'online'),
  );
  wall.close();
  expect(await again.end('SIGTERM')).toMatchObject({ code: 0 });
  expect(await site.processesLeft(0)).toEqual([]);
});

test('kill -9 of Postgres alone: the server starts it again and goes on', async () => {
  const { site, system, propertyId, meterId } = await busySite();
  const api = await system.signIn();
  const before = await keptOf(api, propertyId, meterId);
  const postgres = site
    .processes()
    .filter(({ command }) => command.startsWith('postgres') || command.includes('/postgres '));
  expect(postgres.length).toBeGreaterThan(0);
  for (const { pid } of postgres) killProcess(pid);
  const after = await until('the database answers again', 30_000, () => keptOf(api, propertyId, meterId));
  expectKept(after, before);
  await until('healthy again', 10_000, async () => (await fetch(`${system.url}/healthz`)).ok);
  expect(await system.end('SIGTERM')).toMatchObject({ code: 0 });
  expect(await site.processesLeft(0)).toEqual([]);
});

async function busySite() {
  const plant = await startTestPlant(32);
  onTestFinished(() => plant.stop());
  const site = newSite();
  const system = await site.start();
  const api = await system.signIn();
  const { propertyId, meters } = await enterEstate(api, plant.manifest);
  const wall = await openWallFeed(system.url, api, propertyId);
  await until('every meter has answered', 30_000, () =>
    [...wall.meters.values()].every(({ heardAgoS }) => heardAgoS !== undefined),
  );
  wall.close();
  const [first] = meters.values();
  if (first === undefined) throw new Error('no meter');
  await api.call(readMeter, { params: { meterId: first.id } });
  await api.call(createUser, {
    body: {
      user: 'wang',
      displayName: 'Wang',
      password: 'kept-for-ever',
      grants: [{ role: 'operator', scope: 'group' }],
    },
  });
  await until('registers are stored', 10_000, async () => {
    const { items } = await api.call(listRegisters, { params: { meterId: first.id } });
    return items.length > 0;
  });
  const alarms = await until('the plant has alarms of low balance', 30_000, async () => {
    const { items } = await api.call(listAlarms, { query: { propertyId } });
    return items.length > 0 && items;
  });
  await api.call(acknowledgeAlarms, { body: { ids: alarms.slice(0, 1).map(({ id }) => id), note: 'seen' } });
  return { site, system, plant, propertyId, meterId: first.id };
}

/** All that was there is there. A half hour that ended meanwhile adds registers, and takes none away. */
function expectKept(after: Kept, before: Kept): void {
  expect(after).toEqual({ ...before, registers: expect.arrayContaining([...before.registers]) });
}

async function keptOf(api: Api, propertyId: number, meterId: number): Promise<Kept> {
  const users = await api.call(listUsers);
  const alarms = await api.call(listAlarms, { query: { propertyId, state: 'all', limit: 1_000 } });
  const meters = await api.call(listMeters, { query: { propertyId, limit: 1_000 } });
  const registers = await api.call(listRegisters, { params: { meterId } });
  return {
    users: users.items.map(({ user, displayName }) => `${user} ${displayName}`),
    alarms: alarms.items
      .filter(({ acknowledgedAt }) => acknowledgedAt !== undefined)
      .map(({ id, kind, note }) => `${id} ${kind} ${note ?? ''}`),
    meters: meters.items.map(({ id, meterNumber }) => `${id} ${meterNumber}`),
    registers: registers.items.map(({ instant, registers: counters }) => `${instant} ${JSON.stringify(counters)}`),
  };
}
