import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PlantHistoryRow, PlantManifest, PlantMessage, PlantRequest } from '#drivers/simulator/manifest.ts';
import type { Log } from '../log.ts';

const PLANT_PROGRAM = fileURLToPath(new URL('../../../drivers/simulator/main.ts', import.meta.url));
const RESTART_PAUSE_MS = 500;
const RESTART_PAUSE_MS_MAX = 30_000;
/** A plant that ran so long had a good start: its next end is a new story. */
const STEADY_MS = 60_000;
const STOP_MS_MAX = 6_000;

export interface PlantOptions {
  /** `demo` or a number of meters, as the plant's own setting PLANT takes it. */
  readonly size: string;
  /** More settings of the plant's process: PLANT_SEED, PLANT_SPEED, PLANT_WIRE, PLANT_PURSE. */
  readonly variables: Readonly<Record<string, string>>;
  /** Folder for what must survive a restart of the plant. */
  readonly stateDir: string;
  readonly log: Log;
  /** Called with every start of the process: its ports are new each time. */
  readonly onReady: (manifest: PlantManifest) => Promise<void>;
}

export interface PlantRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export interface PlantProcess {
  /** Resolves true once the first `onReady` is through, false when `withinMs` passed first; the plant is tried on. */
  ready(withinMs: number): Promise<boolean>;
  /** What the meters would have said in the past, in batches. Rejects when the plant ends meanwhile. One at a time. */
  history(range: PlantRange, take: (rows: readonly PlantHistoryRow[]) => void): Promise<void>;
  pid(): number | undefined;
  stop(): Promise<void>;
}

/** Runs the simulated plant in a process of its own and starts it again when it ends. It ends by itself with us. */
export function startPlant(options: PlantOptions): PlantProcess {
  mkdirSync(options.stateDir, { recursive: true });
  const { log } = options;
  const firstReady = Promise.withResolvers<boolean>();
  let child: ChildProcess;
  let stopping = false;
  let pauseMs = RESTART_PAUSE_MS;
  let restart: NodeJS.Timeout | undefined;

  const launch = () => {
    const startedMs = performance.now();
    child = forkPlant(options);
    child.on('message', (message) => {
      const { kind, ...rest } = message as PlantMessage;
      if (kind !== 'ready' || !('manifest' in rest)) return;
      options.onReady(rest.manifest).then(
        () => {
          log.info('the simulated plant runs; its faults are switched at', { control: rest.manifest.controlUrl });
          firstReady.resolve(true);
        },
        (error: unknown) => log.error('the estate of the simulated plant was not imported', { error }),
      );
    });
    child.once('exit', (code, signal) => {
      if (stopping) return;
      if (performance.now() - startedMs > STEADY_MS) pauseMs = RESTART_PAUSE_MS;
      log.error('the simulated plant ended by itself, starting it again', { code: code ?? signal, pauseMs });
      restart = setTimeout(launch, pauseMs);
      pauseMs = Math.min(pauseMs * 2, RESTART_PAUSE_MS_MAX);
    });
  };
  launch();

  return {
    ready: (withinMs) => withTimeout(firstReady.promise, withinMs),
    history: (range, take) => requestHistory(child, range, take),
    pid: () => child.pid,
    async stop() {
      stopping = true;
      clearTimeout(restart);
      await endPlant(child, log);
    },
  };
}

function forkPlant(options: PlantOptions): ChildProcess {
  const child = fork(PLANT_PROGRAM, [], {
    env: { PLANT: options.size, PLANT_STATE: options.stateDir, ...options.variables },
    // Ctrl-C in a terminal reaches the whole group; the plant ends when we tell it, after our lines have stopped.
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const say = (text: string) => options.log.info(text.trimEnd());
  child.stdout?.setEncoding('utf8').on('data', say);
  child.stderr?.setEncoding('utf8').on('data', say);
  child.on('error', (error) => options.log.error('the simulated plant', { error }));
  return child;
}

function requestHistory(
  child: ChildProcess,
  range: PlantRange,
  take: (rows: readonly PlantHistoryRow[]) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      finish();
    };
    const onMessage = (raw: unknown) => {
      const message = raw as PlantMessage;
      if (message.kind === 'history') take(message.rows);
      if (message.kind === 'historyEnd') settle(resolve);
    };
    const onExit = () => settle(() => reject(new Error('the simulated plant ended while it told its history')));
    child.on('message', onMessage);
    child.once('exit', onExit);
    send(child, { kind: 'history', ...range });
  });
}

async function endPlant(child: ChildProcess, log: Log): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<boolean>((resolve) => child.once('exit', () => resolve(true)));
  send(child, { kind: 'stop' });
  if (await withTimeout(ended, STOP_MS_MAX)) return;
  log.warn('the simulated plant does not stop, ending it');
  child.kill('SIGKILL');
  await ended;
}

function send(child: ChildProcess, request: PlantRequest): void {
  // A channel that closed meanwhile means that the process ends, which its exit tells.
  if (child.connected) child.send(request, () => undefined);
}

async function withTimeout(promise: Promise<boolean>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
