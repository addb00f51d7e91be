import { setTimeout as sleep } from 'node:timers/promises';
import type { House } from './house.ts';
import { FRAME_LIFE_MS, faultsOf, killsOf } from './plan.ts';

export interface Havoc {
  readonly kills: () => { readonly server: number; readonly postgres: number };
  /** Rejects when something does not come back after a kill: then the run is over. */
  readonly broken: Promise<never>;
  /** Ends the killing and the faults; resolves when the server serves and no frame of any fault can be under way. */
  stop(): Promise<void>;
}

/** Breaks lines by chance and kills the server and Postgres, in the order that the seed gives. */
export function wreak(house: House, seed: number): Havoc {
  const { plant } = house;
  const faults = faultsOf(
    seed,
    plant.manifest.gateways.map(({ code }) => code),
  ).map((fault) => plant.faults.set(fault).id);
  const over = new AbortController();
  const count = { server: 0, postgres: 0 };
  const killing = kill();
  const broken = new Promise<never>((_, reject) => {
    killing.catch(reject);
  });
  broken.catch(() => undefined);

  async function kill(): Promise<void> {
    for (const { what, afterMs } of killsOf(seed)) {
      await sleep(afterMs, undefined, { signal: over.signal }).catch(() => undefined);
      if (over.signal.aborted) return;
      count[what] += 1;
      if (what === 'server') await house.killServer();
      else house.killPostgres();
    }
  }

  return {
    kills: () => ({ ...count }),
    broken,
    async stop() {
      over.abort();
      await killing.catch(() => undefined);
      for (const id of faults) plant.faults.clear(id);
      await sleep(FRAME_LIFE_MS);
    },
  };
}
