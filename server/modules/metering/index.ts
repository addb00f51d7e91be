import { join } from 'node:path';
import type { MeterNow } from '#contract/index.ts';
import { createCalendars } from '#domain/calendar.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { IngestPipeline, LineDesk } from '#server/acquisition/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { RouteServer } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import { addFigures, type Metrics } from '#server/platform/metricsFigures.ts';
import type { SpoolFigures } from '#server/platform/spool/index.ts';
import type { Telemetry, ZoneMeters } from '#server/platform/telemetry/index.ts';
import { createBackfill, type HistoryRow } from './backfill.ts';
import { backfillExists, insertBackfill } from './backfillStore.ts';
import { CentralReading } from './centralReading.ts';
import { toMeterNow } from './dto.ts';
import { createLatestKeeper } from './latestKeeper.ts';
import { selectLatest } from './latestStore.ts';
import { MeterStates } from './meterStates.ts';
import { createPipeline } from './pipeline.ts';
import { RegisterKeeper } from './registerKeeper.ts';
import { type RegisterRow, selectLastPair, selectRegistersAt } from './registerStore.ts';
import { addMeteringRoutes } from './routes.ts';
import { createMeteringService } from './service.ts';
import type { CommandSource, LineView, MeteringListener, MeterView, ModelLookup, MoneySource } from './types.ts';
import { createPeaks } from './wall.ts';

export type { HistoryRow } from './backfill.ts';
export type { RegisterRow } from './registerStore.ts';
export type {
  CommandSource,
  HeldProtection,
  LineView,
  MeteringListener,
  MeterUpdate,
  MeterView,
  MoneySource,
} from './types.ts';

export interface MeteringDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly estate: EstateReader;
  readonly telemetry: Telemetry;
  readonly modelOf: ModelLookup;
  readonly metrics: Metrics;
  /** Folder of what waits for the database. */
  readonly spoolDir: string;
}

export interface Metering {
  /**
   * Takes the meters of the estate and what was known before the start. The estate must have been loaded. With `lines`,
   * registers that no poll brings at a billing instant are asked for.
   */
  start(lines?: LineDesk): Promise<void>;
  /** Where acquisition brings its batches. */
  readonly pipeline: IngestPipeline;
  addRoutes(routes: RouteServer, lines: LineDesk): void;
  listen(listener: MeteringListener): () => void;
  meter(meterId: number): MeterView | undefined;
  /** In the order of their ids. */
  metersOfProperty(propertyId: number): readonly MeterView[];
  metersOfLine(lineId: number): readonly MeterView[];
  line(lineId: number): LineView | undefined;
  meterNow(meterId: number): MeterNow | undefined;
  /** The mark of an alarm that nobody acknowledged. */
  setAlarmMark(meterId: number, unacknowledged: boolean): void;
  /** Tells metering who pays for what; until then the meters' own words decide. */
  setMoneySource(source: MoneySource): void;
  /** Tells metering what the meters were told. */
  setCommandSource(source: CommandSource): void;
  /** These meters' accounts, wallets or commands are other than before: their states are told if that changes them. */
  judgeAnew(meterIds: Iterable<number>): void;
  /** Stores history that a plant or gateway kept: telemetry and registers, never the latest values. */
  takeHistory(rows: readonly HistoryRow[]): Promise<void>;
  /** Was all history of this source taken before? */
  hasHistory(source: string): Promise<boolean>;
  /** All of it was taken: trends and usual peaks show it from now on. */
  historyTaken(source: string, fromMs: number, toMs: number): Promise<void>;
  /** The last registers that were stored of a meter together with its balance. */
  lastPair(meterId: number): ReturnType<typeof selectLastPair>;
  /** Registers that are held of these meters at these instants, by meter and time. */
  registersOf(meterIds: readonly number[], instants: readonly number[]): Promise<readonly RegisterRow[]>;
  /** How much waits on disk for the database; undefined before the start. */
  registerSpool(): SpoolFigures | undefined;
  /** Stores what waits. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** Latest values, states, registers and trends of all meters. */
export function createMetering(deps: MeteringDeps): Metering {
  const { db, clock, log, estate, telemetry, modelOf } = deps;
  const calendars = createCalendars();
  const calendarOfPlace = (placeId: number) => calendars(estate.place(placeId)?.timeZone ?? 'UTC');
  const calendarOf = (meter: MeterView) => calendarOfPlace(meter.profile.meter.propertyId);
  const listeners = new Set<MeteringListener>();
  const states = new MeterStates({ estate, modelOf, nowMs: () => clock.nowMs() });
  const latest = createLatestKeeper({ db, clock, log, states });
  const registers = new RegisterKeeper({ db, clock, log, spoolDir: join(deps.spoolDir, 'registers') });
  const pipeline = createPipeline({ states, registers, telemetry, latest, modelOf, calendarOf, listeners, log });
  const peaks = createPeaks(telemetry, clock);
  const backfill = createBackfill({ estate, registers, telemetry, modelOf, calendarOfPlace });
  const changedPropertyIds = new Set<number>();
  let central: CentralReading | undefined;
  let unsubscribe: (() => void) | undefined;

  /** An import is hundreds of events: those who listen hear once a tick. */
  function tellEstateChanges(): void {
    for (const propertyId of changedPropertyIds) {
      for (const listener of listeners) listener.estateChanged?.(propertyId);
    }
    changedPropertyIds.clear();
  }
  addMeteringFigures(deps.metrics, { telemetry, registers, waitingLatest: latest.waiting });

  return {
    async start(lines) {
      await registers.open();
      states.restore(await selectLatest(db));
      if (lines !== undefined) {
        central = new CentralReading({
          lines,
          propertyIds: () => estate.properties().map(({ id }) => id),
          metersOf: (propertyId) => states.ofProperty(propertyId),
          heldInstantMs: (meterId) => registers.heldInstantMs(meterId),
          calendarOf: calendarOfPlace,
        });
      }
      unsubscribe = estate.onChange((event) => {
        states.estateChanged();
        changedPropertyIds.add(event.propertyId);
      });
    },
    pipeline: {
      take(batch, nowMs) {
        if (changedPropertyIds.size > 0) tellEstateChanges();
        pipeline.take(batch, nowMs);
      },
      sweep(nowMs, cyclesMs) {
        pipeline.sweep(nowMs, cyclesMs);
        central?.sweep(nowMs);
      },
      clockStepped: pipeline.clockStepped,
    },
    addRoutes(routes, lines) {
      const calendarOfProperty = (property: { readonly id: number }) => calendarOfPlace(property.id);
      const service = createMeteringService({
        db,
        clock,
        estate,
        states,
        telemetry,
        lines,
        calendarOf,
        calendarOfProperty,
        peaks,
      });
      addMeteringRoutes(routes, service);
    },
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    meter: (meterId) => states.get(meterId),
    metersOfProperty: (propertyId) => states.ofProperty(propertyId),
    metersOfLine: (lineId) => states.ofLine(lineId),
    line: (lineId) => states.line(lineId),
    meterNow(meterId) {
      const meter = states.get(meterId);
      return meter === undefined ? undefined : toMeterNow(meter, states.protectionOf(meterId));
    },
    setAlarmMark: (meterId, unacknowledged) =>
      pipeline.tell(states.setAlarmMark(meterId, unacknowledged, clock.nowMs()), clock.nowMs()),
    setMoneySource: (source) => states.setMoneySource(source),
    setCommandSource: (source) => states.setCommandSource(source),
    judgeAnew: (meterIds) => pipeline.tell(states.judgeAnew(meterIds, clock.nowMs()), clock.nowMs()),
    takeHistory: (rows) => backfill(rows),
    hasHistory: (source) => backfillExists(db, source),
    async historyTaken(source, fromMs, toMs) {
      await telemetry.settle();
      peaks.forget();
      await insertBackfill(db, source, new Date(fromMs), new Date(toMs), new Date(clock.nowMs()));
    },
    async lastPair(meterId) {
      await registers.flush();
      return selectLastPair(db, meterId);
    },
    registersOf: (meterIds, instants) => selectRegistersAt(db, meterIds, instants),
    registerSpool: () => registers.figures.spool,
    async flush() {
      await Promise.all([latest.flush(), registers.flush(), telemetry.settle()]);
    },
    async stop() {
      unsubscribe?.();
      await Promise.all([latest.close(), registers.close()]);
    },
  };
}

/** Meters by time zone, for the roll-ups of days. */
export function zonesOf(estate: EstateReader): () => readonly ZoneMeters[] {
  const calendars = createCalendars();
  return () => {
    const byZone = new Map<string, number[]>();
    for (const { id, timeZone = 'UTC' } of estate.properties()) {
      const meterIds = byZone.get(timeZone) ?? [];
      byZone.set(timeZone, meterIds);
      meterIds.push(...estate.metersOfProperty(id).map(({ meter }) => meter.id));
    }
    return [...byZone].map(([timeZone, meterIds]) => ({ calendar: calendars(timeZone), meterIds }));
  };
}

interface MeteringFigureSources {
  readonly telemetry: Telemetry;
  readonly registers: RegisterKeeper;
  readonly waitingLatest: () => number;
}

function addMeteringFigures(metrics: Metrics, { telemetry, registers, waitingLatest }: MeteringFigureSources): void {
  const counter = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'counter' as const });
  const gauge = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'gauge' as const });
  addFigures(metrics, [
    gauge('telemetry_queued', 'Readings waiting for the telemetry store', () => telemetry.figures().queued),
    counter('telemetry_written_total', 'Readings written to the store', () => telemetry.figures().written),
    counter('telemetry_dropped_total', 'Readings dropped, queue full', () => telemetry.figures().dropped),
    counter(
      'telemetry_refused_total',
      'Readings the store refused or is too young for',
      () => telemetry.figures().refused,
    ),
    counter('telemetry_failures_total', 'Writes to the store that failed', () => telemetry.figures().failures),
    gauge('registers_waiting', 'Register rows waiting for the database', () => registers.figures.waiting),
    counter('registers_stored_total', 'Register rows stored', () => registers.figures.stored),
    counter('registers_dropped_total', 'Register rows dropped, no room left', () => registers.figures.dropped),
    counter('registers_refused_total', 'Register rows the database refused', () => registers.figures.refused),
    gauge('registers_spool_bytes', 'Bytes of register rows waiting on disk', () => registers.figures.spool?.bytes ?? 0),
    gauge('latest_waiting', 'Meters whose latest values wait for the database', waitingLatest),
  ]);
}
