import { randomUUID } from 'node:crypto';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Alarm, AlarmEvent, AlarmOutcome } from '#contract/index.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';

const HOUR_MS = 3_600_000;

let house: HouseServer;
let operator: Client;
let electrician: Client;
let viewer: Client;
beforeAll(async () => {
  house = await startHouseServer();
  operator = await house.userWith('operator', 'property', 'mall');
  electrician = await house.userWith('electrician', 'building', 'B');
  viewer = await house.userWith('viewer', 'group');
  // Every test raises the same alarms again.
  const chatter = { times: 50, windowMinutes: 1 };
  const settings = { propertyId: house.propertyId('mall'), version: 0, chatter };
  await house.boss.request('PUT', '/api/alarms/settings', settings);
});
afterAll(() => house.stop());

const say = (number: string, money: 'normal' | 'arrears' | 'alarm1' | 'alarm2'): void =>
  house.take(house.reading(number, { status: { relay: 'closed', forced: 'none', money } }));
const settle = () => house.server.app.measuring.alarms.flush();
async function endOf(number: string): Promise<void> {
  for (let reading = 0; reading < 3; reading += 1) say(number, 'normal');
  await settle();
}

/** a1 in arrears (high), a2 low, b1 medium. */
beforeEach(async () => {
  for (const number of ['a1', 'a2', 'b1', 'o1']) await endOf(number);
  await house.server.database.db.query(sql`delete from alarm`);
  say('a1', 'arrears');
  say('a2', 'alarm1');
  say('b1', 'alarm2');
  await settle();
});

async function alarmOf(number: string, client = house.boss): Promise<Alarm> {
  const { body } = await client.request('GET', `/api/alarms?state=all&meterId=${house.meterId(number)}&limit=1`);
  const [alarm] = (body as { items: Alarm[] }).items;
  if (alarm === undefined) throw new Error(`no alarm of ${number}`);
  return alarm;
}
/** Of the alarms above; a meter that never answers raises others in time. */
const labels = async (query: string, client = house.boss): Promise<string[]> => {
  const { status, body } = await client.request('GET', `/api/alarms?${query}`);
  expect(status).toBe(200);
  const items = (body as { items: Alarm[] }).items.filter(({ kind }) => kind !== 'meterLost');
  return items.map(({ label }) => label?.en ?? '').toSorted();
};
async function act(
  client: Client,
  verb: string,
  numbers: readonly string[],
  more: object = {},
): Promise<AlarmOutcome[]> {
  const ids = await Promise.all(numbers.map(async (number) => (await alarmOf(number)).id));
  const { status, body } = await client.request('POST', `/api/alarms/${verb}`, { ids, ...more });
  expect({ status, body }).toMatchObject({ status: 200 });
  return (body as { items: AlarmOutcome[] }).items;
}
const short = (outcomes: readonly AlarmOutcome[]): string[] =>
  outcomes.map(({ outcome, why }) => (why === undefined ? outcome : `${outcome}: ${why}`));
const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR_MS).toISOString();
async function eventsOf(number: string): Promise<AlarmEvent[]> {
  const { body } = await house.boss.request('GET', `/api/alarms/${(await alarmOf(number)).id}`);
  return (body as { events: AlarmEvent[] }).events;
}
const userId = async (name: string): Promise<number> => {
  const [row] = await house.server.database.db.query<{ id: number }>(sql`select id from app_user where name = ${name}`);
  return row?.id ?? 0;
};

describe('the shelf', () => {
  test('has an end, a name and a reason, at most as far away as the severity allows', async () => {
    const outcomes = await act(operator, 'shelve', ['a1', 'a2', 'b1'], { until: inHours(13), note: 'premiere' });
    expect(short(outcomes)).toEqual(['refused: shelf-too-long', 'done', 'done']);
    expect(await alarmOf('b1')).toMatchObject({
      state: 'shelved',
      active: true,
      shelf: { by: 'User 1', reason: 'premiere' },
    });
    expect(short(await act(operator, 'shelve', ['a1', 'a2', 'b1'], { until: inHours(24 * 8) }))).toEqual([
      ...['refused: shelf-too-long', 'done', 'refused: shelf-too-long'],
    ]);
    expect(short(await act(operator, 'shelve', ['a1'], { until: inHours(-1) }))).toEqual(['refused: shelf-over']);
    expect(short(await act(operator, 'acknowledge', ['b1']))).toEqual(['refused: shelved']);
    expect(await labels('state=shelved')).toEqual(['a2', 'b1']);
    expect(await labels('state=current')).toEqual(['a1', 'a2', 'b1']);
  });

  test('ends by itself', async () => {
    // On a slow machine a short shelf is over before it is asked for.
    for (let outcome = ''; outcome !== 'done'; ) {
      [outcome = ''] = short(await act(operator, 'shelve', ['a1'], { until: inHours(1 / 3_600) }));
    }
    await expect.poll(async () => (await alarmOf('a1')).state, { timeout: 20_000 }).toBe('unacknowledged');
    expect(await alarmOf('a1')).not.toHaveProperty('shelf');
    const [ended] = await eventsOf('a1');
    expect(ended).toMatchObject({ event: 'unshelved', state: 'unacknowledged' });
    expect(ended).not.toHaveProperty('by');
  });

  test('is ended by a person, and what was not there cannot be', async () => {
    await act(operator, 'shelve', ['a1'], { until: inHours(1) });
    await endOf('a1');
    const outcomes = await act(operator, 'unshelve', ['a1', 'a2']);
    expect(short(outcomes)).toEqual(['done', 'refused: not-shelved']);
    expect((await alarmOf('a1')).state).toBe('closed');
  });
});

describe('clearing', () => {
  test('closes what is gone; what still holds says so; twice is no mistake', async () => {
    await endOf('a1');
    const outcomes = await act(operator, 'clear', ['a1', 'a2'], { note: 'paid at the desk' });
    expect(short(outcomes)).toEqual(['done', 'refused: still-holds']);
    expect(await alarmOf('a1')).toMatchObject({ state: 'closed', closedBy: 'User 1', note: 'paid at the desk' });
    expect(short(await act(operator, 'clear', ['a1']))).toEqual(['already']);
  });

  test('a kind that is reset by hand is closed while it holds, and not raised again for the same', async () => {
    const meterId = house.meterId('a1');
    const kinds = ['downloadFailed'];
    const { db } = house.server.database;
    const source = sql`'meter', ${meterId}, '[]'::jsonb, '', now(), now()`;
    await db.query(sql`
      insert into alarm (property_id, kind, severity, state, source_kind, source_id, path, search, raised_at, last_raised_at)
      values (${house.propertyId('mall')}, ${kinds[0]}, 2, 'unacknowledged', ${source})`);
    expect(short(await act(operator, 'clear', ['a1']))).toEqual(['done']);
    expect(await alarmOf('a1')).toMatchObject({ kind: 'downloadFailed', state: 'closed', active: false });
    const stored = await db.query(sql`select still_holds from alarm where kind = 'downloadFailed'`);
    expect(stored).toEqual([{ still_holds: true }]);
  });
});

describe('notes and who has it', () => {
  test('many notes, the last one in the list and all of them in the history; text is found', async () => {
    for (const note of ['key at the guard', '冰场两台压缩机同开']) await act(electrician, 'note', ['b1'], { note });
    expect((await alarmOf('b1')).note).toBe('冰场两台压缩机同开');
    const noted = (await eventsOf('b1')).filter(({ event }) => event === 'noted');
    expect(noted.map(({ note, by }) => `${by}: ${note}`)).toEqual([
      ...['User 2: 冰场两台压缩机同开', 'User 2: key at the guard'],
    ]);
    expect(await labels(`q=${encodeURIComponent('压缩机')}`)).toEqual(['b1']);
  });

  test('is given to somebody with alarm rights there, found as mine, and taken away', async () => {
    const me = await userId('user1');
    const other = await userId('user2');
    expect(short(await act(operator, 'assign', ['a1', 'b1'], { userId: other }))).toEqual([
      ...['refused: assignee-has-no-right', 'done'],
    ]);
    expect(short(await act(operator, 'assign', ['a1'], { userId: me }))).toEqual(['done']);
    expect(short(await act(operator, 'assign', ['a1'], { userId: me }))).toEqual(['already']);
    expect(await labels('assigned=me', operator)).toEqual(['a1']);
    expect(await labels(`assignedTo=${other}`)).toEqual(['b1']);
    expect(await labels('assigned=nobody')).toEqual(['a2']);
    expect((await operator.request('GET', '/api/alarms/counts')).body).toMatchObject({ mine: 1 });
    await act(operator, 'assign', ['a1'], { userId: null });
    expect(await labels('assigned=somebody')).toEqual(['b1']);
    expect((await eventsOf('a1')).map(({ event, assignee }) => `${event} ${assignee ?? ''}`)).toEqual([
      ...['assigned ', 'assigned User 1', 'raised '],
    ]);
  });

  test('those who can have alarms are named, for a property and for a building', async () => {
    const names = async (query: string) => {
      const { body } = await operator.request('GET', `/api/alarms/assignees?${query}`);
      return (body as { items: { name: string }[] }).items
        .map(({ name }) => name)
        .filter((name) => name.startsWith('User'));
    };
    const property = `propertyId=${house.propertyId('mall')}`;
    expect(await names(property)).toEqual(['User 1']);
    expect(await names(`${property}&placeId=${house.placeId('B-101')}`)).toEqual(['User 1', 'User 2']);
    const foreign = await operator.request('GET', `/api/alarms/assignees?propertyId=${house.propertyId('office')}`);
    expect(foreign.status).toBe(404);
  });
});

describe('a queue that was sent when the signal came back', () => {
  test('twice does no harm: the same outcomes, one event', async () => {
    const requestId = randomUUID();
    const first = await act(electrician, 'note', ['b1'], { requestId, note: 'fuse replaced' });
    const second = await act(electrician, 'note', ['b1'], { requestId, note: 'fuse replaced' });
    expect(short(second)).toEqual(short(first));
    expect((await eventsOf('b1')).filter(({ event }) => event === 'noted')).toHaveLength(1);
    const ids = [(await alarmOf('b1')).id];
    const other = await electrician.request('POST', '/api/alarms/note', { ids, requestId, note: 'something else' });
    expect(other).toMatchObject({ status: 409, body: { code: 'request.key-reused' } });
    const stranger = await operator.request('POST', '/api/alarms/note', { ids, requestId, note: 'fuse replaced' });
    expect(stranger.status).toBe(409);
  });

  test('keeps the time at which it was done beside the time of arrival', async () => {
    const doneAt = new Date(Date.now() - 5 * 60_000).toISOString();
    await act(electrician, 'acknowledge', ['b1'], { doneAt });
    const [event] = await eventsOf('b1');
    expect(event).toMatchObject({ event: 'acknowledged', doneAt, by: 'User 2' });
    expect(Date.parse(event?.at ?? '')).toBeGreaterThan(Date.parse(doneAt));
  });

  test.each([
    ['in the future', 0.1, 'lies in the future'],
    ['more than a day ago', -24.1, 'more than 24 hours ago'],
  ])('is refused %s', async (_what, hours, message) => {
    const ids = [(await alarmOf('b1')).id];
    const { status, body } = await electrician.request('POST', '/api/alarms/acknowledge', {
      ids,
      doneAt: inHours(hours),
    });
    expect({ status, body }).toMatchObject({ status: 400, body: { details: [{ field: 'doneAt' }] } });
    expect(JSON.stringify(body)).toContain(message);
    expect((await alarmOf('b1')).state).toBe('unacknowledged');
  });

  test('does not acknowledge what came again since', async () => {
    await endOf('b1');
    say('b1', 'alarm2');
    await settle();
    const outcomes = await act(electrician, 'acknowledge', ['b1'], { doneAt: inHours(-1) });
    expect(short(outcomes)).toEqual(['refused: raised-again']);
    expect(await alarmOf('b1')).toMatchObject({ state: 'unacknowledged', occurrences: 2 });
  });
});

test('each action is audited with the person, in the property', async () => {
  await act(operator, 'shelve', ['a2'], { until: inHours(1), note: 'noise' });
  await act(operator, 'note', ['a2'], { note: 'new meter on Friday' });
  const rows = await house.server.database.db.query<{ action: string; user_name: string; property_id: number }>(sql`
    select action, user_name, property_id from audit where subject_kind = 'alarm'
      and subject_id = ${String((await alarmOf('a2')).id)} order by id`);
  const mall = house.propertyId('mall');
  expect(rows).toEqual([
    { action: 'alarm.shelve', user_name: 'user1', property_id: mall },
    { action: 'alarm.note', user_name: 'user1', property_id: mall },
  ]);
});

test('what lies outside the right is not found, one by one; without the right nothing is done', async () => {
  expect(short(await act(electrician, 'note', ['a1', 'b1'], { note: 'x' }))).toEqual(['not-found', 'done']);
  for (const verb of ['note', 'shelve', 'unshelve', 'assign', 'clear', 'acknowledge']) {
    const { status } = await viewer.request('POST', `/api/alarms/${verb}`, { ids: [1] });
    expect(status).toBe(403);
  }
});

describe('the history', () => {
  test('is found by place, period, state and cause', async () => {
    expect(await labels(`placeId=${house.placeId('A')}`)).toEqual(['a1', 'a2']);
    expect(await labels(`placeId=${house.placeId('A-102')}`)).toEqual(['a2']);
    expect(await labels(`from=${inHours(-1)}&to=${inHours(1)}`)).toEqual(['a1', 'a2', 'b1']);
    expect(await labels(`to=${inHours(-1)}`)).toEqual([]);
    await act(operator, 'acknowledge', ['a1']);
    expect(await labels('state=acknowledged')).toEqual(['a1']);
    expect(await labels('state=unacknowledged')).toEqual(['a2', 'b1']);
    expect(await labels('causeId=1')).toEqual([]);
    expect((await house.boss.request('GET', '/api/alarms?state=wrong')).status).toBe(400);
  });

  test('is found by whoever had to do with it, also after its end, and by whoever has it', async () => {
    const [me, other] = [await userId('user1'), await userId('user2')];
    await act(operator, 'acknowledge', ['a1']);
    await endOf('a1');
    await act(operator, 'assign', ['b1'], { userId: other });
    expect(await labels(`state=all&handledBy=${me}`)).toEqual(['a1', 'b1']);
    expect(await labels(`state=closed&handledBy=${me}`)).toEqual(['a1']);
    expect(await labels(`state=all&handledBy=${other}`)).toEqual(['b1']);
    expect(await labels('state=all&handledBy=999999')).toEqual([]);
  });

  test('of one alarm is newest first, and nobody else sees it', async () => {
    await act(operator, 'acknowledge', ['a1'], { note: 'called' });
    await endOf('a1');
    expect((await eventsOf('a1')).map(({ event, state }) => `${event} ${state}`)).toEqual([
      ...['cleared closed', 'acknowledged acknowledged', 'raised unacknowledged'],
    ]);
    const { status } = await electrician.request('GET', `/api/alarms/${(await alarmOf('a1')).id}`);
    expect(status).toBe(404);
  });
});
