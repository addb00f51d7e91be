import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Broker, startBroker } from '#server/platform/broker/broker.ts';
import { silentLog } from '#server/platform/log.ts';

const options = { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: 2_000 } as const;
const KEPT = { qos: 1, retain: true } as const;
let dir: string;
let broker: Broker;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'meterwall-broker-'));
  broker = await startBroker({ passwordFile: join(dir, 'password'), log: silentLog });
});
afterAll(async () => {
  await broker.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('carries messages for who knows the password of this installation', async () => {
  const client = await mqtt.connectAsync(broker.url, options);
  onTestFinished(() => client.endAsync());
  const arrived = new Promise<string>((resolve) =>
    client.on('message', (_topic, payload) => resolve(payload.toString())),
  );
  await client.subscribeAsync('meters/+/up', { qos: 1 });
  await client.publishAsync('meters/7/up', 'hello', { qos: 1 });
  expect(await arrived).toBe('hello');
  expect(statSync(join(dir, 'password')).mode & 0o077).toBe(0);
});

test.for<[string, object]>([
  ['without a password', {}],
  ['with a guess', { username: 'meterwall', password: 'guess' }],
])('turns away who comes %s', async ([, credentials]) => {
  await expect(mqtt.connectAsync(broker.address, { ...options, ...credentials })).rejects.toThrow(
    /Bad username or password/,
  );
});

test('who subscribes while a topic changes ends with what it holds last, not with what it held before', async () => {
  const TOPICS = 200;
  const ROUNDS = 5;
  const topic = (index: number) => `board/${index}`;
  const writer = await mqtt.connectAsync(broker.url, options);
  onTestFinished(() => writer.endAsync(true));
  const write = (value: string) =>
    Promise.all(Array.from({ length: TOPICS }, (_, index) => writer.publishAsync(topic(index), value, KEPT)));
  for (let round = 0; round < ROUNDS; round++) {
    await write(`before ${round}`);
    const reader = await mqtt.connectAsync(broker.url, options);
    onTestFinished(() => reader.endAsync(true));
    const held = new Map<string, string>();
    reader.on('message', (name, payload) => held.set(name, payload.toString()));
    await Promise.all([reader.subscribeAsync('board/#', { qos: 1 }), write(`after ${round}`)]);
    const last = () => [...held.values()].filter((value) => value === `after ${round}`).length;
    await expect.poll(last, { timeout: 15_000 }).toBe(TOPICS);
  }
});

test('refuses shared subscriptions, which it would swallow', async () => {
  const client = await mqtt.connectAsync(broker.url, options);
  onTestFinished(() => client.endAsync(true));
  await expect(client.subscribeAsync('$share/group/meters/#')).rejects.toThrow();
});

test('keeps its password over a restart', async () => {
  const again = await startBroker({ passwordFile: join(dir, 'password'), log: silentLog });
  onTestFinished(() => again.stop());
  expect(new URL(again.url).password).toBe(new URL(broker.url).password);
});
