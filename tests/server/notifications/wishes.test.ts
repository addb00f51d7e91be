import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlarmKind } from '#contract/index.ts';
import type { Client } from '../../support/server.ts';
import { type NotifyHouse, startNotifyHouse } from './support/notifyHouse.ts';
import { until } from './support/until.ts';

let house: NotifyHouse;
beforeAll(async () => {
  house = await startNotifyHouse();
});
afterAll(() => house.stop());

/** So many alarms at one moment. */
const storm = (count: number, name: string) =>
  house.raise(...Array.from({ length: count }, (_, index) => ({ property: 'mall', label: `${name}${index}` })));
/** The lines of this house are silent, which raises alarms of their own. */
const ONLY: { kinds: AlarmKind[] } = { kinds: ['foreignWrite'] };

const mailsTo = (address: string) => house.mail.received.filter(({ to }) => to.includes(address));

describe('a flood', () => {
  test('becomes one message with a count; webhooks get every alarm; the next bundle waits for its minute', async () => {
    const anna = await house.userWith('operator', 'property', 'mall');
    await house.wish(anna, { language: 'en', email: 'flood@example.com', emailOn: true, ...ONLY });
    const hook = {
      name: 'flood',
      url: `${house.hooks.url}/flood`,
      language: 'en',
      severity: 1,
      returned: true,
      ...ONLY,
    };
    await house.boss.request('POST', '/api/notifications/webhooks', hook);
    await storm(40, 'M');
    const mail = await until('the bundle', () => mailsTo('flood@example.com')[0]);
    expect(mail.headers['subject']).toBe('mall: 40 alarm messages');
    expect(mail.text).toContain('Foreign purchase × 40');
    expect(mail.text).toContain('mall (M0): Foreign purchase');
    expect(mail.text).toContain('And 30 more.');
    const bundle = await house.delivery(
      'the bundle',
      ({ what, channel, state }) => what === 'bundle' && channel === 'email' && state === 'sent',
    );
    expect(bundle).toMatchObject({
      bundled: 40,
      address: 'flood@example.com',
      propertyId: house.propertyId('mall'),
    });
    const parts = await house.log(`bundleId=${bundle.id}`);
    expect(parts).toHaveLength(40);
    expect(new Set(parts.map(({ state }) => state))).toEqual(new Set(['bundled']));
    await until('every alarm at the webhook', () =>
      house.hooks.posted.filter(({ path }) => path === '/flood').length === 40 ? true : undefined,
    );

    await storm(40, 'N');
    const second = await house.delivery(
      'the second bundle',
      ({ what, channel, id }) => what === 'bundle' && channel === 'email' && id !== bundle.id,
    );
    expect(Date.parse(second.nextAt ?? '') - Date.parse(bundle.madeAt)).toBeGreaterThanOrEqual(60_000);
    expect(mailsTo('flood@example.com')).toHaveLength(1);
  });
});

describe('what somebody is told', () => {
  test('is not sent in quiet hours, but for high alarms; the log says why', async () => {
    const quiet = { fromMinute: 0, toMinute: 0, exceptHigh: true };
    const ben = await house.userWith('operator', 'property', 'mall');
    await house.wish(ben, { language: 'en', email: 'ben@example.com', emailOn: true, severity: 1, quiet, ...ONLY });
    const [medium = 0, high = 0] = await house.raise(
      { property: 'mall', label: 'medium' },
      { property: 'mall', label: 'high', severity: 3 },
    );
    await until('the high alarm', () => mailsTo('ben@example.com')[0]);
    expect(
      await house.delivery('why', ({ address, alarmId }) => address === 'ben@example.com' && alarmId === medium),
    ).toMatchObject({
      state: 'suppressed',
      reason: 'quietHours',
      attempts: 0,
    });
    await house.clear(medium);
    await house.clear(high);
    await until('the return of the high alarm', async () =>
      (await house.log('what=returned')).find(({ address }) => address === 'ben@example.com'),
    );
    // Who never heard of an alarm hears nothing of its return.
    const returned = (await house.log('what=returned')).filter(({ address }) => address === 'ben@example.com');
    expect(returned.map(({ alarmId }) => alarmId)).toEqual([high]);
  });

  test('ends with the right: a disabled user gets nothing more', async () => {
    const cora = await house.userWith('operator', 'property', 'office');
    await house.wish(cora, { language: 'en', email: 'cora@example.com', emailOn: true, ...ONLY });
    const user = (await cora.request('GET', '/api/session')).body as { userId: number };
    await house.boss.request('PATCH', `/api/users/${user.userId}`, { disabled: true });
    const dora = await house.userWith('operator', 'property', 'office');
    await house.wish(dora, { language: 'en', email: 'dora@example.com', emailOn: true, ...ONLY });
    await house.raise({ property: 'office', label: 'O1' });
    await until('the mail to the other', () => mailsTo('dora@example.com')[0]);
    expect(mailsTo('cora@example.com')).toEqual([]);
  });
});

describe('wishes', () => {
  const put = (client: Client, change: object, version = 0) =>
    client.request('PUT', '/api/notifications/mine', {
      version,
      wishes: { language: 'en', timeZone: 'Asia/Shanghai', emailOn: false, severity: 2, returned: true, ...change },
    });

  test('are refused with the field where they make no sense, and nothing is stored', async () => {
    const eve = await house.userWith('viewer', 'building', 'A');
    for (const [change, status, field] of [
      [{ emailOn: true }, 400, 'wishes.email'],
      [{ timeZone: 'Mars/Base' }, 400, 'wishes.timeZone'],
      [{ email: 'two@example.com, three@example.com' }, 400, 'wishes.email'],
      [{ propertyIds: [house.propertyId('office')] }, 404, 'wishes.propertyIds'],
    ] as const) {
      const answer = await put(eve, change);
      expect(answer.status).toBe(status);
      expect(JSON.stringify(answer.body)).toContain(field);
    }
    expect((await eve.request('GET', '/api/notifications/mine')).body).toMatchObject({ version: 0 });
    expect(await put(eve, { propertyIds: [house.propertyId('mall')] })).toMatchObject({
      status: 200,
      body: { version: 1 },
    });
    expect(await put(eve, {})).toMatchObject({ status: 409, body: { code: 'conflict.changed-meanwhile' } });
  });
});
