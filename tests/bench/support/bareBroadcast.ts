import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { cpuSeconds } from './serverProcess.ts';
import { disconnected } from './systemFarm.ts';

/** What goes to every socket: texts of `frameBytes` every `everyMs`, and a pulse of two hundred bytes now and then. */
export interface Broadcast {
  readonly frameBytes: number;
  readonly everyMs: number;
}

/** A Socket.IO server that knows nothing and sends the same to everybody, in a process of its own: the floor. */
export interface BareBroadcast {
  readonly url: string;
  cpuSeconds(): number;
  begin(broadcast: Broadcast): void;
  stop(): Promise<void>;
}

/** Starts one on a free loopback port. Rejects when its process ends before it listens. */
export function startBareBroadcast(): Promise<BareBroadcast> {
  const child = fork(fileURLToPath(new URL('./bareBroadcastProcess.ts', import.meta.url)));
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the bare server ended with ${code}`)));
    child.once('message', (url) => resolve(ofChild(child, String(url))));
  });
}

function ofChild(child: ChildProcess, url: string): BareBroadcast {
  return {
    url,
    cpuSeconds: () => cpuSeconds(child.pid ?? 0),
    begin: (broadcast) => void child.send(broadcast),
    stop: () => disconnected(child),
  };
}
