import { killProcess } from '../../support/processes.ts';
import type { Site } from './systemUnderTest.ts';

const KILL_EVERY_MS = 20;

export interface Outage {
  readonly fromMs: number;
  /** How many processes of Postgres were killed so far. */
  killed(): number;
  /** From now on Postgres may run again. Idempotent. */
  end(): void;
}

/** Kills every Postgres process of the site, and whatever the server starts in its place, until `end`. */
export function beginOutage(site: Site): Outage {
  let killed = 0;
  const kill = () => {
    for (const { pid, command } of site.processes()) {
      if (!command.startsWith('postgres') && !command.includes('/postgres ')) continue;
      killProcess(pid);
      killed += 1;
    }
  };
  kill();
  const timer = setInterval(kill, KILL_EVERY_MS);
  return { fromMs: Date.now(), killed: () => killed, end: () => clearInterval(timer) };
}
