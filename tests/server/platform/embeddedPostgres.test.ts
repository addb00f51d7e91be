import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sql from 'sql-template-tag';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { prepareHome } from '#server/platform/db/embeddedHome.ts';
import { type EmbeddedPostgres, openDb, startEmbeddedPostgres } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';

const asRoot = process.getuid?.() === 0;
let folder: string;
let dir: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meterwall-embedded-'));
  chmodSync(folder, 0o755);
  dir = join(folder, 'postgres');
  const postgres = await startEmbeddedPostgres({ dir, log: silentLog });
  await withDb(postgres, (db) => db.query(sql`create table kept (n int)`));
  await postgres.stop();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('what was stored is there after a stop and a start', async () => {
  const first = await start();
  await withDb(first, (db) => db.query(sql`insert into kept values (1)`));
  await first.stop();
  await first.stop();
  const second = await start();
  expect(await withDb(second, (db) => db.query(sql`select n from kept`))).toEqual([{ n: 1 }]);
  await second.stop();
});

test('it listens on loopback only, asks for a password and keeps that to the owner', async () => {
  const postgres = await start();
  const settings = await withDb(postgres, (db) =>
    db.query(sql`select name, setting from pg_settings
      where name in ('listen_addresses', 'unix_socket_directories', 'password_encryption') order by name`),
  );
  expect(settings).toEqual([
    { name: 'listen_addresses', setting: '127.0.0.1' },
    { name: 'password_encryption', setting: 'scram-sha-256' },
    { name: 'unix_socket_directories', setting: '' },
  ]);
  const wrong = new URL(postgres.url);
  wrong.password = 'guess';
  await expect(query(wrong.href)).rejects.toThrow(/password authentication failed/);
  expect(statSync(join(dir, 'password')).mode & 0o077).toBe(0);
  await postgres.stop();
});

test('it never runs as root: by root it is given to another account', async () => {
  const postgres = await start();
  const status = readFileSync(`/proc/${postgres.pid()}/status`, 'utf8');
  const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
  expect(uid).toBeGreaterThan(0);
});

test('killed, it is started again on the same port with everything that was committed', async () => {
  const postgres = await start();
  await withDb(postgres, (db) => db.query(sql`insert into kept values (2)`));
  const pid = postgres.pid();
  if (pid === undefined) throw new Error('no pid');
  process.kill(pid, 'SIGKILL');
  const rows = await eventually(() => query(postgres.url, sql`select n from kept where n = 2`));
  expect(rows).toEqual([{ n: 2 }]);
  expect(postgres.pid()).not.toBe(pid);
  await postgres.stop();
});

test('one that a killed server left behind is stopped by the next start', async () => {
  const { orphanPid, url } = await orphanOfKilledServer();
  await query(url, sql`insert into kept values (3)`);
  const next = await start();
  expect(existsSync(`/proc/${orphanPid}/cwd`)).toBe(false);
  expect(await query(next.url, sql`select n from kept where n = 3`)).toEqual([{ n: 3 }]);
  await next.stop();
});

describe('a lock file that names nobody does not stop the start', () => {
  test.for<[string, () => number]>([
    ['a process that is gone', () => 4_000_000],
    ['another program of the same account', strangerPid],
  ])('%s', async ([, pidOf]) => {
    writeFileSync(
      join(dir, 'data', 'postmaster.pid'),
      `${pidOf()}\n${join(dir, 'data')}\n1700000000\n1\n\n127.0.0.1\n`,
    );
    const postgres = await start();
    expect(await query(postgres.url)).toEqual([{ one: 1 }]);
    await postgres.stop();
  });
});

test('a cluster whose making was cut short is made anew', async () => {
  const other = join(folder, 'cut');
  mkdirSync(join(other, 'data.half'), { recursive: true });
  writeFileSync(join(other, 'data.half', 'PG_VERSION'), '18\n');
  const postgres = await startEmbeddedPostgres({ dir: other, log: silentLog, durable: false });
  expect(await query(postgres.url)).toEqual([{ one: 1 }]);
  await postgres.stop();
});

test('a password file that is not the cluster’s is named at once', async () => {
  const file = join(dir, 'password');
  const right = readFileSync(file, 'utf8');
  writeFileSync(file, 'another');
  onTestFinished(() => writeFileSync(file, right));
  await expect(start()).rejects.toThrow(/password file/);
});

test('a folder that the account of Postgres may not enter moves, behind a link that the next start follows', async () => {
  const closed = mkdtempSync(join(tmpdir(), 'meterwall-closed-'));
  const shared = join(folder, 'shared');
  onTestFinished(() => rmSync(closed, { recursive: true, force: true }));
  const wanted = join(closed, 'postgres');
  const home = await prepareHome(wanted, shared);
  // An ordinary user's Postgres is the user: the folder is its own.
  expect(lstatSync(wanted).isSymbolicLink()).toBe(asRoot);
  expect(home.dir.startsWith(asRoot ? shared : closed)).toBe(true);
  expect(await prepareHome(wanted, shared)).toEqual(home);
});

/** A server of its own, so that nobody is left who would start its Postgres again. */
const SERVER = `
  import { startEmbeddedPostgres } from '#server/platform/db/index.ts';
  import { silentLog } from '#server/platform/log.ts';
  const postgres = await startEmbeddedPostgres({ dir: process.argv[1], log: silentLog });
  console.log(JSON.stringify({ orphanPid: postgres.pid(), url: postgres.url }));
  setInterval(() => undefined, 60_000);`;

async function orphanOfKilledServer(): Promise<{ readonly orphanPid: number; readonly url: string }> {
  const server = spawn(process.execPath, ['--input-type=module-typescript', '--eval', SERVER, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void server.kill('SIGKILL'));
  const ended = once(server, 'exit');
  const told = await Promise.race([once(server.stdout, 'data'), ended]);
  server.kill('SIGKILL');
  await ended;
  return JSON.parse(String(told[0])) as { readonly orphanPid: number; readonly url: string };
}

/** A process that got the pid of a dead Postgres, as after a reboot. Postgres itself would take it for its own. */
function strangerPid(): number {
  const { uid, gid } = statSync(join(dir, 'data'));
  const stranger = spawn('sleep', ['60'], { uid, gid, stdio: 'ignore' });
  onTestFinished(() => void stranger.kill());
  return stranger.pid ?? 0;
}

/** Durable, since what is killed here must have kept what it said it kept. Ends with the test, also a failed one. */
async function start(): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dir, log: silentLog });
  onTestFinished(() => postgres.stop());
  return postgres;
}

async function withDb<T>(postgres: EmbeddedPostgres, work: (db: ReturnType<typeof openDb>) => Promise<T>): Promise<T> {
  const db = openDb({ url: postgres.url, log: silentLog, connectionsMax: 1, asOwner: true });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

async function query(url: string, statement = sql`select 1 as one`): Promise<unknown[]> {
  const db = openDb({ url, log: silentLog, connectionsMax: 1, asOwner: true });
  try {
    return await db.query(statement);
  } finally {
    await db.close();
  }
}

async function eventually<T>(work: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + 15_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await sleep(50);
    }
  }
}
