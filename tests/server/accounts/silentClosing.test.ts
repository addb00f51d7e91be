import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccountCase, Meter } from '#contract/index.ts';
import { until } from '../../scenarios/support/until.ts';
import type { Client } from '../../support/server.ts';
import { type MoneyHouse, startMoneyHouse } from './support/moneyHouse.ts';

let house: MoneyHouse;
let colleague: Client;
/** Meters that die as soon as their closing has emptied them. */
const doomed = new Map<string, string>();

beforeAll(async () => {
  house = await startMoneyHouse({
    probe(point, caseId) {
      const meterNumber = doomed.get(caseId);
      if (point !== 'closing/emptyMeter/after' || meterNumber === undefined) return;
      house.plant.faults.set({ target: { kind: 'meter', meterNumber }, fault: { kind: 'silent' } });
    },
  });
  const { propertyId, boss } = house;
  const path = `/api/properties/${propertyId}/money-policy`;
  const { propertyId: _id, ...policy } = (await boss.request('GET', path)).body as { propertyId: number };
  await boss.request('PUT', path, { ...policy, refundSecondPersonMinor: '100000000' });
  colleague = await house.colleague();
}, 60_000);
afterAll(() => house.stop());

let taken = 0;
function freshMeter(): Meter {
  const meter = house.meters[taken++];
  if (meter === undefined) throw new Error('the plant has no more meters');
  return (house.plant.meter(meter.meterNumber)?.image.balanceMinor ?? 0n) > 0n ? meter : freshMeter();
}

/** A closing that waits for the last read of a meter that has just died. */
async function waitingClosing() {
  const meter = freshMeter();
  const customer = await house.customer('Silent');
  const { id } = await house.open(customer.id, [meter.id], { custody: 'meter' });
  const closingId = randomUUID();
  doomed.set(closingId, meter.meterNumber);
  const body = { closingId, refundMethod: 'cash', collectMethod: 'cash', reason: 'moves out' };
  await house.post(`/api/accounts/${id}/close`, body);
  const running = await until('it waits', 15_000, async () => {
    const { running: open } = await house.account(id);
    return open?.step === 'finalRead' && open.waiting !== undefined && open;
  });
  const [read] = running.facts['meters'] as { registers: { energyWh: string } }[];
  const path = `/api/accounts/${id}/cases/${closingId}`;
  return { accountId: id, meterId: meter.id, energyWh: BigInt(read?.registers.energyWh ?? 0), path, closingId };
}
const saying = (meterId: number, energyWh: bigint) => ({
  statementId: randomUUID(),
  stated: [{ meterId, energyWh: energyWh.toString(), reason: 'photo 4713' }],
});

test('a closing whose meter dies before its last read ends by what two persons say that it shows', async () => {
  const { accountId, meterId, energyWh, path, closingId } = await waitingClosing();
  const { boss } = house;
  const state = (body: object) => boss.request('POST', `${path}/registers`, body);
  expect(await state(saying(meterId, energyWh - 1n))).toMatchObject({
    ...{ status: 400, body: { code: 'request.invalid', details: [{ field: 'stated.0.energyWh' }] } },
  });
  expect(await state(saying(meterId + 1, energyWh))).toMatchObject({
    ...{ status: 400, body: { code: 'request.invalid', details: [{ field: 'stated.0.meterId' }] } },
  });
  const body = saying(meterId, energyWh + 1_000n);
  expect(await state(body)).toMatchObject({ status: 200, body: { running: { state: 'awaitingApproval' } } });
  expect((await state(body)).status).toBe(200);
  const other = { ...saying(meterId, energyWh + 2_000n), statementId: body.statementId };
  expect(await state(other)).toMatchObject({ status: 409, body: { code: 'request.key-reused' } });

  const decide = (client: Client, agree: boolean) =>
    client.request('POST', `${path}/decision`, { agree, reason: 'seen the photo' });
  expect(await decide(boss, true)).toMatchObject({ status: 409, body: { code: 'approval.same-person' } });
  // Refused: it goes on waiting, and other registers may be said.
  expect(await decide(colleague, false)).toMatchObject({ body: { running: { state: 'running', step: 'finalRead' } } });
  expect((await state(saying(meterId, energyWh + 500n))).status).toBe(200);
  expect((await decide(colleague, true)).status).toBe(200);
  expect(await house.agreed(accountId, closingId)).toMatchObject({ state: 'closed', meters: [] });
  const { body: cases } = await boss.request('GET', `/api/accounts/${accountId}/cases`);
  const [record] = (cases as { items: AccountCase[] }).items;
  expect(record?.facts['meters']).toMatchObject([
    { meterId, quality: 'stated', registers: { energyWh: (energyWh + 500n).toString() } },
  ]);
  expect(await state(saying(meterId, energyWh))).toMatchObject({
    ...{ status: 409, body: { code: 'account.wrong-state' } },
  });
  const { ledger } = house.server.app.money;
  expect(await ledger.prove(house.server.database.db)).toMatchObject({ sumMinor: 0n, faults: [] });
}, 60_000);
