import { randomBytes } from 'node:crypto';
import type { Server as HttpServer } from 'node:http';
import { join } from 'node:path';
import type { Chance } from '#drivers/core/index.ts';
import { createLine } from '#drivers/gateways/index.ts';
import { modelById } from '#drivers/models/index.ts';
import { type Acquisition, createAcquisition } from './acquisition/index.ts';
import { createLiveSource, toLiveMeter } from './liveSource.ts';
import type { Access } from './modules/access/index.ts';
import { type Alarms, createAlarms } from './modules/alarms/index.ts';
import type { CommandEvent, CommandsModule } from './modules/commands/index.ts';
import { createDoctor } from './modules/doctor/index.ts';
import type { Estate } from './modules/estate/index.ts';
import { createMetering, type Metering, type MeterUpdate } from './modules/metering/index.ts';
import { createDbWatch, type Db, type DbWatch } from './platform/db/index.ts';
import type { HouseClock } from './platform/houseClock.ts';
import type { RouteServer } from './platform/http/index.ts';
import { createLive, type FeedPart, type Live, type PlacedCommand } from './platform/live/index.ts';
import type { Log } from './platform/log.ts';
import { addFigures, type Metrics } from './platform/metricsFigures.ts';
import type { Telemetry } from './platform/telemetry/index.ts';
import { createPlatformRecords } from './platformRecords.ts';
import { ReadingRate } from './readingRate.ts';

export interface MeasuringDeps {
  readonly db: Db;
  readonly clock: HouseClock;
  readonly chance: Chance;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly estate: Estate;
  readonly access: Access;
  readonly release: string;
  /** Below it waits on disk what the stores do not take now. */
  readonly dataDir: string;
  /** Closed with the measuring side. */
  readonly telemetry: Telemetry;
  readonly publicOrigin: string | undefined;
}

/** Everything between the wires of the meters and the screens. */
export interface Measuring {
  readonly telemetry: Telemetry;
  readonly metering: Metering;
  readonly alarms: Alarms;
  readonly acquisition: Acquisition;
  readonly live: Live;
  addRoutes(routes: RouteServer): void;
  /** Serves the live feed on this server; before it listens. */
  attach(server: HttpServer): void;
  /** Tells tiles, alarms and screens what the meters were told; before the start. */
  follow(commands: CommandsModule): void;
  /** Takes over what was known, then starts the lines. The estate must have been loaded. */
  start(): Promise<void>;
  /** Stops the lines first and stores what they said. */
  stop(): Promise<void>;
}

/** Puts the measuring side together: lines → pipeline → stores, alarms and the live feed. Nothing runs before `start`. */
export function createMeasuring(deps: MeasuringDeps): Measuring {
  const { db, clock, log, estate, metrics, telemetry } = deps;
  const spoolDir = join(deps.dataDir, 'spool');
  const metering = createMetering({
    db,
    clock,
    log: log.child('metering'),
    estate,
    telemetry,
    modelOf: modelById,
    metrics,
    spoolDir,
  });
  const alarms = createAlarms({ db, clock, log: log.child('alarms'), estate, metering, metrics, spoolDir, telemetry });
  const acquisition = createAcquisition({
    estate,
    createLine: (config, sink) => createLine(config, { clock, chance: deps.chance, sink }),
    pipeline: metering.pipeline,
    clock,
    log: log.child('acquisition'),
    metrics,
  });
  estate.setLinkSource((lineId) => acquisition.path(lineId));
  const highestBaudOf = (modelId: string) => modelById(modelId)?.highestBaud;
  const doctor = createDoctor({ estate, lines: acquisition, highestBaudOf, clock, metrics });
  const dbWatch = createDbWatch(db, clock);
  let commands: CommandsModule | undefined;
  const live = createLiveSide(deps, metering, alarms, dbWatch, ({ propertyId, buildingIds }) =>
    commands === undefined ? 0 : commands.countInFlight(propertyId, buildingIds),
  );
  const records = createPlatformRecords({
    ...{ estate, metering, alarms, telemetry, acquisition, live, clock },
    log: log.child('records'),
  });

  return {
    telemetry,
    metering,
    alarms,
    acquisition,
    live,
    addRoutes(routes) {
      metering.addRoutes(routes, acquisition);
      alarms.addRoutes(routes);
      doctor.addRoutes(routes);
    },
    attach: (server) => live.attach(server),
    follow(given) {
      commands = given;
      metering.setCommandSource(given);
      alarms.setTroubleSource(() => given.troubles());
      given.onChanges((events) => live.commandsChanged(events.map(toPlaced)));
    },
    async start() {
      await metering.start(acquisition);
      await alarms.start();
      acquisition.start();
      dbWatch.start();
      doctor.start();
      records.start();
    },
    async stop() {
      await records.stop();
      doctor.stop();
      await acquisition.stop();
      await live.close();
      await dbWatch.stop();
      await alarms.stop();
      await metering.stop();
      await telemetry.close();
    },
  };
}

function toPlaced({ buildingId, batchId, ...event }: CommandEvent): PlacedCommand {
  const news = { ...event, ...(batchId === undefined ? {} : { batchId }) };
  return { news, at: { propertyId: event.propertyId, buildingId } };
}

function createLiveSide(
  deps: MeasuringDeps,
  metering: Metering,
  alarms: Alarms,
  dbWatch: DbWatch,
  commandsInFlight: (part: FeedPart) => number,
): Live {
  const { clock, estate, access } = deps;
  const rate = new ReadingRate();
  const live = createLive({
    source: createLiveSource({
      estate,
      metering,
      alarms,
      databaseAway: dbWatch.isAway,
      commandsInFlight,
      nowMs: () => clock.nowMs(),
      readingsPerSecond: (propertyId) => rate.perSecond(propertyId, clock.nowMs()),
    }),
    clock,
    log: deps.log.child('live'),
    authenticateCookie: access.authenticateCookie,
    epoch: randomBytes(6).toString('base64url'),
    release: deps.release,
    publicOrigin: deps.publicOrigin,
  });
  metering.listen({
    metersChanged(updates, nowMs) {
      const countReading = ({ meter, reading }: MeterUpdate) => {
        if (reading !== undefined) rate.add(meter.profile.meter.propertyId, nowMs);
      };
      updates.forEach(countReading);
      const byProperty = Map.groupBy(updates, ({ meter }) => meter.profile.meter.propertyId);
      for (const [propertyId, changed] of byProperty) {
        live.metersChanged(
          propertyId,
          changed.map(({ meter }) => toLiveMeter(meter)),
        );
      }
    },
    clockStepped: () => live.clockStepped(),
    estateChanged: (propertyId) => live.layoutChanged(propertyId),
  });
  alarms.onChange(({ alarm, propertyId, buildingId }) =>
    live.alarmChanged(alarm, propertyId === undefined ? undefined : { propertyId, buildingId }),
  );
  access.onRevoked(() => void live.recheck().catch((error: unknown) => deps.log.error('live recheck', { error })));
  addLiveFigures(deps.metrics, live);
  return live;
}

function addLiveFigures(metrics: Metrics, live: Live): void {
  const counter = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'counter' as const });
  const gauge = (name: string, help: string, read: () => number) => ({ name, help, read, kind: 'gauge' as const });
  addFigures(metrics, [
    gauge('live_sockets', 'Screens connected', () => live.figures().sockets),
    gauge('live_feeds', 'Parts of the estate that screens follow', () => live.figures().feeds),
    counter(
      'live_refused_sockets_total',
      'Screens refused, too many or of another origin',
      () => live.figures().refusedSockets,
    ),
    counter('live_refused_joins_total', 'Joins refused as no room or too many', () => live.figures().refusedJoins),
    counter('live_lagging_total', 'Times that a screen was too slow and had to ask anew', () => live.figures().lagging),
    counter('live_deltas_total', 'Deltas encoded', () => live.figures().deltas),
    counter('live_delta_bytes_total', 'Characters of all deltas, each counted once', () => live.figures().deltaBytes),
  ]);
}
