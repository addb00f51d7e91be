import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './support/bench.ts';
import { openCountingWire, openScreens } from './support/screens.ts';
import { enterFarm, startSystem } from './support/system.ts';
import { startSystemFarm } from './support/systemFarm.ts';

const METERS = 1_008;
const CHANGES_PER_SECOND = 10;
const LIVE_POLL_MS = 2_000;
const WARM_UP_MS = 8_000;
/** Longer than the heartbeat of the transport, so that it is counted as well. */
const MEASURED_MS = 40_000;

/** Counted outside of both ends: WebSocket frames, pulses and heartbeats included; TCP's own headers are not. */
export const bench: Bench = {
  name: 'quiet',
  what: '1,008 values on a wall, 10 changing per second: bytes per second to one screen',
  unit: 'B/s',
  aim: { of: 'value', most: 500 },
  async run(say) {
    say(`a farm of ${METERS} meters, a server, one screen`);
    const farm = await startSystemFarm({ meters: METERS, metersEach: 32, change: CHANGES_PER_SECOND });
    const system = await startSystem('quiet');
    const propertyId = await enterFarm(system.api, farm, LIVE_POLL_MS);
    const wire = await openCountingWire(system.url);
    const screen = await openScreens({ url: wire.url, cookie: system.api.cookie, propertyId, count: 1 });
    await sleep(WARM_UP_MS);

    await screen.take();
    const before = wire.bytes();
    const beganMs = performance.now();
    await sleep(MEASURED_MS);
    const after = wire.bytes();
    const seconds = (performance.now() - beganMs) / 1_000;
    const figures = await screen.take();

    await screen.stop();
    wire.stop();
    await system.stop();
    await farm.stop();
    if (figures.joined !== 1 || figures.snapshots > 0)
      throw new Error('the screen lost its place while it was measured');
    return {
      value: (after.down - before.down) / seconds,
      notes: {
        'changes a second that came': (figures.changes / seconds).toFixed(1),
        'frames a second': (figures.frames / seconds).toFixed(1),
        'bytes a second from the screen': ((after.up - before.up) / seconds).toFixed(1),
      },
    };
  },
};
