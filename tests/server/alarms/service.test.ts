import sql from 'sql-template-tag';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Alarm, AlarmChild, AlarmFigures, AlarmSettings, OutOfService } from '#contract/index.ts';
import { type HouseServer, startHouseServer } from '../../support/houseServer.ts';
import type { Client } from '../../support/server.ts';

const MINUTE_MS = 60_000;

let house: HouseServer;
let engineer: Client;
let operator: Client;
let electrician: Client;
let mall: number;
beforeAll(async () => {
  house = await startHouseServer();
  engineer = await house.userWith('engineer', 'property', 'mall');
  operator = await house.userWith('operator', 'property', 'mall');
  electrician = await house.userWith('electrician', 'building', 'B');
  mall = house.propertyId('mall');
});
afterAll(() => house.stop());

const { stringify } = JSON;
const settle = () => house.server.app.measuring.alarms.flush();
const say = (number: string, money: 'normal' | 'arrears'): void =>
  house.take(house.reading(number, { status: { relay: 'closed', forced: 'none', money } }));
async function endOf(number: string): Promise<void> {
  for (let reading = 0; reading < 3; reading += 1) say(number, 'normal');
  await settle();
}
const states = async (query: string): Promise<string[]> => {
  const { body } = await house.boss.request('GET', `/api/alarms?${query}`);
  return (body as { items: Alarm[] }).items.map(({ label, kind, state }) => `${label?.en} ${kind} ${state}`);
};

describe('settings of a property', () => {
  const read = async (client = engineer): Promise<AlarmSettings> => {
    const { status, body } = await client.request('GET', `/api/alarms/settings?propertyId=${mall}`);
    expect(status).toBe(200);
    return body as AlarmSettings;
  };
  const delayOf = ({ delays }: AlarmSettings, kind: string) => delays.find((delay) => delay.kind === kind);

  test('are the usual ones until somebody sets them, kind by kind; the platform is not among them', async () => {
    const settings = await read(electrician);
    expect(settings).toMatchObject({
      ...{ version: 0, chatter: { times: 3, windowMinutes: 10 }, suppressNotOpened: true, operators: 1 },
      shiftStarts: ['00:00', '08:00', '16:00'],
    });
    expect(delayOf(settings, 'overload')).toMatchObject({ raiseAfterS: 60, clearAfterS: 60, defaultRaiseAfterS: 60 });
    expect(delayOf(settings, 'storeDown')).toBeUndefined();
  });

  test('are changed in parts, with a version, audited, and hold at once', async () => {
    const { version } = await read();
    const relay = { kind: 'relayDisagrees', raiseAfterS: 0, clearAfterS: 0 };
    const change = { propertyId: mall, version, delays: [relay], operators: 2, suppressNotOpened: false };
    const { status, body } = await engineer.request('PUT', '/api/alarms/settings', change);
    expect({ status, body }).toMatchObject({ status: 200, body: { version: version + 1, operators: 2 } });
    expect(delayOf(await read(), 'relayDisagrees')).toMatchObject({ raiseAfterS: 0, defaultRaiseAfterS: 20 });
    expect(await read()).toMatchObject({ chatter: { times: 3 } });
    // Twice in a row is enough now, and no twenty seconds.
    const open = { status: { relay: 'open', forced: 'closed', money: 'normal' } } as const;
    house.take(house.reading('b1', open));
    house.take(house.reading('b1', open));
    await settle();
    expect(await states('kind=relayDisagrees')).toEqual(['b1 relayDisagrees unacknowledged']);
    const late = await engineer.request('PUT', '/api/alarms/settings', change);
    expect(late).toMatchObject({ status: 409, body: { code: 'conflict.changed-meanwhile' } });
    const audited = await house.server.database.db.query(sql`
      select user_name, property_id from audit where action = 'alarmSettings.update'`);
    expect(audited).toEqual([{ user_name: 'user1', property_id: mall }]);
  });

  test.each([
    [{ shiftStarts: ['08:00', '00:00'] }, 'shiftStarts'],
    [{ delays: [{ kind: 'storeDown', raiseAfterS: 1, clearAfterS: 1 }] }, 'delays/0/kind'],
    [{ delays: [{ kind: 'overload', raiseAfterS: 3_601, clearAfterS: 1 }] }, 'delays'],
    [{ chatter: { times: 1, windowMinutes: 5 } }, 'chatter'],
    [{ operators: 0 }, 'operators'],
    [{ loudness: 11 }, 'loudness'],
  ])('%j is refused with the field', async (change, field) => {
    const { version } = await read();
    const { status, body } = await engineer.request('PUT', '/api/alarms/settings', {
      propertyId: mall,
      version,
      ...change,
    });
    expect(status).toBe(400);
    expect(stringify((body as { details: unknown }).details)).toContain(field);
    expect((await read()).version).toBe(version);
  });

  test('are changed by those who may, in their property', async () => {
    const change = { propertyId: mall, version: 0 };
    expect((await operator.request('PUT', '/api/alarms/settings', change)).status).toBe(403);
    const office = { propertyId: house.propertyId('office'), version: 0 };
    expect((await engineer.request('PUT', '/api/alarms/settings', office)).status).toBe(404);
  });
});

describe('out of service', () => {
  const take = (client: Client, source: object, more: object = {}) =>
    client.request('POST', '/api/alarms/out-of-service', { source, reason: 'rewiring', ...more });
  const list = async (query = ''): Promise<OutOfService[]> => {
    const { body } = await operator.request('GET', `/api/alarms/out-of-service${query}`);
    return (body as { items: OutOfService[] }).items;
  };
  beforeEach(async () => {
    for (const number of ['a1', 'a2', 'b1']) await endOf(number);
    await house.server.database.db.query(sql`delete from alarm`);
  });

  test('a line with everything behind it: what is there is held back, what comes too, until a person ends it', async () => {
    say('a1', 'arrears');
    await settle();
    const source = { kind: 'line', id: house.lineId('GW-1', '1') };
    const { status, body } = await take(operator, source);
    expect({ status, body }).toMatchObject({ status: 201, body: { by: 'User 2', reason: 'rewiring', heldAlarms: 1 } });
    expect((await take(operator, source)).status).toBe(409);
    say('a2', 'arrears');
    say('b1', 'arrears');
    await settle();
    expect(await states('state=outOfService&kind=arrears')).toEqual([
      'a2 arrears outOfService',
      'a1 arrears outOfService',
    ]);
    expect(await states('state=current&kind=arrears')).toEqual(['b1 arrears unacknowledged']);
    expect(await list(`?propertyId=${mall}`)).toMatchObject([{ source, heldAlarms: 2 }]);
    await endOf('a2');
    const { id } = body as OutOfService;
    const ended = await operator.request('POST', `/api/alarms/out-of-service/${id}/end`, { note: 'done' });
    expect(ended).toMatchObject({ status: 200, body: { endedBy: 'User 2', heldAlarms: 0 } });
    expect(await states('state=all&kind=arrears')).toEqual([
      ...['b1 arrears unacknowledged', 'a2 arrears closed', 'a1 arrears unacknowledged'],
    ]);
    expect(await list()).toEqual([]);
    expect(await list('?ended=true')).toMatchObject([{ id }]);
    const audited = await house.server.database.db.query<{ action: string }>(sql`
      select action from audit where subject_kind = 'outOfService' and subject_id = ${String(id)} order by id`);
    expect(audited.map(({ action }) => action)).toEqual(['outOfService.begin', 'outOfService.end']);
  });

  test('ends by itself at its time', async () => {
    const source = { kind: 'meter', id: house.meterId('b1') };
    // On a slow machine a short outage is over before it is asked for.
    const begin = () => take(electrician, source, { until: new Date(Date.now() + 1_000).toISOString() });
    for (let { status } = await begin(); status !== 201; { status } = await begin()) expect(status).toBe(400);
    say('b1', 'arrears');
    await settle();
    await expect
      .poll(() => states('state=all&kind=arrears'), { timeout: 20_000 })
      .toEqual(['b1 arrears unacknowledged']);
    await expect.poll(() => list(), { timeout: 20_000 }).toEqual([]);
    const [ended] = await list('?ended=true');
    expect(ended).not.toHaveProperty('endedBy');
  });

  test('has an end in the future, and is for things within the right', async () => {
    const source = { kind: 'meter', id: house.meterId('b1') };
    const past = await take(operator, source, { until: '2026-01-01T00:00:00Z' });
    expect(past).toMatchObject({ status: 400, body: { details: [{ field: 'until' }] } });
    expect((await take(electrician, { kind: 'meter', id: house.meterId('a1') })).status).toBe(404);
    expect((await take(operator, { kind: 'gateway', id: house.gatewayId('GW-3') })).status).toBe(404);
    expect((await operator.request('POST', '/api/alarms/out-of-service/999999/end', {})).status).toBe(404);
  });
});

describe('figures of a shift', () => {
  /** A shift of long ago, in which nothing else happened. */
  const FROM_MS = Date.parse('2026-03-02T08:00:00Z');
  const figures = async (client: Client, at: string) => {
    const { status, body } = await client.request('GET', `/api/alarms/figures?propertyId=${mall}&at=${at}`);
    expect({ status, body }).toMatchObject({ status: 200 });
    return body as AlarmFigures;
  };
  /** Raised `times` times, a minute apart, from that minute of the shift on. */
  async function raise(number: string, minute: number, times: number, state = 'unacknowledged'): Promise<void> {
    const { db } = house.server.database;
    const place = sql`${mall}, ${house.placeId(number === 'b1' ? 'B' : 'A')}, 'overload'`;
    const source = sql`'meter', ${house.meterId(number)}`;
    for (let time = 0; time < times; time += 1) {
      const at = new Date(FROM_MS + (minute + time) * MINUTE_MS);
      await db.query(sql`
        with raised as (
          insert into alarm (property_id, building_id, kind, severity, state, source_kind, source_id, path, label, search,
            raised_at, last_raised_at, cleared_at, closed_at)
          select ${place}, 2, 'closed', ${source}, '[]'::jsonb, jsonb_build_object('en', ${number}::text), '', ${at}, ${at},
            ${at}, ${at} returning id)
        insert into alarm_event (alarm_id, property_id, building_id, kind, source_kind, source_id, event, at, state)
        select id, ${place}, ${source}, 'raised', ${at}, ${state} from raised`);
    }
  }
  beforeAll(async () => {
    // 12 in the first ten minutes with both, 5 in the next, then quiet; two that a shelf held back do not count.
    await raise('a1', 0, 10);
    await raise('a2', 3, 2);
    await raise('b1', 12, 5);
    await raise('a2', 30, 2, 'shelved');
    await raise('a1', -1, 1);
  });

  test('are counted from the rows of that shift, in the zone of the property', async () => {
    const got = await figures(engineer, '2026-03-02T12:00:00Z');
    expect(got.shift).toEqual({
      ...{
        index: 2,
        from: '2026-03-02T08:00:00.000Z',
        to: '2026-03-02T16:00:00.000Z',
        until: '2026-03-02T16:00:00.000Z',
      },
    });
    expect(got.perMinute).toHaveLength(480);
    expect(got.perMinute.slice(0, 18)).toEqual([1, 1, 1, 2, 2, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0]);
    expect(got.per10Min.slice(0, 3)).toEqual([12, 5, 0]);
    expect(got).toMatchObject({ raised: 17, peakPer10Min: 12, averagePer10Min: 170 / 480, operators: 2 });
    expect(got.mostFrequent.map(({ label, raised, share }) => `${label?.en} ${raised} ${share.toFixed(3)}`)).toEqual([
      ...['a1 10 0.588', 'b1 5 0.294', 'a2 2 0.118'],
    ]);
    // Two operators take twenty.
    expect(got.floods).toEqual([]);
    const { version } = (await engineer.request('GET', `/api/alarms/settings?propertyId=${mall}`))
      .body as AlarmSettings;
    await engineer.request('PUT', '/api/alarms/settings', { propertyId: mall, version, operators: 1 });
    expect(await figures(engineer, '2026-03-02T12:00:00Z')).toMatchObject({
      floods: [{ from: '2026-03-02T08:00:00.000Z', to: '2026-03-02T08:20:00.000Z', raised: 17 }],
      ...{ floodMinutes: 20, floodShare: 20 / 480 },
    });
  });

  test('of a building are those of the building', async () => {
    const got = await figures(electrician, '2026-03-02T12:00:00Z');
    expect(got).toMatchObject({ raised: 5, peakPer10Min: 5 });
  });

  test('of now go until now, with what stands', async () => {
    await house.server.database.db.query(sql`delete from alarm where state <> 'closed'`);
    await endOf('a1');
    say('a1', 'arrears');
    await settle();
    const got = await figures(engineer, new Date().toISOString());
    expect(Date.parse(got.shift.until)).toBeLessThan(Date.parse(got.shift.to));
    expect(got).toMatchObject({ standing: 1, standingLong: 0 });
    await house.server.database.db.query(sql`
      update alarm set last_raised_at = now() - interval '25 hours' where state = 'unacknowledged'`);
    expect(await figures(engineer, new Date().toISOString())).toMatchObject({ standing: 1, standingLong: 1 });
  });

  test('are none of the future, and none of a property of others', async () => {
    const future = await engineer.request('GET', `/api/alarms/figures?propertyId=${mall}&at=2099-01-01T00:00:00Z`);
    expect(future).toMatchObject({ status: 400, body: { details: [{ field: 'at' }] } });
    const office = await engineer.request('GET', `/api/alarms/figures?propertyId=${house.propertyId('office')}`);
    expect(office.status).toBe(404);
  });
});

test('the meters behind a lost line are named, page by page, as far as the right goes', async () => {
  const lineId = house.lineId('GW-1', '1');
  const [row] = await house.server.database.db.query<{ id: number }>(sql`
    insert into alarm (property_id, kind, severity, state, source_kind, source_id, line_id, path, search, raised_at,
      last_raised_at)
    values (${mall}, 'lineLost', 3, 'unacknowledged', 'line', ${lineId}, ${lineId}, '[]'::jsonb, '', now(), now())
    returning id`);
  const children = async (client: Client, query = '') =>
    client.request('GET', `/api/alarms/${row?.id}/children${query}`) as Promise<{
      readonly status: number;
      readonly body: { readonly items: AlarmChild[]; readonly nextCursor?: string };
    }>;
  const { body } = await children(operator, '?limit=1');
  expect(body.items).toMatchObject([
    { meterId: house.meterId('a1'), meterNumber: 'a1', path: [{}, {}, {}, { en: 'A-101' }] },
  ]);
  const next = await children(operator, `?cursor=${body.nextCursor}`);
  expect(next.body.items.map(({ meterNumber }) => meterNumber)).toEqual(['a2']);
  expect(next.body).not.toHaveProperty('nextCursor');
  expect((await children(electrician)).status).toBe(404);
});
