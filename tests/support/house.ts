import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reading } from '#drivers/core/index.ts';
import { MODELS, modelById } from '#drivers/models/index.ts';
import type { PlantGateway, PlantManifest, PlantMeter, PlantProperty } from '#drivers/simulator/manifest.ts';
import type { LineDesk, LineNews, MeterNews } from '#server/acquisition/index.ts';
import { type Alarms, createAlarms } from '#server/modules/alarms/index.ts';
import { createEstate, type Estate } from '#server/modules/estate/index.ts';
import { createMetering, type Metering, type MeterView, zonesOf } from '#server/modules/metering/index.ts';
import { silentLog } from '#server/platform/log.ts';
import { createMetrics } from '#server/platform/metrics.ts';
import { openPostgresTelemetry, type Telemetry } from '#server/platform/telemetry/index.ts';
import { type ManualClock, manualClock } from './manualClock.ts';
import type { TestDatabase } from './postgres.ts';

/** A Sunday noon in Shanghai, ten past. */
export const HOUSE_START_MS = Date.parse('2026-11-22T04:10:00Z');

/**
 * A small estate. `mall`: buildings A and B. GW-1 has lines 1 (a1, a2) and 2 (b1), GW-2 has the line 1 (b2, feeder).
 * `office`: GW-3 with o1. All prepaid, but for the feeder.
 */
export const HOUSE_MANIFEST: Pick<PlantManifest, 'properties' | 'gateways'> = {
  properties: [property('mall', ['A', 'B']), property('office', ['C'])],
  gateways: [
    gateway('GW-1', 'mall', [
      [meter('a1', 'A-101'), meter('a2', 'A-102', { overloadLimitW: 5_000 })],
      [meter('b1', 'B-101')],
    ]),
    gateway('GW-2', 'mall', [
      [meter('b2', 'B-102'), meter('feeder', 'mall', { modelId: 'acrel-adl3000', role: 'substation' })],
    ]),
    gateway('GW-3', 'office', [[meter('o1', 'C-101')]]),
  ],
};

/** The measuring side without lines: news come from the test, everything behind them is real. */
export interface House {
  readonly clock: ManualClock;
  readonly estate: Estate;
  readonly telemetry: Telemetry;
  readonly metering: Metering;
  readonly alarms: Alarms;
  meterId(meterNumber: string): number;
  lineId(gatewayCode: string, lineName: string): number;
  gatewayId(gatewayCode: string): number;
  propertyId(english: string): number;
  meter(meterNumber: string): MeterView;
  /** A good reading now, with changes. */
  reading(meterNumber: string, change?: Partial<Reading>): Reading;
  /** One batch: readings that came in. */
  take(...readings: readonly Reading[]): void;
  news(news: { readonly lines?: readonly LineNews[]; readonly meters?: readonly MeterNews[] }): void;
  line(gatewayCode: string, lineName: string, path: LineNews['path']): void;
  /** Time passes; a sweep each second. */
  pass(seconds: number): void;
  /** Everything that waits is stored. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a house on a database; a second one on the same database (and spool folder, if it kept one) is a restart. */
export async function openHouse(
  { db }: TestDatabase,
  startMs = HOUSE_START_MS,
  desk?: (house: () => House) => LineDesk,
  keptSpoolDir?: string,
): Promise<House> {
  const spoolDir = keptSpoolDir ?? mkdtempSync(join(tmpdir(), 'meterwall-house-'));
  const clock = manualClock(startMs);
  const metrics = createMetrics();
  const estate = createEstate({ db, models: MODELS });
  await estate.start();
  await estate.importPlant(HOUSE_MANIFEST);
  const telemetry = openPostgresTelemetry({ db, clock, log: silentLog, retentionDays: 30, zones: zonesOf(estate) });
  const metering = createMetering({
    ...{ db, clock, log: silentLog, estate, telemetry, modelOf: modelById, metrics, spoolDir },
  });
  const alarms = createAlarms({ db, clock, log: silentLog, estate, metering, metrics, spoolDir, telemetry });
  await metering.start(desk?.(() => house));
  await alarms.start();
  const { meterId, lineId, gatewayId, propertyId } = houseLookups(estate);
  const news: House['news'] = ({ lines = [], meters = [] }) => metering.pipeline.take({ lines, meters }, clock.nowMs());
  const meterOf = (meterNumber: string): MeterView => {
    const found = metering.meter(meterId(meterNumber));
    if (found === undefined) throw new Error(`no meter ${meterNumber}`);
    return found;
  };
  const house: House = {
    clock,
    estate,
    telemetry,
    metering,
    alarms,
    meterId,
    lineId,
    gatewayId,
    propertyId,
    meter: meterOf,
    reading: (meterNumber, change) => ({ ...goodReading(meterId(meterNumber), clock.nowMs()), ...change }),
    take: (...readings) => news({ meters: readings.map((reading) => ({ kind: 'reading', reading })) }),
    news,
    line: (gatewayCode, lineName, path) =>
      news({ lines: [{ lineId: lineId(gatewayCode, lineName), path, reason: 'test', atMs: clock.nowMs() }] }),
    pass(seconds) {
      for (let second = 0; second < seconds; second++) {
        clock.advance(1_000);
        metering.pipeline.sweep(clock.nowMs(), new Map());
      }
    },
    async settle() {
      await alarms.flush();
      await metering.flush();
    },
    async close() {
      await alarms.stop();
      await metering.stop();
      await telemetry.close();
      if (spoolDir !== keptSpoolDir) rmSync(spoolDir, { recursive: true, force: true });
    },
  };
  return house;
}

/** Ids of the house's things by the names that people use. */
export function houseLookups(estate: Estate) {
  const gatewayOf = (code: string) => {
    const lines = estate.lineIds().flatMap((id) => estate.line(id) ?? []);
    const gateways = lines.flatMap(({ gatewayId }) => estate.gateway(gatewayId) ?? []);
    return must(
      gateways.find((candidate) => candidate.code === code),
      code,
    );
  };
  return {
    gatewayId: (code: string) => gatewayOf(code).id,
    lineId: (code: string, name: string) =>
      must(
        gatewayOf(code).lines.find((line) => line.name === name),
        name,
      ).id,
    meterId(meterNumber: string) {
      const ids = estate.meterIds();
      return must(
        ids.find((id) => estate.meter(id)?.meter.meterNumber === meterNumber),
        meterNumber,
      );
    },
    placeId(english: string) {
      const places = estate.properties().flatMap(({ id }) => estate.placesOfProperty(id));
      return must(
        places.find(({ names }) => names.en === english),
        english,
      ).id;
    },
    propertyId: (english: string) =>
      must(
        estate.properties().find(({ names }) => names.en === english),
        english,
      ).id,
  };
}

function must<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`no ${name} in the house`);
  return value;
}

/** A complete reading of a prepaid meter in good order. */
export function goodReading(meterId: number, atMs: number): Reading {
  return {
    meterId,
    atMs,
    receivedMs: atMs,
    source: 'live',
    values: {
      voltageL1V: 230,
      activePowerW: 1_000,
      energyWh: 123_456_780,
      energySharpWh: 10,
      energyPeakWh: 20,
      energyFlatWh: 30,
      energyValleyWh: 40,
      energyReverseWh: 0,
      purchaseCount: 3,
    },
    balanceMinor: 50_00n,
    status: { relay: 'closed', forced: 'none', money: 'normal', overLimit: false },
    meterClockMs: undefined,
    rejected: [],
  };
}

function property(key: string, buildings: readonly string[]): PlantProperty {
  return {
    key,
    names: { en: key, zh: `${key}项目` },
    timeZone: 'Asia/Shanghai',
    currency: 'CNY',
    buildings: buildings.map((building, position) => ({
      key: building,
      names: { en: building },
      position,
      shape: 'tower',
      floors: [
        {
          key: `${building}-1`,
          names: { en: '1F' },
          position: 0,
          rooms: ['101', '102'].map((room, index) => ({
            key: `${building}-${room}`,
            names: { en: `${building}-${room}` },
            position: index,
          })),
        },
      ],
    })),
  };
}

function gateway(code: string, propertyKey: string, lines: readonly (readonly PlantMeter[])[]): PlantGateway {
  return {
    code,
    names: undefined,
    propertyKey,
    placeKey: undefined,
    lines: lines.map((meters, index) => ({
      name: String(index + 1),
      transport: { kind: 'modbus-tcp', host: '127.0.0.1', port: 1 },
      serial: { baud: 9600, parity: 'none', stopBits: 1 },
      meters: meters.map((one, place) => ({ ...one, unitAddress: place + 1 })),
    })),
  };
}

function meter(meterNumber: string, placeKey: string, change: Partial<PlantMeter> = {}): PlantMeter {
  return {
    unitAddress: 1,
    modelId: 'acrel-dtsy1352',
    meterNumber,
    placeKey,
    role: 'tenant',
    names: undefined,
    ctRatio: 1,
    ptRatio: 1,
    circuit: undefined,
    overloadLimitW: undefined,
    energyCategory: undefined,
    ...change,
  };
}
