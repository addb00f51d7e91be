import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../scenarios/support/until.ts';
import { freePort } from './freePort.ts';
import { realInflux, requirePart } from './realParts.ts';

const START_MS_MAX = 20_000;

export interface InfluxOptions {
  /** With them only this administrator gets in; without them everybody. */
  readonly user?: string;
  readonly password?: string;
  /** Larger bodies are refused with 413. */
  readonly bodyBytesMax?: number;
}

/** One series of an answer; times are ms since epoch. */
export interface Series {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly (string | number | null)[])[];
}

export interface Influx {
  readonly url: string;
  readonly port: number;
  /** Asks as the administrator; throws InfluxDB's own sentence for an error. */
  query(influxQl: string, database?: string): Promise<readonly Series[]>;
  /** Ends it as a power cut does, and waits for its end. */
  kill(): Promise<void>;
  /** Starts it again on the same port with what it had. */
  restart(): Promise<void>;
  /** Stops its processor for a while, as a machine that hangs: connections are taken and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** An InfluxDB 1.x of its own in a temporary folder, on free ports of this machine; it reports to nobody. */
export async function startInflux(options: InfluxOptions = {}): Promise<Influx> {
  const { program, env } = requirePart(realInflux());
  const folder = mkdtempSync(join(tmpdir(), 'meterwall-influx-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const configuration = join(folder, 'influxdb.conf');
  writeFileSync(configuration, configurationOf(options, folder, port, await freePort()));
  let running: ChildProcess | undefined;

  async function run(): Promise<void> {
    const child = spawn(program, ['run', '-config', configuration], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });
    running = child;
    // A process that ends without stopping it must not leave it behind.
    const endWithUs = () => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    child.once('exit', () => process.off('exit', endWithUs));
    await until('InfluxDB answers', START_MS_MAX, async () => {
      if (child.exitCode !== null) throw new Error(`influxd ended with ${child.exitCode}`);
      return (await fetch(`${url}/ping`)).status === 204;
    });
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = running;
    running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    child.kill('SIGCONT');
    await ended;
  }
  const { user, password } = options;
  const headers: Record<string, string> =
    user === undefined ? {} : { authorization: `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}` };

  await run();
  if (user !== undefined) {
    await ask(url, {}, `CREATE USER "${user}" WITH PASSWORD '${password ?? ''}' WITH ALL PRIVILEGES`, undefined);
  }
  return {
    url,
    port,
    query: (influxQl, database) => ask(url, headers, influxQl, database),
    kill: () => end('SIGKILL'),
    restart: run,
    freeze: () => void running?.kill('SIGSTOP'),
    thaw: () => void running?.kill('SIGCONT'),
    async stop() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ask(
  url: string,
  headers: Readonly<Record<string, string>>,
  influxQl: string,
  database: string | undefined,
): Promise<readonly Series[]> {
  const parameters = new URLSearchParams({ epoch: 'ms', ...(database === undefined ? {} : { db: database }) });
  const response = await fetch(`${url}/query?${parameters.toString()}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ q: influxQl }),
  });
  const { results = [], error } = (await response.json()) as {
    readonly results?: readonly { readonly series?: readonly Series[]; readonly error?: string }[];
    readonly error?: string;
  };
  const refused = error ?? results[0]?.error;
  if (refused !== undefined) throw new Error(refused);
  return results[0]?.series ?? [];
}

function configurationOf({ user, bodyBytesMax }: InfluxOptions, folder: string, port: number, rpcPort: number): string {
  return `
reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${join(folder, 'meta')}"
  logging-enabled = false
[data]
  dir = "${join(folder, 'data')}"
  wal-dir = "${join(folder, 'wal')}"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  auth-enabled = ${user !== undefined}
  log-enabled = false
  max-body-size = ${bodyBytesMax ?? 25_000_000}
[continuous_queries]
  enabled = false
`;
}
