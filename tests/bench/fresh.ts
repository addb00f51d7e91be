import { setTimeout as sleep } from 'node:timers/promises';
import { LIVE_FLUSH_MS } from '#contract/index.ts';
import type { Bench } from './support/bench.ts';
import { openCountingWire, openScreens, quantileMs } from './support/screens.ts';
import { enterFarm, startSystem } from './support/system.ts';
import { startSystemFarm } from './support/systemFarm.ts';

const METERS = 10_000;
const METERS_EACH = 32;
const SCREENS = 100;
/** Every meter answers once in this time with another balance: a thousand changes a second. */
const LIVE_POLL_MS = 10_000;
/** Every meter has answered, and what is compiled at first use is compiled. */
const WARM_UP_MS = 15_000;
const MEASURED_MS = 20_000;

/**
 * Every reply carries, in a value that screens show, the time at which it was given to the socket. All processes are on
 * one machine and read one clock, so that a screen knows the age of what it decodes to the millisecond.
 */
export const bench: Bench = {
  name: 'fresh',
  what: '10,000 meters, 1,000 changes/s, 100 screens: reply on the socket → delta decoded in a client, p99; limit: the flush interval',
  unit: 'ms',
  aim: { of: 'value', most: 300 },
  async run(say) {
    say(`a farm of ${METERS} meters, a server, ${SCREENS} screens`);
    const farm = await startSystemFarm({ meters: METERS, metersEach: METERS_EACH, change: 'stamps' });
    const system = await startSystem('fresh');
    const propertyId = await enterFarm(system.api, farm, LIVE_POLL_MS);
    const { cookie } = system.api;
    const wire = await openCountingWire(system.url);
    const screens = await openScreens({ url: system.url, cookie, propertyId, count: SCREENS - 1 });
    const counted = await openScreens({ url: wire.url, cookie, propertyId, count: 1 });
    await sleep(WARM_UP_MS);

    await Promise.all([screens.take(), counted.take()]);
    const before = { bytes: wire.bytes().down, cpuS: system.cpuSeconds(), atMs: performance.now() };
    await sleep(MEASURED_MS);
    const [figures, own] = await Promise.all([screens.take(), counted.take()]);
    const seconds = (performance.now() - before.atMs) / 1_000;
    const bytesPerS = (wire.bytes().down - before.bytes) / seconds;
    const cpuShare = (system.cpuSeconds() - before.cpuS) / seconds;
    const rssMb = system.rssBytes() / 2 ** 20;

    await Promise.all([screens.stop(), counted.stop()]);
    wire.stop();
    await system.stop();
    await farm.stop();
    const p99 = quantileMs(figures.stampAges, 0.99);
    return {
      value: p99,
      limit: LIVE_FLUSH_MS,
      ratio: p99 / LIVE_FLUSH_MS,
      notes: {
        'p50 and p99.9, ms': `${quantileMs(figures.stampAges, 0.5)}, ${quantileMs(figures.stampAges, 0.999)}`,
        'frame made → decoded, p50 and p99, ms': `${quantileMs(figures.frameDelays, 0.5)}, ${quantileMs(figures.frameDelays, 0.99)}`,
        'changes a second, each screen': Math.round(own.changes / seconds),
        'screens joined, snapshots asked anew': `${figures.joined + own.joined}, ${figures.snapshots + own.snapshots}`,
        'server, share of a core': cpuShare.toFixed(2),
        'server, RSS, MB': Math.round(rssMb),
        'bytes a second to one screen': Math.round(bytesPerS),
      },
    };
  },
};
