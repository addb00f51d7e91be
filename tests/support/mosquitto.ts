import { type ChildProcess, spawn } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { until } from '../scenarios/support/until.ts';
import { freePort } from './freePort.ts';
import { realMosquitto, requirePart } from './realParts.ts';

const START_MS_MAX = 10_000;
/** As Mosquitto writes them into its password file. */
const HASH_ROUNDS = 101;
const USER = 'meterwall';

export interface MosquittoOptions {
  /** With it only the user `meterwall` gets in; without it everybody. */
  readonly password?: string;
  /** Lines of an access list; without them everybody may do everything. */
  readonly rights?: readonly string[];
  /** Retained messages outlive a restart, also a violent one. */
  readonly persistent?: boolean;
}

export interface Mosquitto {
  /** With user and password. */
  readonly url: string;
  readonly port: number;
  /** Ends it as a power cut does, and waits for its end. */
  kill(): Promise<void>;
  /** Starts it again on the same port after a kill: empty, unless it is persistent. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A Mosquitto of its own in a temporary folder, on a free port of this machine. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const { program, env } = requirePart(realMosquitto());
  const folder = mkdtempSync(join(tmpdir(), 'meterwall-mosquitto-'));
  const port = await freePort();
  const configuration = join(folder, 'mosquitto.conf');
  writeFileSync(configuration, configurationOf(options, folder, port));
  let running: ChildProcess | undefined;

  async function run(): Promise<void> {
    const child = spawn(program, ['-c', configuration], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running = child;
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    await until(
      () => `Mosquitto listens: ${said}`,
      START_MS_MAX,
      () => said.includes(`Opening ipv4 listen socket on port ${port}`) && said.includes('running'),
    );
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = running;
    running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(signal);
    await ended;
  }

  await run();
  const credentials = options.password === undefined ? '' : `${USER}:${encodeURIComponent(options.password)}@`;
  return {
    url: `mqtt://${credentials}127.0.0.1:${port}`,
    port,
    kill: () => end('SIGKILL'),
    restart: run,
    async stop() {
      await end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Somebody else at the broker, who keeps what the topics below `filter` hold. */
export interface Listener {
  readonly client: MqttClient;
  /** Payload by topic; an empty message takes the topic away. */
  readonly held: ReadonlyMap<string, string>;
  /** Every message in the order of its arrival. */
  readonly messages: readonly { readonly topic: string; readonly payload: string; readonly retained: boolean }[];
  close(): Promise<void>;
}

/** Connects and subscribes; what the broker holds arrives a moment later. */
export async function listenAt(url: string, filter: string): Promise<Listener> {
  const { host, protocol, username, password } = new URL(url);
  const client = await mqtt.connectAsync(`${protocol}//${host}`, {
    // Read by the client itself, a colon in the password would end the user's name.
    ...(username === '' ? {} : { username, password: decodeURIComponent(password) }),
    protocolVersion: 4,
    reconnectPeriod: 0,
    connectTimeout: 5_000,
  });
  const held = new Map<string, string>();
  const messages: { topic: string; payload: string; retained: boolean }[] = [];
  client.on('message', (topic, payload, { retain }) => {
    messages.push({ topic, payload: payload.toString(), retained: retain });
    if (payload.length === 0) held.delete(topic);
    else held.set(topic, payload.toString());
  });
  await client.subscribeAsync(filter, { qos: 1 });
  return { client, held, messages, close: () => client.endAsync(true) };
}

function configurationOf({ password, rights, persistent = false }: MosquittoOptions, folder: string, port: number) {
  const lines = [
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${password === undefined}`,
    `persistence ${persistent}`,
    // Written after every change, so that a kill loses nothing.
    ...(persistent ? [`persistence_location ${folder}/`, 'autosave_on_changes true', 'autosave_interval 1'] : []),
    'log_dest stderr',
    // Started by root it would become another account, which cannot enter the folder.
    'user root',
  ];
  if (password !== undefined) {
    const file = join(folder, 'passwords');
    writeFileSync(file, `${USER}:${hashOf(password)}\n`, { mode: 0o600 });
    lines.push(`password_file ${file}`);
  }
  if (rights !== undefined) {
    const file = join(folder, 'rights');
    writeFileSync(file, `${rights.join('\n')}\n`, { mode: 0o600 });
    lines.push(`acl_file ${file}`);
  }
  return `${lines.join('\n')}\n`;
}

function hashOf(password: string): string {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, HASH_ROUNDS, 64, 'sha512');
  return `$7$${HASH_ROUNDS}$${salt.toString('base64')}$${hash.toString('base64')}`;
}
