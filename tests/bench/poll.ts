import { seededChance } from '#drivers/simulator/seededChance.ts';
import { startBareReads } from './support/bareReads.ts';
import type { Bench } from './support/bench.ts';
import { startDriverReads } from './support/driverReads.ts';
import { farmEnergyWh, startFarm } from './support/gatewayFarm.ts';
import { median } from './support/median.ts';

const GATEWAYS = 320;
const METERS_EACH = 32;
/** Reads that warm a way up before it is measured, and reads measured. */
const WARM_READS = 20_000;
const MEASURED_READS = 60_000;
/** Measured in pairs, the one first and the other first in turn; the medians count. */
const PAIRS = 6;

export const bench: Bench = {
  name: 'poll',
  what: '320 gateways × 32 meters, 48 registers each, no wire: the whole driver path to judged readings, against bare sockets with hand framing (CPU)',
  unit: 'CPU s per 10,000 reads',
  aim: { of: 'ratio', least: 0.7 },
  async run(say) {
    const farm = await startFarm({ gateways: GATEWAYS, metersEach: METERS_EACH, wire: 'off' });
    const ours: number[] = [];
    const bare: number[] = [];
    for (let pair = 0; pair < PAIRS; pair += 1) {
      if (pair % 2 === 0) ours.push(await driverCpuS(farm.ports));
      bare.push(await bareCpuS(farm.ports));
      if (pair % 2 === 1) ours.push(await driverCpuS(farm.ports));
      say(`pair ${pair + 1}: ${ours.at(-1)?.toFixed(4)} against ${bare.at(-1)?.toFixed(4)}`);
    }
    await farm.stop();
    const value = median(ours);
    const limit = median(bare);
    const ratio = median(ours.map((own, index) => (bare[index] ?? Number.NaN) / own));
    return { value, limit, ratio, notes: { 'aim beside the ratio': 'value ≤ 0.22' } };
  },
};

function bareCpuS(ports: readonly number[]): Promise<number> {
  return measured((onRead) => Promise.resolve(startBareReads(ports, METERS_EACH, onRead)));
}

/** Throws when a reading is not what the meter said: a figure for wrong readings is none. */
function driverCpuS(ports: readonly number[]): Promise<number> {
  let wrong = '';
  return measured((onRead) => {
    const reads = startDriverReads(
      ports,
      METERS_EACH,
      {
        reading({ meterId, values, rejected }) {
          const energyWh = farmEnergyWh(((meterId - 1) % METERS_EACH) + 1);
          if (values.energyWh !== energyWh || rejected.length > 0) wrong = `meter ${meterId} was not read rightly`;
          onRead();
        },
        meterFailed(meterId, { message }) {
          wrong = `meter ${meterId}: ${message}`;
        },
        lineLink(lineId, up, reason) {
          if (!up) wrong = `line ${lineId}: ${reason}`;
        },
      },
      seededChance(20_261_122),
    );
    return async () => {
      await reads.stop();
      if (wrong !== '') throw new Error(wrong);
    };
  });
}

/** CPU seconds of this process, all threads, per 10,000 reads, once the way is warm. */
async function measured(start: (onRead: () => void) => (() => unknown) | Promise<() => unknown>): Promise<number> {
  globalThis.gc?.();
  let reads = 0;
  let from = process.cpuUsage();
  const done = Promise.withResolvers<number>();
  const stop = await start(() => {
    reads += 1;
    if (reads === WARM_READS) from = process.cpuUsage();
    if (reads !== WARM_READS + MEASURED_READS) return;
    const { user, system } = process.cpuUsage(from);
    done.resolve(((user + system) / 1e6 / MEASURED_READS) * 10_000);
  });
  const cpuS = await done.promise;
  await stop();
  return cpuS;
}
