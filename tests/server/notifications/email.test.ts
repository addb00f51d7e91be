import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Client } from '../../support/server.ts';
import { FROM, type NotifyHouse, ORIGIN, startNotifyHouse } from './support/notifyHouse.ts';
import { until } from './support/until.ts';

let house: NotifyHouse;
let anna: Client;
beforeAll(async () => {
  house = await startNotifyHouse();
  anna = await house.userWith('operator', 'property', 'mall');
});
afterEach(() => house.mail.refuse(undefined));
afterAll(() => house.stop());

const mailsTo = (address: string) => house.mail.received.filter(({ to }) => to.includes(address));
const firstTo = (address: string) => until(`a mail to ${address}`, () => mailsTo(address)[0]);

test('an alarm names place, condition, value and time there, and links to itself; its return follows in the same thread', async () => {
  await house.wish(anna, { language: 'en', email: 'anna@example.com', emailOn: true, severity: 1 });
  house.money('a1', 'arrears');
  const raised = await firstTo('anna@example.com');
  const [alarm] = await house.alarms('kind=arrears');
  expect(raised).toMatchObject({ from: 'alarms@example.com', to: ['anna@example.com'] });
  expect(raised.headers['from']).toBe(FROM);
  expect(raised.headers['subject']).toBe('mall · A · 1F · A-101 (a1): Arrears');
  expect(raised.text).toContain('Severity: High\nValue: CNY 50.00\n');
  expect(raised.text).toMatch(/Raised: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(Asia\/Shanghai\)/);
  expect(raised.text).toContain(`Open the alarm: ${ORIGIN}/alarms?alarm=${alarm?.id}`);

  for (let reading = 0; reading < 3; reading++) house.money('a1', 'normal');
  const returned = await until('the second mail', () => mailsTo('anna@example.com')[1]);
  expect(returned.headers['subject']).toBe('mall · A · 1F · A-101 (a1): Arrears, returned');
  expect(returned.text).toContain('Returned: ');
  expect(returned.headers['references']).toBe(raised.headers['references']);
  expect(returned.headers['message-id']).not.toBe(raised.headers['message-id']);
});

test('the same in Chinese, with the names that the property has in Chinese', async () => {
  await house.wish(anna, { language: 'zh', email: 'zh@example.com', emailOn: true, severity: 1 });
  house.money('a2', 'alarm2');
  const { headers, text } = await firstTo('zh@example.com');
  expect(headers['subject']).toBe('mall项目 · A · 1F · A-102 (a2)：余额低于二级报警');
  expect(text).toContain('级别：中\n数值：CNY 50.00\n发生：');
  expect(text).toContain(`打开报警：${ORIGIN}/alarms?alarm=`);
});

test('what is refused for now is tried again, with the same Message-ID', async () => {
  house.mail.refuse({ code: 451, text: 'greylisted' });
  await house.wish(anna, {
    language: 'en',
    email: 'later@example.com',
    emailOn: true,
    severity: 2,
    kinds: ['foreignWrite'],
  });
  await house.raise({ property: 'mall', label: 'later' });
  const failed = await house.delivery(
    'a failure',
    ({ address, error }) => address === 'later@example.com' && error !== undefined,
  );
  expect(failed).toMatchObject({ error: expect.stringContaining('greylisted') });
  house.mail.refuse(undefined);
  // Its three attempts may be over by now: a person then gives it three more.
  const end = await until('an end', async () => {
    const now = (await house.log()).find(({ id }) => id === failed.id);
    if (now?.state === 'givenUp') await house.boss.request('POST', `/api/notifications/deliveries/${failed.id}/retry`);
    return now?.state === 'sent' ? now : undefined;
  });
  expect(mailsTo('later@example.com').map(({ headers }) => headers['message-id'])).toEqual([
    `<${end.key}@example.com>`,
  ]);
});

test('what is refused for good is given up at once; a person may try it again', async () => {
  house.mail.refuse({ code: 550, text: 'no such mailbox' });
  await house.wish(anna, {
    language: 'en',
    email: 'nobody@example.com',
    emailOn: true,
    severity: 2,
    kinds: ['foreignWrite'],
  });
  await house.raise({ property: 'mall', label: 'refused' });
  const dead = await house.delivery(
    'the end',
    ({ address, state }) => address === 'nobody@example.com' && state === 'givenUp',
  );
  expect(dead).toMatchObject({ attempts: 1, channel: 'email', what: 'raised', kind: 'foreignWrite', user: 'User 1' });
  expect(dead.error).toContain('no such mailbox');
  house.mail.refuse(undefined);
  const again = await house.boss.request('POST', `/api/notifications/deliveries/${dead.id}/retry`);
  expect(again).toMatchObject({ status: 200, body: { id: dead.id, key: dead.key, attempts: 0 } });
  await firstTo('nobody@example.com');
  await house.delivery('sent', ({ id, state }) => id === dead.id && state === 'sent');
  expect((await house.boss.request('POST', `/api/notifications/deliveries/${dead.id}/retry`)).status).toBe(409);
});

test('a mail server that hangs is left, and given up after the last attempt', async () => {
  house.mail.refuse('hang');
  await house.wish(anna, {
    language: 'en',
    email: 'hang@example.com',
    emailOn: true,
    severity: 2,
    kinds: ['foreignWrite'],
  });
  await house.raise({ property: 'mall', label: 'hanging' });
  const dead = await house.delivery(
    'the end',
    ({ address, state }) => address === 'hang@example.com' && state === 'givenUp',
  );
  expect(dead.attempts).toBe(3);
  expect(dead.error).toMatch(/timeout|no end within/i);
});

test('a test says what came of it, and the mail server shows how the last message went', async () => {
  await house.wish(anna, { language: 'en', email: 'test@example.com', emailOn: false });
  const sent = await anna.request('POST', '/api/notifications/mine/test', { channel: 'email' });
  expect(sent).toMatchObject({ status: 200, body: { state: 'sent' } });
  expect((await firstTo('test@example.com')).headers['subject']).toBe('Meterwall test message');
  expect(await anna.request('POST', '/api/notifications/mine/test', { channel: 'email' })).toMatchObject({
    status: 429,
    body: { code: 'request.too-many' },
  });
  house.mail.refuse({ code: 550, text: 'not today' });
  const refused = await house.boss.request('POST', '/api/notifications/mail/test', {
    to: 'x@example.com',
    language: 'zh',
  });
  expect(refused).toMatchObject({ status: 200, body: { state: 'givenUp' } });
  expect(JSON.stringify(refused.body)).toContain('not today');
  const state = await house.boss.request('GET', '/api/notifications/mail');
  expect(state.body).toMatchObject({ configured: true, from: FROM, last: { state: 'givenUp' } });
  expect(JSON.stringify(state.body)).not.toContain('p@ss');
});
