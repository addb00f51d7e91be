import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { listMeterEvents, ResponseOf } from '#contract/index.ts';
import { type HouseServer, startHouseServer } from '../support/houseServer.ts';
import type { Client } from '../support/server.ts';

type Events = ResponseOf<typeof listMeterEvents>;
let house: HouseServer;
beforeAll(async () => {
  house = await startHouseServer();
});
afterAll(() => house.stop());

const DAY = { from: '2026-11-02T00:00:00Z', to: '2026-11-03T00:00:00Z' };
async function ask(client: Client, { from, to } = DAY, meter = 'a1') {
  const path = `/api/meters/${house.meterId(meter)}/events?from=${from}&to=${to}`;
  const { status, body } = await client.request('GET', path);
  return { status, events: body as Events };
}

async function alarms(count: number, raised: string, cleared: string): Promise<void> {
  await house.server.database.owner.query(sql`
    insert into alarm (property_id, kind, severity, source_kind, source_id, path, search, raised_at, state, last_raised_at,
      cleared_at, closed_at)
    select ${house.propertyId('mall')}, 'overload', 2, 'meter', ${house.meterId('a1')}, '[]', 'a', at, 'closed', at,
      ${cleared}::timestamptz, ${cleared}::timestamptz
    from generate_series(1, ${count}) n, lateral (select ${raised}::timestamptz + n * interval '1 second') t(at)`);
}

test('what reaches into the span is there, newest first, and what the right does not cover is named', async () => {
  const meterId = house.meterId('a1');
  const given = await house.boss.request('POST', '/api/commands', {
    ...{ commandId: randomUUID(), meterId, order: { kind: 'close' }, reason: 'test' },
  });
  expect(given.status).toBe(201);
  await alarms(1, '2026-11-01T10:00:00Z', '2026-11-01T11:00:00Z');
  await alarms(1, '2026-11-01T23:00:00Z', '2026-11-02T01:00:00Z');
  await alarms(1, '2026-11-02T12:00:00Z', '2026-11-04T01:00:00Z');
  const { events } = await ask(house.boss);
  expect(events.items.map(({ sort, at }) => [sort, at])).toEqual([
    ['alarm', '2026-11-02T12:00:01.000Z'],
    ['alarm', '2026-11-01T23:00:01.000Z'],
  ]);
  expect(events).toMatchObject({ wholeFrom: '2026-11-02T00:00:00.000Z', hidden: [] });
  const now = { from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date(Date.now() + 60_000).toISOString() };
  const viewer = await house.userWith('viewer', 'property', 'mall');
  const seen = await ask(viewer, now);
  expect(seen.events.items).toMatchObject([{ sort: 'command', kind: 'close' }]);
  expect(seen.events.hidden).toEqual(['sale']);
  const office = await house.userWith('viewer', 'property', 'office');
  expect((await ask(office)).status).toBe(404);
});

test('too much for one answer: it says from when on it is whole, and asked on from there none is missing', async () => {
  await alarms(1_500, '2026-10-05T00:00:00Z', '2026-10-05T02:00:00Z');
  const from = '2026-10-05T00:00:00Z';
  const seen = new Set<string>();
  let to = '2026-10-06T00:00:00.000Z';
  for (let turn = 0; turn < 5 && to > from; turn += 1) {
    const { events } = await ask(house.boss, { from, to });
    for (const { id } of events.items) seen.add(id);
    if (events.wholeFrom === '2026-10-05T00:00:00.000Z') break;
    to = events.wholeFrom;
  }
  expect(seen.size).toBe(1_500);
});

test('a span that runs backwards or is too long is refused', async () => {
  expect((await ask(house.boss, { from: DAY.to, to: DAY.from })).status).toBe(400);
  expect((await ask(house.boss, { from: '2020-01-01T00:00:00Z', to: DAY.to })).status).toBe(400);
});
