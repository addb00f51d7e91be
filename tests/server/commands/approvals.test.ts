import { randomUUID } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { BatchMeters, Command, CommandBatch } from '#contract/index.ts';
import { systemClock } from '#drivers/core/index.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import { startPlant } from '#drivers/simulator/plant.ts';
import { until } from '../../scenarios/support/until.ts';
import { manualClock } from '../../support/manualClock.ts';
import { startTestServer } from '../../support/server.ts';
import { good } from './commandHouse.ts';

const MINUTE_MS = 60_000;
const WAIT_MS = 15_000;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** The real server whose time stands still until it is told to move. No meter is needed: nothing is sent. */
async function startStillHouse() {
  const clock = manualClock(Date.parse('2026-11-23T04:00:00Z'));
  const plant = await startPlant({
    ...{ estate: makeEstate({ kind: 'count', meters: 40 }, 1), clock: systemClock, speed: 1, wire: 'off' },
    ...{ thinkMs: [1, 3], stateFolder: undefined, listenHost: '127.0.0.1' },
  });
  closing.push(() => plant.stop());
  const server = await startTestServer({ clock });
  closing.push(() => server.stop());
  await server.app.estate.importPlant(plant.manifest);
  const boss = await server.signedIn();
  const { estate } = server.app;
  const own = estate.properties().flatMap(({ id }) => estate.metersOfProperty(id));
  const meterIds = own.filter(({ meter }) => /1352/.test(meter.modelId)).map(({ meter }) => meter.id);
  const { placeId, lineId } = own[0]?.meter ?? {};
  const password = 'a-long-enough-password';
  const grants = [{ role: 'engineer', scope: 'group' }];
  good(await boss.request('POST', '/api/users', { user: 'second', displayName: 'Second', password, grants }));
  return { clock, boss, second: await server.signedIn('second', password), meterIds, placeId, lineId };
}

test('a meter that cannot be told is skipped as foreseen, not failed, before and after the second person agrees', async () => {
  const { boss, second, meterIds, placeId, lineId } = await startStillHouse();
  const batchId = randomUUID();
  // Without a relay.
  const plain = { modelId: 'acrel-adl3000', unitAddress: 240, meterNumber: 'plain', role: 'public' };
  const { id } = good<{ id: number }>(await boss.request('POST', '/api/meters', { placeId, lineId, ...plain }));
  const told = [...meterIds.slice(1, 26), id];
  good(
    await boss.request('POST', '/api/command-batches', {
      ...{ batchId, meterIds: told, order: { kind: 'trip' }, reason: 'works' },
    }),
  );
  const path = `/api/command-batches/${batchId}`;
  const last = async () => {
    const { state, why } = good<BatchMeters>(await boss.request('GET', `${path}/meters`));
    return [state.at(-1), why.at(-1)];
  };
  expect(good<CommandBatch>(await boss.request('GET', path))).toMatchObject({
    approval: 'waiting',
    counts: { awaitingApproval: 25, held: 1 },
  });
  expect(await last()).toEqual(['held', ['notSupported']]);
  good(await second.request('POST', `${path}/decisions`, { agree: true }));
  expect(await last()).toEqual(['held', ['notSupported']]);
});

test('who waits for a second person waits for thirty minutes, and then nothing of it happens', async () => {
  const { clock, boss, second, meterIds } = await startStillHouse();
  const protect = { commandId: randomUUID(), meterId: meterIds[0], order: { kind: 'protect' }, reason: 'lift' };
  good(await boss.request('POST', '/api/commands', protect));
  const commandId = randomUUID();
  const restore = { commandId, meterId: meterIds[0], order: { kind: 'restorePrepaid' }, reason: 'lift is gone' };
  good(await boss.request('POST', '/api/commands', restore));
  const batchId = randomUUID();
  const batch = { batchId, meterIds: meterIds.slice(1, 26), order: { kind: 'trip' }, reason: 'works' };
  good(await boss.request('POST', '/api/command-batches', batch));
  const command = async () => good<Command>(await boss.request('GET', `/api/commands/${commandId}`));
  const sheet = async () => good<CommandBatch>(await boss.request('GET', `/api/command-batches/${batchId}`));

  clock.advance(30 * MINUTE_MS - 1);
  expect(await command()).toMatchObject({ state: 'awaitingApproval' });
  expect(await sheet()).toMatchObject({ approval: 'waiting', counts: { awaitingApproval: 25 } });

  clock.advance(1);
  const agree = (path: string) => second.request('POST', `${path}/decisions`, { agree: true });
  const late = { status: 409, body: { code: 'command.not-waiting' } };
  expect(await agree(`/api/commands/${commandId}`)).toMatchObject(late);
  expect(await agree(`/api/command-batches/${batchId}`)).toMatchObject(late);

  await until('its time is over', WAIT_MS, async () => {
    clock.advance(2_000);
    return (await command()).state === 'stopped' && (await sheet()).approval === 'expired';
  });
  expect(await command()).toMatchObject({ why: ['approvalExpired'], attempts: 0 });
  expect(await sheet()).toMatchObject({ finished: true, counts: { stopped: 25 } });
  // What it would have taken away is still there.
  const { items } = good<{ items: object[] }>(await boss.request('GET', '/api/protections'));
  expect(items).toMatchObject([{ meterId: meterIds[0] }]);
}, 60_000);
