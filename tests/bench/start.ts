import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import type { Bench } from './support/bench.ts';
import { untilPastStored } from './support/demoPast.ts';
import { startServerProcess, temporaryFolder } from './support/serverProcess.ts';

const STARTS = 5;

export const bench: Bench = {
  name: 'start',
  what: 'warm start on the data folder of the demo estate: from spawn until /healthz is 200, median of five',
  unit: 's',
  aim: { of: 'value', most: 3 },
  async run(say) {
    const folder = temporaryFolder('start');
    const settings = { DATA_DIR: `${folder.dir}/data`, PLANT: 'demo' };
    try {
      const first = await startServerProcess(settings);
      const cold = first.startedInMs / 1_000;
      say(`first start ${cold.toFixed(2)} s, waiting for the history of the demo estate`);
      await untilPastStored(first);
      await first.stop();
      const folderMiB = mebibytesOf(realpathSync(`${folder.dir}/data/postgres`));
      const tookS: number[] = [];
      for (let start = 0; start < STARTS; start++) {
        const server = await startServerProcess(settings);
        tookS.push(server.startedInMs / 1_000);
        await server.stop();
      }
      say(`warm starts ${tookS.map((took) => took.toFixed(2)).join(', ')} s`);
      const sorted = tookS.toSorted((a, b) => a - b);
      return {
        value: sorted[Math.floor(STARTS / 2)] ?? Number.NaN,
        notes: { 'first start, s': cold.toFixed(2), "Postgres' folder after the history, MiB": folderMiB },
      };
    } finally {
      folder.remove();
    }
  },
};

function mebibytesOf(folder: string): number {
  return Number(execFileSync('du', ['-sm', folder], { encoding: 'utf8' }).split('\t')[0]);
}
