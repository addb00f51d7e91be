import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Command, CommandBatch, MeterCapability } from '#contract/index.ts';
import { type CommandOrder, NO_CAPABILITIES } from '#server/modules/commands/index.ts';
import type { Client } from '../../support/server.ts';
import { type CommandHouse, good, startCommandHouse } from './commandHouse.ts';

let house: CommandHouse;
beforeAll(async () => {
  house = await startCommandHouse();
});
afterAll(() => house.stop());
const meter = (index: number): string => house.numbers[index] ?? '';

const PERSON = {
  ...{ userId: 1, user: 'electrician', displayName: 'Electrician', sessionId: '1', ip: '::1' },
  scope: () => ({ all: true, propertyIds: [], buildingIds: [] }),
};

/** As another module of the house would order it. */
async function orderByRule(
  meterNumber: string,
  order: CommandOrder,
  rule: 'arrears' | 'account' | 'protectionEnded' = 'arrears',
) {
  const commandId = randomUUID();
  const { db, money } = house.server.app;
  const meterId = house.meterId(meterNumber);
  const answer = await db.tx((tx) =>
    money.commands.order(tx, { commandId, meterId, order, giver: { rule }, reason: 'test' }),
  );
  return { commandId, ...answer };
}

describe('money holds a cut', () => {
  test('where nobody pays for the meter the arrears rule cuts nobody', async () => {
    expect(await orderByRule(meter(0), { kind: 'trip' })).toMatchObject({ state: 'held', why: ['noAccount'] });
    expect(house.truth(meter(0)).forced).not.toBe('open');
  });

  test('money that is on its way holds every cut, of a person too', async () => {
    const { commands, vending } = house.server.app.money;
    commands.setVendSource(async (_tx, meterIds) => new Set(meterIds));
    const trip = await house.give(meter(1), { kind: 'trip', cause: 'safety' });
    expect(trip).toMatchObject({ state: 'held', why: ['openVend'], attempts: 0 });
    commands.setVendSource((tx, meterIds) => vending.openVends(tx, meterIds));
  });

  test('the guard is asked again right before sending: a sale that came meanwhile holds what was ordered', async () => {
    const { commands, vending } = house.server.app.money;
    let asked = 0;
    commands.setVendSource(async (_tx, meterIds) => {
      asked += 1;
      return asked === 1 ? new Set() : new Set(meterIds);
    });
    const { id } = await house.give(meter(2), { kind: 'trip' });
    expect(await house.rest(id)).toMatchObject({ state: 'held', why: ['openVend'], attempts: 0 });
    expect(asked).toBe(2);
    expect(house.truth(meter(2)).forced).not.toBe('open');
    commands.setVendSource((tx, meterIds) => vending.openVends(tx, meterIds));
  });

  test('hours of the property hold an operator, and danger does not wait', async () => {
    const path = `/api/properties/${house.propertyId}/money-policy`;
    const { propertyId: _own, ...policy } = good<Record<string, unknown>>(await house.boss.request('GET', path));
    const holidays = Array.from({ length: 3 }, (_, day) => {
      return new Date(Date.now() + (day - 1) * 86_400_000).toISOString().slice(0, 10);
    });
    good(await house.boss.request('PUT', path, { ...policy, holidays }));
    const held = await house.give(meter(3), { kind: 'trip' });
    expect(held).toMatchObject({ state: 'held', why: ['cutLater'] });
    expect(Date.parse(held.detail ?? '')).toBeGreaterThan(Date.now());
    const danger = await house.give(meter(3), { kind: 'trip', cause: 'safety' });
    expect(await house.rest(danger.id)).toMatchObject({ state: 'verified' });
    await house.rest((await house.give(meter(3), { kind: 'close' })).id);
    good(await house.boss.request('PUT', path, { ...policy }));
  });
});

describe('what a person tripped no rule undoes', () => {
  test('neither an account that takes the meter over nor an end of protection', async () => {
    const trip = await house.give(meter(10), { kind: 'trip', cause: 'safety' });
    expect(await house.rest(trip.id)).toMatchObject({ state: 'verified' });
    const held = { state: 'held', why: ['trippedByPerson'] };
    expect(await orderByRule(meter(10), { kind: 'restorePrepaid' }, 'account')).toMatchObject(held);
    expect(await orderByRule(meter(10), { kind: 'restorePrepaid' }, 'protectionEnded')).toMatchObject(held);
    expect(house.truth(meter(10)).forced).toBe('open');
    const close = await house.give(meter(10), { kind: 'close' });
    expect(await house.rest(close.id)).toMatchObject({ state: 'verified' });
    const again = await orderByRule(meter(10), { kind: 'restorePrepaid' }, 'account');
    expect(await house.rest(again.commandId)).toMatchObject({ state: 'verified' });
  }, 90_000);

  test('also where the rule did not see the trip yet: it is asked again right before sending', async () => {
    const { db, money } = house.server.app;
    const meterId = house.meterId(meter(11));
    const tripId = randomUUID();
    const restoreId = randomUUID();
    const later = (commandId: string) =>
      sql`update command set due_at = given_at + interval '1 hour' where id = ${commandId}::uuid`;
    const due = (commandId: string) => sql`update command set due_at = given_at where id = ${commandId}::uuid`;
    await db.tx(async (person) => {
      const trip = { meterId, order: { kind: 'trip', cause: 'safety' }, reason: 'works' } as const;
      await money.commands.order(person, { ...trip, commandId: tripId, giver: { actor: PERSON } });
      await person.query(later(tripId));
      await db.tx(async (rule) => {
        const restore = { meterId, order: { kind: 'restorePrepaid' }, reason: 'paid' } as const;
        const giver = { rule: 'restoreAfterPayment' } as const;
        const made = await money.commands.order(rule, { ...restore, commandId: restoreId, giver });
        expect(made).toMatchObject({ state: 'queued' });
        await rule.query(later(restoreId));
      });
    });
    await db.query(due(restoreId));
    expect(await house.rest(restoreId)).toMatchObject({ state: 'held', why: ['trippedByPerson'], attempts: 0 });
    await db.query(due(tripId));
    expect(await house.rest(tripId)).toMatchObject({ state: 'verified' });
    expect(house.truth(meter(11)).forced).toBe('open');
  }, 90_000);
});

describe('orders', () => {
  test('a newer order for a relay takes the place of one that still waits', async () => {
    const ended = house.plant.faults.set({
      target: { kind: 'gateway', gatewayCode: house.gatewayOf(meter(4)) },
      fault: { kind: 'mute' },
    });
    const blockers = await Promise.all([5, 6, 7].map((index) => house.give(meter(index), { kind: 'read' })));
    const trip = await house.give(meter(4), { kind: 'trip' });
    const close = await house.give(meter(4), { kind: 'close' });
    const superseded = await house.command(trip.id);
    house.plant.faults.clear(ended.id);
    expect(await house.rest(close.id, 40_000)).toMatchObject({ state: 'verified' });
    if (superseded.state === 'stopped') expect(superseded.why).toEqual(['superseded']);
    expect(house.truth(meter(4)).forced).toBe('none');
    for (const { id } of blockers) await house.rest(id, 40_000);
  }, 90_000);

  test('an order that is not valid is refused with the field and what to do', async () => {
    const give = (order: object) =>
      house.boss.request('POST', '/api/commands', {
        ...{ commandId: randomUUID(), meterId: house.meterId(meter(0)), order, reason: 'test' },
      });
    for (const [order, field] of [
      [{ kind: 'settings' }, 'order'],
      [{ kind: 'settings', alarm1Minor: '-1' }, 'order.alarm1Minor'],
      [{ kind: 'protect', until: '2020-01-01T00:00:00Z' }, 'order.until'],
      [{ kind: 'protect', until: '2026-13-45T99:99:99Z' }, 'order.until'],
      [{ kind: 'prices', tariffVersionId: 999 }, 'order.tariffVersionId'],
    ] as const) {
      const answer = await give(order);
      expect(answer).toMatchObject({ status: 400, body: { code: 'request.invalid', details: [{ field }] } });
    }
    expect((await give({ kind: 'explode' })).status).toBe(400);
    expect((await give({ kind: 'trip', force: true })).status).toBe(400);
  });

  test('what a model cannot be told is said at once', async () => {
    const body = {
      commandId: randomUUID(),
      meterId: await house.addPlainMeter(),
      order: { kind: 'trip' },
      reason: 'test',
    };
    expect(await house.boss.request('POST', '/api/commands', body)).toMatchObject({
      status: 409,
      body: { code: 'command.not-supported' },
    });
    expect((await house.boss.request('GET', `/api/commands/${body.commandId}`)).status).toBe(404);
  });

  test('every order of a person is in the audit log', async () => {
    const { id } = await house.give(meter(8), { kind: 'read' });
    const path = `/api/audit?subjectKind=command&subjectId=${id}`;
    const { items } = good<{ items: { action: string; user?: string }[] }>(await house.boss.request('GET', path));
    expect(items).toMatchObject([{ action: 'command.give', user: 'boss' }]);
  });
});

describe('commands of another property are not there', () => {
  test('neither to see nor to give, stop or agree to', async () => {
    const other = good<{ id: number }>(
      await house.boss.request('POST', '/api/places', {
        ...{ kind: 'property', names: { en: 'Elsewhere' }, timeZone: 'Asia/Shanghai', currency: 'CNY' },
      }),
    );
    const stranger: Client = await house.userWith('administrator', other.id);
    const { id } = await house.give(meter(9), { kind: 'read' });
    const batch = good<CommandBatch>(
      await house.boss.request('POST', '/api/command-batches', {
        ...{ batchId: randomUUID(), meterIds: [house.meterId(meter(9))], order: { kind: 'read' }, reason: 'test' },
      }),
    );
    const asked = [
      ['GET', `/api/commands/${id}`],
      ['POST', `/api/commands/${id}/stop`, {}],
      ['POST', `/api/commands/${id}/decisions`, { agree: true }],
      ['GET', `/api/command-batches/${batch.id}`],
      ['POST', `/api/command-batches/${batch.id}/stop`, {}],
      ['POST', `/api/command-batches/${batch.id}/decisions`, { agree: true }],
      ['POST', `/api/command-batches/${batch.id}/retry`, { batchId: randomUUID() }],
      [
        'POST',
        '/api/commands',
        { commandId: randomUUID(), meterId: house.meterId(meter(9)), order: { kind: 'read' }, reason: 'x' },
      ],
      [
        'POST',
        '/api/command-batches',
        { batchId: randomUUID(), meterIds: [house.meterId(meter(9))], order: { kind: 'read' }, reason: 'x' },
      ],
    ] as const;
    for (const [method, path, body] of asked) {
      expect({ path, status: (await stranger.request(method, path, body)).status }).toEqual({ path, status: 404 });
    }
    const seen = good<{ items: Command[] }>(await stranger.request('GET', '/api/commands'));
    expect(seen.items).toEqual([]);
    expect(good<{ items: unknown[] }>(await stranger.request('GET', '/api/command-batches')).items).toEqual([]);
    expect(
      good<{ items: unknown[] }>(await stranger.request('GET', `/api/commands?propertyId=${house.propertyId}`)).items,
    ).toEqual([]);
  });
});

describe('what meters can do with money', () => {
  test('a simulated meter says it of itself; of others only a bench test is believed, of the whole model', async () => {
    const { commands } = house.server.app.money;
    expect(commands.capabilitiesOf(house.meterId(meter(0))).seqChecked).toBe(true);
    expect(commands.capabilitiesOf(999_999)).toEqual(NO_CAPABILITIES);
    const full = Object.fromEntries(Object.keys(NO_CAPABILITIES).map((name) => [name, true]));
    const put = (firmware: string, capabilities: object, client = house.boss) =>
      client.request('PUT', '/api/meter-capabilities', {
        ...{ modelId: 'acrel-adl300', firmware, simulated: true, capabilities },
      });
    expect(good<MeterCapability>(await put('1.0', full))).toMatchObject({ foundBy: 'Boss', firmware: '1.0' });
    good(await put('1.1', { ...full, zeroPurchase: false }));
    const { items } = good<{ items: MeterCapability[] }>(await house.boss.request('GET', '/api/meter-capabilities'));
    expect(items.map(({ firmware }) => firmware)).toEqual(['1.0', '1.1']);
    const own = await house.userWith('administrator', house.propertyId);
    expect((await put('1.0', full, own)).status).toBe(403);
    expect(await put('1.0', { ...full, more: true })).toMatchObject({ status: 400 });
    const unknown = { modelId: 'nobody-1', firmware: '1', simulated: false, capabilities: full };
    expect(await house.boss.request('PUT', '/api/meter-capabilities', unknown)).toMatchObject({ status: 400 });
  });
});
