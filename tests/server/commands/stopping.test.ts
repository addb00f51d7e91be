import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Command, CommandBatch } from '#contract/index.ts';
import { type CommandHouse, good, startCommandHouse, until } from './commandHouse.ts';

let house: CommandHouse;
beforeAll(async () => {
  house = await startCommandHouse(20);
});
afterAll(() => house.stop());
const meter = (index: number): string => house.numbers[index] ?? '';

/** Waits until it was sent and nobody knows what it did. */
async function underWay(id: string): Promise<void> {
  const command = await until(15_000, async () => {
    const now = await house.command(id);
    return { done: now.state === 'confirming' || now.state === 'inDoubt', value: now };
  });
  expect(command.attempts).toBe(1);
}

test('what is stopped while it is under way is not sent again', { timeout: 120_000 }, async () => {
  const end = house.fault(meter(0), { fault: { kind: 'silent' } });
  const { id } = await house.give(meter(0), { kind: 'trip' });
  await underWay(id);
  good(await house.boss.request('POST', `/api/commands/${id}/stop`, {}));
  end();
  expect(await house.rest(id, 60_000)).toMatchObject({ state: 'rejected', attempts: 1 });
  expect(house.truth(meter(0)).forced).not.toBe('open');
});

test('nor is what is under way of a batch that is stopped', { timeout: 120_000 }, async () => {
  const end = house.fault(meter(1), { fault: { kind: 'silent' } });
  const body = { batchId: randomUUID(), meterIds: [house.meterId(meter(1))], order: { kind: 'trip' }, reason: 'test' };
  const batch = good<CommandBatch>(await house.boss.request('POST', '/api/command-batches', body));
  const path = `/api/commands?batchId=${batch.id}`;
  const { items } = good<{ items: Command[] }>(await house.boss.request('GET', path));
  const id = items[0]?.id ?? '';
  await underWay(id);
  good(await house.boss.request('POST', `/api/command-batches/${batch.id}/stop`, {}));
  end();
  expect(await house.batchRest(batch.id, 60_000)).toMatchObject({ counts: { rejected: 1 } });
  expect(await house.command(id)).toMatchObject({ attempts: 1 });
  expect(house.truth(meter(1)).forced).not.toBe('open');
});
