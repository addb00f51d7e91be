import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { type HookServer, startHookServer } from './support/hookServer.ts';
import { until } from './support/until.ts';

const MAIN = fileURLToPath(new URL('../../../server/main.ts', import.meta.url));

let database: TestDatabase;
let hooks: HookServer;
let dir: string;
let child: ChildProcess | undefined;
beforeAll(async () => {
  database = await createTestDatabase();
  hooks = await startHookServer();
  dir = mkdtempSync(join(tmpdir(), 'meterwall-kill-'));
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await hooks.stop();
  await database.drop();
  rmSync(dir, { recursive: true, force: true });
});

function startServer(): ChildProcess {
  const settings = { HOST: '127.0.0.1', PORT: '0', DATA_DIR: dir, DATABASE_URL: database.url, PLANT: 'none' };
  return spawn(process.execPath, [MAIN], { env: { PATH: process.env['PATH'], ...settings }, stdio: 'ignore' });
}

test('a server that is killed between sending and noting it sends again after its start, with the same key', async () => {
  await database.db.query(sql`
    insert into webhook (name, url, secret, language, severity, returned, created_at)
    values ('kill', ${`${hooks.url}/kill`}, 'secret', 'en', 1, true, now())`);
  await database.db.query(sql`
    with raised as (
      insert into alarm (kind, severity, source_kind, source_id, path, search, raised_at, last_raised_at, state)
      values ('storeDown', 2, 'platform', 0, '[]', 'x', now(), now(), 'unacknowledged') returning *)
    insert into alarm_event (alarm_id, kind, source_kind, source_id, event, at, state, announce)
    select id, kind, source_kind, source_id, 'raised', raised_at, state, 'raised' from raised`);
  const first = startServer();
  child = first;
  const ended = once(first, 'exit');
  // The message is out and the answer on its way when the power goes.
  hooks.answerBy((_posted, response) => {
    first.kill('SIGKILL');
    void ended.then(() => response.destroy());
  });
  await ended;
  hooks.answerBy(undefined);
  const [claimed] = await database.db.query<{ state: string; attempts: number }>(
    sql`select state, attempts from notification_delivery`,
  );
  expect(claimed).toEqual({ state: 'waiting', attempts: 1 });

  child = startServer();
  const end = await until('the delivery', async () => {
    const rows = await database.db.query<{ key: string; attempts: number }>(
      sql`select key, attempts from notification_delivery where state = 'sent'`,
    );
    return rows[0];
  });
  expect(end.attempts).toBe(2);
  expect(hooks.posted.map(({ key, body }) => [key, body.attempt])).toEqual([
    [end.key, 1],
    [end.key, 2],
  ]);
});
