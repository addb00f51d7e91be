import { randomBytes } from 'node:crypto';
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';
import { createGateway, createPlace } from '#contract/index.ts';
import { type Reading, systemClock } from '#drivers/core/index.ts';
import { type App, startApp } from '#server/app.ts';
import { readConfig } from '#server/config.ts';
import { silentLog } from '#server/platform/log.ts';
import type { TelemetryPoint } from '#server/platform/telemetry/index.ts';
import { type Api, signInTo } from '../../scenarios/support/api.ts';
import type { Measured } from './bench.ts';
import { openScreens } from './screens.ts';
import { temporaryFolder } from './serverProcess.ts';

const LINES = 313;
const METERS_A_LINE = 32;
const SCREENS = 4;
/** Readings of one tick, as 10,000 meters polled each second would bring them. */
const TICK_READINGS = 1_000;
/** Each round is a minute after the last, so that telemetry keeps every reading. */
const ROUND_MS = 60_000;
const ROUNDS = 6;
/** Pairs of pipeline and limit, one after the other: what else the machine does strikes both. */
const PAIRS = 5;
/** Points that wait while the readings go on: far below the queue's own bound. */
const WAITING_MAX = 40_000;
const RETRY_MS = 50;
/** The estate was just entered: who follows it (broker, alarms) catches up first. */
const SETTLE_MS = 5_000;

/** Writes the same points by the leanest means of the store; resolves when they are stored. Empty before each call. */
export type RawWrite = (points: readonly TelemetryPoint[]) => Promise<void>;

/**
 * Readings a second from decoded to stored, through the real server in this process: latest values, states, registers,
 * telemetry, alarms and screens; against the store's own writing of the same points.
 */
export async function ingestRun(
  settings: Readonly<Record<string, string>>,
  rawWriteOf: (app: App) => Promise<RawWrite>,
  say: (line: string) => void,
): Promise<Measured> {
  const folder = temporaryFolder('ingest');
  const config = readConfig({
    NODE_ENV: 'production',
    PORT: '0',
    DATA_DIR: `${folder.dir}/data`,
    PLANT: 'none',
    ...settings,
  });
  const app = await startApp(config, { log: silentLog, clock: systemClock });
  try {
    const { user = '', password = '' } = app.firstSignIn ?? {};
    const api = await signInTo(app.address, user, password);
    const propertyId = await enterMeters(api);
    const screens = await openScreens({ url: app.address, cookie: api.cookie, propertyId, count: SCREENS });
    const rawWrite = await rawWriteOf(app);
    const source = new ReadingSource(app, systemClock.nowMs());
    await pipelineRate(app, source.round());
    await sleep(SETTLE_MS);
    const rates: { readonly pipeline: number; readonly raw: number }[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const rounds = Array.from({ length: ROUNDS }, () => source.round()).flat();
      const raw = await rawRate(rawWrite, rounds);
      const pipeline = await pipelineRate(app, rounds);
      say(`${rounds.length} readings: pipeline ${Math.round(pipeline)}/s, bare writing ${Math.round(raw)}/s`);
      rates.push({ pipeline, raw });
    }
    const { changes } = await screens.take();
    await screens.stop();
    const best = median(rates, ({ pipeline, raw }) => pipeline / raw);
    return {
      value: best.pipeline,
      limit: best.raw,
      ratio: best.pipeline / best.raw,
      notes: { 'changes on four screens': changes },
    };
  } finally {
    await app.stop();
    folder.remove();
  }
}

/** Lines that nobody runs: readings come from us. */
async function enterMeters(api: Api): Promise<number> {
  const names = { en: 'Ingest' };
  const { id } = await api.call(createPlace, { body: { kind: 'property', names, timeZone: 'Asia/Shanghai' } });
  for (let index = 0; index < LINES; index++) {
    const meters = Array.from({ length: METERS_A_LINE }, (_, unit) => ({
      placeId: id,
      modelId: 'acrel-dtsy1352',
      unitAddress: unit + 1,
      meterNumber: `${index}-${unit}`,
      role: 'tenant' as const,
    }));
    const transport = { kind: 'modbus-tcp' as const, host: '127.0.0.1', port: 502 };
    const body = { propertyId: id, code: `GW-${index}`, enabled: false, lines: [{ name: '1', transport, meters }] };
    await api.call(createGateway, { body });
  }
  return id;
}

/** Makes decoded readings of all meters, round after round, each with another load and higher counters. */
class ReadingSource {
  readonly #meterIds: readonly number[];
  #atMs: number;
  #rounds = 0;

  constructor(app: App, atMs: number) {
    this.#meterIds = app.estate.meterIds();
    this.#atMs = atMs;
    const lines = app.estate.lineIds().map((lineId) => ({ lineId, path: 'up' as const, reason: 'bench', atMs }));
    app.measuring.metering.pipeline.take({ lines, meters: [] }, atMs);
  }

  round(): Reading[] {
    this.#rounds += 1;
    this.#atMs += ROUND_MS;
    return this.#meterIds.map((meterId) => this.#readingOf(meterId));
  }

  #readingOf(meterId: number): Reading {
    const loadW = 1_000 + ((meterId * 7_919 + this.#rounds * 104_729) % 4_000);
    const energyWh = 1_000_000 + this.#rounds * 40;
    return {
      meterId,
      atMs: this.#atMs,
      receivedMs: this.#atMs,
      source: 'live',
      values: {
        voltageL1V: 230.1,
        voltageL2V: 229.8,
        voltageL3V: 231.4,
        currentL1A: loadW / 690,
        currentL2A: loadW / 688,
        currentL3A: loadW / 694,
        activePowerL1W: Math.round(loadW / 3),
        activePowerL2W: Math.round(loadW / 3),
        activePowerL3W: Math.round(loadW / 3),
        activePowerW: loadW,
        powerFactor: 0.963,
        energyWh,
        energySharpWh: energyWh / 10,
        energyPeakWh: energyWh / 4,
        energyFlatWh: energyWh / 4,
        energyValleyWh: energyWh / 5,
        purchaseCount: 7,
        overloadTripCount: 0,
      },
      balanceMinor: BigInt(200_000 - this.#rounds),
      status: { relay: 'closed', forced: 'none', money: 'normal', overLimit: false, fault: false },
      meterClockMs: this.#atMs,
      rejected: [],
    };
  }
}

async function rawRate(write: RawWrite, readings: readonly Reading[]): Promise<number> {
  const beganMs = performance.now();
  await write(readings);
  return (readings.length * 1_000) / (performance.now() - beganMs);
}

/** Tick after tick as fast as it goes; over when latest values, registers and telemetry are stored. */
async function pipelineRate({ measuring }: App, readings: readonly Reading[]): Promise<number> {
  const { metering, telemetry } = measuring;
  const writtenBefore = telemetry.figures().written;
  const beganMs = performance.now();
  for (let first = 0; first < readings.length; first += TICK_READINGS) {
    const tick = readings.slice(first, first + TICK_READINGS);
    const meters = tick.map((reading) => ({ kind: 'reading' as const, reading }));
    metering.pipeline.take({ lines: [], meters }, tick[0]?.atMs ?? 0);
    await breathe();
    while (telemetry.figures().queued > WAITING_MAX) await sleep(1);
  }
  // A store that is slow for a moment has its points waiting on disk; they count when they are stored.
  while (
    await metering.flush().then(
      () => false,
      () => true,
    )
  )
    await sleep(RETRY_MS);
  const seconds = (performance.now() - beganMs) / 1_000;
  const { written, dropped, refused } = telemetry.figures();
  if (written - writtenBefore < readings.length)
    throw new Error(`${written - writtenBefore} of ${readings.length} stored, ${dropped} dropped, ${refused} refused`);
  return readings.length / seconds;
}

function median<T>(items: readonly T[], by: (item: T) => number): T {
  const middle = items.toSorted((a, b) => by(a) - by(b))[Math.floor(items.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return middle;
}

/** A name for what only one run needs. */
export function ownName(): string {
  return `bench_${randomBytes(4).toString('hex')}`;
}
