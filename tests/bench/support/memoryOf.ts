import { setTimeout as sleep } from 'node:timers/promises';
import { signInTo } from '../../scenarios/support/api.ts';
import { openWallFeed } from '../../scenarios/support/wallFeed.ts';
import type { Measured } from './bench.ts';
import { startServerProcess, temporaryFolder } from './serverProcess.ts';

const MIB = 2 ** 20;
const SCREENS = 2;
const LOOK_EVERY_MS = 1_000;
/** The plant's only property. */
const PROPERTY_ID = 1;

/**
 * Resident memory of the server process with so many meters polled at the default period, two walls open, the embedded
 * Postgres and the plant as processes of their own. The value is the most that was seen in the second half of `forMs`.
 */
export async function memoryOf(
  meters: number,
  wire: 'serial' | 'off',
  forMs: number,
  say: (line: string) => void,
): Promise<Measured> {
  const folder = temporaryFolder('memory');
  const server = await startServerProcess({ DATA_DIR: `${folder.dir}/data`, PLANT: String(meters), PLANT_WIRE: wire });
  try {
    say(`${meters} meters, serving after ${(server.startedInMs / 1_000).toFixed(1)} s`);
    const api = await signInTo(server.url, server.user, server.password);
    const walls = await Promise.all(Array.from({ length: SCREENS }, () => openWallFeed(server.url, api, PROPERTY_ID)));
    const [wall] = walls;
    const beganMs = performance.now();
    let mostBytes = 0;
    let cpuAtHalf = Number.NaN;
    let halfMs = Number.NaN;
    let readingsPerSecond = 0;
    while (performance.now() - beganMs < forMs) {
      await sleep(LOOK_EVERY_MS);
      const nowMs = performance.now();
      if (nowMs - beganMs < forMs / 2) continue;
      if (Number.isNaN(halfMs)) [halfMs, cpuAtHalf] = [nowMs, server.cpuSeconds()];
      mostBytes = Math.max(mostBytes, server.rssBytes());
      readingsPerSecond = Math.max(readingsPerSecond, wall?.pulse().readingsPerSecond ?? 0);
    }
    const cores = (server.cpuSeconds() - cpuAtHalf) / ((performance.now() - halfMs) / 1_000);
    const online = [...(wall?.meters.values() ?? [])].filter(({ facts }) => facts.link === 'online').length;
    for (const { close } of walls) close();
    if (online < meters * 0.99) throw new Error(`only ${online} of ${meters} meters answer`);
    return {
      value: mostBytes / MIB,
      notes: {
        'meters online': online,
        'readings/s, most': readingsPerSecond,
        'cores of the server': cores.toFixed(3),
      },
    };
  } finally {
    await server.stop();
    folder.remove();
  }
}
