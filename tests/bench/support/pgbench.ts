import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SCALE = 10;

/** Transactions a second by so many clients for so many seconds. */
export type Pgbench = (clients: number, seconds: number) => Promise<number>;

/**
 * TPC-B as PostgreSQL's own `pgbench` does it: five statements and their begin and end, each a round trip, simple protocol, scale 10.
 * Makes its tables in the database of `url`; undefined where no pgbench is installed.
 */
export async function preparePgbench(url: string): Promise<Pgbench | undefined> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const env = { ...process.env, PGPASSWORD: decodeURIComponent(password) };
  const where = ['-h', hostname, '-p', port, '-U', decodeURIComponent(username), pathname.slice(1)];
  try {
    await run('pgbench', ['-i', '-q', '-s', `${SCALE}`, ...where], { env });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return async (clients, seconds) => {
    const { stdout } = await run('pgbench', ['-n', '-c', `${clients}`, '-T', `${seconds}`, ...where], { env });
    const perSecond = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
    if (perSecond > 0) return perSecond;
    // A machine that is very busy finishes none, of which pgbench makes no speed.
    if (/actually processed: 0$/m.test(stdout)) return 0;
    throw new Error(`pgbench said nothing of its speed: ${stdout}`);
  };
}
