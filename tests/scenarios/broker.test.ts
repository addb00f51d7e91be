import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Alarm, acknowledgeAlarms, getMeterNow, getTrend, listAlarms, updatePlace } from '#contract/index.ts';
import { type MeterNews, newsTopics } from '#contract/news.ts';
import { displayState, MARKS } from '#domain/meterState.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { type Listener, listenAt, startMosquitto } from '../support/mosquitto.ts';
import { describeReal, realMosquitto } from '../support/realParts.ts';
import type { Api } from './support/api.ts';
import { type EnteredEstate, enterEstate } from './support/estateByApi.ts';
import { type RunningSystem, type Site, useSites } from './support/systemUnderTest.ts';
import { startTestPlant } from './support/testPlant.ts';
import { until } from './support/until.ts';
import { openWallFeed, type WallFeed } from './support/wallFeed.ts';

const newSite = useSites();
const METERS = 320;
const TOPICS = newsTopics('meterwall');
/** Longest pause between two attempts, listening, and the pace at which everything is told again. */
const BACK_WITHIN_MS = 60_000;
const GATEWAY_LOST_WITHIN_MS = 30_000;
const SILENCE_MS = 20_000;

interface Scene {
  readonly site: Site;
  readonly system: RunningSystem;
  readonly plant: Plant;
  readonly api: Api;
  readonly entered: EnteredEstate;
  readonly wall: WallFeed;
}

async function openScene(settings: Readonly<Record<string, string>>): Promise<Scene> {
  const plant = await startTestPlant(METERS);
  onTestFinished(() => plant.stop());
  const site = newSite();
  const system = await site.start(settings);
  const api = await system.signIn();
  const entered = await enterEstate(api, plant.manifest);
  const wall = await openWallFeed(system.url, api, entered.propertyId);
  onTestFinished(() => wall.close());
  await until('every meter is online', 60_000, () =>
    [...wall.meters.values()].every(({ facts, heardAgoS }) => facts.link === 'online' && heardAgoS !== undefined),
  );
  return { site, system, plant, api, entered, wall };
}

async function listen(url: string): Promise<Listener> {
  const listener = await listenAt(url, 'meterwall/#');
  onTestFinished(() => listener.close());
  return listener;
}

/** What the API says of every meter and every current alarm, as it should stand at the broker. */
async function wantedTopics({ api, entered }: Scene): Promise<Record<string, unknown>> {
  const wanted: Record<string, unknown> = {};
  for (const { id, meterNumber } of entered.meters.values()) {
    const now = await api.call(getMeterNow, { params: { meterId: id } });
    const marks = Object.entries(MARKS).flatMap(([name, bit]) => ((now.marks & bit) === 0 ? [] : [name]));
    wanted[TOPICS.meter(entered.propertyId, meterNumber)] = {
      meterId: id,
      meterNumber,
      state: displayState(now.facts),
      facts: now.facts,
      since: now.since,
      marks,
    };
  }
  const { items } = await api.call(listAlarms, { query: { state: 'current', limit: 1_000 } });
  for (const alarm of items) wanted[TOPICS.alarm(alarm.propertyId, alarm.id)] = alarm;
  return wanted;
}

/** Everything that is held below our prefix, without the server's own word. */
function heldTopics(listener: Listener): Record<string, unknown> {
  const topics = [...listener.held].filter(([topic]) => topic !== TOPICS.server);
  return Object.fromEntries(topics.map(([topic, payload]) => [topic, JSON.parse(payload)]));
}

/** No more and no less than what the API says. */
function equals(scene: Scene, listener: Listener): Promise<true> {
  return until('what is held is what the API says', BACK_WITHIN_MS, async () => {
    const wanted = await wantedTopics(scene);
    const held = heldTopics(listener);
    expect(Object.keys(held).toSorted()).toEqual(Object.keys(wanted).toSorted());
    expect(held).toMatchObject(wanted);
    return true;
  });
}

function gatewayCode({ plant }: Scene, index: number): string {
  return plant.manifest.gateways[index]?.code ?? '';
}

async function openAlarms({ api }: Scene, kind: Alarm['kind']): Promise<Alarm[]> {
  const { items } = await api.call(listAlarms, { query: { state: 'open', kind } });
  return items;
}

describeReal('Mosquitto', realMosquitto, () => {
  test('kill -9 of the broker under load, and back empty: nobody else notices, and all is told again', {
    timeout: 300_000,
  }, async () => {
    const mosquitto = await startMosquitto({ password: 'site-secret' });
    onTestFinished(() => mosquitto.stop());
    const scene = await openScene({ MQTT_URL: mosquitto.url });
    const { api, plant, wall, entered, system } = scene;
    const before = await listen(mosquitto.url);
    await equals(scene, before);
    expect(JSON.parse(before.held.get(TOPICS.server) ?? '')).toMatchObject({ state: 'online' });

    await mosquitto.kill();
    const killedMs = Date.now();
    plant.faults.set({ target: { kind: 'gateway', gatewayCode: gatewayCode(scene, 0) }, fault: { kind: 'down' } });
    const [lost] = await until('the gateway is lost, as ever', GATEWAY_LOST_WITHIN_MS, async () => {
      const alarms = await openAlarms(scene, 'gatewayLost');
      return alarms.length === 1 && alarms;
    });
    const [first] = (await api.call(listAlarms, { query: { state: 'current', acknowledged: false } })).items.filter(
      ({ id }) => id !== lost?.id,
    );
    await api.call(acknowledgeAlarms, { body: { ids: first === undefined ? [] : [first.id] } });
    await api.call(updatePlace, {
      params: { placeId: entered.propertyId },
      body: { names: { en: 'Renamed in the dark' } },
    });
    await sleep(SILENCE_MS);
    await untouched(scene, killedMs);

    await mosquitto.restart();
    const after = await listen(mosquitto.url);
    expect(heldTopics(after), 'it comes back empty').toEqual({});
    await equals(scene, after);
    expect(after.held.get(TOPICS.alarm(entered.propertyId, lost?.id ?? 0))).toContain('gatewayLost');
    const [, payload = '{}'] = [...after.held].find(([topic]) => topic.includes('/meters/')) ?? [];
    expect((JSON.parse(payload) as MeterNews).path).toEqual([{ en: 'Renamed in the dark' }]);

    for (const { id } of plant.faults.list()) plant.faults.clear(id);
    await until('the gateway is back', BACK_WITHIN_MS * 2, () =>
      [...wall.meters.values()].every(({ facts }) => facts.link === 'online'),
    );
    await equals(scene, after);
    expect(wall.fault()).toBeUndefined();
    const told = system
      .output()
      .split('\n')
      .filter((line) => line.includes('mqtt:') && line.includes('warn'));
    expect(told.length, `said once a reason: ${told.join('\n')}`).toBeLessThanOrEqual(2);
    expect(system.output()).not.toContain('site-secret');

    expect(await system.end('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    await until('the broker tells the end of the server', 10_000, () =>
      after.held.get(TOPICS.server)?.includes('"lost"'),
    );
  });

  test('a start without the broker, and a restart of the server with one that kept everything', {
    timeout: 300_000,
  }, async () => {
    const mosquitto = await startMosquitto({ persistent: true });
    onTestFinished(() => mosquitto.stop());
    await mosquitto.kill();
    const scene = await openScene({ MQTT_URL: mosquitto.url });
    await mosquitto.restart();
    const listener = await listen(mosquitto.url);
    await equals(scene, listener);
    await scene.system.end('SIGTERM');
    expect(JSON.parse(listener.held.get(TOPICS.server) ?? '')).toEqual({ state: 'offline', reason: 'stopped' });
    const again = await scene.site.start({ MQTT_URL: mosquitto.url });
    await equals({ ...scene, system: again, api: await again.signIn() }, listener);
    expect(JSON.parse(listener.held.get(TOPICS.server) ?? '')).toMatchObject({ state: 'online' });
  });
});

test('without MQTT_URL our own broker carries the same', { timeout: 200_000 }, async () => {
  const scene = await openScene({});
  const address = /the embedded MQTT broker listens address=mqtt:\/\/(\S+)/.exec(scene.system.output())?.[1] ?? '';
  const password = readFileSync(join(scene.site.dataDir, 'mqtt-password'), 'utf8').trim();
  const listener = await listen(`mqtt://meterwall:${password}@${address}`);
  await equals(scene, listener);
  expect(JSON.parse(listener.held.get(TOPICS.server) ?? '')).toMatchObject({ state: 'online' });
});

/** Acquisition, wall and store went on while there was no broker. */
async function untouched({ api, wall, entered, plant }: Scene, sinceMs: number): Promise<void> {
  const lost = new Set(
    plant.manifest.gateways[0]?.lines.flatMap(({ meters }) => meters.map((meter) => meter.meterNumber)),
  );
  for (const [meterNumber, { id }] of entered.meters) {
    if (lost.has(meterNumber)) continue;
    const shown = wall.meters.get(id);
    expect(shown?.facts.link, `link of ${meterNumber}`).toBe('online');
  }
  expect(wall.pulse().readingsPerSecond).toBeGreaterThan(0);
  expect(Date.now() - wall.pulse().atMs).toBeLessThan(10_000);
  const [some] = [...entered.meters].filter(([meterNumber]) => !lost.has(meterNumber));
  const meterId = some?.[1].id ?? 0;
  await until('what was read meanwhile is stored', 70_000, async () => {
    const trend = await api.call(getTrend, {
      params: { meterId },
      query: {
        quantity: 'activePowerW',
        from: new Date(sinceMs).toISOString(),
        to: new Date(Date.now() + 1_000).toISOString(),
        resolution: 'raw',
      },
    });
    return trend.points.length > 0;
  });
}
