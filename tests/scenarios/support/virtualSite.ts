import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import { type Plant, startPlant } from '#drivers/simulator/plant.ts';
import { type App, startApp } from '#server/app.ts';
import { readConfig } from '#server/config.ts';
import { silentLog } from '#server/platform/log.ts';
import { type ManualClock, manualClock } from '../../support/manualClock.ts';

/** Short against every period of the house, long enough that a day is some hundred thousand steps. */
const STEP_MS = 250;
/** Turns of the event loop in which bytes on loopback sockets reach the other side. */
const TURNS_A_STEP = 3;
/** Postgres keeps real time: it gets a moment after so much virtual time, and as long as it needs when it is behind. */
const DATABASE_EVERY_MS = 30_000;
const DATABASE_PAUSE_MS = 2;
/** Batches of telemetry that may wait on the disk: more, and Postgres is behind by more than a site ever was. */
const BATCHES_BEHIND_MAX = 50;

/** The whole server and a plant in this process, on one clock that stands still until it is moved. Sockets are real. */
export interface VirtualSite {
  readonly clock: ManualClock;
  readonly plant: Plant;
  readonly app: App;
  /** Lets virtual time pass. */
  pass(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts both at `startMs`; gateways are not yet entered. */
export async function startVirtualSite(meters: number, seed: number, startMs: number): Promise<VirtualSite> {
  const clock = manualClock(startMs);
  const folder = mkdtempSync(join(tmpdir(), 'meterwall-virtual-'));
  // Postgres does not run as root: its account must be able to walk in.
  chmodSync(folder, 0o755);
  const plant = await startPlant({
    estate: makeEstate({ kind: 'count', meters }, seed),
    clock,
    speed: 1,
    wire: 'off',
    thinkMs: [1, 5],
    stateFolder: undefined,
    listenHost: '127.0.0.1',
  });
  const config = readConfig({ DATA_DIR: join(folder, 'data'), PORT: '0', PLANT: 'none' });
  const app = await startApp(config, { log: silentLog, clock });
  return {
    clock,
    plant,
    app,
    async pass(ms) {
      await pass(clock, clock.monotonicMs() + ms, () => caughtUp(app, BATCHES_BEHIND_MAX));
      await caughtUp(app, 0);
    },
    async stop() {
      // Both stop in virtual time too.
      const stopped = { done: false };
      const stopping = Promise.all([app.stop(), plant.stop()]).finally(() => {
        stopped.done = true;
      });
      while (!stopped.done) await pass(clock, clock.monotonicMs() + STEP_MS).then(() => sleep(1));
      await stopping;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Virtual time stands still until no more than so many batches wait for Postgres. */
async function caughtUp({ measuring }: App, batchesMax: number): Promise<void> {
  const waiting = () => measuring.telemetry.figures().spool?.records ?? 0;
  while (waiting() > batchesMax) {
    // Refused while Postgres has not answered what it was given before: it gets the time to.
    await measuring.metering.flush().catch(() => sleep(DATABASE_PAUSE_MS));
  }
}

async function pass(clock: ManualClock, untilMs: number, catchUp?: () => Promise<void>): Promise<void> {
  let pauseAtMs = clock.monotonicMs() + DATABASE_EVERY_MS;
  while (clock.monotonicMs() < untilMs) {
    clock.advance(Math.min(STEP_MS, untilMs - clock.monotonicMs()));
    for (let turn = 0; turn < TURNS_A_STEP; turn++) await nextTurn();
    if (clock.monotonicMs() < pauseAtMs) continue;
    pauseAtMs += DATABASE_EVERY_MS;
    await sleep(DATABASE_PAUSE_MS);
    await catchUp?.();
  }
}
