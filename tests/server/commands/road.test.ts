import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandHouse, startCommandHouse } from './commandHouse.ts';

let house: CommandHouse;
beforeAll(async () => {
  house = await startCommandHouse();
});
afterAll(() => house.stop());
const meter = (index: number): string => house.numbers[index] ?? '';

describe('one command, from the person to the meter and back', () => {
  test('a trip is verified by what the meter says, and supply comes back', async () => {
    const trip = await house.give(meter(0), { kind: 'trip' });
    expect(trip).toMatchObject({ state: 'queued', attempts: 0, givenBy: 'Boss' });
    expect(await house.rest(trip.id)).toMatchObject({ state: 'verified', why: [], attempts: 1 });
    expect(house.truth(meter(0))).toEqual({ relay: 'open', forced: 'open' });
    expect(await house.now(meter(0))).toMatchObject({ facts: { relay: 'open', protection: 'forcedOpen' } });
    const close = await house.give(meter(0), { kind: 'close' });
    expect(await house.rest(close.id)).toMatchObject({ state: 'verified' });
    expect(house.truth(meter(0)).forced).toBe('none');
  });

  test('the same id is the same command, whoever asks again; for another one it is refused', async () => {
    const id = randomUUID();
    const first = await house.give(meter(1), { kind: 'protect' }, undefined, id);
    await house.rest(id);
    const again = await house.give(meter(1), { kind: 'protect' }, undefined, id);
    expect(again).toMatchObject({ id, number: first.number, state: 'verified', attempts: 1 });
    const other = { commandId: id, meterId: house.meterId(meter(2)), order: { kind: 'protect' }, reason: 'test' };
    expect(await house.boss.request('POST', '/api/commands', other)).toMatchObject({
      status: 409,
      body: { code: 'request.key-reused' },
    });
  });
});
