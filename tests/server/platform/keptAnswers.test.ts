import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { Registry } from 'prom-client';
import { Type } from 'typebox';
import { expect, onTestFinished, test } from 'vitest';
import { route } from '#contract/index.ts';
import { createHttp, keepAnswer } from '#server/platform/http/index.ts';
import { encodingFor } from '#server/platform/http/keptAnswers.ts';
import { silentLog } from '#server/platform/log.ts';

const kept = route({
  method: 'GET',
  path: '/api/kept',
  access: 'public',
  tag: 'test',
  summary: 'Kept',
  response: Type.Object({ words: Type.Array(Type.String()) }),
});
const UNPACK = { br: brotliDecompressSync, gzip: gunzipSync, identity: (bytes: Buffer) => bytes } as const;

test('what is kept is given in the form that was asked for, the same as ever, and written once only', async () => {
  const http = await createHttp({
    log: silentLog,
    authenticate: async () => undefined,
    publicOrigin: undefined,
    trustedProxies: [],
    webDir: '/nowhere',
    release: '0',
    metrics: new Registry(),
    monotonicMs: () => performance.now(),
    checkResponses: true,
  });
  onTestFinished(() => http.close());
  const words = Array.from({ length: 2_000 }, (_, index) => `表 ${index}`);
  let written = 0;
  const answer = keepAnswer({
    words,
    toJSON() {
      written += 1;
      return { words };
    },
  });
  http.routes.add(kept, async () => answer);
  for (const form of ['br', 'gzip', 'br', 'identity', 'gzip'] as const) {
    const reply = await http.app.inject({ url: '/api/kept', headers: form === 'identity' ? {} : acceptOf(form) });
    expect(reply.statusCode).toBe(200);
    expect(reply.headers['content-encoding']).toBe(form === 'identity' ? undefined : form);
    expect(reply.headers['content-type']).toContain('application/json');
    expect(JSON.parse(UNPACK[form](reply.rawPayload).toString())).toEqual({ words });
  }
  expect(written, 'once for each form').toBe(3);
});

test('the form follows the header', () => {
  expect(encodingFor('gzip, deflate, br, zstd')).toBe('br');
  expect(encodingFor('gzip, deflate')).toBe('gzip');
  expect(encodingFor('br;q=0, gzip;q=0.5')).toBe('gzip');
  expect(encodingFor('deflate')).toBe('identity');
  expect(encodingFor(undefined)).toBe('identity');
});

function acceptOf(form: string) {
  return { 'accept-encoding': form };
}
