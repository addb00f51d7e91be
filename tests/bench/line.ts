import type { Bench } from './support/bench.ts';
import { runLine, wireReadMs } from './support/lineReads.ts';
import { median } from './support/median.ts';

const METERS = 32;
/** Seven rounds and a half. */
const RUN_MS = 30_400;

export const bench: Bench = {
  name: 'line',
  what: '32 meters on an emulated 9600-baud line: time of a round (median), against the arithmetic of the wire',
  unit: 's',
  aim: { of: 'ratio', most: 1.03 },
  async run(say) {
    const limit = (METERS * wireReadMs()) / 1_000;
    const { ms, readings, roundsMs, failures, health } = await runLine(RUN_MS, []);
    say(`${readings} reads; rounds of ${roundsMs.map(Math.round).join(', ')} ms`);
    if (failures > 0 || health.timeouts > 0 || health.reconnects > 0)
      throw new Error(
        `${health.timeouts} timeouts, ${failures} failures, ${health.reconnects} reconnects where none belong`,
      );
    const value = median(roundsMs) / 1_000;
    return {
      value,
      limit,
      ratio: value / limit,
      notes: { timeouts: health.timeouts, 'mean round, s': ((ms / 1_000) * METERS) / readings },
    };
  },
};
