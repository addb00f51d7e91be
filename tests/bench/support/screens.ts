import { type ChildProcess, fork } from 'node:child_process';
import { createServer, connect as openSocket, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { disconnected } from './systemFarm.ts';

export interface ScreensOptions {
  readonly url: string;
  readonly cookie: string;
  readonly propertyId: number;
  readonly count: number;
  /**
   * `whole` (left out): each screen decodes every frame, as a screen does. `heads`: only number and time are read, by a
   * client that does nothing else, so that a thousand screens in one process do not wait for each other.
   */
  readonly decode?: 'whole' | 'heads';
}

/** What all screens of a process have seen since they were last asked. */
export interface ScreensFigures {
  readonly joined: number;
  readonly frames: number;
  readonly changes: number;
  readonly snapshots: number;
  readonly disconnects: number;
  /** Changes whose balance carried the time of its sending: how many were so many ms old when they were decoded. */
  readonly stampAges: readonly number[];
  /** Frames by the time from their making to their decoding, ms. */
  readonly frameDelays: readonly number[];
  /** Age of the oldest latest reading that the last pulse told, and of the pulse itself, ms; the worst screen. */
  readonly oldestReadingMs: number;
}

/** Screens without pixels in a process of their own: they join a property, decode every frame, ask anew after a gap. */
export interface Screens {
  /** Figures since the last call. */
  take(): Promise<ScreensFigures>;
  stop(): Promise<void>;
}

/** Opens the screens and waits until each has its snapshot. Rejects when the process ends before. */
export function openScreens(options: ScreensOptions): Promise<Screens> {
  const child = fork(fileURLToPath(new URL('./screensProcess.ts', import.meta.url)), [JSON.stringify(options)]);
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the screens ended with ${code}`)));
    child.once('message', () => resolve({ take: () => take(child), stop: () => disconnected(child) }));
  });
}

function take(child: ChildProcess): Promise<ScreensFigures> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the screens ended with ${code}`));
    child.once('exit', ended);
    child.once('message', (figures) => {
      child.off('exit', ended);
      resolve(figures as ScreensFigures);
    });
    child.send('take');
  });
}

/** The value below which the share `share` of a histogram of whole ms lies; NaN of an empty one. */
export function quantileMs(histogram: readonly number[], share: number): number {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [ms, count] of histogram.entries()) {
    below += count;
    if (total > 0 && below >= total * share) return ms;
  }
  return Number.NaN;
}

/** A way to the server that counts what it carries, so that bytes on the wire are bytes on the wire. */
export interface CountingWire {
  readonly url: string;
  /** Since the start, bytes: what the server sent, and what it was sent. */
  bytes(): { readonly down: number; readonly up: number };
  stop(): void;
}

/** Opens a counting way to `url`. */
export function openCountingWire(url: string): Promise<CountingWire> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const counts = { down: 0, up: 0 };
  const server = createServer((near) => {
    const far = openSocket(Number(port), hostname);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (chunk) => {
      counts.up += chunk.length;
    });
    far.on('data', (chunk) => {
      counts.down += chunk.length;
    });
    near.pipe(far);
    far.pipe(near);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') return reject(new Error('the counting wire has no port'));
      return resolve({
        url: `http://127.0.0.1:${address.port}`,
        bytes: () => ({ ...counts }),
        stop() {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}
