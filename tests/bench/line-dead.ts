import type { Bench } from './support/bench.ts';
import { RESPONSE_TIMEOUT_MS } from './support/driverReads.ts';
import { FARM_REGISTERS } from './support/gatewayFarm.ts';
import { runLine, wireFrameMs, wireReadMs } from './support/lineReads.ts';

const METERS = 32;
const DEAD = [5, 16, 27];
const LIVING = METERS - DEAD.length;
const RUN_MS = 75_000;

/** The rule of the back-off as it is told (drivers/README.md): a dead meter costs no more tries than these in the time. */
const WAITS_S = [2, 2.4, 2.88, 3.456, 4.147, 4.977, 5.972, 7.166, 8.6, 10.32, 15.48, 23.22];

export const bench: Bench = {
  name: 'line-dead',
  what: 'the same with three dead meters: time of a round of the others, against the wire’s arithmetic with one frame and deadline per dead meter and back-off',
  unit: 's',
  aim: { of: 'ratio', most: 1.08 },
  async run(say) {
    const { ms, readings, failures, health } = await runLine(RUN_MS, DEAD);
    if (health.reconnects > 0) throw new Error(`${health.reconnects} reconnects for a silent meter`);
    const asked = health.meters.filter(({ reads }) => reads === 0).map((meter) => meter.failures);
    if (asked.length !== DEAD.length) throw new Error(`${asked.length} meters were never read, not ${DEAD.length}`);
    say(
      `${readings} reads in ${(ms / 1_000).toFixed(2)} s, ${failures} deadlines: ${asked.join(', ')} of each dead meter`,
    );
    const most = triesWithin(ms);
    if (Math.max(...asked) > most)
      throw new Error(`${Math.max(...asked)} tries of one meter where the rule has ${most}`);
    // What the wire needs for the reads that were made, and one deadline for each back-off that ended.
    const limitMs = readings * wireReadMs() + failures * deadlineMs();
    const limit = ((limitMs / 1_000) * LIVING) / readings;
    const value = ((ms / 1_000) * LIVING) / readings;
    return {
      value,
      limit,
      ratio: value / limit,
      notes: {
        'most tries of one dead meter by the rule': most,
        'a round without a deadline in it, by the wire, s': Math.round(LIVING * wireReadMs()) / 1_000,
        'false timeouts': health.timeouts - failures,
      },
    };
  },
};

/** Tries of one dead meter in a time: the first at once, each next when its wait after the last deadline is over. */
function triesWithin(ms: number): number {
  let tries = 0;
  let atMs = 0;
  while (atMs < ms) {
    tries += 1;
    atMs += deadlineMs() + (WAITS_S[tries - 1] ?? Number.POSITIVE_INFINITY) * 1_000;
  }
  return tries;
}

/** What a try holds the line for: both frames, as the master reckons them, and the longest wait for the first byte. */
function deadlineMs(): number {
  return wireFrameMs(8) + wireFrameMs(5 + FARM_REGISTERS * 2) - 2 * wireFrameMs(0) + RESPONSE_TIMEOUT_MS;
}
