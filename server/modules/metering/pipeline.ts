import type { ZonedCalendar } from '#domain/calendar.ts';
import { COUNTERS, type Quantity, type Reading } from '#drivers/core/index.ts';
import type { IngestPipeline } from '#server/acquisition/types.ts';
import type { Log } from '#server/platform/log.ts';
import type { Telemetry, TelemetryPoint } from '#server/platform/telemetry/index.ts';
import type { MeterStates } from './meterStates.ts';
import type { RegisterKeeper } from './registerKeeper.ts';
import type { MeteringListener, MeterUpdate, MeterView, ModelLookup } from './types.ts';

/** Live readings of one meter go to telemetry once in this time; registers and answers to people always do. */
export const TELEMETRY_INTERVAL_MS = 60_000;

export interface PipelineDeps {
  readonly states: MeterStates;
  readonly registers: RegisterKeeper;
  readonly telemetry: Telemetry;
  readonly latest: { changed(meterId: number): void };
  readonly modelOf: ModelLookup;
  readonly calendarOf: (meter: MeterView) => ZonedCalendar;
  readonly listeners: ReadonlySet<MeteringListener>;
  readonly log: Log;
}

/** The steps of every batch: latest and state, registers, telemetry, then those who listen (live, alarms). */
export function createPipeline(deps: PipelineDeps): IngestPipeline & {
  /** Passes on changes that came from elsewhere. */
  tell(updates: readonly MeterUpdate[], nowMs: number): void;
} {
  const { states, registers, telemetry, latest } = deps;
  const keepsTelemetry = createThrottle();
  const countersOf = createCounterLookup(deps.modelOf);

  function tell(updates: readonly MeterUpdate[], nowMs: number): void {
    if (updates.length === 0) return;
    for (const { meter } of updates) latest.changed(meter.profile.meter.id);
    for (const listener of deps.listeners) {
      // One that fails must not keep the news from the others.
      try {
        listener.metersChanged(updates, nowMs);
      } catch (error) {
        deps.log.error('a listener of metering failed', { error });
      }
    }
  }

  function store(updates: readonly MeterUpdate[]): void {
    const points: TelemetryPoint[] = [];
    for (const { meter, reading } of updates) {
      if (reading === undefined) continue;
      registers.take(reading, countersOf(meter.profile.meter.modelId), deps.calendarOf(meter));
      if (keepsTelemetry(reading)) points.push(reading);
    }
    if (points.length > 0) telemetry.write(points);
  }

  return {
    take(batch, nowMs) {
      const updates: MeterUpdate[] = [];
      for (const news of batch.lines) updates.push(...states.takeLine(news));
      for (const news of batch.meters) {
        const update = states.takeMeter(news, nowMs);
        if (update !== undefined) updates.push(update);
      }
      store(updates);
      tell(updates, nowMs);
    },
    sweep(nowMs, cyclesMs) {
      tell(states.sweep(nowMs, cyclesMs), nowMs);
      for (const listener of deps.listeners) listener.swept?.(nowMs);
    },
    clockStepped(byMs) {
      states.clockStepped(byMs);
      for (const listener of deps.listeners) listener.clockStepped?.(byMs);
    },
    tell,
  };
}

/** True for readings that telemetry keeps: at most one live reading a minute and meter. */
function createThrottle(): (reading: Reading) => boolean {
  const keptMinute = new Map<number, number>();
  return (reading) => {
    const minute = Math.floor(reading.atMs / TELEMETRY_INTERVAL_MS);
    if (reading.source === 'live' && keptMinute.get(reading.meterId) === minute) return false;
    keptMinute.set(reading.meterId, minute);
    return true;
  };
}

/** The counters that a model has, by model id. */
function createCounterLookup(modelOf: ModelLookup): (modelId: string) => readonly Quantity[] {
  const known = new Map<string, readonly Quantity[]>();
  return (modelId) => {
    const counters = known.get(modelId);
    if (counters !== undefined) return counters;
    const fields = new Set<string>(modelOf(modelId)?.fields.map(({ quantity }) => quantity));
    const found = COUNTERS.filter((counter) => fields.has(counter));
    known.set(modelId, found);
    return found;
  };
}
