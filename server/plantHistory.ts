import { BILLING_INTERVAL_MS } from '#domain/calendar.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { PlantHistoryRow } from '#drivers/simulator/manifest.ts';
import type { Metering } from './modules/metering/index.ts';
import type { Log } from './platform/log.ts';
import type { PlantProcess } from './platform/plant/plant.ts';

const DAY_MS = 86_400_000;
/** A day more than a week, so that "a week ago" is there in every time zone. */
const HISTORY_DAYS = 8;
/** Larger plants bring fewer days, or none: nobody waits an hour for a demonstration. */
const HISTORY_ROWS_MAX = 450_000;
/** Asked for in pieces, the newest first: each is stored before the next is made, so that memory stays small. */
const PIECE_MS = 6 * 3_600_000;
const SOURCE = 'plant';

export interface PlantHistoryDeps {
  readonly plant: Pick<PlantProcess, 'history'>;
  readonly metering: Pick<Metering, 'hasHistory' | 'takeHistory' | 'historyTaken'>;
  readonly meterCount: number;
  readonly clock: Clock;
  readonly log: Log;
  /** True once the server stops: no further piece is asked for. */
  readonly stopped: () => boolean;
}

/**
 * Fills the past of a fresh demonstration, so that trends and "yesterday" show from the first minute. Once for each
 * database; cut short, it begins again at the next start and stores nothing twice.
 */
export async function takePlantHistory(deps: PlantHistoryDeps): Promise<void> {
  const { metering, clock, log } = deps;
  if (await metering.hasHistory(SOURCE)) return;
  const rowsADay = (DAY_MS / BILLING_INTERVAL_MS) * Math.max(1, deps.meterCount);
  const days = Math.min(HISTORY_DAYS, Math.floor(HISTORY_ROWS_MAX / rowsADay));
  if (days === 0) return;
  const toMs = Math.floor(clock.nowMs() / BILLING_INTERVAL_MS) * BILLING_INTERVAL_MS;
  const fromMs = toMs - days * DAY_MS;
  const beganMs = clock.monotonicMs();
  for (let endMs = toMs; endMs > fromMs; endMs -= PIECE_MS) {
    if (deps.stopped()) return;
    const rows: PlantHistoryRow[] = [];
    const piece = { fromMs: endMs - PIECE_MS, toMs: endMs, stepMs: BILLING_INTERVAL_MS };
    await deps.plant.history(piece, (some) => void rows.push(...some));
    await metering.takeHistory(rows);
  }
  await metering.historyTaken(SOURCE, fromMs, toMs);
  log.info('the past of the simulated plant is stored', { days, tookMs: Math.round(clock.monotonicMs() - beganMs) });
}
