import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './support/bench.ts';
import { openScreens, quantileMs } from './support/screens.ts';
import { enterFarm, startSystem } from './support/system.ts';
import { startSystemFarm } from './support/systemFarm.ts';

const PROPERTIES = 4;
const METERS_EACH_PROPERTY = 2_500;
const METERS_EACH = 32;
const SCREENS_EACH_PROPERTY = 250;
/** Every meter answers once in this time with another balance: 250 changes a second in each property. */
const LIVE_POLL_MS = 10_000;
const WARM_UP_MS = 15_000;
const MEASURED_MS = 20_000;

/** What a thousand screens add: the same server at the same work is measured without any and with all of them. */
export const bench: Bench = {
  name: 'screens',
  what: '1,000 screens on four properties of 250 changes/s each: processor of the server that they add to the same work without them',
  unit: 'cores',
  aim: { of: 'value', most: 0.12 },
  async run(say) {
    const system = await startSystem('screens');
    const farms = [];
    const propertyIds: number[] = [];
    for (let property = 0; property < PROPERTIES; property++) {
      const farm = await startSystemFarm({ meters: METERS_EACH_PROPERTY, metersEach: METERS_EACH, change: 'stamps' });
      farms.push(farm);
      propertyIds.push(await enterFarm(system.api, farm, LIVE_POLL_MS));
    }
    const share = async (): Promise<number> => {
      const before = { cpuS: system.cpuSeconds(), atMs: performance.now() };
      await sleep(MEASURED_MS);
      return ((system.cpuSeconds() - before.cpuS) * 1_000) / (performance.now() - before.atMs);
    };
    await sleep(WARM_UP_MS);
    const alone = await share();
    say(`without a screen: ${alone.toFixed(3)} cores`);

    const { cookie } = system.api;
    const open = (propertyId: number) =>
      openScreens({ url: system.url, cookie, propertyId, count: SCREENS_EACH_PROPERTY });
    const screens = await Promise.all(propertyIds.map(open));
    await sleep(WARM_UP_MS);
    await Promise.all(screens.map((some) => some.take()));
    const watched = await share();
    const figures = await Promise.all(screens.map((some) => some.take()));
    say(`with ${figures.reduce((sum, { joined }) => sum + joined, 0)} screens: ${watched.toFixed(3)} cores`);

    await Promise.all(screens.map((some) => some.stop()));
    await system.stop();
    await Promise.all(farms.map((farm) => farm.stop()));
    const delays = figures.map(({ frameDelays }) => quantileMs(frameDelays, 0.99));
    return {
      value: watched - alone,
      notes: {
        'frame made → decoded, p99 of each property, ms': delays.join(', '),
        'frames a second and screen': (
          figures.reduce((sum, { frames }) => sum + frames, 0) /
          (PROPERTIES * SCREENS_EACH_PROPERTY) /
          (MEASURED_MS / 1_000)
        ).toFixed(1),
        'snapshots asked anew': figures.reduce((sum, { snapshots }) => sum + snapshots, 0),
      },
    };
  },
};
