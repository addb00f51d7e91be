import type { Names } from '#contract/index.ts';
import { DISPLAY_STATES, type DisplayState, displayState } from '#domain/meterState.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { Acquisition } from './acquisition/index.ts';
import { loadOf } from './liveSource.ts';
import type { Alarms } from './modules/alarms/index.ts';
import type { EstateReader } from './modules/estate/index.ts';
import type { Metering, MeterUpdate, MeterView } from './modules/metering/index.ts';
import { PastLoad } from './pastLoad.ts';
import type { LiveFigures } from './platform/live/index.ts';
import type { Log } from './platform/log.ts';
import { type Repetition, repeat } from './platform/repeat.ts';
import type { Telemetry, TelemetryRecord } from './platform/telemetry/index.ts';
import { ProcessFigures } from './processFigures.ts';

/** How often the figures for Grafana are taken. */
export const RECORDS_EVERY_MS = 10_000;

export interface PlatformRecordsDeps {
  readonly estate: EstateReader;
  readonly metering: Metering;
  readonly alarms: Pick<Alarms, 'counts'>;
  readonly telemetry: Pick<Telemetry, 'keepsRecords' | 'note' | 'load' | 'figures'>;
  readonly acquisition: Pick<Acquisition, 'health' | 'queued'>;
  readonly live: { figures(): Pick<LiveFigures, 'sockets'> };
  readonly clock: Clock;
  readonly log: Log;
}

export interface PlatformRecords {
  start(): void;
  /** Resolves when the load of earlier days that was asked for is known. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

type Fields = TelemetryRecord['fields'];

/**
 * Every ten seconds the figures of the estate, the lines and this process go to the telemetry store, for Grafana. Where
 * the store keeps none, none are taken.
 */
export function createPlatformRecords(deps: PlatformRecordsDeps): PlatformRecords {
  const { estate, metering, clock } = deps;
  const readings = new ReadingCounter(clock);
  const ownFigures = new ProcessFigures(clock);
  const pastLoad = new PastLoad({
    telemetry: deps.telemetry,
    meterIds: (propertyId) =>
      estate.metersOfProperty(propertyId).flatMap(({ meter }) => (meter.role === 'tenant' ? [meter.id] : [])),
    failed: (error) => deps.log.warn('the load of earlier days is not known', { error }),
  });
  let repetition: Repetition | undefined;
  let unlisten: (() => void) | undefined;

  function take(): void {
    const atMs = clock.nowMs();
    const perSecond = readings.take();
    const lines = estate.lineIds().flatMap((lineId) => lineRecord(deps, lineId, atMs) ?? []);
    const estates = estate.properties().map(({ id, names }): TelemetryRecord => {
      const past = pastLoad.at(id, atMs);
      const fields = {
        ...stateFields(metering.metersOfProperty(id)),
        ...known({ load_yesterday_w: past.yesterdayW, load_week_ago_w: past.weekAgoW }),
        ...alarmFields(deps.alarms, id),
        gateways_down: gatewaysDown(deps, id),
        readings_per_s: perSecond(id),
      };
      return { measurement: 'estate', atMs, tags: propertyTags(id, names), fields };
    });
    const platform = { ...ownFigures.take(), ...storeFields(deps) };
    deps.telemetry.note([...estates, ...lines, { measurement: 'platform', atMs, tags: {}, fields: platform }]);
  }

  return {
    start() {
      if (!deps.telemetry.keepsRecords) return;
      unlisten = metering.listen({ metersChanged: (updates) => readings.add(updates) });
      ownFigures.start();
      const failed = (error: Error) => deps.log.error('the figures for Grafana were not taken', { error });
      repetition = repeat(clock, { everyMs: RECORDS_EVERY_MS, work: async () => take(), failed });
    },
    settled: () => pastLoad.settled(),
    async stop() {
      unlisten?.();
      ownFigures.stop();
      await repetition?.stop();
      await pastLoad.settled();
    },
  };
}

/** Readings of each property between two looks. */
class ReadingCounter {
  readonly #clock: Clock;
  #sinceMs: number;
  #counts = new Map<number, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
  }

  add(updates: readonly MeterUpdate[]): void {
    for (const { meter, reading } of updates) {
      if (reading === undefined) continue;
      const { propertyId } = meter.profile.meter;
      this.#counts.set(propertyId, (this.#counts.get(propertyId) ?? 0) + 1);
    }
  }

  /** Readings per second since the last call, by property. */
  take(): (propertyId: number) => number {
    const nowMs = this.#clock.monotonicMs();
    const seconds = Math.max(1, nowMs - this.#sinceMs) / 1_000;
    const counts = this.#counts;
    this.#sinceMs = nowMs;
    this.#counts = new Map();
    return (propertyId) => (counts.get(propertyId) ?? 0) / seconds;
  }
}

/** As the tags of the telemetry store name things: in English, else in Chinese. */
function propertyTags(propertyId: number, names: Names | undefined): Record<string, string> {
  return { property_id: String(propertyId), property: names?.en ?? names?.zh ?? '' };
}

/** Counts of the display states and links, and the load. `notOpened` becomes `not_opened`. */
function stateFields(meters: readonly MeterView[]): Fields {
  const states = new Map<DisplayState, number>(DISPLAY_STATES.map(({ key }) => [key, 0]));
  let online = 0;
  let late = 0;
  let loadW = 0;
  for (const meter of meters) {
    const { facts } = meter.state;
    const state = displayState(facts);
    states.set(state, (states.get(state) ?? 0) + 1);
    if (facts.link === 'online') online += 1;
    else if (facts.link === 'late') late += 1;
    loadW += loadOf(meter);
  }
  const counts = [...states].map(([key, count]) => [snakeCase(key), count] as const);
  return { ...Object.fromEntries(counts), online, late, load_w: Math.round(loadW) };
}

function alarmFields(alarms: PlatformRecordsDeps['alarms'], propertyId: number): Fields {
  const { low, medium, high, unacknowledged } = alarms.counts(
    { all: true, propertyIds: [], buildingIds: [] },
    propertyId,
  );
  return { alarms_open: low + medium + high, alarms_unacknowledged: unacknowledged };
}

/** Gateways of the property that have a line which is down. */
function gatewaysDown({ estate, metering }: PlatformRecordsDeps, propertyId: number): number {
  const lineIds = new Set(estate.metersOfProperty(propertyId).map(({ meter }) => meter.lineId));
  const lines = [...lineIds].flatMap((lineId) => metering.line(lineId) ?? []);
  return new Set(lines.flatMap(({ path, gatewayId }) => (path === 'down' ? [gatewayId] : []))).size;
}

/** Undefined for a line that is not run. */
function lineRecord(deps: PlatformRecordsDeps, lineId: number, atMs: number): TelemetryRecord | undefined {
  const { estate, metering } = deps;
  const health = deps.acquisition.health(lineId);
  const line = metering.line(lineId);
  if (health === undefined || line === undefined) return undefined;
  const tags = {
    line: String(lineId),
    gateway: estate.gateway(line.gatewayId)?.code ?? '',
    ...propertyTags(line.propertyId, estate.place(line.propertyId)?.names),
  };
  const fields = {
    ...known({ cycle_ms: health.cycleMs }),
    cycle_limit_ms: health.cycleLimitMs,
    requests: health.requests,
    replies: health.replies,
    timeouts: health.timeouts,
    crc_errors: health.crcErrors,
    lost_to_silence_ms: health.lostToSilenceMs,
    overruns: health.overruns,
    quarantined: health.quarantined,
    up: line.path === 'up' ? 1 : 0,
  };
  return { measurement: 'line', atMs, tags, fields };
}

function storeFields({ telemetry, acquisition, live }: PlatformRecordsDeps): Fields {
  const { queued, written, dropped, spool } = telemetry.figures();
  return {
    ingest_queue: acquisition.queued(),
    telemetry_queued: queued,
    telemetry_written: written,
    telemetry_dropped: dropped,
    spool_bytes: spool?.bytes ?? 0,
    spool_dropped: spool?.droppedItems ?? 0,
    sockets: live.figures().sockets,
  };
}

/** What is known of these; a field that is not there is no zero. */
function known(fields: Readonly<Record<string, number | undefined>>): Fields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
