import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashPassword, passwordMatches } from '#server/modules/access/password.ts';
import { createSignInLimit } from '#server/modules/access/signInLimit.ts';
import { type Client, cookieOf, startTestServer, type TestServer } from '../../support/server.ts';

const START_MS = Date.parse('2026-11-22T08:00:00Z');
let nowMs = START_MS;
let server: TestServer;
let admin: Client;
beforeAll(async () => {
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs - START_MS, after: () => ({ cancel() {} }) };
  server = await startTestServer({ clock });
  admin = await server.signedIn();
  for (const user of ['wang', 'zhao']) await addUser(user);
});
afterAll(() => server.stop());

const PASSWORD = 'correct-horse-battery';
const addUser = (user: string) =>
  admin.request('POST', '/api/users', {
    user,
    displayName: user,
    password: PASSWORD,
    grants: [{ role: 'viewer', scope: 'group' }],
  });
const tryIn = (user: string, password: string) => server.nobody.request('POST', '/api/session', { user, password });

describe('a session', () => {
  test('is a cookie that scripts and other sites cannot use; the database keeps only its hash', async () => {
    const answer = await tryIn('wang', PASSWORD);
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^mw_session=[\w-]{43}; /);
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    const token = cookieOf(answer).slice('mw_session='.length);
    const rows = await server.database.db.query(
      sql`select 1 from session where encode(token_hash, 'escape') like ${`%${token}%`}`,
    );
    expect(rows).toEqual([]);
    expect(answer.body).toMatchObject({
      user: 'wang',
      demo: false,
      permissions: ['wall.view', 'meter.view', 'alarm.view', 'line.view'],
    });
  });

  test('ends with the sign-out', async () => {
    const wang = await server.signedIn('wang', PASSWORD);
    expect((await wang.request('DELETE', '/api/session')).status).toBe(204);
    expect((await wang.request('GET', '/api/session')).status).toBe(401);
  });

  test('ends after twelve idle hours, and after a week of use', async () => {
    const idle = await server.signedIn('wang', PASSWORD);
    nowMs += 11 * 3_600_000;
    expect((await idle.request('GET', '/api/session')).status).toBe(200);
    nowMs += 12 * 3_600_000 + 1;
    expect((await idle.request('GET', '/api/session')).status).toBe(401);
    const busy = await server.signedIn('wang', PASSWORD);
    for (let hours = 0; hours < 167; hours += 11) {
      expect((await busy.request('GET', '/api/session')).status).toBe(200);
      nowMs += 11 * 3_600_000;
    }
    expect((await busy.request('GET', '/api/session')).status).toBe(401);
    admin = await server.signedIn();
  });

  test('of others ends when the password changes, the own one stays', async () => {
    const here = await server.signedIn('zhao', PASSWORD);
    const there = await server.signedIn('zhao', PASSWORD);
    const wrong = await here.request('PUT', '/api/session/password', {
      current: 'not it at all',
      next: 'another-long-one',
    });
    expect(wrong.status).toBe(401);
    const right = await here.request('PUT', '/api/session/password', { current: PASSWORD, next: 'another-long-one' });
    expect(right.status).toBe(204);
    expect((await here.request('GET', '/api/session')).status).toBe(200);
    expect((await there.request('GET', '/api/session')).status).toBe(401);
    expect((await tryIn('zhao', PASSWORD)).status).toBe(401);
  });
});

describe('guessing', () => {
  test('an unknown user and a wrong password look the same', async () => {
    const unknown = await tryIn('nobody-here', 'x');
    const known = await tryIn('wang', 'x');
    expect(unknown.status).toBe(401);
    expect(unknown.body).toEqual(known.body);
  });

  test('is slowed down per user, with the time to wait, and another user’s success changes nothing', async () => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 7; guess += 1) statuses.push((await tryIn('Wang', `guess ${guess}`)).status);
    expect(statuses).toContain(429);
    await server.signedIn('zhao', 'another-long-one');
    const refused = await tryIn('wang', PASSWORD);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    nowMs += 61_000;
    expect((await tryIn('wang', PASSWORD)).status).toBe(201);
  });

  test('a thousand tries at the same moment are not a thousand guesses', () => {
    const limit = createSignInLimit(() => 0);
    const allowed = Array.from({ length: 1_000 }, () => limit.begin('wang', '10.0.0.1')).filter(
      (waitMs) => waitMs === 0,
    );
    expect(allowed.length).toBe(5);
  });

  test('one address guessing many users is slowed down too; its own success gives back one try only', () => {
    const limit = createSignInLimit(() => 0);
    const tries = Array.from({ length: 25 }, (_, index) => limit.begin(`user${index}`, '10.0.0.1'));
    expect(tries.filter((waitMs) => waitMs === 0).length).toBe(20);
    limit.succeeded('user1', '10.0.0.1');
    expect(limit.begin('user30', '10.0.0.1')).toBe(0);
    expect(limit.begin('user31', '10.0.0.1')).toBeGreaterThan(0);
    expect(limit.begin('user31', '10.0.0.2')).toBe(0);
  });
});

test('a password is kept as scrypt with its cost and a salt of its own, the same typed on any keyboard', async () => {
  const [first, second] = await Promise.all([hashPassword('ｐässword１'), hashPassword('ｐässword１')]);
  expect(first).toMatch(/^scrypt\$32768\$8\$3\$/);
  expect(first).not.toBe(second);
  expect(await passwordMatches('pa\u0308ssword1', first)).toBe(true);
  expect(await passwordMatches('passwort1', first)).toBe(false);
  expect(await passwordMatches('x', undefined)).toBe(false);
});
