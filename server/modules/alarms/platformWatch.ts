import { type Observation, observeSpool, type SpoolLevel } from '#domain/alarm.ts';
import type { Conditions } from './conditions.ts';
import type { AlarmSource } from './types.ts';

/** How the stores behind the house are. */
export interface PlatformState {
  /** The last write to the telemetry store did not succeed. */
  readonly storeDown: boolean;
  /** What waits on disk for a store, by what it is. */
  readonly spools: Readonly<Record<string, SpoolLevel>>;
}

const PLATFORM: AlarmSource = { kind: 'platform', id: 0 };

/** The platform's own alarms: a store that is away for long, a disk that does not hold what waits for it. */
export class PlatformWatch {
  readonly #conditions: Conditions;
  readonly #droppedBefore = new Map<string, number>();

  constructor(conditions: Conditions) {
    this.#conditions = conditions;
  }

  look({ storeDown, spools }: PlatformState, nowMs: number): void {
    const observations = Object.entries(spools).map(([name, level]) => this.#observe(name, level));
    this.#lookAt('storeDown', storeDown ? 'holds' : 'gone', nowMs);
    this.#lookAt('spoolFull', worst(observations), nowMs);
  }

  #lookAt(kind: 'storeDown' | 'spoolFull', observation: Observation, nowMs: number): void {
    this.#conditions.look({ kind, source: PLATFORM, observation, nowMs });
  }

  #observe(name: string, level: SpoolLevel): Observation {
    const before = this.#droppedBefore.get(name) ?? level.dropped;
    this.#droppedBefore.set(name, level.dropped);
    return observeSpool(level, before);
  }
}

function worst(observations: readonly Observation[]): Observation {
  if (observations.includes('holds')) return 'holds';
  return observations.includes('between') ? 'between' : 'gone';
}
