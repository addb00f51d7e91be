import type { Clock, TimerHandle } from '#drivers/core/index.ts';
import type { LineDesk } from '#server/acquisition/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import { addFigures, type Metrics } from '#server/platform/metricsFigures.ts';
import { addDoctorRoutes } from './routes.ts';
import { createDoctorService } from './service.ts';
import { Ward } from './ward.ts';
import { SAMPLE_EVERY_MS } from './watch.ts';

/** Lines are looked at in turn, some each second: a thousand at once would be felt by everything else. */
export const TURN_MS = 1_000;

export interface DoctorDeps {
  readonly estate: EstateReader;
  readonly lines: LineDesk;
  /** Highest rate of a model's port; undefined where nobody states it. */
  readonly highestBaudOf: (modelId: string) => number | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Watches what the lines do with their time, and says what would help. Keeps an hour in memory, nothing on disk. */
export interface Doctor {
  start(): void;
  stop(): void;
  addRoutes(routes: RouteServer): void;
}

export function createDoctor(deps: DoctorDeps): Doctor {
  const { clock, estate } = deps;
  const ward = new Ward(deps);
  const service = createDoctorService({ ...deps, ward });
  let timer: TimerHandle | undefined;
  let next = 0;
  addFigures(deps.metrics, [
    { name: 'doctor_lines', help: 'Lines that are watched', kind: 'gauge', read: () => ward.figures().lines },
    { name: 'doctor_samples', help: 'Samples of lines kept', kind: 'gauge', read: () => ward.figures().samples },
  ]);

  /** Each line once in SAMPLE_EVERY_MS. */
  function turn(): void {
    const lineIds = estate.lineIds();
    const share = Math.ceil((lineIds.length * TURN_MS) / SAMPLE_EVERY_MS);
    if (next >= lineIds.length) {
      next = 0;
      ward.keepOnly(new Set(lineIds));
    }
    for (const lineId of lineIds.slice(next, next + share)) ward.observe(lineId);
    next += share;
    timer = clock.after(TURN_MS, turn);
  }

  return {
    start: turn,
    stop: () => timer?.cancel(),
    addRoutes: (routes) => addDoctorRoutes(routes, service),
  };
}
