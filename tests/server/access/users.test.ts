import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, startTestServer, type TestServer } from '../../support/server.ts';

const PASSWORD = 'correct-horse-battery';
let server: TestServer;
let admin: Client;
let manager: Client;
let propertyA: number;
let propertyB: number;
beforeAll(async () => {
  server = await startTestServer();
  admin = await server.signedIn();
  propertyA = await addProperty('A');
  propertyB = await addProperty('B');
  await add(admin, 'manager-a', [{ role: 'administrator', scope: 'property', placeId: propertyA }]);
  manager = await server.signedIn('manager-a', PASSWORD);
});
afterAll(() => server.stop());

const addProperty = async (en: string) => {
  const { body } = await admin.request('POST', '/api/places', { kind: 'property', names: { en } });
  return (body as { id: number }).id;
};
const add = (client: Client, user: string, grants: object[]) =>
  client.request('POST', '/api/users', { user, displayName: user, password: PASSWORD, grants });
const idOf = (answer: { body: unknown }) => (answer.body as { id: number }).id;

describe('nobody gives what they do not hold', () => {
  test('a property’s administrator gives rights within it', async () => {
    expect((await add(manager, 'a-viewer', [{ role: 'viewer', scope: 'property', placeId: propertyA }])).status).toBe(
      201,
    );
  });

  test.for([
    ['the whole group', () => [{ role: 'viewer', scope: 'group' }], 403],
    ['another property', () => [{ role: 'viewer', scope: 'property', placeId: propertyB }], 403],
    ['no right at all', () => [], 400],
    ['an unknown role', () => [{ role: 'emperor', scope: 'property', placeId: propertyA }], 400],
    ['a place of another kind', () => [{ role: 'viewer', scope: 'building', placeId: propertyA }], 400],
    ['a group with a place', () => [{ role: 'viewer', scope: 'group', placeId: propertyA }], 400],
  ] as const)('not %s', async ([what, grants, status]) => {
    expect((await add(manager, `x-${what.replaceAll(' ', '-')}`, grants())).status).toBe(status);
  });

  test('not a role that can do more than they can, even in their own place', async () => {
    await server.database.db.query(
      sql`insert into role (name, permissions, built_in) values ('deputy', '{user.manage,wall.view}', false)`,
    );
    await add(admin, 'deputy-a', [{ role: 'deputy', scope: 'property', placeId: propertyA }]);
    const deputy = await server.signedIn('deputy-a', PASSWORD);
    const give = (role: string) => add(deputy, `by-deputy-${role}`, [{ role, scope: 'property', placeId: propertyA }]);
    expect((await give('engineer')).status).toBe(403);
    expect((await give('deputy')).status).toBe(201);
  });

  test('nor manage or see somebody who holds more', async () => {
    const stronger = idOf(await add(admin, 'group-operator', [{ role: 'operator', scope: 'group' }]));
    expect((await manager.request('PATCH', `/api/users/${stronger}`, { password: 'taken-over-now' })).status).toBe(404);
    const { body } = await manager.request('GET', '/api/users');
    const names = (body as { items: { user: string }[] }).items.map(({ user }) => user);
    expect(names).toContain('manager-a');
    expect(names).not.toContain('group-operator');
    expect(names).not.toContain('admin');
  });
});

describe('a change of a user', () => {
  test('a name is given once, whatever its case', async () => {
    await add(admin, 'Liu', [{ role: 'viewer', scope: 'group' }]);
    expect(await add(admin, 'liu', [])).toMatchObject({ status: 409, body: { code: 'conflict.duplicate' } });
  });

  test('disabling ends the sessions, and tells those who hold sockets', async () => {
    const id = idOf(await add(admin, 'leaver', [{ role: 'viewer', scope: 'group' }]));
    const leaver = await server.signedIn('leaver', PASSWORD);
    const revoked: unknown[] = [];
    const stopListening = server.app.access.onRevoked((revocation) => revoked.push(revocation));
    expect((await admin.request('PATCH', `/api/users/${id}`, { disabled: true })).status).toBe(200);
    stopListening();
    expect((await leaver.request('GET', '/api/session')).status).toBe(401);
    expect((await server.nobody.request('POST', '/api/session', { user: 'leaver', password: PASSWORD })).status).toBe(
      401,
    );
    expect(revoked).toEqual([{ kind: 'user', userId: id, exceptSessionId: undefined }]);
  });

  test('new rights hold at once', async () => {
    const id = idOf(await add(admin, 'promoted', [{ role: 'kiosk', scope: 'group' }]));
    const promoted = await server.signedIn('promoted', PASSWORD);
    expect((await promoted.request('GET', '/api/gateways')).status).toBe(403);
    await admin.request('PATCH', `/api/users/${id}`, { grants: [{ role: 'viewer', scope: 'group' }] });
    expect((await promoted.request('GET', '/api/gateways')).status).toBe(200);
  });

  test.for<[string, object]>([
    ['disabled', { disabled: true }],
    ['stripped of the right', { grants: [{ role: 'viewer', scope: 'group' }] }],
  ])('the last administrator is not %s', async ([, change]) => {
    const { body } = await admin.request('GET', '/api/session');
    const { userId } = body as { userId: number };
    expect(await admin.request('PATCH', `/api/users/${userId}`, change)).toMatchObject({
      status: 409,
      body: { code: 'access.last-administrator' },
    });
    expect((await admin.request('GET', '/api/users')).status).toBe(200);
  });
});

describe('the audit log', () => {
  test('names who, what, before and after, without a password', async () => {
    const id = idOf(await add(admin, 'audited', [{ role: 'viewer', scope: 'group' }]));
    await admin.request('PATCH', `/api/users/${id}`, { displayName: 'Renamed', password: 'a-new-long-password' });
    const { body } = await admin.request('GET', `/api/audit?subjectKind=user&subjectId=${id}`);
    expect(body).toMatchObject({
      items: [
        {
          action: 'user.update',
          user: 'admin',
          ip: '127.0.0.1',
          before: { displayName: 'audited' },
          after: { displayName: 'Renamed', password: 'changed' },
        },
        { action: 'user.create', user: 'admin', after: { user: 'audited' } },
      ],
    });
    expect(JSON.stringify(body)).not.toContain('long-password');
  });

  test('a failed sign-in is kept, what was typed is not', async () => {
    await server.nobody.request('POST', '/api/session', { user: 'my-password-typed-as-name', password: 'x' });
    const { body } = await admin.request('GET', '/api/audit?limit=1');
    expect(body).toMatchObject({
      items: [{ action: 'session.sign-in-failed', ip: '127.0.0.1' }],
      nextCursor: expect.any(String),
    });
    expect(JSON.stringify(body)).not.toContain('my-password');
  });

  test('pages follow each other without gap or overlap', async () => {
    const { body } = await admin.request('GET', '/api/audit?limit=4');
    const all = (body as { items: { id: string }[] }).items.map(({ id }) => id);
    const first = (await admin.request('GET', '/api/audit?limit=2')).body as {
      items: { id: string }[];
      nextCursor: string;
    };
    const second = (await admin.request('GET', `/api/audit?limit=2&cursor=${first.nextCursor}`)).body as {
      items: { id: string }[];
    };
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(all);
    expect((await admin.request('GET', '/api/audit?cursor=x')).status).toBe(400);
  });

  test('a property’s people see their property’s rows only', async () => {
    const { body } = await manager.request('GET', '/api/audit');
    const rows = (body as { items: { propertyId: number }[] }).items;
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows.map(({ propertyId }) => propertyId))).toEqual(new Set([propertyA]));
  });

  test.for(['update audit set action = $$x$$', 'delete from audit', 'truncate audit'])(
    '%s is refused: the server has no right to it, and the owner runs into a trigger',
    async (text) => {
      const { db, owner } = server.database;
      await expect(db.query(sql([text]))).rejects.toThrow(/permission denied/);
      await expect(owner.query(sql([text]))).rejects.toThrow(/append-only/);
    },
  );
});
