import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Clock, systemClock } from '#drivers/core/index.ts';
import { startBroker } from '#server/platform/broker/broker.ts';
import { RetainedBoard } from '#server/platform/broker/retainedBoard.ts';
import { createLog, silentLog } from '#server/platform/log.ts';
import { createMetrics } from '#server/platform/metrics.ts';
import { until } from '../../scenarios/support/until.ts';
import { manualClock } from '../../support/manualClock.ts';
import {
  type Listener,
  listenAt,
  type Mosquitto,
  type MosquittoOptions,
  startMosquitto,
} from '../../support/mosquitto.ts';
import { describeReal, realMosquitto } from '../../support/realParts.ts';
import { startTcpProxy } from '../../support/tcpProxy.ts';

const PATIENCE_MS = 15_000;
const PRESENCE = { topic: 'here', online: 'online', lost: 'lost', stopped: 'stopped' };

/** A board on a map that the test writes into. */
function startBoard(url: string, contents: Map<string, string>, clock: Clock = systemClock) {
  const lines: string[] = [];
  const metrics = createMetrics();
  const board = new RetainedBoard({
    url,
    filters: ['rooms/+'],
    presence: PRESENCE,
    source: { topics: () => contents.keys(), payload: (topic) => contents.get(topic) },
    clock,
    chance: () => 0,
    log: createLog({ level: 'info', format: 'text', nowMs: Date.now, write: (line) => lines.push(line.slice(25)) }),
    metrics,
  });
  board.start();
  onTestFinished(() => board.stop());
  const figure = async (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await metrics.metrics())?.[1]);
  return {
    lines,
    figure,
    stop: () => board.stop(),
    isUp: () => until('the board is at the broker', PATIENCE_MS, async () => (await figure('mqtt_up')) === 1),
    set(topic: string, payload: string | undefined) {
      if (payload === undefined) contents.delete(topic);
      else contents.set(topic, payload);
      board.touch(topic);
    },
  };
}

/** Ten times as fast as the machine's. */
function hastyClock(): Clock {
  const clock = manualClock(Date.now());
  const timer = setInterval(() => clock.advance(100), 10);
  onTestFinished(() => clearInterval(timer));
  return clock;
}

async function listen(url: string, filter = '#'): Promise<Listener> {
  const listener = await listenAt(url, filter);
  onTestFinished(() => listener.close());
  return listener;
}

function holds(listener: Listener, contents: ReadonlyMap<string, string>, presence = PRESENCE.online): Promise<true> {
  const wanted = { ...Object.fromEntries(contents), [PRESENCE.topic]: presence };
  return until(
    () =>
      `the broker holds ${JSON.stringify(wanted).slice(0, 200)}, now ${JSON.stringify([...listener.held]).slice(0, 500)}`,
    PATIENCE_MS,
    () => {
      try {
        expect(Object.fromEntries(listener.held)).toEqual(wanted);
        return true;
      } catch {
        return false;
      }
    },
  );
}

function rooms(count: number): Map<string, string> {
  return new Map(Array.from({ length: count }, (_, index) => [`rooms/${index}`, `lit ${index}`]));
}

/** What every broker must do for us; ours is one of them. */
function boardTests(urlOf: () => string): void {
  test('holds what is so, follows what changes, and says that we stopped', async () => {
    const contents = rooms(3);
    const listener = await listen(urlOf());
    const board = startBoard(urlOf(), contents);
    await holds(listener, contents);
    board.set('rooms/1', 'dark');
    board.set('rooms/2', undefined);
    board.set('rooms/7', 'lit 7');
    await holds(listener, contents);
    const late = await listen(urlOf());
    await holds(late, contents);
    await board.stop();
    await holds(listener, contents, PRESENCE.stopped);
    expect(board.lines.filter((line) => !line.startsWith('info'))).toEqual([]);
  });

  test('takes away what an earlier server left, and does not repeat what is right', async () => {
    const first = startBoard(urlOf(), rooms(5));
    await first.isUp();
    const listener = await listen(urlOf());
    await holds(listener, rooms(5));
    await first.stop();
    const contents = rooms(4);
    contents.set('rooms/0', 'another');
    const before = listener.messages.length;
    const second = startBoard(urlOf(), contents);
    await second.isUp();
    await holds(listener, contents);
    const news = listener.messages.slice(before).map(({ topic }) => topic);
    expect(news.toSorted()).toEqual(['here', 'rooms/0', 'rooms/4']);
  });

  test('a broken connection is told by the broker, and repaired', async () => {
    const proxy = await startTcpProxy(Number(new URL(urlOf()).port));
    onTestFinished(() => proxy.stop());
    const contents = rooms(2);
    const board = startBoard(proxy.addressOf(urlOf()), contents);
    const listener = await listen(urlOf());
    await holds(listener, contents);
    proxy.refuse(true);
    proxy.cut();
    await holds(listener, contents, PRESENCE.lost);
    board.set('rooms/0', 'changed in the dark');
    board.set('rooms/1', undefined);
    proxy.refuse(false);
    await holds(listener, contents);
    expect(await board.figure('mqtt_reconnects_total')).toBe(1);
  });

  test('who speaks in our name is contradicted, and two servers do not drive each other', async () => {
    const contents = rooms(1);
    const board = startBoard(urlOf(), contents);
    const listener = await listen(urlOf());
    await holds(listener, contents);
    // As the will of our own connection before, which the broker held for dead too late.
    await listener.client.publishAsync(PRESENCE.topic, PRESENCE.lost, { qos: 1, retain: true });
    await holds(listener, contents);
    for (let time = 0; time < 20; time += 1) {
      await listener.client.publishAsync(PRESENCE.topic, `online, another ${time}`, { qos: 1, retain: true });
      await sleep(10);
    }
    await until('it is said', PATIENCE_MS, () => board.lines.some((line) => line.includes('another server speaks')));
    expect(board.lines.filter((line) => line.includes('another server speaks'))).toHaveLength(1);
    const ours = listener.messages.filter(({ payload }) => payload === PRESENCE.online);
    expect(ours.length).toBeLessThan(5);
  });

  test('a broker that acknowledges nothing is left, and connected to anew', async () => {
    const proxy = await startTcpProxy(Number(new URL(urlOf()).port));
    onTestFinished(() => proxy.stop());
    const contents = rooms(2);
    const board = startBoard(proxy.addressOf(urlOf()), contents, hastyClock());
    await board.isUp();
    const listener = await listen(urlOf());
    await holds(listener, contents);
    proxy.pause(true);
    board.set('rooms/0', 'changed');
    await until('it is left', PATIENCE_MS, () => board.lines.join('').includes('acknowledged nothing for 30 s'));
    proxy.pause(false);
    await holds(listener, contents);
  });

  test('a broker that takes nothing costs no memory, and gets the latest when it does again', async () => {
    const proxy = await startTcpProxy(Number(new URL(urlOf()).port));
    onTestFinished(() => proxy.stop());
    const contents = rooms(2_000);
    const board = startBoard(proxy.addressOf(urlOf()), contents);
    await board.isUp();
    proxy.pause(true);
    for (let round = 0; round < 20; round += 1) {
      for (const topic of contents.keys()) board.set(topic, `round ${round}`);
      await sleep(20);
    }
    expect(await board.figure('mqtt_waiting')).toBeLessThanOrEqual(2_000);
    proxy.pause(false);
    const listener = await listen(urlOf());
    await holds(listener, contents);
    expect(await board.figure('mqtt_dropped_total')).toBe(0);
  });
}

describe('our own broker', () => {
  let dir: string;
  let url: string;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'meterwall-board-'));
    ({ url, stop } = await startBroker({ passwordFile: join(dir, 'password'), log: silentLog }));
  });
  afterAll(async () => {
    await stop();
    rmSync(dir, { recursive: true, force: true });
  });
  boardTests(() => url);
});

describeReal('Mosquitto', realMosquitto, () => {
  const PASSWORD = 'a:b/ä %';

  async function start(options: MosquittoOptions = {}): Promise<Mosquitto> {
    const mosquitto = await startMosquitto({ password: PASSWORD, ...options });
    onTestFinished(() => mosquitto.stop());
    return mosquitto;
  }

  describe('as any broker', () => {
    let mosquitto: Mosquitto;
    beforeAll(async () => {
      mosquitto = await startMosquitto({ password: PASSWORD });
    });
    afterAll(() => mosquitto.stop());
    boardTests(() => mosquitto.url);
  });

  test('killed and back empty: everything is there again, without a hand, and each reason is said once', async () => {
    const mosquitto = await start();
    const contents = rooms(1_500);
    const board = startBoard(mosquitto.url, contents);
    const before = await listen(mosquitto.url);
    await holds(before, contents);
    await mosquitto.kill();
    await sleep(2_500);
    board.set('rooms/1', 'changed in the dark');
    await mosquitto.restart();
    const after = await listen(mosquitto.url);
    await holds(after, contents);
    expect(await board.figure('mqtt_reconnects_total')).toBe(1);
    const warnings = board.lines.filter((line) => line.startsWith('warn'));
    expect(warnings.length, `said: ${warnings.join('')}`).toBeLessThanOrEqual(2);
    expect(warnings.join('')).toContain(`address=mqtt://127.0.0.1:${mosquitto.port}`);
    expect(board.lines.at(-1)).toMatch(/connected to the MQTT broker/);
  });

  test('killed and back with what it held: nothing is published twice', async () => {
    const mosquitto = await start({ persistent: true });
    const contents = rooms(300);
    const board = startBoard(mosquitto.url, contents);
    await holds(await listen(mosquitto.url), contents);
    const published = contents.size + 1;
    const acknowledged = () => board.figure('mqtt_published_total');
    await until(
      'all of it and our presence are acknowledged',
      PATIENCE_MS,
      async () => (await acknowledged()) === published,
    );
    await mosquitto.kill();
    await mosquitto.restart();
    await board.isUp();
    await holds(await listen(mosquitto.url), contents);
    expect(await acknowledged(), 'our presence').toBe(published + 1);
  });

  test('not there at the start: said once, tried for ever', async () => {
    const mosquitto = await start();
    await mosquitto.kill();
    const board = startBoard(mosquitto.url, rooms(1));
    await sleep(3_000);
    expect(board.lines).toEqual([expect.stringMatching(/not reached, trying again for ever .* reason=.*ECONNREFUSED/)]);
    expect(await board.figure('mqtt_up')).toBe(0);
    await mosquitto.restart();
    await holds(await listen(mosquitto.url), rooms(1));
  });

  test('a wrong password: said once with its reason, never shown', async () => {
    const mosquitto = await start();
    const board = startBoard(mosquitto.url.replace(/:[^:@]*@/, ':wrong-secret@'), rooms(1));
    await sleep(3_000);
    expect(board.lines).toEqual([
      expect.stringMatching(/not reached, trying again for ever .* reason=.*Not authorized/),
    ]);
    expect(board.lines.join()).not.toContain('wrong-secret');
    expect(await board.figure('mqtt_up')).toBe(0);
  });

  test('a user who may not write, and one who may not read: said in the log, once', async () => {
    const boards = ['topic read #', 'topic write #'].map(async (right) => {
      const mosquitto = await start({ rights: ['user meterwall', right] });
      return startBoard(mosquitto.url, rooms(1));
    });
    for (const board of await Promise.all(boards)) {
      await until('it is said', PATIENCE_MS, () => board.lines.length > 0);
      board.set('rooms/0', 'changed');
      await sleep(300);
      expect(board.lines).toEqual([expect.stringMatching(/gives none back: allow this user to write and to read/)]);
      expect(await board.figure('mqtt_up')).toBe(0);
      // Acknowledged all the same: that is why the echo is waited for.
      expect(await board.figure('mqtt_published_total')).toBe(3);
    }
  });
});
