import type { TSchema } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyRoute } from '#contract/index.ts';
import { CONTRACTS } from '../../support/contracts.ts';
import { buildSmallEstate, type SmallEstate } from '../../support/estate.ts';
import { sampleOf } from '../../support/samples.ts';
import { type Client, startTestServer, type TestServer } from '../../support/server.ts';

const PASSWORD = 'correct-horse-battery';
let server: TestServer;
let own: SmallEstate;
let foreign: SmallEstate;
let stranger: Client;
let powerless: Client;
beforeAll(async () => {
  server = await startTestServer();
  const admin = await server.signedIn();
  own = await buildSmallEstate(admin, 'OWN');
  foreign = await buildSmallEstate(admin, 'FOREIGN');
  const add = (user: string, grants: object[]) =>
    admin.request('POST', '/api/users', { user, displayName: user, password: PASSWORD, grants });
  await add('own-admin', [{ role: 'administrator', scope: 'property', placeId: own.property.id }]);
  await add('powerless', []);
  stranger = await server.signedIn('own-admin', PASSWORD);
  powerless = await server.signedIn('powerless', PASSWORD);
});
afterAll(() => server.stop());

/** Each thing that is named has an outcome of its own. */
const PER_ITEM = new Set([
  ...['acknowledgeAlarms', 'noteAlarms', 'shelveAlarms', 'unshelveAlarms', 'assignAlarms', 'clearAlarms'],
  ...['previewBatch', 'giveBatch'],
]);
const withPermission = CONTRACTS.filter(([, { access }]) => access !== 'public' && access !== 'self');
/** Path parameters that name a part of the estate. */
const foreignIds = (): Record<string, number> => ({
  placeId: foreign.rooms[0].id,
  gatewayId: foreign.gateway.id,
  lineId: foreign.gateway.lines[0]?.id ?? 0,
  meterId: foreign.meters[0].id,
  propertyId: foreign.property.id,
});
/** A body that would be good for somebody with the right. */
const goodBody = (name: string, route: AnyRoute): unknown => {
  const meter = {
    placeId: foreign.rooms[0].id,
    modelId: 'acrel-dtsy1352',
    unitAddress: 9,
    meterNumber: 'x',
    role: 'tenant',
  };
  const bodies: Record<string, object> = {
    createPlace: { kind: 'building', parentId: foreign.property.id, names: { en: 'x' } },
    updatePlace: { names: { en: 'x' } },
    createGateway: {
      propertyId: foreign.property.id,
      code: 'x',
      lines: [{ name: 'x', transport: { kind: 'modbus-tcp', host: 'h', port: 1 } }],
    },
    updateGateway: { version: 1 },
    createMeter: { lineId: foreignIds()['lineId'], ...meter },
    updateMeter: { version: 1 },
    acknowledgeAlarms: { ids: [1] },
    takeOutOfService: { source: { kind: 'meter', id: foreign.meters[0].id }, reason: 'x' },
    createUser: {
      user: 'x',
      displayName: 'x',
      password: PASSWORD,
      grants: [{ role: 'viewer', scope: 'property', placeId: foreign.property.id }],
    },
    updateUser: { displayName: 'x' },
    createKioskLink: { name: 'x', propertyIds: [foreign.property.id] },
  };
  return bodies[name] ?? (route.body === undefined ? undefined : sampleOf(route.body, foreignIds(), false));
};

describe('who has rights in one property sees and changes nothing of another', () => {
  test.for(withPermission)('%s', async ([name, route]) => {
    const { status, body } = await stranger.request(route.method, pathOf(route), goodBody(name, route));
    const text = JSON.stringify(body ?? {});
    expect(text).not.toContain('FOREIGN');
    // A whole list, cut to what one may see, is an answer; things of others that were named are none.
    const named: readonly string[] = route.query?.required ?? [];
    const list =
      route.method === 'GET' &&
      !route.path.includes(':') &&
      !named.some((field) => field === 'meterIds' || field in foreignIds());
    const perItem = PER_ITEM.has(name);
    expect(list || perItem ? [200, 201] : [403, 404]).toContain(status);
  });

  test.for(withPermission.filter(([, { query }]) => query?.properties['propertyId'] !== undefined))(
    '%s, asked for the other property',
    async ([, route]) => {
      const { status, body } = await stranger.request(route.method, pathOf(route, `propertyId=${foreign.property.id}`));
      expect([200, 403, 404]).toContain(status);
      expect(JSON.stringify(body)).not.toContain('FOREIGN');
    },
  );

  test('what is theirs is there', async () => {
    expect(JSON.stringify((await stranger.request('GET', '/api/meters')).body)).toContain('OWN-1');
    expect((await stranger.request('GET', `/api/gateways/${own.gateway.id}`)).status).toBe(200);
  });
});

test.for(withPermission)(
  '%s is refused without its permission, before anything else is said',
  async ([name, route]) => {
    expect((await powerless.request(route.method, pathOf(route), goodBody(name, route))).status).toBe(403);
    expect((await powerless.request(route.method, pathOf(route))).status).toBe(403);
  },
);

test.for(CONTRACTS.filter(([, { access }]) => access !== 'public'))(
  '%s is refused without a session',
  async ([name, route]) => {
    expect((await server.nobody.request(route.method, pathOf(route), goodBody(name, route))).status).toBe(401);
  },
);

test('what one may see and not change is refused as such', async () => {
  const admin = await server.signedIn();
  const grants = [
    { role: 'viewer', scope: 'group' },
    { role: 'engineer', scope: 'property', placeId: own.property.id },
  ];
  await admin.request('POST', '/api/users', { user: 'onlooker', displayName: 'onlooker', password: PASSWORD, grants });
  const onlooker = await server.signedIn('onlooker', PASSWORD);
  const refused = { status: 403, body: { code: 'permission.missing' } };
  for (const [kind, id] of [
    ['places', foreign.rooms[0].id],
    ['gateways', foreign.gateway.id],
    ['meters', foreign.meters[0].id],
  ]) {
    expect(await onlooker.request('DELETE', `/api/${kind}/${id}`)).toMatchObject(refused);
  }
  expect((await onlooker.request('GET', `/api/meters/${foreign.meters[0].id}`)).status).toBe(200);
});

describe('a right in one building', () => {
  test('shows it and the way down to it, not its neighbour; what belongs to the whole property is not its own', async () => {
    const admin = await server.signedIn();
    const grants = [{ role: 'engineer', scope: 'building', placeId: own.buildings[0].id }];
    await admin.request('POST', '/api/users', { user: 'east', displayName: 'east', password: PASSWORD, grants });
    const east = await server.signedIn('east', PASSWORD);
    const places = (await east.request('GET', '/api/places')).body as { items: { id: number; kind: string }[] };
    expect(places.items.map(({ kind }) => kind)).toEqual(['property', 'building', 'floor', 'room']);
    const meters = (await east.request('GET', '/api/meters')).body as { items: { id: number }[] };
    expect(meters.items.map(({ id }) => id)).toEqual([own.meters[0].id]);
    expect((await east.request('GET', `/api/meters/${own.meters[1].id}`)).status).toBe(404);
    expect(
      (await east.request('PATCH', `/api/meters/${own.meters[0].id}`, { version: 1, placeId: own.rooms[1].id })).status,
    ).toBe(404);
    expect((await east.request('PATCH', `/api/places/${own.property.id}`, { names: { en: 'Mine' } })).status).toBe(404);
    expect((await east.request('PATCH', `/api/places/${own.buildings[0].id}`, { names: { en: 'Mine' } })).status).toBe(
      200,
    );
  });
});

describe('the API document', () => {
  test('lists every contract with its permission, each operation once', async () => {
    const { body } = await server.nobody.request('GET', '/api/openapi.json');
    const document = body as { openapi: string; paths: Record<string, Record<string, Operation>> };
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const [name, route] of CONTRACTS) {
      const operation = document.paths[route.path.replace(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()];
      expect({ name, ...operation }).toMatchObject({
        name,
        summary: route.summary,
        tags: [route.tag],
        'x-permission': route.access,
      });
      const named = [...route.path.matchAll(/:(\w+)/g)].map(([, parameter]) => parameter);
      expect(
        operation?.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name),
      ).toEqual(named);
      expect(Object.keys(operation?.responses ?? {})).toContain(String(route.status ?? 200));
    }
    expect(operations.length).toBe(CONTRACTS.length);
  });
});

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly in: string; readonly name: string }[];
  readonly responses: object;
}

/** Of no thing: what a test before may have made has another id. */
const NOBODYS = '00000000-0000-4000-8000-00000000ffff';

/** The path with ids of the other property, with what else the query must have, and `more`. */
function pathOf(route: AnyRoute, more?: string): string {
  const values: Record<string, unknown> = {
    ...foreignIds(),
    batchId: NOBODYS,
    meterIds: String(foreign.meters[0].id),
    quantity: 'energyWh',
    from: '2026-11-21T00:00:00Z',
    to: '2026-11-22T00:00:00Z',
  };
  const textOf = (name: string, schema: TSchema | undefined): string =>
    String(values[name] ?? (schema === undefined ? 1 : sampleOf(schema, {}, false)));
  const path = route.path.replace(/:(\w+)/g, (_match, name: string) => textOf(name, route.params?.properties[name]));
  const required: readonly string[] = route.query?.required ?? [];
  const query = required.map((name) => `${name}=${textOf(name, route.query?.properties[name])}`);
  if (more !== undefined && !query.includes(more)) query.push(more);
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}
