import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Command, CommandBatch, CommandOrderBody, Protection, previewBatch, ResponseOf } from '#contract/index.ts';
import type { Client } from '../../support/server.ts';
import { type CommandHouse, good, startCommandHouse, until } from './commandHouse.ts';

type Preview = ResponseOf<typeof previewBatch>;

let house: CommandHouse;
let approver: Client;
let operator: Client;
beforeAll(async () => {
  house = await startCommandHouse(70);
  approver = await house.userWith('engineer');
  operator = await house.userWith('operator');
  for (const number of house.numbers) await house.rest((await house.give(number, { kind: 'read' })).id);
}, 60_000);
afterAll(() => house.stop());

const meter = (index: number): string => house.numbers[index] ?? '';
const ids = (from: number, to: number): number[] =>
  house.numbers.slice(from, to).map((number) => house.meterId(number));

function giveBatch(meterIds: readonly number[], order: CommandOrderBody, client = house.boss, batchId = randomUUID()) {
  return client.request('POST', '/api/command-batches', { batchId, meterIds, order, reason: 'test' });
}
async function commandsOf(batchId: string, more = ''): Promise<readonly Command[]> {
  return good<{ items: Command[] }>(
    await house.boss.request('GET', `/api/commands?batchId=${batchId}&limit=1000${more}`),
  ).items;
}
const decide = (id: string, agree: boolean, client: Client) =>
  client.request('POST', `/api/command-batches/${id}/decisions`, { agree });

describe('a batch', { timeout: 60_000 }, () => {
  test('each meter has its own outcome, and those that failed are tried again', async () => {
    const end = house.fault(meter(1), { fault: { kind: 'frozen-relay', shows: 'closed' } });
    const batch = good<CommandBatch>(await giveBatch(ids(0, 4), { kind: 'trip' }));
    expect(batch).toMatchObject({ total: 4, approval: 'none', finished: false });
    expect(await house.batchRest(batch.id)).toMatchObject({ counts: { verified: 3, rejected: 1 }, finished: true });
    const rejected = await commandsOf(batch.id, '&state=rejected');
    expect(rejected).toMatchObject([{ meterNumber: meter(1), why: ['holdsOther'] }]);
    end();
    const retryId = randomUUID();
    const retry = () => house.boss.request('POST', `/api/command-batches/${batch.id}/retry`, { batchId: retryId });
    expect(good<CommandBatch>(await retry())).toMatchObject({ total: 1, retryOf: batch.id });
    expect(await house.batchRest(retryId)).toMatchObject({ counts: { verified: 1 } });
    // The answer of a repetition, not another batch.
    expect(good<CommandBatch>(await retry())).toMatchObject({ id: retryId, counts: { verified: 1 } });
    const nothing = await house.boss.request('POST', `/api/command-batches/${retryId}/retry`, {
      batchId: randomUUID(),
    });
    expect(nothing).toMatchObject({ status: 409, body: { code: 'command.nothing-to-retry' } });
    await house.batchRest(good<CommandBatch>(await giveBatch(ids(0, 4), { kind: 'close' })).id);
  });

  test('the same id and the same input is the same batch; other input is refused', async () => {
    const batchId = randomUUID();
    const first = good<CommandBatch>(await giveBatch(ids(0, 2), { kind: 'read' }, house.boss, batchId));
    expect(good<CommandBatch>(await giveBatch(ids(0, 2), { kind: 'read' }, house.boss, batchId)).number).toBe(
      first.number,
    );
    expect(await giveBatch(ids(0, 3), { kind: 'read' }, house.boss, batchId)).toMatchObject({
      status: 409,
      body: { code: 'request.key-reused' },
    });
    expect(await commandsOf(batchId)).toHaveLength(2);
  });

  test('what was not sent yet is stopped', async () => {
    const ended = house.plant.faults.set({
      target: { kind: 'gateway', gatewayCode: house.gatewayOf(meter(0)) },
      fault: { kind: 'mute' },
    });
    const batch = good<CommandBatch>(await giveBatch(ids(0, 15), { kind: 'read' }));
    const stopped = good<CommandBatch>(await house.boss.request('POST', `/api/command-batches/${batch.id}/stop`, {}));
    expect(stopped.counts.stopped).toBeGreaterThan(5);
    expect(stopped.stoppedBy).toBe('Boss');
    house.plant.faults.clear(ended.id);
    const rest = await house.batchRest(batch.id, 60_000);
    expect(rest.counts.stopped).toBe(stopped.counts.stopped);
  });
});

describe('a second person', { timeout: 60_000 }, () => {
  test('above the limit of the property nothing happens until another person agrees', async () => {
    const batch = good<CommandBatch>(await giveBatch(ids(0, 25), { kind: 'clock' }));
    expect(batch).toMatchObject({ approval: 'waiting', counts: { awaitingApproval: 25 } });
    expect(await decide(batch.id, true, operator)).toMatchObject({ status: 403 });
    expect(await decide(batch.id, true, house.boss)).toMatchObject({
      status: 409,
      body: { code: 'approval.same-person' },
    });
    expect((await commandsOf(batch.id)).every(({ state }) => state === 'awaitingApproval')).toBe(true);
    expect(good<CommandBatch>(await decide(batch.id, true, approver))).toMatchObject({ approval: 'agreed' });
    expect(await house.batchRest(batch.id)).toMatchObject({ counts: { verified: 25 } });
    expect(await decide(batch.id, false, approver)).toMatchObject({
      status: 409,
      body: { code: 'command.not-waiting' },
    });
  });

  test('a refused batch never runs', async () => {
    const batch = good<CommandBatch>(await giveBatch(ids(0, 25), { kind: 'trip' }));
    expect(good<CommandBatch>(await decide(batch.id, false, approver))).toMatchObject({
      approval: 'refused',
      finished: true,
      counts: { stopped: 25 },
    });
    expect(house.truth(meter(7)).forced).not.toBe('open');
  });

  test('protection is taken away by two persons, and holds until then', async () => {
    const protect = await house.give(meter(5), { kind: 'protect' }, operator);
    expect(await house.rest(protect.id)).toMatchObject({ state: 'verified' });
    expect(house.truth(meter(5))).toEqual({ relay: 'closed', forced: 'closed' });
    const trip = await house.give(meter(5), { kind: 'trip', cause: 'safety' });
    expect(trip).toMatchObject({ state: 'held', why: ['protected'], attempts: 0 });
    const restore = await house.give(meter(5), { kind: 'restorePrepaid' });
    expect(restore.state).toBe('awaitingApproval');
    const waiting = await house.boss.request('GET', '/api/commands?single=true&state=awaitingApproval');
    const { userId } = good<{ userId: number }>(await house.boss.request('GET', '/api/session'));
    expect(good<{ items: Command[] }>(waiting).items).toMatchObject([{ id: restore.id, givenById: userId }]);
    const agree = (client: Client) => client.request('POST', `/api/commands/${restore.id}/decisions`, { agree: true });
    expect(await agree(house.boss)).toMatchObject({ status: 409, body: { code: 'approval.same-person' } });
    expect(good<{ items: Protection[] }>(await house.boss.request('GET', '/api/protections')).items).toMatchObject([
      { meterId: house.meterId(meter(5)), givenBy: 'User 2' },
    ]);
    expect((await agree(approver)).status).toBe(200);
    expect(await house.rest(restore.id)).toMatchObject({ state: 'verified' });
    expect(house.truth(meter(5)).forced).toBe('none');
    expect(good<{ items: Protection[] }>(await house.boss.request('GET', '/api/protections')).items).toEqual([]);
    const tripAgain = await house.give(meter(5), { kind: 'trip' });
    expect(await house.rest(tripAgain.id)).toMatchObject({ state: 'verified' });
    await house.rest((await house.give(meter(5), { kind: 'close' })).id);
  });
});

describe('protection with an end', () => {
  test('ends by itself, and the meter is automatic again', { timeout: 40_000 }, async () => {
    const untilAt = new Date(Date.now() + 3_000).toISOString();
    const protect = await house.give(meter(6), { kind: 'protect', until: untilAt });
    expect(await house.rest(protect.id)).toMatchObject({ state: 'verified' });
    expect(house.truth(meter(6)).forced).toBe('closed');
    const ended = await until(20_000, async () => ({
      done: house.truth(meter(6)).forced === 'none',
      value: house.truth(meter(6)).forced,
    }));
    expect(ended).toBe('none');
  });
});

describe('the preview', () => {
  test('says who goes dark, who is protected by what, who would be skipped and why, and the load', async () => {
    const protect = await house.give(meter(8), { kind: 'protect' });
    await house.rest(protect.id);
    const meterIds = [...ids(8, 12), await house.addPlainMeter()];
    const body = { meterIds, order: { kind: 'trip' } };
    const preview = good<Preview>(await house.boss.request('POST', '/api/command-batches/preview', body));
    expect(preview).toMatchObject({ total: meterIds.length, run: 3, needsSecondPerson: false, secondPersonAbove: 20 });
    expect(preview.items[0]).toMatchObject({ outcome: 'skip', why: ['protected'], protection: { reason: 'test' } });
    const dark = preview.items.filter(({ goesDark }) => goesDark);
    expect(preview.goDark).toBe(dark.length);
    expect(preview.darkLoadW).toBeCloseTo(dark.reduce((sum, { loadW = 0 }) => sum + loadW, 0));
    expect(preview.items.at(-1)).toMatchObject({ outcome: 'skip', why: ['notSupported'] });
    const after = good<{ items: Command[] }>(
      await house.boss.request('GET', `/api/commands?meterId=${meterIds[1]}&kind=trip`),
    );
    expect(after.items.filter(({ state }) => state !== 'stopped')).toEqual([]);
  });

  test('counts among those who go dark whoever is not known to be off, with no load that nobody knows', async () => {
    const near = house.server.app.estate.meter(house.meterId(meter(0)))?.meter;
    // No meter is there: it never answered.
    const unread = {
      ...{ placeId: near?.placeId, lineId: near?.lineId, modelId: near?.modelId, unitAddress: 241 },
      ...{ meterNumber: 'unread', role: 'tenant' },
    };
    const { id } = good<{ id: number }>(await house.boss.request('POST', '/api/meters', unread));
    const body = { meterIds: [id], order: { kind: 'trip' } };
    const preview = good<Preview>(await house.boss.request('POST', '/api/command-batches/preview', body));
    expect(preview).toMatchObject({ run: 1, goDark: 1, darkLoadW: 0, items: [{ goesDark: true }] });
    expect(preview.items[0]).not.toHaveProperty('loadW');
  });

  test('names the meter that is not there', async () => {
    const body = { meterIds: [house.meterId(meter(0)), 999_999], order: { kind: 'trip' } };
    expect(await house.boss.request('POST', '/api/command-batches/preview', body)).toMatchObject({
      status: 404,
      body: { details: [{ field: 'meterIds.1' }] },
    });
  });
});
