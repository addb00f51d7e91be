import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** How often a lock that changes hands under our eyes is looked at again. */
const ATTEMPTS_MAX = 5;

export type LockOutcome =
  | { readonly ok: true; release(): void }
  /** The server that has the folder. */
  | { readonly ok: false; readonly pid: number };

/**
 * Takes the folder for this process, making it when missing. The lock file names the process and when it began, so
 * that a lock left by `kill -9` is seen to be nobody's, even when its pid runs something else by now.
 */
export function lockDataDir(dataDir: string): LockOutcome {
  makeFolder(dataDir);
  const path = join(dataDir, 'server.lock');
  const own = `${process.pid} ${startOf(process.pid) ?? ''}`;
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, own);
  try {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      if (links(draft, path)) return { ok: true, release: () => releaseIfOwn(path, own) };
      const held = readIfThere(path);
      if (held === undefined) continue;
      if (isAlive(held)) return { ok: false, pid: Number.parseInt(held, 10) };
      removeStale(path, held, `${draft}.stale`);
    }
    throw new Error(`${path} changes hands without end`);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Not by mkdir's own `recursive`: under /proc, where nothing can be made, Node's turns in a circle for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

/** A hard link either makes the name or fails; there is no moment in between. */
function links(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Moves the stale lock aside; when another server took the folder in between, its lock is put back. */
function removeStale(path: string, stale: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (readFileSync(aside, 'utf8') !== stale) links(aside, path);
  rmSync(aside, { force: true });
}

function isAlive(held: string): boolean {
  const [pidText, start] = held.split(' ');
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid)
    return held === `${process.pid} ${startOf(process.pid) ?? ''}`;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, under another account.
    if (!hasCode(error, 'EPERM')) return false;
  }
  const now = startOf(pid);
  return now === undefined || now === start;
}

/** Start time of a process in ticks since boot (proc(5), field 22); undefined where there is no /proc. A zombie has begun at no time. */
function startOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The name in field 2 may hold spaces and brackets: count from its end.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? 'zombie' : fields?.[19];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function releaseIfOwn(path: string, own: string): void {
  if (readIfThere(path) === own) rmSync(path, { force: true });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
