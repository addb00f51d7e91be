import { join } from 'node:path';
import type { Alarm } from '#contract/index.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { CommandTrouble } from '#server/modules/commands/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Metering } from '#server/modules/metering/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { RouteServer, Scope } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import { addFigures, type Metrics } from '#server/platform/metricsFigures.ts';
import type { SpoolFigures, StoreQueueFigures } from '#server/platform/spool/index.ts';
import type { Telemetry } from '#server/platform/telemetry/index.ts';
import { createAlarmActions } from './actions.ts';
import { type AlarmCounts, CurrentAlarms } from './current.ts';
import { toAlarm } from './dto.ts';
import type { MoneyAlarmKind } from './moneyWatch.ts';
import type { PlatformState } from './platformWatch.ts';
import { createRecorder } from './recorder.ts';
import { addAlarmRoutes } from './routes.ts';
import type { AlarmRow } from './rows.ts';
import { createAlarmService } from './service.ts';
import { selectAlarms, selectUnclosed, toCurrent } from './store.ts';
import { AlarmTracker } from './tracker.ts';

export type { AlarmCounts } from './current.ts';

/** Far more than an estate has; a list for machines, not a page for people. */
const CURRENT_ROWS_MAX = 100_000;

export interface AlarmsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly estate: EstateReader;
  readonly metering: Metering;
  readonly metrics: Metrics;
  /** Folder of what waits for the database. */
  readonly spoolDir: string;
  readonly telemetry: Pick<Telemetry, 'figures'>;
}

/** An alarm that was raised, cleared or acknowledged; told after commit. */
export interface AlarmNews {
  readonly alarm: Alarm;
  /** Undefined for an alarm of the platform. */
  readonly propertyId: number | undefined;
  readonly buildingId: number | undefined;
}

export interface Alarms {
  /** Takes over what was open and follows metering from now on. After `metering.start`. */
  start(): Promise<void>;
  addRoutes(routes: RouteServer): void;
  onChange(listener: (news: AlarmNews) => void): () => void;
  /** Who knows of commands in doubt and of downloads that failed; asked once a second. */
  setTroubleSource(source: () => readonly CommandTrouble[]): void;
  /** Meters with money in doubt, all of them each time. */
  setMoneyTrouble(kind: MoneyAlarmKind, meterIds: ReadonlySet<number>): void;
  counts(scope: Scope, propertyId?: number): AlarmCounts;
  /** Every alarm that is open or not acknowledged, newest first. */
  current(): Promise<readonly Alarm[]>;
  /** What waits for the database. */
  waiting(): StoreQueueFigures;
  /** Stores what waits. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** Alarms: raised and cleared with hysteresis, one a cause, acknowledged by people. */
export function createAlarms(deps: AlarmsDeps): Alarms {
  const { db, clock, log, estate, metering } = deps;
  const listeners = new Set<(news: AlarmNews) => void>();
  const current = new CurrentAlarms((meterId, unacknowledged) => metering.setAlarmMark(meterId, unacknowledged));
  const changed = (row: AlarmRow): void => {
    current.put(toCurrent(row));
    const news = {
      alarm: toAlarm(row),
      propertyId: row.property_id ?? undefined,
      buildingId: row.building_id ?? undefined,
    };
    for (const listener of listeners) listener(news);
  };
  const recorder = createRecorder({
    ...{ db, clock, log, recorded: changed },
    chatterOf: () => ({ times: 3, windowMs: 600_000 }),
    outageOf: () => undefined,
    spoolDir: join(deps.spoolDir, 'alarms'),
  });
  let troubleSource: (() => readonly CommandTrouble[]) | undefined;
  const tracker = new AlarmTracker({
    ...{ estate, metering, decide: (transition) => recorder.push(transition) },
    commandTroubles: () => troubleSource?.(),
    platformState: () => platformStateOf(deps, recorder.figures().spool),
  });
  const service = createAlarmService({ db, estate, current });
  const actions = createAlarmActions({ db, nowMs: () => clock.nowMs(), changed });
  let unlisten: (() => void) | undefined;
  const everywhere: Scope = { all: true, propertyIds: [], buildingIds: [] };
  addFigures(deps.metrics, [
    {
      name: 'alarms_open',
      help: 'Open alarms by severity',
      kind: 'gauge',
      labels: ['severity'],
      read() {
        const { low, medium, high } = current.counts(everywhere, undefined);
        return Object.entries({ low, medium, high }).map(([severity, value]) => ({ labels: { severity }, value }));
      },
    },
    {
      name: 'alarms_waiting',
      help: 'Changes of alarms waiting for the database',
      kind: 'gauge',
      read: () => recorder.figures().waiting,
    },
    {
      name: 'alarms_dropped_total',
      help: 'Changes of alarms dropped, no room left',
      kind: 'counter',
      read: () => recorder.figures().dropped,
    },
    {
      name: 'alarms_refused_total',
      help: 'Changes of alarms the database refused',
      kind: 'counter',
      read: () => recorder.figures().refused,
    },
    {
      name: 'alarms_spool_bytes',
      help: 'Bytes of changes of alarms waiting on disk',
      kind: 'gauge',
      read: () => recorder.figures().spool?.bytes ?? 0,
    },
  ]);

  return {
    async start() {
      // What a former start could not store comes first: the tracker goes on from what is in the database.
      await recorder.open();
      const rows = await selectUnclosed(db);
      tracker.restore(rows.filter(({ open }) => open));
      for (const alarm of rows) current.put(alarm);
      unlisten = metering.listen({
        metersChanged(updates, nowMs) {
          for (const update of updates) tracker.meterChanged(update, nowMs);
        },
        swept: (nowMs) => tracker.sweep(nowMs),
        clockStepped: (byMs) => tracker.clockStepped(byMs),
      });
    },
    addRoutes: (routes) => addAlarmRoutes(routes, service, actions),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    setTroubleSource(source) {
      troubleSource = source;
    },
    setMoneyTrouble: (kind, meterIds) => tracker.setMoneyTrouble(kind, meterIds),
    counts: (scope, propertyId) => current.counts(scope, propertyId),
    async current() {
      const rows = await selectAlarms(db, everywhere, { state: 'current' }, undefined, undefined, CURRENT_ROWS_MAX);
      return rows.map(toAlarm);
    },
    waiting: () => recorder.figures(),
    flush: () => recorder.flush(),
    async stop() {
      unlisten?.();
      await recorder.close();
    },
  };
}

function platformStateOf({ telemetry, metering }: AlarmsDeps, alarms: SpoolFigures | undefined): PlatformState {
  const { storeDownSinceMs, spool } = telemetry.figures();
  const all = { telemetry: spool, registers: metering.registerSpool(), alarms };
  const levels = Object.entries(all).flatMap(([name, figures]) =>
    figures === undefined ? [] : [[name, { ...figures, dropped: figures.droppedRecords }] as const],
  );
  return { storeDown: storeDownSinceMs !== undefined, spools: Object.fromEntries(levels) };
}
