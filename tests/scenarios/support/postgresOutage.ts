import type { Site } from './systemUnderTest.ts';

const AGAIN_EVERY_MS = 20;

export interface Outage {
  readonly fromMs: number;
  /** How many processes of Postgres were struck so far. */
  struck(): number;
  /** From now on Postgres may run again. Idempotent. */
  end(): void;
}

/**
 * Takes Postgres away until `end`. `killed`: every process of it by `kill -9`, and whatever the server starts in its
 * place. `hung`: they stand still (SIGSTOP), connections stay open and nobody answers.
 */
export function beginOutage(site: Site, how: 'killed' | 'hung'): Outage {
  const struck = new Set<number>();
  const strike = () => {
    for (const { pid, command } of site.processes()) {
      if (!command.startsWith('postgres') && !command.includes('/postgres ')) continue;
      if (struck.has(pid) && how === 'hung') continue;
      tell(pid, how === 'killed' ? 'SIGKILL' : 'SIGSTOP');
      struck.add(pid);
    }
  };
  strike();
  const timer = setInterval(strike, AGAIN_EVERY_MS);
  return {
    fromMs: Date.now(),
    struck: () => struck.size,
    end() {
      clearInterval(timer);
      if (how === 'hung') for (const pid of struck) tell(pid, 'SIGCONT');
    },
  };
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in the meantime.
  }
}
