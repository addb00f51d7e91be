import type { Telemetry } from './platform/telemetry/index.ts';

const QUARTER_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** After a start the past may still be filled in: for so long what is unknown is asked for each minute. */
const FILLING_MS = 20 * 60_000;
const ASK_AGAIN_MS = 60_000;

export interface PastLoadDeps {
  readonly telemetry: Pick<Telemetry, 'load'>;
  /** Meters whose loads add up to that of the property. */
  readonly meterIds: (propertyId: number) => readonly number[];
  readonly failed: (error: unknown) => void;
}

/**
 * Mean load of a property in this quarter of an hour, or the one before where that has no readings, 24 hours and seven
 * times 24 hours ago, W; undefined where unknown.
 */
export interface PastLoads {
  readonly yesterdayW: number | undefined;
  readonly weekAgoW: number | undefined;
}

const UNKNOWN: PastLoads = { yesterdayW: undefined, weekAgoW: undefined };

interface Known {
  readonly quarterMs: number;
  readonly askedMs: number;
  loads: PastLoads;
}

/**
 * What the load was at this time of the day before: asked of the store once in a quarter of an hour and property, so that
 * dashboards can draw it beside the load of now, which InfluxQL cannot shift in time.
 */
export class PastLoad {
  readonly #deps: PastLoadDeps;
  readonly #known = new Map<number, Known>();
  #firstMs: number | undefined;
  /** One question at a time: nobody waits for these. */
  #work: Promise<void> = Promise.resolve();

  constructor(deps: PastLoadDeps) {
    this.#deps = deps;
  }

  /** What is known by now; asks in the background when a new quarter has begun. */
  at(propertyId: number, nowMs: number): PastLoads {
    const quarterMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
    const known = this.#known.get(propertyId);
    this.#firstMs ??= nowMs;
    const isSame = known?.quarterMs === quarterMs;
    if (isSame && (isComplete(known.loads) || !this.#isWorthAsking(known, nowMs))) return known.loads;
    const next: Known = { quarterMs, askedMs: nowMs, loads: isSame ? known.loads : UNKNOWN };
    this.#known.set(propertyId, next);
    this.#work = this.#work.then(() => this.#ask(propertyId, next));
    return next.loads;
  }

  /** Resolves when everything that was asked for is known. */
  settled(): Promise<void> {
    return this.#work;
  }

  #isWorthAsking({ askedMs }: Known, nowMs: number): boolean {
    return nowMs - (this.#firstMs ?? nowMs) < FILLING_MS && nowMs - askedMs >= ASK_AGAIN_MS;
  }

  async #ask(propertyId: number, known: Known): Promise<void> {
    const meterIds = this.#deps.meterIds(propertyId);
    if (meterIds.length === 0) return;
    const loadW = async (agoMs: number) => {
      const quarterMs = known.quarterMs - agoMs;
      const range = { fromMs: quarterMs - QUARTER_MS, toMs: quarterMs + QUARTER_MS };
      return (await this.#deps.telemetry.load({ meterIds, ...range })).at(-1)?.loadW;
    };
    try {
      known.loads = { yesterdayW: await loadW(DAY_MS), weekAgoW: await loadW(WEEK_MS) };
    } catch (error) {
      this.#deps.failed(error);
    }
  }
}

function isComplete({ yesterdayW, weekAgoW }: PastLoads): boolean {
  return yesterdayW !== undefined && weekAgoW !== undefined;
}
