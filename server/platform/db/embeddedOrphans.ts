import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log.ts';

const STOP_MS_MAX = 15_000;
/** Backends of a killed postmaster notice its death within a second; then they are told. */
const IMMEDIATE_AFTER_MS = 5_000;
const POLL_MS = 25;

/**
 * Stops a Postgres that still works in `dataDir` after its server was killed, and removes a lock file that names
 * nobody. A process belongs to the folder when it is named `postgres` and works there: every Postgres process does, a
 * recycled or zombie pid in postmaster.pid never does. The caller holds the lock of DATA_DIR, so no live server
 * owns what is found here.
 */
export async function stopOrphans(dataDir: string, log: Log): Promise<void> {
  if (!existsSync(dataDir)) return;
  const lockFile = join(dataDir, 'postmaster.pid');
  const folder = realpathSync(dataDir);
  const startMs = performance.now();
  let signal: NodeJS.Signals | undefined;
  for (let pids = processesIn(folder); pids.length > 0; pids = processesIn(folder)) {
    const waitedMs = performance.now() - startMs;
    if (waitedMs > STOP_MS_MAX)
      throw new Error(`Postgres processes ${pids.join(', ')} work in ${dataDir} and do not end.`);
    const next = waitedMs > IMMEDIATE_AFTER_MS ? 'SIGQUIT' : 'SIGINT';
    if (next !== signal) {
      signal = next;
      log.warn('a Postgres was left running, stopping it', { pids, signal });
      for (const pid of signal === 'SIGINT' ? postmaster(lockFile, pids) : pids) tell(pid, signal);
    }
    await sleep(POLL_MS);
  }
  rmSync(lockFile, { force: true });
}

/** The postmaster stops its children itself; without one, the children are told. */
function postmaster(lockFile: string, pids: readonly number[]): readonly number[] {
  const pid = existsSync(lockFile) ? Number(readFileSync(lockFile, 'utf8').split('\n')[0]) : Number.NaN;
  return pids.includes(pid) ? [pid] : pids;
}

/** Pids of Postgres processes whose working directory is `folder`. Linux only, like the embedded Postgres. */
function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && isPostgresIn(folder, pid));
}

/** False for processes that ended meanwhile, zombies, and those of other accounts. */
function isPostgresIn(folder: string, pid: number): boolean {
  try {
    return (
      readlinkSync(`/proc/${pid}/cwd`) === folder && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres'
    );
  } catch {
    return false;
  }
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone between look and signal.
  }
}
