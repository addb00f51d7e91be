import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Registry } from 'prom-client';
import { Type } from 'typebox';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FILE_TYPES, fileRoute } from '#contract/index.ts';
import { type Actor, AppError, createHttp, type Http } from '#server/platform/http/index.ts';
import { type Log, silentLog } from '#server/platform/log.ts';

const actor: Actor = {
  ...{ userId: 1, user: 'chen', displayName: 'Chen', sessionId: '1', ip: '::1' },
  scope: () => ({ all: true, propertyIds: [], buildingIds: [] }),
};
const file = (name: string) =>
  fileRoute({ method: 'GET', path: `/api/files/${name}`, access: 'meter.view', tag: 'test', summary: name });
const [good, early, late, held] = [file('good'), file('early'), file('late'), file('held')];
const asked = fileRoute({
  ...{ method: 'POST', path: '/api/files/asked', access: 'meter.view', tag: 'test', summary: 'asked' },
  body: Type.Object({ n: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
});
const BYTES = 300_000;

const logged: string[] = [];
const log: Log = { ...silentLog, error: (message) => void logged.push(message) };
const metrics = new Registry();
let http: Http;
let url: string;
const releases: (() => void)[] = [];
let closed = 0;

beforeAll(async () => {
  http = await createHttp({
    ...{ log, metrics, monotonicMs: () => performance.now(), publicOrigin: undefined, trustedProxies: [] },
    ...{ webDir: '/nowhere', release: '1.2.3', checkResponses: true, authenticate: async () => actor },
  });
  http.routes.add(good, () => ({ name: '售电 (3F) 2026.xlsx', chunks: pieces() }));
  http.routes.add(early, () => {
    throw new AppError('not-found', 'There is no such list.');
  });
  http.routes.add(late, () => ({ name: 'late.xlsx', chunks: breaking() }));
  http.routes.add(held, () => ({
    name: 'held.xlsx',
    chunks: waiting(new Promise((resolve) => releases.push(resolve))),
  }));
  http.routes.add(asked, ({ body }) => ({ name: `${body.n}.xlsx`, chunks: pieces() }));
  url = await http.listen('127.0.0.1', 0);
});
afterAll(async () => {
  for (const release of releases) release();
  await http.close();
});

async function* pieces(): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < BYTES; sent += 50_000) yield Buffer.alloc(50_000, 'x');
}
async function* breaking(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(100_000, 'x');
  throw new Error('the store went away');
}
async function* waiting(until: Promise<void>): AsyncGenerator<Buffer> {
  try {
    yield Buffer.from('begun');
    await until;
  } finally {
    closed += 1;
  }
}
/** Asks for a file by hand: closing its socket is all that it ever does again. */
function receiver(address: string, path: string): Socket {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\ncookie: mw_session=x\r\n\r\n`);
  return socket;
}
const get = (path: string, init: RequestInit = {}) =>
  fetch(`${url}${path}`, { headers: { cookie: 'mw_session=x' }, ...init });
const underWay = async () => (await metrics.getSingleMetric('http_files_under_way')?.get())?.values[0]?.value;

test('a file comes as it is made, with its type and its name in every script, and nothing packs it again', async () => {
  const answer = await get('/api/files/good', { headers: { cookie: 'mw_session=x', 'accept-encoding': 'br, gzip' } });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe(FILE_TYPES.xlsx);
  expect(answer.headers.get('content-encoding')).toBeNull();
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('content-disposition')).toBe(
    'attachment; filename="____3F__2026.xlsx"; filename*=UTF-8\'\'%E5%94%AE%E7%94%B5%20%283F%29%202026.xlsx',
  );
  expect((await answer.arrayBuffer()).byteLength).toBe(BYTES);
});

test('what is wrong with the question is an ordinary answer', async () => {
  const none = await get('/api/files/early');
  expect([none.status, await none.json()]).toMatchObject([404, { code: 'not-found' }]);
  const headers = { cookie: 'mw_session=x', 'content-type': 'application/json' };
  const wrong = await get('/api/files/asked', { method: 'POST', headers, body: '{"n":0}' });
  expect([wrong.status, await wrong.json()]).toMatchObject([400, { code: 'request.invalid' }]);
  expect((await get('/api/files/asked', { method: 'POST', headers, body: '{"n":1}' })).status).toBe(200);
});

test('a failure in the middle breaks the connection, is logged and counted', async () => {
  logged.length = 0;
  const answer = await get('/api/files/late');
  expect(answer.status).toBe(200);
  await expect(answer.arrayBuffer()).rejects.toThrow();
  expect(logged).toContain('a file broke off');
  expect(await metrics.metrics()).toMatch(/http_files_broken_total 1/);
});

test('nobody makes a file to learn its name', async () => {
  expect((await get('/api/files/good', { method: 'HEAD' })).status).toBe(405);
});

test('more files at once than allowed are refused with a sentence and a time; who leaves gives the place back', async () => {
  const four = Array.from({ length: 4 }, () => receiver(url, '/api/files/held'));
  await Promise.all(four.map((socket) => once(socket, 'data')));
  const fifth = await get('/api/files/good');
  expect([fifth.status, fifth.headers.get('retry-after'), await fifth.json()]).toMatchObject([
    503,
    '10',
    { code: 'server.busy', message: '4 files are being made already: try again when one is done.' },
  ]);
  // An answer that is an error takes no place.
  expect((await get('/api/files/early')).status).toBe(503);
  for (const socket of four) socket.destroy();
  for (const release of releases) release();
  await expect.poll(underWay).toBe(0);
  await expect.poll(() => closed).toBe(4);
  expect((await get('/api/files/good')).status).toBe(200);
});

test('a receiver that takes nothing holds the maker back', async () => {
  let made = 0;
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      made += 1;
      yield Buffer.alloc(65_536, 'x');
    }
  }
  const flood = file('flood');
  const other = await createHttp({
    ...{ log, metrics: new Registry(), monotonicMs: () => performance.now(), publicOrigin: undefined },
    ...{ trustedProxies: [], webDir: '/nowhere', release: '1', checkResponses: true, authenticate: async () => actor },
  });
  other.routes.add(flood, () => ({ name: 'x.xlsx', chunks: endless() }));
  const socket = receiver(await other.listen('127.0.0.1', 0), '/api/files/flood').pause();
  // What the kernel holds for both ends, and not one block more.
  await expect.poll(() => made).toBeGreaterThan(1);
  const seen: number[] = [];
  const rests = () => {
    seen.push(made);
    return seen.at(-1) === seen.at(-2);
  };
  await expect.poll(rests, { interval: 200, timeout: 20_000 }).toBe(true);
  expect(made).toBeLessThan(1_000);
  // Stopping does not wait for it.
  await other.close();
  socket.destroy();
});
