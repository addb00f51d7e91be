import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '#drivers/core/index.ts';
import { MODELS } from '#drivers/models/index.ts';
import { type Config, randomPassword } from './config.ts';
import { type DemoDeps, openDemoAccounts } from './demoAccounts.ts';
import { createMeasuring, type Measuring } from './measuring.ts';
import { type Access, createAccess, startSealer } from './modules/access/index.ts';
import { createEstate, type Estate } from './modules/estate/index.ts';
import { addExportRoutes } from './modules/exports/index.ts';
import { createNotifications, type NotifyTuning } from './modules/notifications/index.ts';
import { addTimelineRoutes } from './modules/timeline/index.ts';
import { createMoney, type Money, type MoneyDeps } from './money.ts';
import { createNews, type NewsDeps } from './news.ts';
import { openTelemetry, type TelemetryParts } from './openTelemetry.ts';
import { openOwnApi } from './ownApi.ts';
import { takePlantHistory } from './plantHistory.ts';
import { startBroker } from './platform/broker/broker.ts';
import { type LockOutcome, lockDataDir } from './platform/dataDirLock.ts';
import { answers, type Db, migrate, openDb, startEmbeddedPostgres } from './platform/db/index.ts';
import { createHouseClock } from './platform/houseClock.ts';
import { addHealth, createHttp, type Http } from './platform/http/index.ts';
import type { Log } from './platform/log.ts';
import { createMetrics } from './platform/metrics.ts';
import type { Metrics } from './platform/metricsFigures.ts';
import { type PlantProcess, startPlant } from './platform/plant/plant.ts';
import type { Telemetry } from './platform/telemetry/index.ts';
import { StartError } from './startError.ts';

const WEB_DIR = fileURLToPath(new URL('../web/dist', import.meta.url));
/** The first page should show the plant; a plant that takes longer comes when it comes. */
const PLANT_READY_MS_MAX = 15_000;
/** A plant that is not ready by then has no past to tell. */
const PLANT_HISTORY_MS_MAX = 120_000;

export interface AppDeps {
  readonly log: Log;
  readonly clock: Clock;
  /** Stands between what is stored of long money use cases; a test that throws there stops the program at that point. */
  readonly probe?: (point: string, caseId: string) => void;
  /** Other bounds of delivery, for rehearsals that cannot wait for hours. */
  readonly vendTimes?: MoneyDeps['vendTimes'];
  /** Other bounds and ways of notifications, for rehearsals without push services. */
  readonly notify?: NotifyTuning;
}

/** How somebody can sign in who never did: shown at the start, never logged. */
export interface FirstSignIn {
  readonly user: string;
  readonly password: string;
}

export interface App {
  readonly address: string;
  readonly firstSignIn: FirstSignIn | undefined;
  readonly db: Db;
  readonly access: Access;
  readonly estate: Estate;
  readonly http: Http;
  readonly plant: PlantProcess | undefined;
  readonly measuring: Measuring;
  readonly money: Money;
  /** Drains in the reverse order of the start. Idempotent. */
  stop(): Promise<void>;
}

/** What was started, to be stopped in reverse. */
class Running {
  readonly #stops: { readonly name: string; readonly stop: () => Promise<void> | void }[] = [];
  readonly #log: Log;
  #stopped: Promise<void> | undefined;
  /** Until the house is open, or is given up: so long the database is waited for. */
  isStarting = true;

  constructor(log: Log) {
    this.#log = log;
  }

  add(name: string, stop: () => Promise<void> | void): void {
    this.#stops.push({ name, stop });
  }

  stop(): Promise<void> {
    this.isStarting = false;
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    for (const { name, stop } of this.#stops.toReversed()) {
      try {
        await stop();
      } catch (error) {
        // The others must stop all the same.
        this.#log.error('could not be stopped', { part: name, error });
      }
    }
  }
}

/**
 * Puts the house together and opens it. Throws `StartError` with a sentence for what people can put right; whatever
 * was started by then is stopped before.
 */
export async function startApp(config: Config, deps: AppDeps): Promise<App> {
  const running = new Running(deps.log);
  try {
    return await start(config, deps, running);
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function start(config: Config, deps: AppDeps, running: Running): Promise<App> {
  const { log } = deps;
  const clock = createHouseClock(deps.clock);
  const startedMs = clock.monotonicMs();
  const metrics = createMetrics();
  holdDataDir(config, running);

  const db = await startDatabase(config, log, running);
  const estate = createEstate({ db, models: MODELS });
  const access = createAccess({ db, clock, placeOf: (placeId) => estate.place(placeId) });
  await access.start();
  const sealer = startSealer({ db, clock, log: log.child('audit') });
  running.add('sealer', () => sealer.stop());
  await estate.start();
  const mqttUrl = await startMqtt(config, log, running);
  const plant = await runPlant(config, log, estate, running);

  const http = await createHttpSide(config, deps, access, metrics);
  running.add('http', () => http.close());
  const parts = { db, clock, log, metrics, estate };
  const telemetry = await startTelemetry(config, parts);
  const measuring = createMeasuring({ ...parts, chance: Math.random, access, telemetry, ...config });
  // Stopped before HTTP, which would wait for the live feed's sockets.
  running.add('measuring', () => measuring.stop());
  const money = createMoney({
    ...parts,
    chance: Math.random,
    access,
    measuring,
    probe: deps.probe ?? (() => undefined),
    vendTimes: deps.vendTimes ?? {},
  });
  running.add('money', () => money.stop());
  const notifications = createNotifications({
    ...{ ...parts, mail: config.mail, publicOrigin: config.publicOrigin, tuning: deps.notify ?? {} },
    log: log.child('notifications'),
  });
  running.add('notifications', () => notifications.stop());
  access.addRoutes(http.routes);
  estate.addRoutes(http.routes);
  measuring.addRoutes(http.routes);
  money.addRoutes(http.routes);
  notifications.addRoutes(http.routes);
  addTimelineRoutes(http.routes, { estate, accounts: money.accounts });
  addExportRoutes(http.routes, { clock, estate, metering: measuring.metering, alarms: measuring.alarms });
  measuring.attach(http.app.server);
  addHealth(http.app, {
    release: config.release,
    startedMs,
    monotonicMs: () => clock.monotonicMs(),
    probeDatabase: () => answers(db),
    metrics,
    metricsToken: config.metricsToken,
  });

  const firstSignIn = await prepareFirstSignIn(config, log, access);
  await money.load();
  await measuring.start();
  await money.start();
  await notifications.start();
  await startNews({ url: mqttUrl, config, measuring, estate, clock, log, metrics }, running);
  if (plant !== undefined) takeHistory(plant, measuring, deps, estate, running);
  const address = await listen(config, http);
  running.isStarting = false;
  if (plant !== undefined && firstSignIn !== undefined && config.plant.kind === 'demo')
    openDemo(plant, firstSignIn, { http, measuring, money, estate, clock, log: log.child('demo') }, running);
  return { address, firstSignIn, db, access, estate, http, plant, measuring, money, stop: () => running.stop() };
}

async function startTelemetry(config: Config, parts: TelemetryParts): Promise<Telemetry> {
  try {
    return await openTelemetry(config, parts);
  } catch (cause) {
    throw new StartError(reasonOf(cause), { cause });
  }
}

function holdDataDir(config: Config, running: Running): void {
  const setting = `DATA_DIR=${config.dataDir}`;
  const lock = takeDataDir(config.dataDir, setting);
  if (!lock.ok) {
    throw new StartError(
      `${setting} is in use by another server (process ${lock.pid}): stop it, or choose another folder.`,
    );
  }
  running.add('lock', lock.release);
}

function takeDataDir(dataDir: string, setting: string): LockOutcome {
  try {
    return lockDataDir(dataDir);
  } catch (cause) {
    throw new StartError(`${setting} cannot be written (${reasonOf(cause)}): choose another folder.`, { cause });
  }
}

async function startDatabase(config: Config, log: Log, running: Running): Promise<Db> {
  const url = config.databaseUrl ?? (await startEmbedded(config, log, running));
  try {
    await migrate(url, log.child('db'));
  } catch (cause) {
    const which = config.databaseUrl === undefined ? 'The embedded database' : 'The database of DATABASE_URL';
    throw new StartError(`${which} could not be prepared: ${reasonOf(cause)}.`, { cause });
  }
  const db = openDb({ url, log: log.child('db'), patient: () => running.isStarting });
  running.add('db', () => db.close());
  return db;
}

async function startEmbedded(config: Config, log: Log, running: Running): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dir: join(config.dataDir, 'postgres'), log: log.child('postgres') });
  running.add('postgres', () => postgres.stop());
  return postgres.url;
}

/** Where the broker is: that of MQTT_URL, else ours. */
async function startMqtt(config: Config, log: Log, running: Running): Promise<string> {
  if (config.mqttUrl !== undefined) return config.mqttUrl;
  const passwordFile = join(config.dataDir, 'mqtt-password');
  const broker = await startBroker({ passwordFile, log: log.child('mqtt') });
  running.add('mqtt', () => broker.stop());
  return broker.url;
}

interface NewsParts extends Pick<NewsDeps, 'url' | 'estate' | 'clock' | 'log' | 'metrics'> {
  readonly config: Config;
  readonly measuring: Measuring;
}

async function startNews({ config, measuring, log, ...parts }: NewsParts, running: Running): Promise<void> {
  const { mqttPrefix: prefix, release } = config;
  const { metering, alarms } = measuring;
  const news = createNews({ ...parts, prefix, release, metering, alarms, chance: Math.random, log: log.child('mqtt') });
  running.add('news', () => news.stop());
  await news.start();
}

async function runPlant(config: Config, log: Log, estate: Estate, running: Running): Promise<PlantProcess | undefined> {
  if (config.plant.kind === 'none') {
    await estate.retirePlant();
    return undefined;
  }
  const plant = startPlant({
    size: config.plant.kind === 'demo' ? 'demo' : String(config.plant.meters),
    variables: config.plantVariables,
    stateDir: join(config.dataDir, 'plant'),
    log: log.child('plant'),
    onReady: (manifest) => estate.importPlant(manifest),
  });
  running.add('plant', () => plant.stop());
  if (!(await plant.ready(PLANT_READY_MS_MAX))) log.warn('the simulated plant is not ready yet, going on without it');
  return plant;
}

/** In the background: the wall does not wait for the past. */
function takeHistory(plant: PlantProcess, measuring: Measuring, deps: AppDeps, estate: Estate, running: Running): void {
  const log = deps.log.child('history');
  let stopped = false;
  const work = plant
    .ready(PLANT_HISTORY_MS_MAX)
    .then(() => {
      const { metering } = measuring;
      const meterCount = estate.meterIds().length;
      return takePlantHistory({ plant, metering, meterCount, clock: deps.clock, log, stopped: () => stopped });
    })
    .catch((error: unknown) => {
      if (!stopped) log.warn('the past of the simulated plant was not stored', { reason: reasonOf(error) });
    });
  running.add('history', () => {
    stopped = true;
    return work;
  });
}

interface DemoParts extends Pick<DemoDeps, 'estate' | 'clock' | 'log'> {
  readonly http: Http;
  readonly measuring: Measuring;
  readonly money: Money;
}

/** In the background, as the demo's own user: the desk finds customers within the first minute. */
function openDemo(plant: PlantProcess, user: FirstSignIn, parts: DemoParts, running: Running): void {
  const { http, measuring, money, ...others } = parts;
  let stopped = false;
  const work = plant
    .ready(PLANT_HISTORY_MS_MAX)
    .then(async () => {
      const api = await openOwnApi(http.app, user.user, user.password);
      const { metering, acquisition: lines } = measuring;
      const { tariffs } = money;
      await openDemoAccounts({ ...others, api, metering, lines, tariffs, stopped: () => stopped });
      await api.signOut();
    })
    .catch((error: unknown) => {
      if (!stopped) others.log.warn('the demo has no accounts', { reason: reasonOf(error) });
    });
  running.add('demo accounts', () => {
    stopped = true;
    return work;
  });
}

function createHttpSide(config: Config, { log, clock }: AppDeps, access: Access, metrics: Metrics): Promise<Http> {
  return createHttp({
    log: log.child('http'),
    monotonicMs: () => clock.monotonicMs(),
    authenticate: access.authenticate,
    publicOrigin: config.publicOrigin,
    trustedProxies: config.trustedProxies,
    webDir: WEB_DIR,
    release: config.release,
    metrics,
    checkResponses: config.development,
  });
}

/** The demo plant's user, or the very first administrator; outside the demo no password is made twice. */
async function prepareFirstSignIn(config: Config, log: Log, access: Access): Promise<FirstSignIn | undefined> {
  if (config.plant.kind === 'none') {
    await access.retireDemoUser();
    const password = randomPassword();
    return (await access.prepareFirstAdministrator(password)) ? { user: 'admin', password } : undefined;
  }
  const password = config.demoPassword ?? randomPassword();
  if ((await access.prepareDemoUser(password)) === 'ready') return { user: 'demo', password };
  log.warn('there is a user "demo" whom people made: the simulated plant gets none');
  return undefined;
}

async function listen(config: Config, http: Http): Promise<string> {
  try {
    return await http.listen(config.host, config.port);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const where = `HOST=${config.host} PORT=${config.port}`;
    if (code === 'EADDRINUSE')
      throw new StartError(`${where} is in use by another program: choose another PORT.`, { cause });
    if (code === 'EACCES')
      throw new StartError(`${where} may not be opened by this account: choose a PORT above 1023.`, { cause });
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new StartError(`${where} is no address of this machine: choose another HOST.`, { cause });
    throw cause;
  }
}

/** Names of several addresses that all failed come as one error without a text of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
