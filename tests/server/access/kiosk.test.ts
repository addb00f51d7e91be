import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditRow, KioskLink } from '#contract/index.ts';
import { type Client, cookieOf, startTestServer, type TestServer } from '../../support/server.ts';

const PASSWORD = 'correct-horse-battery';
let server: TestServer;
let admin: Client;
let manager: Client;
let propertyA: number;
let propertyB: number;
let nowMs = Date.parse('2026-11-22T08:00:00Z');
beforeAll(async () => {
  const startMs = nowMs;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs - startMs, after: () => ({ cancel() {} }) };
  server = await startTestServer({ clock });
  admin = await server.signedIn();
  propertyA = await addProperty('A');
  propertyB = await addProperty('B');
  const grants = [{ role: 'administrator', scope: 'property', placeId: propertyA }];
  await admin.request('POST', '/api/users', { user: 'manager', displayName: 'M', password: PASSWORD, grants });
  manager = await server.signedIn('manager', PASSWORD);
});
afterAll(() => server.stop());

const addProperty = async (en: string) => {
  const { body } = await admin.request('POST', '/api/places', { kind: 'property', names: { en } });
  return (body as { id: number }).id;
};
const make = async (client: Client, name: string, propertyIds: readonly number[]) => {
  const answer = await client.request('POST', '/api/kiosk-links', { name, propertyIds });
  return { status: answer.status, ...(answer.body as { link: KioskLink; token: string }) };
};
const open = (token: string, cookie = '') =>
  server.nobody.request('POST', '/api/kiosk/session', { token }, cookie === '' ? {} : { cookie });
/** The screen that opened a link. */
const screenOf = async (token: string, before = '') => {
  const answer = await open(token, before);
  expect(answer.status).toBe(201);
  const cookie = cookieOf(answer);
  return {
    cookie,
    get: (path: string) => server.nobody.request('GET', path, undefined, { cookie }),
    send: (path: string, body: object) => server.nobody.request('POST', path, body, { cookie }),
  };
};
const linksOf = async (client: Client) =>
  ((await client.request('GET', '/api/kiosk-links')).body as { items: KioskLink[] }).items;

describe('a link', () => {
  test('shows its properties and nothing else, changes nothing, and is no user that anybody sees', async () => {
    const { token } = await make(admin, 'Lobby', [propertyA]);
    const screen = await screenOf(token);
    expect((await screen.get('/api/session')).body).toMatchObject({
      kiosk: true,
      displayName: 'Lobby',
      permissions: ['wall.view', 'meter.view', 'alarm.view'],
      grants: [{ role: 'kiosk', scope: 'property', placeId: propertyA }],
    });
    expect((await screen.get(`/api/properties/${propertyA}/wall`)).status).toBe(200);
    expect((await screen.get(`/api/properties/${propertyB}/wall`)).status).toBe(404);
    expect((await screen.get('/api/users')).status).toBe(403);
    expect((await screen.send('/api/kiosk-links', { name: 'Another', propertyIds: [propertyA] })).status).toBe(403);
    expect((await screen.send('/api/alarms/acknowledge', { ids: [1] })).status).toBe(403);
    const { items } = (await admin.request('GET', '/api/users')).body as { items: { displayName: string }[] };
    expect(items.map(({ displayName }) => displayName)).not.toContain('Lobby');
    const [holder] = await server.database.db.query<{ id: number; name: string }>(
      sql`select id, name from app_user where display_name = 'Lobby'`,
    );
    expect((await admin.request('PATCH', `/api/users/${holder?.id}`, { password: PASSWORD })).status).toBe(404);
    expect((await server.nobody.request('POST', '/api/session', { user: holder?.name, password: 'none' })).status).toBe(
      401,
    );
  });

  test('is told once; the database keeps only its hash', async () => {
    const { token, link } = await make(admin, 'Told once', [propertyA]);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(await linksOf(admin))).not.toContain(token);
    const rows = await server.database.db.query(
      sql`select 1 from kiosk_link l where l::text like ${`%${token}%`} or encode(token_hash, 'escape') = ${token}`,
    );
    expect(rows).toEqual([]);
    expect(link).toMatchObject({ name: 'Told once', propertyIds: [propertyA], tour: { dwellS: 30 } });
    const log = JSON.stringify((await admin.request('GET', '/api/audit?limit=1000')).body);
    expect(log).not.toContain(token);
  });

  test('lives on: a session ends after a week, the link opens the next', async () => {
    const { token } = await make(admin, 'Lives on', [propertyA]);
    const first = await screenOf(token);
    nowMs += 8 * 86_400_000;
    admin = await server.signedIn();
    manager = await server.signedIn('manager', PASSWORD);
    expect((await first.get('/api/session')).status).toBe(401);
    const second = await screenOf(token, first.cookie);
    expect((await second.get('/api/session')).status).toBe(200);
    // Renewed before its end, the old session of the same screen is over.
    const third = await screenOf(token, second.cookie);
    expect((await second.get('/api/session')).status).toBe(401);
    expect((await third.get('/api/session')).status).toBe(200);
  });

  test('that was revoked ends its screens at once and opens nothing more; the log says who', async () => {
    const { token, link } = await make(manager, 'Revoked', [propertyA]);
    const screen = await screenOf(token);
    const answer = await manager.request('DELETE', `/api/kiosk-links/${link.id}`);
    expect(answer.body).toMatchObject({ id: link.id, revokedBy: 'manager', openedAt: expect.any(String) });
    expect((await screen.get('/api/session')).status).toBe(401);
    expect(await open(token)).toMatchObject({ status: 401, body: { code: 'kiosk.unknown-link' } });
    const again = await manager.request('DELETE', `/api/kiosk-links/${link.id}`);
    expect(again.body).toEqual(answer.body);
    const { items } = (await manager.request('GET', '/api/audit?subjectKind=kiosk-link')).body as { items: AuditRow[] };
    expect(items.filter(({ subjectId }) => subjectId === String(link.id)).map(({ action }) => action)).toEqual([
      'kiosk-link.revoke',
      'kiosk-link.create',
    ]);
  });
});

describe('a property’s administrator', () => {
  test('makes links for it alone', async () => {
    expect((await make(manager, 'Own', [propertyA])).status).toBe(201);
    expect((await make(manager, 'Both', [propertyA, propertyB])).status).toBe(404);
    expect((await make(manager, 'Unknown', [999_999])).status).toBe(404);
  });

  test('neither sees nor revokes links that show others', async () => {
    const { link } = await make(admin, 'Headquarters', [propertyA, propertyB]);
    expect((await linksOf(manager)).map(({ name }) => name)).not.toContain('Headquarters');
    expect((await linksOf(admin)).map(({ name }) => name)).toContain('Headquarters');
    expect((await manager.request('DELETE', `/api/kiosk-links/${link.id}`)).status).toBe(404);
  });
});

test('a link that nobody made opens nothing, whatever it looks like', async () => {
  for (const token of ['', 'x', 'A'.repeat(43), "' or true --"]) expect((await open(token)).status).toBe(401);
});
