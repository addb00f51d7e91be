import type { Telemetry } from './platform/telemetry/index.ts';

const QUARTER_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

export interface PastLoadDeps {
  readonly telemetry: Pick<Telemetry, 'load'>;
  /** Meters whose loads add up to that of the property. */
  readonly meterIds: (propertyId: number) => readonly number[];
  readonly failed: (error: unknown) => void;
}

/** Mean load of a property in this quarter of an hour, 24 hours and seven times 24 hours ago, W; absent where unknown. */
export interface PastLoads {
  readonly yesterdayW: number | undefined;
  readonly weekAgoW: number | undefined;
}

const UNKNOWN: PastLoads = { yesterdayW: undefined, weekAgoW: undefined };

interface Known {
  readonly quarterMs: number;
  loads: PastLoads;
}

/**
 * What the load was at this time of the day before: asked of the store once in a quarter of an hour and property, so that
 * dashboards can draw it beside the load of now, which InfluxQL cannot shift in time.
 */
export class PastLoad {
  readonly #deps: PastLoadDeps;
  readonly #known = new Map<number, Known>();
  /** One question at a time: nobody waits for these. */
  #work: Promise<void> = Promise.resolve();

  constructor(deps: PastLoadDeps) {
    this.#deps = deps;
  }

  /** What is known by now; asks in the background when a new quarter has begun. */
  at(propertyId: number, nowMs: number): PastLoads {
    const quarterMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
    const known = this.#known.get(propertyId);
    if (known?.quarterMs === quarterMs) return known.loads;
    const next: Known = { quarterMs, loads: UNKNOWN };
    this.#known.set(propertyId, next);
    this.#work = this.#work.then(() => this.#ask(propertyId, next));
    return UNKNOWN;
  }

  /** Resolves when everything that was asked for is known. */
  settled(): Promise<void> {
    return this.#work;
  }

  async #ask(propertyId: number, known: Known): Promise<void> {
    const meterIds = this.#deps.meterIds(propertyId);
    if (meterIds.length === 0) return;
    const loadW = async (agoMs: number) => {
      const fromMs = known.quarterMs - agoMs;
      const [bucket] = await this.#deps.telemetry.load({ meterIds, fromMs, toMs: fromMs + QUARTER_MS });
      return bucket?.loadW;
    };
    try {
      known.loads = { yesterdayW: await loadW(DAY_MS), weekAgoW: await loadW(WEEK_MS) };
    } catch (error) {
      // The store is down: it is asked again in the next quarter.
      this.#deps.failed(error);
    }
  }
}
