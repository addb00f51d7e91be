import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './support/bench.ts';
import { openScreens } from './support/screens.ts';
import { cpuSeconds } from './support/serverProcess.ts';
import { startSystem } from './support/system.ts';
import { enterWirePlant, startWirePlant } from './support/wirePlant.ts';

const LINES = 320;
const METERS_A_LINE = 32;
/** Less than a round takes on the wire: each line is busy all the time. */
const LIVE_POLL_MS = 4_000;
/** What 320 lines of 9600 baud carry: a machine that others use as well may read fewer, each costs the same. */
const READS_PER_SECOND = 2_530;
const SCREENS = 4;
const WARM_UP_MS = 20_000;
const MEASURED_MS = 40_000;

export const bench: Bench = {
  name: 'estate',
  what: `${LINES} emulated 9600-baud lines of ${METERS_A_LINE} meters, all busy: decode, state, store (Postgres) and four screens; processor of the server for ${READS_PER_SECOND} reads/s`,
  unit: 'cores',
  aim: { of: 'value', most: 0.5 },
  async run(say) {
    const plant = await startWirePlant(LINES * METERS_A_LINE);
    const system = await startSystem('estate');
    try {
      const propertyId = await enterWirePlant(system.api, plant, LIVE_POLL_MS);
      say(`${LINES * METERS_A_LINE} meters entered, warming up`);
      const screens = await openScreens({ url: system.url, cookie: system.api.cookie, propertyId, count: SCREENS });
      await sleep(WARM_UP_MS);

      await screens.take();
      const before = await look(system.url);
      const [cpuBefore, plantBefore] = [system.cpuSeconds(), cpuSeconds(plant.pid)];
      const beganMs = performance.now();
      await sleep(MEASURED_MS);
      const seconds = (performance.now() - beganMs) / 1_000;
      const [cpu, plantCpu] = [system.cpuSeconds() - cpuBefore, cpuSeconds(plant.pid) - plantBefore];
      const after = await look(system.url);
      const { changes, joined } = await screens.take();

      await screens.stop();
      if (joined !== SCREENS) throw new Error(`only ${joined} of ${SCREENS} screens see the estate`);
      if (after.timeouts > before.timeouts) throw new Error(`${after.timeouts - before.timeouts} false timeouts`);
      const reads = after.readings - before.readings;
      return {
        value: (cpu / reads) * READS_PER_SECOND,
        notes: {
          'reads/s': Math.round(reads / seconds),
          'cores used': (cpu / seconds).toFixed(3),
          'points stored/s': Math.round((after.written - before.written) / seconds),
          'changes/s to each screen': Math.round(changes / seconds / SCREENS),
          'event loop delay p99, ms': Math.round(after.delayP99Ms),
          'event loop delay most, ms': Math.round(after.delayMostMs),
          'cores of the plant': (plantCpu / seconds).toFixed(2),
          'resident memory, MiB': Math.round(system.rssBytes() / 2 ** 20),
        },
      };
    } finally {
      await system.stop();
      await plant.stop();
    }
  },
};

/** Figures of the server since its start; the event loop's since the last look. */
async function look(url: string) {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
  const sum = (name: string): number =>
    lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return {
    readings: sum('acquisition_readings_total'),
    timeouts: sum('line_timeouts_total'),
    written: sum('telemetry_written_total'),
    delayP99Ms: 1_000 * sum('nodejs_eventloop_lag_p99_seconds'),
    delayMostMs: 1_000 * sum('nodejs_eventloop_lag_max_seconds'),
  };
}
