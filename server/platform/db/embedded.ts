import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../log.ts';
import { type EmbeddedHome, prepareHome } from './embeddedHome.ts';
import { stopOrphans } from './embeddedOrphans.ts';

const SUPERUSER = 'meterwall';
const DATABASE = 'meterwall';
/** Crash recovery of a large database takes its time; a start without recovery takes 50 ms. */
const READY_MS_MAX = 120_000;
const READY_POLL_MS = 20;
const PORT_ATTEMPTS_MAX = 5;
const RESTART_PAUSE_MS = 200;
const RESTART_PAUSE_MS_MAX = 5_000;
/** SIGINT (fast shutdown) gets this long, then SIGQUIT (immediate, recovery at the next start). */
const FAST_STOP_MS_MAX = 15_000;
const LOG_FILE_BYTES_MAX = 10_000_000;

/**
 * Postgres' own defaults keep up to a gigabyte of journal, three times what a trial stores. An eighth of it makes
 * a checkpoint a minute at a thousand readings a second, and one in a while at a small site. Nobody copies a running
 * embedded cluster (no pg_dump, no replicas), so that the journal serves recovery only.
 */
const JOURNAL_SETTINGS = {
  max_wal_size: '128MB',
  min_wal_size: '32MB',
  wal_level: 'minimal',
  max_wal_senders: 0,
} as const;

export interface EmbeddedOptions {
  /** Folder of the cluster; made when missing. */
  readonly dir: string;
  readonly log: Log;
  /** False in tests only: no fsync, nothing survives a power cut. */
  readonly durable?: boolean;
}

export interface EmbeddedPostgres {
  /** Address of the application's database, with its password. */
  readonly url: string;
  readonly port: number;
  /** Process id of the postmaster now; changes after a restart. */
  pid(): number | undefined;
  /** Fast shutdown; waits for its end. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs a real Postgres on loopback TCP in a folder of ours: makes the cluster at the first start, stops what a killed
 * server left behind, restarts Postgres when it dies. It is detached, so that Ctrl-C reaches us and not Postgres,
 * which must outlive our own drain. Throws one readable sentence when it cannot start.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const home = await prepareHome(options.dir);
  if (home.dir !== options.dir) options.log.info('Postgres keeps its data elsewhere', { dir: home.dir });
  await stopOrphans(home.dataDir, options.log);
  await initialise(home, options.durable !== false);
  const supervisor = new Supervisor(home, options.log, options.durable !== false);
  await supervisor.start();
  await createDatabase(supervisor.urlOf('postgres'));
  return {
    url: supervisor.urlOf(DATABASE),
    port: supervisor.port,
    pid: () => supervisor.pid(),
    stop: () => supervisor.stop(),
  };
}

/** initdb into a folder aside, renamed when complete: a start that was cut short leaves no half cluster. */
async function initialise(home: EmbeddedHome, durable: boolean): Promise<void> {
  if (existsSync(join(home.dataDir, 'PG_VERSION'))) return;
  const half = `${home.dataDir}.half`;
  rmSync(half, { recursive: true, force: true });
  const flags = ['-D', half, `--username=${SUPERUSER}`, `--pwfile=${home.passwordFile}`, '--auth=scram-sha-256'];
  // Without these, initdb takes SQL_ASCII where LANG is unset.
  flags.push('--encoding=UTF8', '--locale=C.UTF-8');
  if (!durable) flags.push('--no-sync');
  const child = launch(home, home.binaries.initdb, flags);
  const code = await exitCode(child);
  if (code !== 0) throw new Error(`initdb failed (${code}): ${lastLines(home.logFile)}`);
  renameSync(half, home.dataDir);
}

class Supervisor {
  readonly #home: EmbeddedHome;
  readonly #log: Log;
  readonly #durable: boolean;
  #child: ChildProcess | undefined;
  #stopping = false;
  port = 0;

  constructor(home: EmbeddedHome, log: Log, durable: boolean) {
    this.#home = home;
    this.#log = log;
    this.#durable = durable;
  }

  urlOf(database: string): string {
    return `postgres://${SUPERUSER}:${this.#home.password}@127.0.0.1:${this.port}/${database}`;
  }

  pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The first start chooses the port; another program may take it in between, so a few are tried. */
  async start(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      this.port = await freePort();
      try {
        await this.#launchAndWait();
        return;
      } catch (error) {
        if (attempt === PORT_ATTEMPTS_MAX || !lastLines(this.#home.logFile).includes('Address already in use'))
          throw error;
      }
    }
  }

  async #launchAndWait(): Promise<void> {
    const child = launch(this.#home, this.#home.binaries.postgres, serverFlags(this.#home, this.port, this.#durable));
    const ended = exitCode(child);
    this.#child = child;
    const ready = await becomesReady(this.urlOf('postgres'), ended).catch((error: unknown) => {
      child.kill('SIGQUIT');
      throw error;
    });
    if (!ready) {
      child.kill('SIGQUIT');
      throw new Error(
        `The embedded Postgres did not start: ${lastLines(this.#home.logFile)} (log: ${this.#home.logFile})`,
      );
    }
    void ended.then((code) => this.#onExit(code));
  }

  #onExit(code: number | string): void {
    if (this.#stopping) return;
    this.#log.error('the embedded Postgres ended by itself, starting it again', { code });
    void this.#restart();
  }

  /** Same port, so that the pool finds it again; children of a killed postmaster must be gone first. */
  async #restart(): Promise<void> {
    for (let pauseMs = RESTART_PAUSE_MS; !this.#stopping; pauseMs = Math.min(pauseMs * 2, RESTART_PAUSE_MS_MAX)) {
      await sleep(pauseMs);
      if (this.#stopping) return;
      try {
        await stopOrphans(this.#home.dataDir, this.#log);
        await this.#launchAndWait();
        this.#log.info('the embedded Postgres runs again', { pid: this.pid() });
        return;
      } catch (error) {
        this.#log.error('the embedded Postgres could not be restarted', { reason: String(error) });
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = exitCode(child);
    child.kill('SIGINT');
    const inTime = await Promise.race([ended.then(() => true), sleep(FAST_STOP_MS_MAX, false, { ref: false })]);
    if (inTime) return;
    this.#log.warn('the embedded Postgres is slow to stop, cutting it short');
    child.kill('SIGQUIT');
    await ended;
  }
}

function serverFlags(home: EmbeddedHome, port: number, durable: boolean): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 60,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    ...JOURNAL_SETTINGS,
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return ['-D', home.dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

function launch(home: EmbeddedHome, command: string, flags: readonly string[]): ChildProcess {
  const output = openLog(home.logFile);
  try {
    return spawn(command, flags, {
      cwd: home.dir,
      detached: true,
      // Our own environment may carry PG* variables and secrets; Postgres needs neither.
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC' },
      stdio: ['ignore', output, output],
      ...(home.account === undefined ? {} : { uid: home.account.uid, gid: home.account.gid }),
    });
  } finally {
    closeSync(output);
  }
}

/** Appends; the previous file is kept once when it has grown too long. */
function openLog(path: string): number {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes > LOG_FILE_BYTES_MAX) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

function lastLines(path: string): string {
  if (!existsSync(path)) return 'no log';
  return readFileSync(path, 'utf8').trim().split('\n').slice(-3).join(' | ');
}

function exitCode(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Polls until Postgres answers a query. False when the process ended first or the time is over. */
async function becomesReady(url: string, ended: Promise<number | string>): Promise<boolean> {
  const state = { over: false };
  void ended.then(() => {
    state.over = true;
  });
  const deadlineMs = performance.now() + READY_MS_MAX;
  while (!state.over && performance.now() < deadlineMs) {
    if (await answers(url)) return true;
    await sleep(READY_POLL_MS);
  }
  return false;
}

/** False while nobody listens or Postgres still recovers. Throws when the password is not the cluster's. */
async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '28P01') {
      throw new Error('The password file beside the embedded cluster is not the one it was made with.', {
        cause: error,
      });
    }
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function createDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
