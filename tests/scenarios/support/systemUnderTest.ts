import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { type FoundProcess, killProcess, markedProcesses, processesLeft } from '../../support/processes.ts';
import { type Api, signInTo } from './api.ts';
import { until } from './until.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;
type Command = readonly [program: string, ...args: string[]];
const SERVER: Command = [process.execPath, 'server/main.ts'];
const NPM_START: Command = ['npm', 'start'];
const MARK = 'METERWALL_SCENARIO';

/** Printed by the first start without the demo plant, by every start with it. */
const SIGN_IN = /Sign in {2}(\S+) \/ (\S+)/;

export interface SignIn {
  readonly user: string;
  readonly password: string;
}

/** Environment of the server besides PATH; later entries win. */
export type Settings = Readonly<Record<string, string>>;

/** A folder that outlives single starts, as DATA_DIR does. */
export interface Site {
  readonly dataDir: string;
  /** Starts `node server/main.ts` on this folder and waits until it serves. */
  start(settings?: Settings): Promise<RunningSystem>;
  /** The same by `npm start`, as a person does: npm is the process of the result, and leads a group of its own. */
  startByNpm(settings?: Settings): Promise<RunningSystem>;
  /** Starts a copy of the program that calls itself another release, as an update would leave it. */
  startRelease(release: string, settings?: Settings): Promise<RunningSystem>;
  /** Starts it and waits for its end, for starts that must not succeed. */
  startToEnd(settings: Settings): Promise<Ending>;
  /** Every process that this site's servers started and that lives: server, plant, Postgres. */
  processes(): readonly FoundProcess[];
  /** The same after a grace for those on their way out. */
  processesLeft(waitMs: number): Promise<readonly FoundProcess[]>;
}

export interface Ending {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly output: string;
}

export interface RunningSystem {
  readonly url: string;
  readonly pid: number;
  /** From spawn until /healthz said 200. */
  readonly startedInMs: number;
  output(): string;
  /** What this start, or an earlier one of the site, has printed. */
  readonly printedSignIn: SignIn;
  /** As that user. */
  signIn(): Promise<Api>;
  /** Sends the signal to the server alone and waits for its end. */
  end(signal: NodeJS.Signals): Promise<Ending>;
}

/**
 * Gives a test file fresh sites. After each test, also a failed one, everything that still runs is killed and
 * the folders are removed.
 */
export function useSites(): () => Site {
  const open: { readonly site: Site; readonly folder: string }[] = [];
  afterEach(async () => {
    for (const { site, folder } of open.splice(0)) {
      for (let found = site.processes(); found.length > 0; found = await site.processesLeft(1_000)) {
        for (const { pid } of found) killProcess(pid);
      }
      rmSync(folder, { recursive: true, force: true });
    }
  });
  return () => {
    // Postgres does not run as root: its account must be able to walk in.
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'meterwall-site-')));
    chmodSync(folder, 0o755);
    const site = createSite(join(folder, 'data'), folder);
    open.push({ site, folder });
    return site;
  };
}

function createSite(dataDir: string, folder: string): Site {
  const id = randomUUID();
  let signIn: SignIn | undefined;
  const mark = { environment: `${MARK}=${id}`, folder };
  const environmentOf = (settings: Settings) => ({
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    METERWALL_TEST_RUN: process.env['METERWALL_TEST_RUN'],
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: dataDir,
    PLANT: 'none',
    [MARK]: id,
    ...settings,
  });
  const served = async (launched: Launched): Promise<RunningSystem> => {
    const running = await untilServing(launched);
    const { user, password } = printedSignIn(launched.output()) ?? signIn ?? noSignIn();
    signIn = { user, password };
    return { ...running, printedSignIn: signIn, signIn: () => signInTo(running.url, user, password) };
  };
  return {
    dataDir,
    start: (settings = {}) => served(launch(SERVER, environmentOf(settings))),
    startByNpm: (settings = {}) => served(launch(NPM_START, environmentOf(settings))),
    startRelease: (release, settings = {}) =>
      served(launch(SERVER, environmentOf(settings), copyProgram(join(folder, release), release))),
    async startToEnd(settings) {
      const { child, ending } = launch(SERVER, environmentOf(settings));
      await until('the start ends', START_MS_MAX, () => hasEnded(child));
      return ending;
    },
    processes: () => markedProcesses(mark),
    processesLeft: (waitMs) => processesLeft(mark, waitMs),
  };
}

interface Launched {
  readonly child: ChildProcess;
  readonly ending: Promise<Ending>;
  output(): string;
}

/** The program in another folder and under another release; what it only reads is linked. */
function copyProgram(folder: string, release: string): string {
  mkdirSync(folder);
  for (const part of ['server', 'drivers']) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  for (const part of ['node_modules', 'web']) symlinkSync(join(ROOT, part), join(folder, part));
  const manifest: object = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, version: release }));
  return folder;
}

function launch([program, ...args]: Command, env: NodeJS.ProcessEnv, cwd: string = ROOT): Launched {
  const child = spawn(program, args, {
    cwd,
    env,
    detached: program === 'npm',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ending = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined, output }));
  });
  return { child, ending, output: () => output };
}

async function untilServing({
  child,
  ending,
  output,
}: Launched): Promise<Omit<RunningSystem, 'signIn' | 'printedSignIn'>> {
  const startMs = performance.now();
  const url = await until('the server serves', START_MS_MAX, async () => {
    if (hasEnded(child)) return 'ended';
    const address = /Open {5}(\S+)/.exec(output())?.[1];
    if (address === undefined) return undefined;
    return (await fetch(`${address}/healthz`)).ok && address;
  });
  if (url === 'ended') throw new Error(`the server ended with ${child.exitCode}:\n${output()}`);
  return {
    url,
    pid: child.pid ?? 0,
    startedInMs: performance.now() - startMs,
    output,
    async end(signal) {
      child.kill(signal);
      await until('the server ends', STOP_MS_MAX, () => hasEnded(child));
      return ending;
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function printedSignIn(output: string): SignIn | undefined {
  const [, user, password] = SIGN_IN.exec(output) ?? [];
  return user === undefined || password === undefined ? undefined : { user, password };
}

function noSignIn(): never {
  throw new Error('no start has printed how to sign in');
}
