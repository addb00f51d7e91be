import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunningSystem, Site } from './systemUnderTest.ts';

const PRELOAD = fileURLToPath(new URL('steppedClock.ts', import.meta.url));

/** A server whose wall clock a test can move. */
export interface ClockedSystem {
  readonly system: RunningSystem;
  /** Moves the server's wall clock so far away from ours. */
  setClock(offsetMs: number): void;
}

/** Starts the site with a clock that `setClock` moves, as `steppedClock.ts` does it. */
export async function startWithClock(site: Site): Promise<ClockedSystem> {
  const offsetFile = join(dirname(site.dataDir), 'clock-offset');
  const system = await site.start({ NODE_OPTIONS: `--import=${PRELOAD}`, CLOCK_OFFSET_FILE: offsetFile });
  return {
    system,
    setClock(offsetMs) {
      writeFileSync(offsetFile, String(offsetMs));
      process.kill(system.pid, 'SIGUSR2');
    },
  };
}
