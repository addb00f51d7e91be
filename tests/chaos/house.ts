import { type ChildProcess, fork } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '#drivers/core/index.ts';
import { type ControlServer, startControl } from '#drivers/simulator/control.ts';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import { type Plant, startPlant } from '#drivers/simulator/plant.ts';
import { capabilitiesOfWords } from '#drivers/simulator/purseWords.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#server/platform/db/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { temporaryFolder } from '../bench/support/serverProcess.ts';
import { freePort } from '../support/freePort.ts';
import type { ChaosOptions } from './options.ts';
import { METERS_PER_LINE } from './plan.ts';

const PROGRAM = fileURLToPath(new URL('server.ts', import.meta.url));
const START_MS_MAX = 90_000;
/** On each line of a plant that is made by number. */
const PLANT_LINE_METERS = 32;

interface Ready {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** A plant, a Postgres and a server of their own; the server and Postgres can be killed at any moment. */
export interface House {
  readonly plant: Plant;
  readonly control: ControlServer;
  readonly postgres: EmbeddedPostgres;
  /** Where the server is, whenever it is there. */
  readonly url: string;
  /** Of the very first start. */
  readonly signIn: { readonly user: string; readonly password: string };
  /** SIGKILL, and a new start at once; resolves when it serves again. */
  killServer(): Promise<void>;
  /** SIGKILL of the postmaster; its keeper starts it again. */
  killPostgres(): void;
  /** Path of what the servers said. */
  readonly logFile: string;
  stop(): Promise<void>;
}

export async function openHouse({ meters, seed, lacks }: ChaosOptions): Promise<House> {
  const folder = temporaryFolder('chaos');
  const postgres = await startEmbeddedPostgres({ dir: join(folder.dir, 'postgres'), log: silentLog });
  const plant = await startPlant({
    estate: makeEstate({ kind: 'count', meters: Math.ceil(meters / METERS_PER_LINE) * PLANT_LINE_METERS }, seed),
    clock: systemClock,
    speed: 1,
    wire: 'off',
    thinkMs: [1, 4],
    stateFolder: undefined,
    listenHost: '127.0.0.1',
    capabilities: capabilitiesOfWords(lacks),
  });
  const control = await startControl(plant);
  const port = await freePort();
  const settings = {
    ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], HOST: '127.0.0.1', PORT: String(port), PLANT: 'none' },
    ...{ DATA_DIR: join(folder.dir, 'data'), DATABASE_URL: postgres.url, LOG_LEVEL: 'warn' },
  };
  const logFile = join(folder.dir, 'server.log');
  const server = new ServerKeeper(settings, logFile);
  const first = await server.start();
  return {
    ...{ plant, control, postgres, logFile, url: `http://127.0.0.1:${port}`, signIn: first },
    async killServer() {
      await server.kill();
      await server.start();
    },
    killPostgres() {
      const pid = postgres.pid();
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    },
    async stop() {
      await server.kill();
      await Promise.all([control.stop(), plant.stop(), postgres.stop()]);
      folder.remove();
    },
  };
}

/** One server after the other on the same folder, database and port. */
class ServerKeeper {
  readonly #settings: NodeJS.ProcessEnv;
  readonly #log: ReturnType<typeof createWriteStream>;
  #child: ChildProcess | undefined;

  constructor(settings: NodeJS.ProcessEnv, logFile: string) {
    this.#settings = settings;
    this.#log = createWriteStream(logFile, { flags: 'a' });
  }

  /** A start during which Postgres is killed may fail: then it is started again, as a supervisor would. */
  async start(): Promise<Ready> {
    const giveUpMs = performance.now() + START_MS_MAX;
    for (;;) {
      const ready = await this.#startOnce();
      if (ready !== undefined) return ready;
      if (performance.now() > giveUpMs) throw new Error('the server does not start any more');
    }
  }

  async #startOnce(): Promise<Ready | undefined> {
    const child = fork(PROGRAM, [], { env: this.#settings, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
    this.#child = child;
    child.stdout?.pipe(this.#log, { end: false });
    child.stderr?.pipe(this.#log, { end: false });
    return new Promise((resolve) => {
      child.once('message', (message) => resolve(message as Ready));
      child.once('exit', () => resolve(undefined));
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await ended;
  }
}
