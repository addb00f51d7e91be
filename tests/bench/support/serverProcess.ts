import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** As `npm start` starts it, read from there so that a bench never measures other settings of V8. */
export const START_FLAGS = startFlags();
const SERVE_MS_MAX = 120_000;
const STOP_MS_MAX = 30_000;
const POLL_MS = 10;
/** Ticks a second in /proc/<pid>/stat: USER_HZ, 100 on every Linux of ours. */
const TICKS_PER_SECOND = 100;

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** From spawn until /healthz said 200. */
  readonly startedInMs: number;
  readonly user: string;
  readonly password: string;
  output(): string;
  /** Resident memory now, bytes. */
  rssBytes(): number;
  /** Processor time since its start, user and system, s. */
  cpuSeconds(): number;
  /** SIGTERM and the wait for its end: Postgres and plant have ended with it. */
  stop(): Promise<void>;
}

/** A folder for DATA_DIR that Postgres' account can enter; `remove` it when everything has stopped. */
export function temporaryFolder(name: string): { readonly dir: string; remove(): void } {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), `meterwall-${name}-`)));
  chmodSync(dir, 0o755);
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Starts the real server in a process of its own and waits until it serves. `flags` go to Node before the program. */
export async function startServerProcess(
  settings: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  const startMs = performance.now();
  const child = spawn(process.execPath, [...START_FLAGS, ...flags, 'server/main.ts'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], HOST: '127.0.0.1', PORT: '0', ...settings },
    // With the channel it ends by itself when the bench is cut short.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const pid = child.pid ?? 0;
  const url = await untilServing(child, () => output, startMs);
  const [, user = '', password = ''] = /Sign in {2}(\S+) \/ (\S+)/.exec(output) ?? [];
  return {
    url,
    pid,
    startedInMs: performance.now() - startMs,
    user,
    password,
    output: () => output,
    rssBytes: () => rssBytes(pid),
    cpuSeconds: () => cpuSeconds(pid),
    stop: () => stop(child),
  };
}

/** Resident memory of a process, bytes. */
export function rssBytes(pid: number): number {
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kib) * 1_024;
}

/** Processor time of a process since its start, s. */
export function cpuSeconds(pid: number): number {
  // Behind the name, which may hold anything, come the state (3rd field) and so on; 14th and 15th are the times.
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function untilServing(child: ChildProcess, output: () => string, startMs: number): Promise<string> {
  while (performance.now() - startMs < SERVE_MS_MAX) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${output()}`);
    const address = /Open {5}(\S+)/.exec(output())?.[1];
    if (address !== undefined && (await fetch(`${address}/healthz`)).ok) return address;
    await sleep(POLL_MS);
  }
  child.kill('SIGKILL');
  throw new Error(`the server did not serve within ${SERVE_MS_MAX} ms:\n${output()}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const inTime = await Promise.race([ended.then(() => true), sleep(STOP_MS_MAX, false, { ref: false })]);
  if (!inTime) child.kill('SIGKILL');
  await ended;
}

function startFlags(): readonly string[] {
  const manifest: { scripts: { start: string } } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [, flags = ''] = /exec node (.*)server\/main\.ts/.exec(manifest.scripts.start) ?? [];
  return flags.split(' ').filter(Boolean);
}
