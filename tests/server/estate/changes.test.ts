import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway, Meter } from '#contract/index.ts';
import type { EstateEvent } from '#server/modules/estate/index.ts';
import { buildSmallEstate, type SmallEstate } from '../../support/estate.ts';
import { type Client, startTestServer, type TestServer } from '../../support/server.ts';

let server: TestServer;
let admin: Client;
let estate: SmallEstate;
const events: EstateEvent[] = [];
beforeAll(async () => {
  server = await startTestServer();
  admin = await server.signedIn();
  estate = await buildSmallEstate(admin, 'T');
  server.app.estate.onChange((event) => events.push(event));
});
afterEach(() => {
  events.length = 0;
});
afterAll(() => server.stop());

const lineId = () => estate.gateway.lines[0]?.id ?? 0;
const newMeter = (unitAddress: number, more: object = {}) => ({
  lineId: lineId(),
  placeId: estate.rooms[0].id,
  modelId: 'acrel-dtsy1352',
  unitAddress,
  meterNumber: `N${unitAddress}`,
  role: 'tenant',
  ...more,
});
const lastAudit = async () => ((await admin.request('GET', '/api/audit?limit=1')).body as { items: object[] }).items[0];

describe('places', () => {
  test.for<[string, () => object, string]>([
    [
      'a floor in a property',
      () => ({ kind: 'floor', parentId: estate.property.id, names: { en: 'x' } }),
      'place.wrong-parent',
    ],
    [
      'a property in a property',
      () => ({ kind: 'property', parentId: estate.property.id, names: { en: 'x' } }),
      'place.wrong-parent',
    ],
    ['a building nowhere', () => ({ kind: 'building', names: { en: 'x' } }), 'place.wrong-parent'],
    ['no name', () => ({ kind: 'property', names: {} }), 'request.invalid'],
    [
      'a zone that is none',
      () => ({ kind: 'property', names: { en: 'x' }, timeZone: 'Asia/Atlantis' }),
      'request.invalid',
    ],
    ['an offset for a zone', () => ({ kind: 'property', names: { en: 'x' }, timeZone: '+08:00' }), 'request.invalid'],
    [
      'a currency of a building',
      () => ({ kind: 'building', parentId: estate.property.id, names: { en: 'x' }, currency: 'CNY' }),
      'request.invalid',
    ],
  ])('%s is refused', async ([, body, code]) => {
    expect((await admin.request('POST', '/api/places', body())).body).toMatchObject({ code });
  });

  test('one with something in it stays; an empty one goes, with an audit row', async () => {
    const path = `/api/places/${estate.buildings[0].id}`;
    expect(await admin.request('DELETE', path)).toMatchObject({ status: 409, body: { code: 'conflict.in-use' } });
    const made = await admin.request('POST', '/api/places', { kind: 'property', names: { zh: '空' } });
    const { id } = made.body as { id: number };
    expect(made.body).toMatchObject({ timeZone: 'Asia/Shanghai', currency: 'CNY', propertyId: id });
    expect((await admin.request('DELETE', `/api/places/${id}`)).status).toBe(204);
    expect(server.app.estate.place(id)).toBeUndefined();
    expect(await lastAudit()).toMatchObject({
      action: 'place.delete',
      subjectId: String(id),
      before: { names: { zh: '空' } },
    });
  });

  test('renaming is told to the walls of the property and kept with before and after', async () => {
    const path = `/api/places/${estate.rooms[0].id}`;
    await admin.request('PATCH', path, { names: { en: 'T-E1 new' } });
    expect(events).toEqual([{ kind: 'layout', propertyId: estate.property.id }]);
    expect(await lastAudit()).toMatchObject({
      action: 'place.update',
      before: { names: { en: 'T-E1' } },
      after: { names: { en: 'T-E1 new' } },
    });
  });
});

describe('meters', () => {
  test('come, change, go; every step is told to the line and kept', async () => {
    const named = newMeter(20, { overloadLimitW: 5_000, names: { en: 'Lin Tea' } });
    const made = (await admin.request('POST', '/api/meters', named)).body as Meter;
    expect(made).toMatchObject({
      ctRatio: 1,
      ptRatio: 1,
      version: 1,
      gatewayId: estate.gateway.id,
      propertyId: estate.property.id,
    });
    const told = { kind: 'line', lineId: lineId(), propertyId: estate.property.id, gone: false };
    expect(events).toContainEqual(told);
    expect(await lastAudit()).toMatchObject({ action: 'meter.create', propertyId: estate.property.id, after: made });
    const changed = (
      await admin.request('PATCH', `/api/meters/${made.id}`, {
        version: 1,
        unitAddress: 21,
        overloadLimitW: null,
        names: null,
      })
    ).body;
    expect(changed).toMatchObject({ version: 2, unitAddress: 21 });
    expect(changed).not.toHaveProperty('overloadLimitW');
    expect(changed).not.toHaveProperty('names');
    expect(await lastAudit()).toMatchObject({
      action: 'meter.update',
      before: { unitAddress: 20 },
      after: { unitAddress: 21 },
    });
    events.length = 0;
    expect((await admin.request('DELETE', `/api/meters/${made.id}`)).status).toBe(204);
    expect(events).toContainEqual(told);
    expect(await lastAudit()).toMatchObject({ action: 'meter.delete', before: { unitAddress: 21 } });
    expect((await admin.request('GET', `/api/meters/${made.id}`)).status).toBe(404);
    expect(
      (await admin.request('POST', '/api/meters', newMeter(21, { meterNumber: 'N20' }))).status,
      'number and address are free again',
    ).toBe(201);
  });

  test('of two who change the same version, the second one is told', async () => {
    const path = `/api/meters/${estate.meters[1].id}`;
    const answers = await Promise.all(
      ['a', 'b'].map((circuit) => admin.request('PATCH', path, { version: 1, circuit })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'conflict.changed-meanwhile' });
  });

  test.for<[string, () => object, number, string]>([
    ['an address that is taken', () => newMeter(1), 409, 'line.address-taken'],
    ['a number that is taken', () => newMeter(30, { meterNumber: 'T-1' }), 409, 'conflict.duplicate'],
    ['a model that nobody knows', () => newMeter(31, { modelId: 'acme-1' }), 400, 'request.invalid'],
    ['a line that is not there', () => newMeter(32, { lineId: 999_999 }), 404, 'not-found'],
    ['a place that is not there', () => newMeter(33, { placeId: 999_999 }), 404, 'not-found'],
    ['an address beyond the bus', () => newMeter(248), 400, 'request.invalid'],
  ])('%s is refused', async ([, body, status, code]) => {
    expect(await admin.request('POST', '/api/meters', body())).toMatchObject({ status, body: { code } });
    expect(events).toEqual([]);
  });

  test('are found by number, name and room, page by page', async () => {
    const find = async (query: string) =>
      (await admin.request('GET', `/api/meters?${query}`)).body as { items: Meter[]; nextCursor?: string };
    expect((await find('q=t-2')).items.map(({ id }) => id)).toEqual([estate.meters[1].id]);
    expect((await find('q=t-w1%20park')).items.map(({ id }) => id)).toEqual([estate.meters[1].id]);
    expect((await find(`placeId=${estate.buildings[1].id}`)).items.map(({ id }) => id)).toEqual([estate.meters[1].id]);
    const first = await find('limit=1');
    expect(first.items.map(({ id }) => id)).toEqual([estate.meters[0].id]);
    expect((await find(`limit=1&cursor=${first.nextCursor}`)).items.map(({ id }) => id)).toEqual([estate.meters[1].id]);
    expect(await find('q=nothing-like-it')).toEqual({ items: [] });
  });
});

describe('gateways', () => {
  const line = (name: string, more: object = {}) => ({
    name,
    transport: { kind: 'rtu-over-tcp', host: '10.0.0.9', port: 8001 },
    ...more,
  });

  test('all or nothing: a bad meter leaves no gateway', async () => {
    const lines = [
      line('1', {
        meters: [
          { ...newMeter(1), lineId: undefined, meterNumber: 'G1' },
          { ...newMeter(1), lineId: undefined, meterNumber: 'G2' },
        ],
      }),
    ];
    const answer = await admin.request('POST', '/api/gateways', {
      propertyId: estate.property.id,
      code: 'GW-BAD',
      lines,
    });
    expect(answer).toMatchObject({ status: 409, body: { code: 'line.address-taken' } });
    expect(JSON.stringify((await admin.request('GET', '/api/gateways')).body)).not.toContain('GW-BAD');
  });

  test('lines are added, changed and removed by one change; the version rises', async () => {
    const made = (
      await admin.request('POST', '/api/gateways', {
        propertyId: estate.property.id,
        code: 'GW-L',
        lines: [line('1'), line('2')],
      })
    ).body as Gateway;
    const [one] = made.lines;
    const lines = [line('1', { id: one?.id, serial: { baud: 2400, parity: 'even', stopBits: 1 } }), line('3')];
    const changed = (await admin.request('PATCH', `/api/gateways/${made.id}`, { version: made.version, lines }))
      .body as Gateway;
    expect(changed.version).toBe(made.version + 1);
    expect(changed.lines.map(({ name, serial }) => `${name} ${serial.baud}`)).toEqual(['1 2400', '3 9600']);
    // The zone is the property's: a meter's clock is judged by it.
    expect(server.app.estate.lineConfig(one?.id ?? 0)).toMatchObject({
      serial: { baud: 2400 },
      name: 'GW-L/1',
      timeZone: 'Asia/Shanghai',
    });
    expect(events).toContainEqual({
      kind: 'line',
      lineId: made.lines[1]?.id,
      propertyId: estate.property.id,
      gone: true,
    });
    expect(
      (await admin.request('PATCH', `/api/gateways/${made.id}`, { version: made.version, enabled: false })).status,
    ).toBe(409);
    await admin.request('PATCH', `/api/gateways/${made.id}`, { version: changed.version, enabled: false });
    expect(server.app.estate.lineConfig(one?.id ?? 0), 'a disabled gateway is not run').toBeUndefined();
    expect(server.app.estate.line(one?.id ?? 0)?.link).toBe('stopped');
  });

  test('null takes a name and a place away, a field left out stays as it was', async () => {
    const names = { zh: '一层', en: 'Ground' };
    const made = (
      await admin.request('POST', '/api/gateways', {
        propertyId: estate.property.id,
        placeId: estate.buildings[0].id,
        code: 'GW-N',
        names,
        lines: [line('1')],
      })
    ).body as Gateway;
    const path = `/api/gateways/${made.id}`;
    const kept = (await admin.request('PATCH', path, { version: made.version, code: 'GW-N2' })).body as Gateway;
    expect(kept).toMatchObject({ names, placeId: estate.buildings[0].id });
    const bare = (await admin.request('PATCH', path, { version: kept.version, names: null, placeId: null })).body;
    expect(bare).not.toHaveProperty('names');
    expect(bare).not.toHaveProperty('placeId');
  });

  test('one with meters goes only when told so', async () => {
    const meters = [{ ...newMeter(1), lineId: undefined, meterNumber: 'D1' }];
    const made = (
      await admin.request('POST', '/api/gateways', {
        propertyId: estate.property.id,
        code: 'GW-D',
        lines: [line('1', { meters })],
      })
    ).body as Gateway;
    expect((await admin.request('PATCH', `/api/gateways/${made.id}`, { version: 1, lines: [line('9')] })).status).toBe(
      409,
    );
    expect(await admin.request('DELETE', `/api/gateways/${made.id}`)).toMatchObject({
      status: 409,
      body: { code: 'conflict.in-use' },
    });
    expect((await admin.request('DELETE', `/api/gateways/${made.id}?withMeters=true`)).status).toBe(204);
    expect((await admin.request('GET', '/api/meters?q=D1')).body).toEqual({ items: [] });
    expect(await lastAudit()).toMatchObject({ action: 'gateway.delete', before: { code: 'GW-D' } });
  });

  test.for<[string, object]>([
    ['an address that is none', { kind: 'modbus-tcp', host: '999.1.1.1', port: 502 }],
    ['a name that is none', { kind: 'modbus-tcp', host: '-x-', port: 502 }],
    ['a device outside /dev', { kind: 'serial', path: '/etc/passwd' }],
    ['a path upwards', { kind: 'serial', path: '/dev/../etc/passwd' }],
    ['no port', { kind: 'modbus-tcp', host: 'gw1' }],
  ])('%s is refused', async ([, transport]) => {
    const body = { propertyId: estate.property.id, code: 'GW-X', lines: [{ name: '1', transport }] };
    expect(await admin.request('POST', '/api/gateways', body)).toMatchObject({
      status: 400,
      body: { code: 'request.invalid' },
    });
  });
});

test('polling periods come from the nearest that sets them', async () => {
  const profile = () => server.app.estate.meter(estate.meters[0].id);
  const periods = () => [profile()?.livePollMs, profile()?.registerPollMs];
  expect(periods()).toEqual([10_000, 1_800_000]);
  await admin.request('PATCH', `/api/places/${estate.property.id}`, {
    polling: { livePollMs: 5_000, registerPollMs: 900_000 },
  });
  expect(periods()).toEqual([5_000, 900_000]);
  expect(events).toContainEqual({ kind: 'line', lineId: lineId(), propertyId: estate.property.id, gone: false });
  const { version } = server.app.estate.gateway(estate.gateway.id) ?? { version: 0 };
  await admin.request('PATCH', `/api/gateways/${estate.gateway.id}`, { version, polling: { livePollMs: 3_000 } });
  expect(periods()).toEqual([3_000, 900_000]);
});
