import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../../support/server.ts';
import { FROM, type NotifyHouse, ORIGIN, startNotifyHouse } from './support/notifyHouse.ts';
import { until } from './support/until.ts';

let house: NotifyHouse;
let anna: Client;
beforeAll(async () => {
  house = await startNotifyHouse();
  anna = await house.userWith('operator', 'property', 'mall');
  await house.wish(anna, { language: 'en', email: 'anna@example.com', emailOn: true, severity: 1 });
});
afterEach(async () => {
  house.mail.refuse(undefined);
  await house.calm('a1', 'a2', 'b1', 'b2', 'o1');
});
afterAll(() => house.stop());

describe('an alarm by e-mail', () => {
  test('names the place, the condition, the value and the time there, links to the alarm, and its return follows', async () => {
    const before = house.mail.received.length;
    house.money('a1', 'arrears');
    const raised = await until('the mail', () => house.mail.received[before]);
    const [alarm] = await house.alarms('kind=arrears');
    expect(raised).toMatchObject({ from: 'alarms@example.com', to: ['anna@example.com'] });
    expect(raised.headers['from']).toBe(FROM);
    expect(raised.headers['subject']).toBe('mall · A · 1F · A-101 (a1): Arrears');
    expect(raised.text).toContain('Severity: High');
    expect(raised.text).toContain('Value: CNY 50.00');
    expect(raised.text).toMatch(/Raised: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(Asia\/Shanghai\)/);
    expect(raised.text).toContain(`Open the alarm: ${ORIGIN}/alarms?alarm=${alarm?.id}`);

    for (let reading = 0; reading < 3; reading++) house.money('a1', 'normal');
    const returned = await until('the second mail', () => house.mail.received[before + 1]);
    expect(returned.headers['subject']).toBe('mall · A · 1F · A-101 (a1): Arrears, returned');
    expect(returned.headers['references']).toBe(raised.headers['references']);
    expect(returned.headers['message-id']).not.toBe(raised.headers['message-id']);
  });
});
