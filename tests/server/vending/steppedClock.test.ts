import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '#drivers/core/index.ts';
import type { Plant } from '#drivers/simulator/plant.ts';
import { capabilitiesOfWords, PURSE_WORDS } from '#drivers/simulator/purseWords.ts';
import { startMoneyPlant } from '../accounts/support/moneyHouse.ts';
import { startTill, type Till } from './support/till.ts';

let plant: Plant | undefined;
let till: Till | undefined;
afterEach(async () => {
  await till?.stop();
  await plant?.stop();
  till = plant = undefined;
});

const reason = 'a good reason';

test.for([10, -10])(
  'a clock that is set by %d min neither ends the quiet period nor keeps a sale waiting',
  {
    timeout: 60_000,
  },
  async (minutes) => {
    let offMs = 0;
    const clock = { ...systemClock, nowMs: () => Date.now() + offMs };
    plant = await startMoneyPlant(capabilitiesOfWords(PURSE_WORDS.join()));
    till = await startTill({ plant, clock, vendTimes: { backOffMs: [30, 60, 120], leaseMs: 20_000, quietMs: 60_000 } });
    const { fresh, sell, becomes, policy, fault, person, sale } = till;
    await policy({ unprovenMeters: 'writeOnce' });
    const { meterId, meterNumber } = await fresh();
    const clear = fault(meterNumber, { kind: 'request-lost' }, { on: 'writes' });
    const { saleId } = await sell(meterId, '10000');
    await expect.poll(async () => (await sale(saleId)).attempts, { timeout: 10_000 }).toBe(1);
    await becomes(saleId, 'UNKNOWN');
    offMs = minutes * 60_000;
    const [one, two] = [await person('accountant'), await person('accountant')];
    const body = { outcome: 'cancel', reason, evidence: 'photo 17 in folder 3' };
    const say = (client: typeof one) =>
      client.request('POST', `/api/vends/${saleId}/decisions`, { ...body, decisionId: randomUUID() });
    expect((await say(one)).body).toMatchObject({ state: 'UNKNOWN', proposal: { outcome: 'cancel' } });
    expect(await say(two)).toMatchObject({ status: 409, body: { code: 'vend.frame-under-way' } });
    const { version } = await sale(saleId);
    // It is looked at again and again, though the time for that was told by another clock.
    await expect.poll(async () => (await sale(saleId)).version, { timeout: 10_000 }).toBeGreaterThan(version + 2);
    clear();
  },
);
