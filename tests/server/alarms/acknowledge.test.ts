import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Alarm } from '#contract/index.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';

let house: HouseServer;
let operator: Client;
let builder: Client;

beforeAll(async () => {
  house = await startHouseServer();
  operator = await house.userWith('operator', 'property', 'mall');
  builder = await house.userWith('electrician', 'building', 'B');
});
afterAll(() => house.stop());

async function list(client: Client, query = ''): Promise<Alarm[]> {
  const { status, body } = await client.request('GET', `/api/alarms${query}`);
  expect(status).toBe(200);
  return (body as { items: Alarm[] }).items;
}
async function acknowledge(client: Client, ids: readonly number[], note?: string) {
  const { body } = await client.request('POST', '/api/alarms/acknowledge', {
    ids,
    ...(note === undefined ? {} : { note }),
  });
  return (body as { items: { id: number; outcome: string; alarm?: Alarm }[] }).items;
}
const say = (number: string, money: 'normal' | 'arrears' | 'alarm1' | 'alarm2'): void =>
  house.take(house.reading(number, { status: { relay: 'closed', forced: 'none', money } }));
const numbers = (alarms: readonly Alarm[]): string[] => alarms.map(({ label }) => label?.en ?? '').toSorted();

/** Every test begins with four open alarms, one in each part of the estate, and no others. */
beforeEach(async () => {
  for (const number of ['a1', 'a2', 'b1', 'o1']) for (let reading = 0; reading < 3; reading++) say(number, 'normal');
  await house.server.app.measuring.alarms.flush();
  await house.server.database.db.query(sql`delete from alarm`);
  say('a1', 'arrears');
  say('a2', 'alarm1');
  say('b1', 'alarm2');
  say('o1', 'arrears');
  await house.server.app.measuring.alarms.flush();
});

describe('what is listed', () => {
  test('is what lies within the right: the group, a property, a building', async () => {
    expect(numbers(await list(house.boss))).toEqual(['a1', 'a2', 'b1', 'o1']);
    expect(numbers(await list(operator))).toEqual(['a1', 'a2', 'b1']);
    expect(numbers(await list(builder))).toEqual(['b1']);
    expect(await list(builder, `?propertyId=${house.propertyId('office')}`)).toEqual([]);
  });

  test('can be asked for by meter, line, gateway, kind, severity and words', async () => {
    expect(numbers(await list(house.boss, `?meterId=${house.meterId('a1')}`))).toEqual(['a1']);
    expect(numbers(await list(house.boss, `?lineId=${house.lineId('GW-1', '1')}`))).toEqual(['a1', 'a2']);
    expect(numbers(await list(house.boss, `?gatewayId=${house.gatewayId('GW-1')}`))).toEqual(['a1', 'a2', 'b1']);
    expect(numbers(await list(house.boss, '?kind=arrears'))).toEqual(['a1', 'o1']);
    expect(numbers(await list(house.boss, '?severity=1'))).toEqual(['a2']);
    expect(numbers(await list(house.boss, `?q=${encodeURIComponent('项目')}`))).toHaveLength(4);
    expect(numbers(await list(house.boss, '?q=b-101'))).toEqual(['b1']);
    expect(await list(house.boss, '?q=%25')).toEqual([]);
  });

  test('comes newest first, page by page, each alarm once', async () => {
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await house.boss.request('GET', `/api/alarms?limit=3${cursor}`);
      const { items, nextCursor } = body as { items: Alarm[]; nextCursor?: string };
      seen.push(...items.map(({ label }) => label?.en ?? ''));
      if (nextCursor === undefined) break;
      cursor = `&cursor=${nextCursor}`;
    }
    expect(seen).toEqual(['o1', 'b1', 'a2', 'a1']);
  });
});

describe('acknowledging', () => {
  test('keeps author, time and note, and writes who did it', async () => {
    const [alarm] = await list(operator, '?kind=arrears');
    const before = Date.now();
    const [outcome] = await acknowledge(operator, [alarm?.id ?? 0], 'called the tenant');
    expect(outcome).toMatchObject({
      outcome: 'done',
      alarm: { state: 'acknowledged', acknowledgedBy: 'User 1', note: 'called the tenant' },
    });
    expect(Date.parse(outcome?.alarm?.acknowledgedAt ?? '')).toBeGreaterThanOrEqual(before);
    const audit = await house.server.database.db.query<{ user_name: string; property_id: number }>(sql`
      select user_name, property_id from audit where action = 'alarm.acknowledge' and subject_id = ${String(alarm?.id)}`);
    expect(audit).toEqual([{ user_name: 'user1', property_id: house.propertyId('mall') }]);
  });

  test('of many gives each its own outcome, and the first author stays', async () => {
    const all = await list(house.boss);
    const idOf = (number: string): number => all.find(({ label }) => label?.en === number)?.id ?? 0;
    await acknowledge(house.boss, [idOf('a1')]);
    const outcomes = await acknowledge(operator, [idOf('a1'), idOf('a2'), idOf('o1'), 999_999]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['already', 'done', 'not-found', 'not-found']);
    expect(outcomes[0]?.alarm?.acknowledgedBy).not.toBe('User 1');
    expect((await list(house.boss, '?kind=arrears&acknowledged=false')).map(({ label }) => label?.en)).toEqual(['o1']);
  });

  test('does not close what still holds; what returned unseen stays until somebody saw it', async () => {
    const [b1] = await list(builder);
    for (let reading = 0; reading < 3; reading++) say('b1', 'normal');
    await house.server.app.measuring.alarms.flush();
    expect((await list(builder)).map(({ state }) => state)).toEqual(['returned']);
    const [outcome] = await acknowledge(builder, [b1?.id ?? 0]);
    expect(outcome?.alarm?.state).toBe('closed');
    expect(await list(builder)).toEqual([]);
    expect((await list(builder, '?state=closed')).map(({ id }) => id)).toEqual([b1?.id]);
  });

  test('needs the right to do so', async () => {
    const viewer = await house.userWith('viewer', 'group');
    const { status } = await viewer.request('POST', '/api/alarms/acknowledge', { ids: [1] });
    expect(status).toBe(403);
  });
});

test('counts are by severity and right, and follow at once', async () => {
  const counts = async (client: Client, query = '') => (await client.request('GET', `/api/alarms/counts${query}`)).body;
  expect(await counts(operator)).toMatchObject({ low: 1, medium: 1, high: 1, calling: 0 });
  expect(await counts(builder)).toMatchObject({ low: 0, medium: 1, high: 0 });
  expect(await counts(house.boss, `?propertyId=${house.propertyId('office')}`)).toMatchObject({ high: 1 });
});

describe('an alarm of the platform', () => {
  beforeEach(() =>
    house.server.database.db.query(sql`
      insert into alarm (kind, severity, state, source_kind, source_id, path, search, raised_at, last_raised_at)
      values ('storeDown', 2, 'unacknowledged', 'platform', 0, '[{"zh": "平台", "en": "Meterwall"}]'::jsonb, 'meterwall', now(), now())`),
  );
  const kinds = (alarms: readonly Alarm[]): string[] =>
    alarms.map(({ kind }) => kind).filter((kind) => kind === 'storeDown');

  test('stands in the list of every property, for those whose right covers the whole group', async () => {
    expect(kinds(await list(house.boss))).toEqual(['storeDown']);
    expect(kinds(await list(house.boss, `?propertyId=${house.propertyId('office')}`))).toEqual(['storeDown']);
    expect(kinds(await list(house.boss, `?gatewayId=${house.gatewayId('GW-1')}`))).toEqual([]);
    expect(kinds(await list(operator))).toEqual([]);
    expect(kinds(await list(builder))).toEqual([]);
  });

  test('belongs to no property, and is acknowledged by those who see it', async () => {
    const [alarm] = await list(house.boss, '?kind=storeDown');
    expect(alarm).toMatchObject({ source: { kind: 'platform', id: 0 }, severity: 2 });
    expect(alarm).not.toHaveProperty('propertyId');
    const id = alarm?.id ?? 0;
    expect((await acknowledge(operator, [id])).map(({ outcome }) => outcome)).toEqual(['not-found']);
    expect((await acknowledge(house.boss, [id])).map(({ outcome }) => outcome)).toEqual(['done']);
  });

  test('without a property there is nothing else, and with one there is no platform', async () => {
    for (const [kind, propertyId] of [
      ['meter', null],
      ['platform', 1],
    ] as const) {
      await expect(
        house.server.database.db.query(sql`
          insert into alarm (property_id, kind, severity, state, source_kind, source_id, path, search, raised_at, last_raised_at)
          values (${propertyId}, 'x', 1, 'unacknowledged', ${kind}, 1, '[]'::jsonb, '', now(), now())`),
      ).rejects.toThrow('alarm_property_check');
    }
  });
});
