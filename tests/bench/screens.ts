import { setTimeout as sleep } from 'node:timers/promises';
import { type BareBroadcast, startBareBroadcast } from './support/bareBroadcast.ts';
import type { Bench } from './support/bench.ts';
import { openCountingWire, openScreens, quantileMs, type ScreensFigures } from './support/screens.ts';
import { enterFarm, type System, startSystem } from './support/system.ts';
import { startSystemFarm } from './support/systemFarm.ts';

const METERS = 10_000;
const METERS_EACH = 32;
const SCREENS = 1_000;
/** Every meter answers once in this time, with another load: 1,000 changes a second, and every screen sees all of them. */
const LIVE_POLL_MS = 10_000;
const WARM_UP_MS = 15_000;
const MEASURED_MS = 20_000;
const DELAY_AIM_MS = 40;
const BYTES_AIM = 8_000;

/**
 * What a thousand screens add to a server at work: it is measured without any and with all of them; then a bare Socket.IO
 * server sends as many bytes as often to as many sockets, and nothing else.
 */
export const bench: Bench = {
  name: 'screens',
  what: '1,000 screens that each see 1,000 changes/s: processor of the server that they add to the same work without them; limit: a bare Socket.IO broadcast of the same bytes as often',
  unit: 'cores',
  aim: { of: 'ratio', least: 0.8 },
  async run(say) {
    const farm = await startSystemFarm({ meters: METERS, metersEach: METERS_EACH, change: 'loads' });
    const system = await startSystem('screens');
    const propertyId = await enterFarm(system.api, farm, LIVE_POLL_MS);
    await sleep(WARM_UP_MS);
    const before = await coresOf(system, MEASURED_MS);
    say(`without a screen: ${before.toFixed(3)} cores`);

    const { cookie } = system.api;
    const screens = await openScreens({ url: system.url, cookie, propertyId, count: SCREENS, decode: 'heads' });
    const wire = await openCountingWire(system.url);
    const whole = await openScreens({ url: wire.url, cookie, propertyId, count: 1 });
    await sleep(WARM_UP_MS);
    await Promise.all([screens.take(), whole.take()]);
    const told = { bytes: wire.bytes().down, ...(await deltasOf(system.url)) };
    const watched = await coresOf(system, MEASURED_MS);
    const [figures, one, now] = await Promise.all([screens.take(), whole.take(), deltasOf(system.url)]);
    const bytes = perSecond(wire.bytes().down - told.bytes);
    say(`with ${figures.joined} screens: ${watched.toFixed(3)} cores`);
    await Promise.all([screens.stop(), whole.stop()]);
    wire.stop();
    await sleep(WARM_UP_MS);
    const after = await coresOf(system, MEASURED_MS);
    say(`without a screen again: ${after.toFixed(3)} cores`);
    await system.stop();
    await farm.stop();

    const deltas = now.deltas - told.deltas;
    const frameBytes = (now.deltaBytes - told.deltaBytes) / deltas;
    const floor = await floorOf({ frameBytes, everyMs: MEASURED_MS / deltas });
    const value = watched - (before + after) / 2;
    return {
      ...{ value, limit: floor.cores, ratio: floor.cores / value },
      also: [
        { what: 'bytes a screen and second', value: bytes, most: BYTES_AIM },
        { what: 'frame made → at the screen, p99, ms', value: delayOf(figures), most: DELAY_AIM_MS },
      ],
      notes: {
        'the same of the bare server, ms': delayOf(floor.figures),
        'changes a second that a screen saw': perSecond(one.changes).toFixed(0),
        'frames a second and screen': perSecond(figures.frames / figures.joined).toFixed(1),
        'characters of a frame': frameBytes.toFixed(0),
        'snapshots asked anew': figures.snapshots + one.snapshots,
      },
    };
  },
};

/** The floor: the same sockets and the same bytes, from a server that does nothing else. */
async function floorOf(broadcast: { readonly frameBytes: number; readonly everyMs: number }) {
  const bare = await startBareBroadcast();
  const screens = await openScreens({ url: bare.url, cookie: '', propertyId: 1, count: SCREENS, decode: 'heads' });
  bare.begin(broadcast);
  await sleep(WARM_UP_MS);
  await screens.take();
  const cores = await coresOf(bare, MEASURED_MS);
  const figures = await screens.take();
  await screens.stop();
  await bare.stop();
  return { cores, figures };
}

async function coresOf(server: Pick<System | BareBroadcast, 'cpuSeconds'>, ms: number): Promise<number> {
  const before = { cpuS: server.cpuSeconds(), atMs: performance.now() };
  await sleep(ms);
  return ((server.cpuSeconds() - before.cpuS) * 1_000) / (performance.now() - before.atMs);
}

/** Deltas encoded since the start, and their characters. */
async function deltasOf(url: string): Promise<{ readonly deltas: number; readonly deltaBytes: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const figure = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  return { deltas: figure('live_deltas_total'), deltaBytes: figure('live_delta_bytes_total') };
}

function delayOf({ frameDelays }: ScreensFigures): number {
  return quantileMs(frameDelays, 0.99);
}

function perSecond(count: number): number {
  return (count * 1_000) / MEASURED_MS;
}
