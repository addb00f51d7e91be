import { Registry } from 'prom-client';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as contract from '#contract/index.ts';
import { type Actor, AppError, addHealth, createHttp, type Http, type Scope } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import { silentLog } from '#server/platform/log.ts';

const NOWHERE: Scope = { all: false, propertyIds: [], buildingIds: [] };
const { route } = contract;
const tag = 'test';
const Echo = Type.Object(
  { text: Type.String({ minLength: 1 }), count: Type.Optional(Type.Integer()) },
  { additionalProperties: false },
);
const echo = route({
  method: 'POST',
  path: '/api/echo/:id',
  access: 'public',
  tag,
  summary: 'Echo',
  params: Type.Object({ id: contract.Id }),
  body: Echo,
  response: Type.Object({ id: contract.Id, text: Type.String() }),
});
const search = route({
  method: 'GET',
  path: '/api/search',
  access: 'public',
  tag,
  summary: 'Search',
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 1, default: 7 })),
    open: Type.Optional(Type.Boolean()),
  }),
  response: Type.Unknown(),
});
const own = route({ method: 'GET', path: '/api/own', access: 'self', tag, summary: 'Own', response: Type.Unknown() });
const guarded = route({
  method: 'GET',
  path: '/api/guarded',
  access: 'estate.edit',
  tag,
  summary: 'Guarded',
  response: Type.Unknown(),
});
const broken = route({
  method: 'GET',
  path: '/api/broken',
  access: 'public',
  tag,
  summary: 'Broken',
  response: Type.Unknown(),
});
const taken = route({
  method: 'GET',
  path: '/api/taken',
  access: 'public',
  tag,
  summary: 'Taken',
  response: Type.Unknown(),
});
const lying = route({
  method: 'GET',
  path: '/api/lying',
  access: 'public',
  tag,
  summary: 'Lying',
  response: Type.Object({ n: Type.Integer() }),
});

const logged: { message: string; fields: object | undefined }[] = [];
const log: Log = { ...silentLog, error: (message, fields) => void logged.push({ message, fields }) };
let http: Http;
let url: string;
let databaseUp = true;

beforeAll(async () => {
  const metrics = new Registry();
  http = await createHttp({
    log,
    metrics,
    monotonicMs: () => performance.now(),
    publicOrigin: 'https://meters.example.com',
    trustedProxies: [],
    webDir: '/nowhere',
    release: '1.2.3',
    checkResponses: true,
    authenticate: async (token) => (token === 'good' ? actor : undefined),
  });
  http.routes.add(echo, ({ params, body }) => ({ id: params.id, text: body.text }));
  http.routes.add(search, ({ query }) => query);
  http.routes.add(own, ({ actor: who }) => ({ user: who.user }));
  http.routes.add(guarded, () => ({}));
  http.routes.add(broken, () => {
    throw new Error('the secret is 42');
  });
  http.routes.add(taken, () => {
    throw new AppError('conflict.duplicate', 'It is taken.', [{ field: 'name', message: 'is taken' }]);
  });
  http.routes.add(lying, () => ({ n: Number('x') }));
  addHealth(http.app, {
    release: '1.2.3',
    startedMs: 0,
    monotonicMs: () => 61_000,
    metrics,
    metricsToken: undefined,
    probeDatabase: () => (databaseUp ? Promise.resolve() : Promise.reject(new Error('down'))),
  });
  url = await http.listen('127.0.0.1', 0);
});
afterAll(() => http.close());

describe('a wrong request says what is wrong and what to do', () => {
  const json = { 'content-type': 'application/json' };
  test.for<[what: string, path: string, init: RequestInit, status: number, code: string, field: string | undefined]>([
    [
      'unknown field',
      '/api/echo/1',
      { method: 'POST', headers: json, body: '{"text":"a","txet":"b"}' },
      400,
      'request.invalid',
      'txet',
    ],
    ['missing field', '/api/echo/1', { method: 'POST', headers: json, body: '{}' }, 400, 'request.invalid', 'text'],
    [
      'no conversion in bodies',
      '/api/echo/1',
      { method: 'POST', headers: json, body: '{"text":"a","count":"5"}' },
      400,
      'request.invalid',
      'count',
    ],
    ['no body', '/api/echo/1', { method: 'POST' }, 400, 'request.invalid', 'body'],
    [
      'path that is no id',
      '/api/echo/0x1',
      { method: 'POST', headers: json, body: '{"text":"a"}' },
      400,
      'request.invalid',
      'id',
    ],
    ['unknown query field', '/api/search?limt=5', {}, 400, 'request.invalid', 'limt'],
    ['an address that cannot be decoded', '/api/search/%', {}, 404, 'not-found', undefined],
    [
      'a character that is no text',
      '/api/echo/1',
      { method: 'POST', headers: json, body: '{"text":"a\\u0000"}' },
      400,
      'request.invalid',
      'text',
    ],
    [
      'half a character',
      '/api/echo/1',
      { method: 'POST', headers: json, body: '{"text":"a\\ud83d"}' },
      400,
      'request.invalid',
      'text',
    ],
    ['query that is no number', '/api/search?limit=1.5', {}, 400, 'request.invalid', 'limit'],
    [
      'not JSON',
      '/api/echo/1',
      { method: 'POST', headers: json, body: '{"text":' },
      400,
      'request.not-json',
      undefined,
    ],
    [
      'a form',
      '/api/echo/1',
      { method: 'POST', body: new URLSearchParams({ text: 'a' }) },
      400,
      'request.not-json',
      undefined,
    ],
    [
      'poisoned prototype',
      '/api/echo/1',
      { method: 'POST', headers: json, body: '{"text":"a","__proto__":{"x":1}}' },
      400,
      'request.not-json',
      undefined,
    ],
    [
      'too large',
      '/api/echo/1',
      { method: 'POST', headers: json, body: JSON.stringify({ text: 'a'.repeat(5_000_000) }) },
      413,
      'request.too-large',
      undefined,
    ],
    ['no session', '/api/own', {}, 401, 'session.required', undefined],
    [
      'a session of nobody',
      '/api/own',
      { headers: { cookie: 'mw_session=stolen' } },
      401,
      'session.required',
      undefined,
    ],
    ['no permission', '/api/guarded', { headers: { cookie: 'mw_session=good' } }, 403, 'permission.missing', undefined],
    ['another method', '/api/search', { method: 'DELETE' }, 405, 'request.wrong-method', undefined],
    ['another address', '/api/nothing', {}, 404, 'not-found', undefined],
    [
      'another origin',
      '/api/echo/1',
      { method: 'POST', headers: { ...json, origin: 'https://evil.example' }, body: '{"text":"a"}' },
      403,
      'request.wrong-origin',
      undefined,
    ],
    [
      'a cross-site form',
      '/api/echo/1',
      { method: 'POST', headers: { ...json, 'sec-fetch-site': 'cross-site' }, body: '{"text":"a"}' },
      403,
      'request.wrong-origin',
      undefined,
    ],
    ['a refusal of ours', '/api/taken', {}, 409, 'conflict.duplicate', 'name'],
  ])('%s', async ([, path, init, status, code, field]) => {
    const response = await fetch(url + path, init);
    const body = (await response.json()) as contract.ErrorBody;
    expect({ status: response.status, code: body.code, field: body.details?.[0]?.field }).toEqual({
      status,
      code,
      field,
    });
    expect(body.message).toMatch(/\.$/);
    expect(body.errorId).toBeUndefined();
  });

  test('405 names the methods that work', async () => {
    const response = await fetch(`${url}/api/echo/1`);
    expect(response.headers.get('allow')).toBe('POST');
  });
});

describe('a fault of ours', () => {
  test.for(['/api/broken', '/api/lying'])('%s hides its text and is found in the log by its id', async (path) => {
    const response = await fetch(url + path);
    expect(response.status).toBe(500);
    const body = (await response.json()) as contract.ErrorBody;
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(logged.at(-1)?.fields).toMatchObject({ errorId: body.errorId, route: `GET ${path}` });
  });
});

describe('a good request', () => {
  test('gets converted query fields and the defaults of its contract', async () => {
    expect(await (await fetch(`${url}/api/search?open=true`)).json()).toEqual({ open: true, limit: 7 });
  });

  test.for(['https://meters.example.com', undefined])('may change things from the origin %s', async (origin) => {
    const headers = { 'content-type': 'application/json', ...(origin === undefined ? {} : { origin }) };
    const response = await fetch(`${url}/api/echo/5`, { method: 'POST', headers, body: '{"text":"hi"}' });
    expect(await response.json()).toEqual({ id: 5, text: 'hi' });
  });

  test('with a session knows who asks', async () => {
    const response = await fetch(`${url}/api/own`, { headers: { cookie: 'a=b; mw_session=good' } });
    expect(await response.json()).toEqual({ user: 'li' });
  });
});

test('every answer forbids foreign content, frames and sniffing', async () => {
  const { headers } = await fetch(`${url}/api/nothing`);
  expect(headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(headers.get('content-security-policy')).not.toContain('unsafe-eval');
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('strict-transport-security')).toContain('max-age');
});

test('healthz says when the database is down', async () => {
  const good = await fetch(`${url}/healthz`);
  expect([good.status, await good.json()]).toEqual([
    200,
    { status: 'ok', database: 'up', uptimeS: 61, release: '1.2.3' },
  ]);
  databaseUp = false;
  const bad = await fetch(`${url}/healthz`);
  expect([bad.status, await bad.json()]).toMatchObject([503, { status: 'failing', database: 'down' }]);
});

test('metrics count requests by route and are not for those behind a proxy', async () => {
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain('http_request_duration_seconds_count{method="GET",route="/api/search",status="200"}');
  expect((await fetch(`${url}/metrics`, { headers: { 'x-forwarded-for': '10.1.1.1' } })).status).toBe(403);
});

test('the readable documents come from our own origin', async () => {
  const page = await (await fetch(`${url}/api/docs`)).text();
  expect(page).not.toMatch(/(src|href)="https?:/);
  expect((await fetch(`${url}/api/docs/static/swagger-ui-bundle.js`)).status).toBe(200);
});

const actor: Actor = {
  userId: 1,
  user: 'li',
  displayName: 'Li',
  sessionId: 's',
  ip: '127.0.0.1',
  scope: () => NOWHERE,
};
