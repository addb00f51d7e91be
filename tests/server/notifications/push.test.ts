import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MyNotifications, PushDevice } from '#contract/index.ts';
import { createPushSender, isInside, makePushKeys } from '#server/platform/notify/index.ts';
import type { Client } from '../../support/server.ts';
import { type NotifyHouse, startNotifyHouse } from './support/notifyHouse.ts';
import type { Browser } from './support/pushService.ts';
import { until } from './support/until.ts';

let house: NotifyHouse;
let anna: Client;
let pushKey: string;
beforeAll(async () => {
  house = await startNotifyHouse();
  anna = await house.userWith('electrician', 'building', 'A');
  pushKey = ((await anna.request('GET', '/api/notifications/mine')).body as MyNotifications).pushKey;
});
afterAll(() => house.stop());

async function addDevice(client: Client, browser: Browser, change: object = {}) {
  const { subscription, name } = browser;
  const body = { ...subscription, name, language: 'en', timeZone: 'Asia/Shanghai', ...change };
  return client.request('POST', '/api/notifications/devices', body);
}
const devicesOf = async (client: Client) =>
  ((await client.request('GET', '/api/notifications/mine')).body as MyNotifications).devices.map(({ name }) => name);
const pushedTo = (name: string) => house.push.pushed.filter(({ device }) => device === name);
const pushed = (name: string, index = 0) => until(`push ${index} to ${name}`, () => pushedTo(name)[index]);

describe('an alarm on a device', () => {
  test('arrives encrypted for it, and its return takes its place', async () => {
    const phone = house.push.subscribe('phone', pushKey);
    expect(await addDevice(anna, phone)).toMatchObject({ status: 201, body: { name: 'phone' } });
    house.money('a1', 'arrears');
    const raised = await pushed('phone');
    const [alarm] = await house.alarms('kind=arrears');
    expect(raised).toMatchObject({ topic: `alarm-${alarm?.id}`, urgency: 'high', ttl: 14_400 });
    expect(raised.payload).toMatchObject({
      title: 'mall · A · 1F · A-101 (a1): Arrears',
      tag: `alarm-${alarm?.id}`,
      url: `/alarms?alarm=${alarm?.id}`,
    });
    expect(raised.payload.body).toMatch(/^CNY 50\.00 · .*\(Asia\/Shanghai\)$/);
    for (let reading = 0; reading < 3; reading++) house.money('a1', 'normal');
    const returned = await pushed('phone', 1);
    expect(returned).toMatchObject({ topic: raised.topic, urgency: 'normal' });
    expect(returned.payload).toMatchObject({
      title: 'mall · A · 1F · A-101 (a1): Arrears, returned',
      tag: raised.payload.tag,
    });
  });

  test('is not told to somebody who may not see it', async () => {
    const eastPhone = house.push.subscribe('east', pushKey);
    await addDevice(anna, eastPhone);
    const west = await house.userWith('electrician', 'building', 'B');
    await addDevice(west, house.push.subscribe('west', pushKey));
    await house.raise({ property: 'mall', building: 'B', label: 'M1' });
    await pushed('west');
    // Planned together with the other: what is not there now never comes.
    expect((await house.log()).filter(({ address }) => address === 'east')).toEqual([]);
  });

  test('ends with the subscription: 410 removes the device', async () => {
    const old = house.push.subscribe('old', pushKey);
    await addDevice(anna, old);
    house.push.answer(old, 410);
    await house.raise({ property: 'mall', building: 'A', label: 'M2' });
    const dead = await house.delivery('the end', ({ address, state }) => address === 'old' && state === 'givenUp');
    expect(dead).toMatchObject({ attempts: 1, error: 'the push service answered 410 said the push service' });
    expect(await devicesOf(anna)).not.toContain('old');
  });

  test('goes to whoever turned it on last, and to nobody once it is turned off', async () => {
    const shared = house.push.subscribe('shared', pushKey);
    const first = (await addDevice(anna, shared)).body as PushDevice;
    const other = await house.userWith('electrician', 'building', 'A');
    const second = (await addDevice(other, shared)).body as PushDevice;
    expect(await devicesOf(anna)).not.toContain('shared');
    expect((await anna.request('DELETE', `/api/notifications/devices/${second.id}`)).status).toBe(404);
    expect((await other.request('DELETE', `/api/notifications/devices/${first.id}`)).status).toBe(404);
    expect(
      await other.request('POST', '/api/notifications/mine/test', { channel: 'push', deviceId: second.id }),
    ).toMatchObject({ body: { state: 'sent' } });
    expect((await pushed('shared')).payload).toMatchObject({ title: 'Meterwall test message', tag: 'test' });
    expect((await other.request('DELETE', `/api/notifications/devices/${second.id}`)).status).toBe(204);
  });
});

describe('what no push service can be', () => {
  test.for(['https://127.0.0.1/x', 'https://[::1]/x-long', 'https://user:pass@push.test/x', 'http://push.test/x'])(
    '%s is refused',
    async (endpoint) => {
      const browser = house.push.subscribe('wrong', pushKey);
      expect(await addDevice(anna, browser, { endpoint })).toMatchObject({
        status: 400,
        body: { code: 'request.invalid' },
      });
    },
  );

  test('keys that are none are refused', async () => {
    const { subscription, name } = house.push.subscribe('wrong', pushKey);
    const keys = { ...subscription.keys, p256dh: 'x'.repeat(87) };
    expect(await addDevice(anna, { subscription: { ...subscription, keys }, name })).toMatchObject({ status: 400 });
  });

  test('a name that leads inside is not called', async () => {
    const { subscription } = house.push.subscribe('inside', pushKey);
    const sender = createPushSender({ keys: makePushKeys(), subject: 'mailto:x@example.com' });
    const target = { endpoint: 'https://localhost:1/x', ...subscription.keys };
    expect(await sender.send(target, { payload: '{}', topic: 'x', urgent: false })).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('localhost is an address inside'),
    });
    const inside = [
      '127.0.0.1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.1',
      '169.254.169.254',
      '100.64.0.1',
      '::1',
      'fd00::1',
      'fe80::1',
      '::ffff:10.0.0.1',
    ];
    expect(inside.filter((address) => !isInside(address))).toEqual([]);
    expect(['8.8.8.8', '172.32.0.1', '2606:4700::1'].filter(isInside)).toEqual([]);
  });
});
