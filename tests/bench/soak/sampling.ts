import { quantileMs, type Screens } from '../support/screens.ts';
import type { System } from '../support/system.ts';
import type { Wall } from './wall.ts';

/** Everything that is looked at every few seconds. */
export interface SoakSample {
  /** Since the first look, s. */
  readonly atS: number;
  readonly rssMb: number;
  readonly heapMb: number;
  readonly loopP99Ms: number;
  readonly lagMs: number;
  readonly frameDelayMs: number;
  readonly cpuShare: number;
  readonly changesPerS: number;
  readonly wallHeapMb: number;
  readonly wallRssMb: number;
  readonly wallFramesPerS: number;
  /** Whole seconds in which the wall painted nothing, and whether it said that it is stale. */
  readonly wallMissedS: number;
  readonly wallStale: number;
  readonly joined: number;
  readonly disconnects: number;
  /** Since the start: what a full queue or spool had to give up, and screens that were too slow. */
  readonly dropped: number;
  readonly lagging: number;
}

/** Measures that are charted, with the slopes that matter first. */
export const MEASURES = [
  { key: 'rssMb', title: 'Server, resident memory', unit: 'MB', decimals: 0 },
  { key: 'heapMb', title: 'Server, heap in use', unit: 'MB', decimals: 0 },
  { key: 'loopP99Ms', title: 'Server, event-loop delay, 99 %', unit: 'ms', decimals: 1 },
  { key: 'lagMs', title: 'Age of the oldest value on the screens', unit: 'ms', decimals: 0 },
  { key: 'frameDelayMs', title: 'Frame made to frame decoded, 99 %', unit: 'ms', decimals: 0 },
  { key: 'cpuShare', title: 'Server, share of a core', unit: 'core', decimals: 3 },
  { key: 'wallHeapMb', title: 'Wall, JavaScript heap after collection', unit: 'MB', decimals: 1 },
  { key: 'wallRssMb', title: 'Wall, resident memory of its process', unit: 'MB', decimals: 0 },
  { key: 'wallFramesPerS', title: 'Wall, frames of the feed', unit: '1/s', decimals: 1 },
  { key: 'changesPerS', title: 'Changes that came to a screen', unit: '1/s', decimals: 0 },
] as const satisfies readonly { key: keyof SoakSample; title: string; unit: string; decimals: number }[];

export type MeasureKey = (typeof MEASURES)[number]['key'];

const DROPPED = ['acquisition_queue_dropped_total', 'telemetry_dropped_total', 'registers_dropped_total'];

/** Looks at the server from outside (its metrics) and at what the screens saw since the last look. */
export class Sampler {
  readonly #system: System;
  readonly #screens: Screens;
  readonly #wall: Wall;
  readonly #beganMs = performance.now();
  #before: { readonly atMs: number; readonly cpuS: number };

  constructor(system: System, screens: Screens, wall: Wall) {
    this.#system = system;
    this.#screens = screens;
    this.#wall = wall;
    this.#before = { atMs: this.#beganMs, cpuS: system.cpuSeconds() };
  }

  async take(): Promise<SoakSample> {
    const looks = [metricsOf(this.#system.url), this.#screens.take(), this.#wall.take()] as const;
    const [text, screens, wall] = await Promise.all(looks);
    const metric = (name: string): number => figureOf(text, name);
    const now = { atMs: performance.now(), cpuS: this.#system.cpuSeconds() };
    const seconds = (now.atMs - this.#before.atMs) / 1_000;
    const cpuS = now.cpuS - this.#before.cpuS;
    this.#before = now;
    return {
      atS: (now.atMs - this.#beganMs) / 1_000,
      rssMb: metric('process_resident_memory_bytes') / 2 ** 20,
      heapMb: metric('nodejs_heap_size_used_bytes') / 2 ** 20,
      loopP99Ms: metric('nodejs_eventloop_lag_p99_seconds') * 1_000,
      lagMs: screens.oldestReadingMs,
      frameDelayMs: screens.frames === 0 ? 0 : quantileMs(screens.frameDelays, 0.99),
      cpuShare: cpuS / seconds,
      changesPerS: screens.changes / seconds / Math.max(1, screens.joined),
      wallHeapMb: wall.heapBytes / 2 ** 20,
      wallRssMb: wall.rendererBytes / 2 ** 20,
      wallFramesPerS: wall.feedFrames / seconds,
      wallMissedS: wall.missedSeconds,
      wallStale: wall.stale ? 1 : 0,
      joined: screens.joined,
      disconnects: screens.disconnects,
      dropped: DROPPED.reduce((sum, name) => sum + metric(name), 0),
      lagging: metric('live_lagging_total'),
    };
  }
}

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

/** The value of a metric without labels; 0 of one that is not there. */
function figureOf(text: string, name: string): number {
  const [, value = '0'] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? [];
  return Number(value);
}
