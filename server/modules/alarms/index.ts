import { join } from 'node:path';
import type { Alarm } from '#contract/index.ts';
import type { Clock } from '#drivers/core/index.ts';
import type { CommandTrouble } from '#server/modules/commands/types.ts';
import type { EstateReader } from '#server/modules/estate/types.ts';
import type { Metering } from '#server/modules/metering/index.ts';
import type { Db } from '#server/platform/db/index.ts';
import type { Actor, RouteServer, Scope } from '#server/platform/http/index.ts';
import type { Log } from '#server/platform/log.ts';
import type { Metrics } from '#server/platform/metricsFigures.ts';
import type { Repetition } from '#server/platform/repeat.ts';
import type { SpoolFigures, StoreQueueFigures } from '#server/platform/spool/index.ts';
import type { Telemetry } from '#server/platform/telemetry/index.ts';
import { createAlarmActions } from './actions.ts';
import { createAlarmChildren } from './children.ts';
import { type AlarmCounts, CurrentAlarms } from './current.ts';
import { toAlarm } from './dto.ts';
import { createAlarmFigures } from './figures.ts';
import { addAlarmMetrics } from './metrics.ts';
import type { MoneyAlarmKind } from './moneyWatch.ts';
import { Outages } from './outages.ts';
import type { PlatformState } from './platformWatch.ts';
import { createRecorder } from './recorder.ts';
import { addAlarmRoutes } from './routes.ts';
import type { AlarmRow } from './rowStore.ts';
import { createAlarmService } from './service.ts';
import { AlarmPolicies } from './settings.ts';
import { selectAlarms, selectUnclosed, toCurrent } from './store.ts';
import { AlarmTracker } from './tracker.ts';
import { startUpkeep } from './upkeep.ts';

export { type Announcement, selectAnnouncements } from './announceStore.ts';
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

/** An alarm that was raised or changed; told after commit. */
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
  /** Every alarm that is neither closed nor held back by a rule or an outage, newest first. */
  current(): Promise<readonly Alarm[]>;
  /** What a person is called whom the asker may see on alarms, there or in the whole of what is theirs. */
  personName(actor: Actor, userId: number, propertyId: number | undefined): Promise<string | undefined>;
  /** What waits for the database. */
  waiting(): StoreQueueFigures;
  /** Stores what waits, and ends what time has ended. */
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
  const nowMs = (): number => clock.nowMs();
  const policies = new AlarmPolicies(db, estate);
  const outages = new Outages({ db, estate, nowMs, changed });
  const recorder = createRecorder({
    ...{ db, clock, log, recorded: changed },
    chatterOf: (propertyId) => policies.of(propertyId).chatter,
    outageOf: (source, place) => outages.covering(source, place),
    spoolDir: join(deps.spoolDir, 'alarms'),
  });
  let troubleSource: (() => readonly CommandTrouble[]) | undefined;
  const tracker = new AlarmTracker({
    ...{ estate, metering, decide: (transition) => recorder.push(transition) },
    policyOf: (propertyId) => policies.of(propertyId),
    commandTroubles: () => troubleSource?.(),
    platformState: () => platformStateOf(deps, recorder.figures().spool),
  });
  const service = createAlarmService({ db, estate, current });
  const actions = createAlarmActions({ db, nowMs, changed });
  const figures = createAlarmFigures({ db, estate, policies, nowMs });
  const children = createAlarmChildren({ db, estate, metering });
  let unlisten: (() => void) | undefined;
  let upkeep: Repetition | undefined;
  const everywhere: Scope = { all: true, propertyIds: [], buildingIds: [] };
  addAlarmMetrics(deps.metrics, current, () => recorder.figures());

  return {
    async start() {
      await policies.start();
      await outages.load();
      // What a former start could not store comes first: the tracker goes on from what is in the database.
      await recorder.open();
      const rows = await selectUnclosed(db);
      tracker.restore(rows.filter(({ open }) => open));
      for (const alarm of rows) current.put(alarm);
      unlisten = metering.listen({
        metersChanged(updates, atMs) {
          for (const update of updates) tracker.meterChanged(update, atMs);
        },
        swept: (atMs) => tracker.sweep(atMs),
        clockStepped: (byMs) => tracker.clockStepped(byMs),
      });
      const chatterWindowMs = (propertyId: number | undefined) => policies.of(propertyId).chatter.windowMs;
      upkeep = startUpkeep({ ...{ db, clock, log, current, outages, changed }, chatterWindowMs });
    },
    addRoutes: (routes) => addAlarmRoutes(routes, { service, actions, policies, outages, figures, children }),
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
    personName: service.personName,
    waiting: () => recorder.figures(),
    async flush() {
      await recorder.flush();
      await upkeep?.runNow();
    },
    async stop() {
      unlisten?.();
      await upkeep?.stop();
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
