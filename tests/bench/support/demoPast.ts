import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerProcess } from './serverProcess.ts';

const HISTORY_MS_MAX = 120_000;
const POLL_MS = 200;
const HISTORY_STORED = 'the past of the simulated plant is stored';

/** Waits until the demo estate has its past: until then the server is busy with what no customer has. */
export async function untilPastStored({ output }: Pick<ServerProcess, 'output'>): Promise<void> {
  const giveUpMs = performance.now() + HISTORY_MS_MAX;
  while (!output().includes(HISTORY_STORED) && performance.now() < giveUpMs) await sleep(POLL_MS);
}
