import { constants, setPriority } from 'node:os';
import type { LineHealth } from '#drivers/core/index.ts';
import { type DriverReads, startDriverReads } from './driverReads.ts';
import { FARM_REGISTERS, FARM_WIRE, startFarm } from './gatewayFarm.ts';

const METERS = 32;
const REQUEST_BYTES = 8;
const REPLY_BYTES = 5 + FARM_REGISTERS * 2;

/** What a line did in one measured time. */
export interface LineRun {
  readonly ms: number;
  readonly readings: number;
  /** Times between one reading and the 32nd after it, round for round, ms. */
  readonly roundsMs: readonly number[];
  readonly failures: number;
  readonly health: LineHealth;
}

/** The least that one read can take on the wire, ms: both frames, the silence after each, the meter's own delay. */
export function wireReadMs(): number {
  return wireFrameMs(REQUEST_BYTES) + FARM_WIRE.thinkMs + wireFrameMs(REPLY_BYTES);
}

/** Characters of a frame and the silence that ends it. */
export function wireFrameMs(bytes: number): number {
  const { baud, bitsPerCharacter } = FARM_WIRE;
  return ((bytes * bitsPerCharacter + 3.5 * 11) * 1_000) / baud;
}

/**
 * Reads 32 meters on one emulated line, as fast as the line can, for `ms`; what is reported ends with the last reading.
 * Waits are not shortened by chance, so that the back-offs are those of the rule.
 */
export async function runLine(ms: number, dead: readonly number[]): Promise<LineRun> {
  const farm = await startFarm({ gateways: 1, metersEach: METERS, wire: '9600', dead });
  punctual(farm.pid);
  punctual(process.pid);
  const run = { atMs: [] as number[], failures: 0, fromMs: 0 };
  const sink = {
    reading() {
      run.atMs.push(performance.now());
    },
    meterFailed() {
      run.failures += 1;
    },
    lineLink() {
      run.fromMs = performance.now();
    },
  };
  const reads: DriverReads = startDriverReads(farm.ports, METERS, sink, () => 0);
  while (run.fromMs === 0) await sleep(1);
  await sleep(run.fromMs + ms - performance.now());
  const { atMs, fromMs, failures } = run;
  const roundsMs = atMs.flatMap((endMs, index) =>
    index % METERS === 0 && index > 0 ? endMs - (atMs[index - METERS] ?? 0) : [],
  );
  const measured = { ms: (atMs.at(-1) ?? fromMs) - fromMs, readings: atMs.length, roundsMs, failures };
  const [health] = reads.healths();
  await reads.stop();
  await farm.stop();
  if (health === undefined) throw new Error('there is no line');
  return { ...measured, health };
}

/** A wire is never late. Other programs of the machine would make this one so; not every account may forbid it them. */
function punctual(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_HIGHEST);
  } catch {
    // Then the figure holds for a machine that does nothing else.
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
