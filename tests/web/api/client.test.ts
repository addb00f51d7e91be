// @vitest-environment node
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { listAlarms } from '#contract/alarms.ts';
import { getMeter } from '#contract/estate.ts';
import { getSession, signIn, signOut } from '#contract/session.ts';
import { type ApiClient, ApiError, addressOf, createApiClient } from '../../../web/api/client.ts';

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
let server: Server;
let base: string;
let answer: Answer;
let sessionsLost: number;
const asked: { method: string | undefined; url: string | undefined; body: string }[] = [];
let api: ApiClient;

beforeEach(async () => {
  asked.length = 0;
  sessionsLost = 0;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({ method: request.method, url: request.url, body });
      response
        .writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
        .end(answer.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  api = createApiClient({
    fetch: (input, init) => fetch(`${base}${String(input)}`, init),
    onSessionRequired: () => sessionsLost++,
  });
});
afterEach(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
);

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => (error instanceof ApiError ? error : undefined),
  );

test('a call is what its contract says: method, filled path, query, body', async () => {
  answer = { status: 201, body: '{}' };
  await api.call(signIn, { body: { user: 'a', password: 'b' } });
  await api.call(listAlarms, { query: { state: 'current', limit: 5 } });
  expect(asked).toEqual([
    { method: 'POST', url: '/api/session', body: '{"user":"a","password":"b"}' },
    { method: 'GET', url: '/api/alarms?state=current&limit=5', body: '' },
  ]);
});

test('undefined query fields are left out and values are escaped', () => {
  expect(addressOf('/api/x/:id/y', { params: { id: 'a/b' }, query: { q: '甲 1', none: undefined } })).toBe(
    '/api/x/a%2Fb/y?q=%E7%94%B2+1',
  );
});

test('an answer without content is no error', async () => {
  answer = { status: 204 };
  await expect(api.call(signOut, {})).resolves.toEqual({});
});

test('a refusal keeps its code, its fields at fault and how long to wait', async () => {
  answer = {
    status: 429,
    body: '{"code":"session.too-many-attempts","message":"Wait.","details":[{"field":"user","message":"x"}]}',
    headers: { 'retry-after': '20' },
  };
  const error = await failure(api.call(signIn, { body: { user: 'a', password: 'b' } }));
  expect(error).toMatchObject({
    code: 'session.too-many-attempts',
    status: 429,
    retryAfterS: 20,
    details: [{ field: 'user', message: 'x' }],
  });
});

test('a session that ended leads to the sign-in page; wrong credentials do not', async () => {
  answer = { status: 401, body: '{"code":"session.required","message":"Sign in."}' };
  await failure(api.call(getSession, {}));
  expect(sessionsLost).toBe(1);
  answer = { status: 401, body: '{"code":"session.wrong-credentials","message":"No."}' };
  await failure(api.call(signIn, { body: { user: 'a', password: 'b' } }));
  expect(sessionsLost).toBe(1);
});

test('no answer, and a proxy that speaks for an absent server, are the network’s fault', async () => {
  answer = { status: 502, body: '<html>Bad gateway</html>' };
  expect((await failure(api.call(getMeter, { params: { meterId: 1 } })))?.code).toBe('network.unreachable');
  const dead = createApiClient({
    fetch: (input, init) => fetch(`http://127.0.0.1:1${String(input)}`, init),
    onSessionRequired: () => {},
  });
  expect((await failure(dead.call(getMeter, { params: { meterId: 1 } })))?.code).toBe('network.unreachable');
});

test('a read that the network swallowed, whole or by half, is given up; what changes something never is', async () => {
  const swallowing = createServer((request, response) => {
    if (request.url === getSession.path) response.writeHead(200, { 'content-type': 'application/json' }).write('{"us');
  });
  await new Promise<void>((resolve) => swallowing.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    swallowing.closeAllConnections();
    swallowing.close();
  });
  const signals: unknown[] = [];
  const patient = createApiClient({
    fetch: (input, init) => {
      signals.push(init?.signal);
      return fetch(`http://127.0.0.1:${(swallowing.address() as AddressInfo).port}${String(input)}`, init);
    },
    onSessionRequired: () => undefined,
    readMsMax: 50,
  });
  expect(await failure(patient.call(listAlarms, { query: {} }))).toMatchObject({ code: 'network.unreachable' });
  expect(await failure(patient.call(getSession, {}))).toMatchObject({ code: 'network.unreachable' });
  void patient.call(signIn, { body: { user: 'a', password: 'b' } }).catch(() => undefined);
  expect(signals.map((signal) => signal instanceof AbortSignal)).toEqual([true, true, false]);
});
