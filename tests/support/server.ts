import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyRoute, FILE_TYPES } from '#contract/index.ts';
import type { Clock } from '#drivers/core/index.ts';
import { systemClock } from '#drivers/core/index.ts';
import { type App, type AppDeps, startApp } from '#server/app.ts';
import { type Environment, readConfig } from '#server/config.ts';
import { type Log, silentLog } from '#server/platform/log.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';
import { sheetsOf } from './workbook.ts';

export interface TestServerOptions {
  /** As the setting PLANT; `none` by default. */
  readonly plant?: string;
  readonly settings?: Environment;
  readonly clock?: Clock;
  readonly log?: Log;
  /** One that outlives this server; it is left as it is when the server stops. */
  readonly database?: TestDatabase;
  readonly probe?: (point: string, caseId: string) => void;
  /** Other bounds of delivery than those of a site. */
  readonly vendTimes?: AppDeps['vendTimes'];
  /** Other bounds and ways of notifications than those of a site. */
  readonly notify?: AppDeps['notify'];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the sheets of a workbook; undefined where there is neither. */
  readonly body: unknown;
}

/** Somebody with a session, or nobody. */
export interface Client {
  /** The cookie that a socket's handshake would carry; empty for nobody. */
  readonly cookie: string;
  request(method: AnyRoute['method'], path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export interface TestServer {
  readonly url: string;
  readonly app: App;
  readonly database: TestDatabase;
  readonly nobody: Client;
  /** Signs in; without arguments as the first administrator (of the whole group). */
  signedIn(user?: string, password?: string): Promise<Client>;
  stop(): Promise<void>;
}

/** The real server in this process, on a free port, with a database of its own. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'meterwall-server-'));
  chmodSync(dir, 0o755);
  const database = options.database ?? (await createTestDatabase());
  const config = readConfig({
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: join(dir, 'data'),
    DATABASE_URL: database.url,
    PLANT: options.plant ?? 'none',
    ...options.settings,
  });
  const app = await startApp(config, {
    log: options.log ?? silentLog,
    clock: options.clock ?? systemClock,
    ...(options.probe === undefined ? {} : { probe: options.probe }),
    ...(options.vendTimes === undefined ? {} : { vendTimes: options.vendTimes }),
    ...(options.notify === undefined ? {} : { notify: options.notify }),
  });
  const nobody = clientOf(app.address, '');
  return {
    url: app.address,
    app,
    database,
    nobody,
    async signedIn(user = app.firstSignIn?.user, password = app.firstSignIn?.password) {
      const answer = await nobody.request('POST', '/api/session', { user, password });
      if (answer.status !== 201) throw new Error(`sign-in of ${user} answered ${answer.status}`);
      return clientOf(app.address, cookieOf(answer));
    },
    async stop() {
      await app.stop();
      if (options.database === undefined) await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The session cookie that an answer sets, as a request sends it. */
export function cookieOf(answer: Answer): string {
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

function clientOf(url: string, cookie: string): Client {
  return {
    cookie,
    async request(method, path, body, headers = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { cookie, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      if (response.headers.get('content-type') === FILE_TYPES.xlsx) {
        const sheets = await sheetsOf(new Uint8Array(await response.arrayBuffer()));
        return { status: response.status, headers: response.headers, body: sheets };
      }
      const text = await response.text();
      const json = response.headers.get('content-type')?.includes('json') === true && text !== '';
      return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : undefined };
    },
  };
}
