import sql from 'sql-template-tag';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Webhook } from '#contract/index.ts';
import type { Client } from '../../support/server.ts';
import { signatureOf } from './support/hookServer.ts';
import { type NotifyHouse, ORIGIN, startNotifyHouse } from './support/notifyHouse.ts';
import { until } from './support/until.ts';

let house: NotifyHouse;
let engineer: Client;
beforeAll(async () => {
  house = await startNotifyHouse();
  engineer = await house.userWith('engineer', 'property', 'mall');
});
afterEach(async () => {
  house.hooks.answerBy(undefined);
  await house.server.database.db.query(sql`delete from webhook`);
});
afterAll(() => house.stop());

/** The lines of this house are silent, which raises alarms of their own. */
const ONLY = { kinds: ['foreignWrite'] };

interface Made {
  readonly webhook: Webhook;
  readonly secret: string;
}

const fields = (path: string, change: object = {}) => ({
  name: `hook ${path}`,
  url: `${house.hooks.url}${path}`,
  language: 'en',
  severity: 1,
  returned: true,
  ...change,
});
async function made(path: string, change: object = {}, client = house.boss): Promise<Made> {
  const answer = await client.request('POST', '/api/notifications/webhooks', fields(path, change));
  expect(answer.status).toBe(201);
  return answer.body as Made;
}
const postedTo = (path: string) => house.hooks.posted.filter((posted) => posted.path === path);
const posted = (path: string, index = 0) => until(`message ${index} to ${path}`, () => postedTo(path)[index]);

describe('what is sent', () => {
  test('is signed over its time and its bytes, and tells of raise and return', async () => {
    const { secret } = await made('/signed', ONLY);
    const [id = 0] = await house.raise({ property: 'mall', label: 'M1', severity: 3 });
    const raised = await posted('/signed');
    expect(raised.signature).toBe(signatureOf(secret, raised));
    expect(Math.abs(Number(raised.timestamp) - Date.now() / 1_000)).toBeLessThan(600);
    expect(raised.body).toMatchObject({ key: raised.key, attempt: 1, event: 'raised', count: 1 });
    expect(raised.body.alarms).toMatchObject([
      {
        id,
        event: 'raised',
        kind: 'foreignWrite',
        severity: 3,
        propertyId: house.propertyId('mall'),
        timeZone: 'Asia/Shanghai',
      },
    ]);
    expect(raised.body.alarms[0]?.link).toBe(`${ORIGIN}/alarms?alarm=${id}`);
    await house.clear(id);
    expect((await posted('/signed', 1)).body).toMatchObject({
      event: 'returned',
      title: 'mall (M1): Foreign purchase, returned',
    });
  });

  test('comes again with the same key after a 500, no answer and a redirect, which is not followed', async () => {
    const { secret } = await made('/again', ONLY);
    let calls = 0;
    house.hooks.answerBy((_posted, response) => {
      calls += 1;
      if (calls === 1) response.writeHead(500).end('out of order');
      else if (calls === 2) response.writeHead(307, { location: `${house.hooks.url}/elsewhere` }).end();
      // The third is never answered.
    });
    await house.raise({ property: 'mall', label: 'M1' });
    const dead = await house.delivery(
      'the end',
      ({ address, state }) => address === 'hook /again' && state === 'givenUp',
    );
    expect(dead).toMatchObject({ attempts: 3, error: 'no answer within 0.4 s' });
    house.hooks.answerBy(undefined);
    await house.boss.request('POST', `/api/notifications/deliveries/${dead.id}/retry`);
    await house.delivery('sent', ({ id, state }) => id === dead.id && state === 'sent');
    const all = postedTo('/again');
    expect(all.map(({ key }) => key)).toEqual([dead.key, dead.key, dead.key, dead.key]);
    expect(all.map((one) => one.signature === signatureOf(secret, one))).toEqual([true, true, true, true]);
    expect(postedTo('/elsewhere')).toEqual([]);
  });

  test('is what the webhook asked for: properties, severity, kinds', async () => {
    await made('/office', { propertyIds: [house.propertyId('office')], ...ONLY });
    await made('/high', { severity: 3, ...ONLY });
    await made('/alarm1', { kinds: ['balanceLow1'] });
    await house.raise(
      { property: 'mall', label: 'M1', severity: 3 },
      { property: 'mall', label: 'M2', severity: 1, kind: 'balanceLow1' },
      { property: 'office', label: 'O1', severity: 3 },
      { property: 'office', label: 'O2', severity: 2 },
    );
    await posted('/office', 1);
    await posted('/alarm1');
    await posted('/high', 1);
    const titles = (path: string) =>
      postedTo(path)
        .map(({ body }) => body.title)
        .toSorted();
    expect(titles('/office')).toEqual(['office (O1): Foreign purchase', 'office (O2): Foreign purchase']);
    expect(titles('/alarm1')).toEqual(['mall (M2): Balance below alarm 1']);
    expect(titles('/high')).toEqual(['mall (M1): Foreign purchase', 'office (O1): Foreign purchase']);
  });

  test('stops when the webhook is disabled or removed', async () => {
    const { webhook } = await made('/off');
    const { id, version } = webhook;
    const off = await house.boss.request('PUT', `/api/notifications/webhooks/${id}`, {
      ...fields('/off'),
      version,
      disabled: true,
    });
    expect(off.body).toMatchObject({ disabled: true, version: version + 1 });
    await made('/on');
    await house.raise({ property: 'mall', label: 'M1' });
    await posted('/on');
    // Planned together with the other: what is not there now never comes.
    expect((await house.log()).filter(({ address }) => address === 'hook /off')).toEqual([]);
    expect((await house.boss.request('DELETE', `/api/notifications/webhooks/${id}`)).status).toBe(204);
    expect((await house.boss.request('DELETE', `/api/notifications/webhooks/${id}`)).status).toBe(404);
  });
});

describe('settings', () => {
  test('show a secret once, and a new one signs from then on', async () => {
    const { webhook, secret } = await made('/secret');
    const listed = await house.boss.request('GET', '/api/notifications/webhooks');
    expect(JSON.stringify(listed.body)).not.toContain(secret);
    const rotated = (await house.boss.request('POST', `/api/notifications/webhooks/${webhook.id}/secret`)).body as Made;
    expect(rotated.secret).not.toBe(secret);
    const tested = await house.boss.request('POST', `/api/notifications/webhooks/${webhook.id}/test`);
    expect(tested).toMatchObject({ status: 200, body: { state: 'sent' } });
    const message = await posted('/secret');
    expect(message.body.event).toBe('test');
    expect(message.signature).toBe(signatureOf(rotated.secret, message));
    const { body } = await house.boss.request('GET', '/api/audit?subjectKind=webhook');
    expect(JSON.stringify(body)).toContain('webhook.rotate-secret');
    expect(JSON.stringify(body)).not.toContain('mwhs_');
  });

  test('are of the properties where one has the right', async () => {
    const office = await made('/theirs', { propertyIds: [house.propertyId('office')] });
    const group = await made('/all');
    const own = await made('/own', { propertyIds: [house.propertyId('mall')] }, engineer);
    const listed = (await engineer.request('GET', '/api/notifications/webhooks')).body as { items: Webhook[] };
    expect(listed.items.map(({ id }) => id)).toEqual([own.webhook.id]);
    for (const { webhook } of [office, group]) {
      const path = `/api/notifications/webhooks/${webhook.id}`;
      expect((await engineer.request('DELETE', path)).status).toBe(404);
      expect((await engineer.request('POST', `${path}/secret`)).status).toBe(404);
      expect((await engineer.request('POST', `${path}/test`)).status).toBe(404);
    }
    const add = (change: object) => engineer.request('POST', '/api/notifications/webhooks', fields('/new', change));
    expect(await add({})).toMatchObject({ status: 403, body: { code: 'permission.missing' } });
    expect((await add({ propertyIds: [house.propertyId('office')] })).status).toBe(404);
    expect((await add({ propertyIds: [house.propertyId('mall'), house.propertyId('office')] })).status).toBe(404);
    expect(await add({ url: 'http://user:secret@example.com/' })).toMatchObject({ status: 400 });
    await house.raise({ property: 'office', label: 'O1' }, { property: 'mall', label: 'M1' });
    await posted('/own');
    await posted('/theirs');
    const log = await house.log('', engineer);
    expect(log.length).toBeGreaterThan(0);
    expect(new Set(log.map(({ propertyId }) => propertyId))).toEqual(new Set([house.propertyId('mall')]));
    expect(
      await engineer.request('POST', '/api/notifications/mail/test', { to: 'x@example.com', language: 'en' }),
    ).toMatchObject({ status: 403 });
  });
});
