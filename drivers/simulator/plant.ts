import type { MeterImage } from '#drivers/codec/index.ts';
import type { Clock, MeterModel, PurseCapabilities } from '#drivers/core/index.ts';
import { modelById } from '#drivers/models/index.ts';
import type { Estate } from './estate/estateTypes.ts';
import { type FaultRequest, keyOfTarget, type SetFault } from './faults/fault.ts';
import { FaultBook } from './faults/faultBook.ts';
import { LineServer, type LineUnit } from './gateway/lineServer.ts';
import type { WireMode } from './gateway/wire.ts';
import type { PlantGateway, PlantHistoryRow, PlantManifest } from './manifest.ts';
import { type HistoryRange, historyOf } from './meter/history.ts';
import { type AcceptWrite, answer } from './meter/meterFace.ts';
import { imageOf } from './meter/meterImage.ts';
import type { MeterPath } from './meter/meterPath.ts';
import type { PurseMemory } from './meter/purseMemory.ts';
import type { SimulatedMeter } from './meter/simulatedMeter.ts';
import type { BandEnergy } from './meter/tariff.ts';
import { Population } from './population.ts';
import { seededChance } from './seededChance.ts';

export interface PlantOptions {
  readonly estate: Estate;
  readonly clock: Clock;
  /** Plant seconds per second. */
  readonly speed: number;
  readonly wire: WireMode;
  /** Where the plant keeps what it cannot work out again; undefined: nowhere, a new life at each start. */
  readonly stateFolder: string | undefined;
  readonly listenHost: string;
  /** What all prepaid meters know to do with money; everything when absent. */
  readonly capabilities?: PurseCapabilities;
  /** Range of a meter's delay before its first byte, ms (default 5 to 60). */
  readonly thinkMs?: readonly [least: number, most: number];
}

/** The truth about one meter, for tests and for the control address. */
export interface MeterInspection {
  readonly meterNumber: string;
  readonly atMs: number;
  readonly model: MeterModel;
  /** What the meter would say now, in canonical units on the primary side. */
  readonly image: MeterImage;
  /** Counted energy by rate, µWh on the secondary side, not yet rounded to the register's step. */
  readonly energyMicroWh: BandEnergy;
  /** Balance in parts of 1e-11 minor units. */
  readonly balanceParts: bigint;
  readonly path: MeterPath;
  /** Undefined where the meter keeps no balance. */
  readonly purse: PurseMemory | undefined;
}

/** A running plant. */
export interface Plant {
  /** Ports are those of this start; `controlUrl` is empty until a control server is put in front. */
  readonly manifest: PlantManifest;
  readonly faults: {
    /** Throws RangeError when the target is not in this plant or there are too many. */
    set(request: FaultRequest): SetFault;
    clear(id: number): boolean;
    list(): readonly SetFault[];
  };
  /** Undefined when no meter has this number. */
  meter(meterNumber: string): MeterInspection | undefined;
  /** Plant time, ms. */
  nowMs(): number;
  /** Past values of every meter, meter by meter, oldest first; never beyond what the meters say now. */
  history(range: HistoryRange): Generator<PlantHistoryRow>;
  /** Closes all sockets, keeps the state. */
  stop(): Promise<void>;
}

const DEFAULT_THINK_MS = [5, 60] as const;

/** Sockets opened at once while starting. */
const START_BATCH = 64;

/** Starts all gateways of an estate on free ports. Rejects when a socket or the state folder cannot be opened. */
export async function startPlant(options: PlantOptions): Promise<Plant> {
  const { estate, clock } = options;
  const population = new Population(options);
  const lines: LineServer[] = [];
  const faults = new FaultBook(clock, seededChance(estate.seed), () => {
    for (const line of lines) line.applyFaults();
  });
  const gateways = linesOf(options, population, faults);
  for (const gateway of gateways) lines.push(...gateway.servers);
  for (let first = 0; first < lines.length; first += START_BATCH) {
    await Promise.all(lines.slice(first, first + START_BATCH).map((line) => line.start()));
  }
  for (const request of estate.standingFaults) faults.set(request);
  const targets = targetsOf(estate);
  return {
    manifest: manifestOf(options, gateways, population),
    faults: {
      set(request) {
        const key = keyOfTarget(request.target);
        if (!targets.has(key)) throw new RangeError(`no ${key} in this plant`);
        return faults.set(request);
      },
      clear: (id) => faults.clear(id),
      list: () => faults.list(),
    },
    meter: (meterNumber) => inspect(population, meterNumber),
    nowMs: () => population.time.nowMs(),
    history: (range) => historyOf(population.meters, modelOf, range, population.time.nowMs()),
    async stop() {
      faults.stop();
      await Promise.all(lines.map((line) => line.stop()));
      population.stop();
    },
  };
}

interface GatewayServers {
  readonly code: string;
  readonly servers: readonly LineServer[];
}

function linesOf(options: PlantOptions, population: Population, faults: FaultBook): readonly GatewayServers[] {
  const { estate, clock, wire, listenHost } = options;
  const chance = seededChance(estate.seed + 1);
  const deps = { clock, chance, faults, wire, listenHost, thinkMs: options.thinkMs ?? DEFAULT_THINK_MS };
  const accept: AcceptWrite = (meter, write) => population.write(meter, write);
  return estate.gateways.map(({ code, lines }) => ({
    code,
    servers: lines.map((line) => {
      const units = line.meters.map(({ meter: { unitAddress, meterNumber } }): LineUnit => {
        const meter = population.meter(meterNumber);
        if (meter === undefined) throw new Error(`meter ${meterNumber} stands twice in the estate`);
        const kind = { model: modelOf(meter), can: population.capabilities };
        return {
          unitAddress,
          meterNumber,
          answer: (request, quirks) => answer(meter, kind, request, population.time.nowMs(), accept, quirks),
        };
      });
      return new LineServer(deps, code, line, units);
    }),
  }));
}

function modelOf(meter: SimulatedMeter): MeterModel {
  const { modelId } = meter.spec.meter;
  const model = modelById(modelId);
  if (model === undefined) throw new Error(`no model '${modelId}' for meter ${meter.spec.meter.meterNumber}`);
  return model;
}

function inspect(population: Population, meterNumber: string): MeterInspection | undefined {
  const meter = population.meter(meterNumber);
  if (meter === undefined) return undefined;
  const atMs = population.time.nowMs();
  const model = modelOf(meter);
  return {
    meterNumber,
    atMs,
    model,
    image: imageOf(meter, model, atMs),
    energyMicroWh: meter.energyAt(atMs),
    balanceParts: meter.balancePartsAt(atMs),
    path: meter.path,
    purse: meter.spec.purse === undefined ? undefined : meter.purse,
  };
}

function manifestOf(
  { estate, listenHost }: PlantOptions,
  gateways: readonly GatewayServers[],
  { capabilities }: Population,
): PlantManifest {
  return {
    seed: estate.seed,
    properties: estate.properties,
    controlUrl: '',
    gateways: estate.gateways.map(
      (gateway, gatewayIndex): PlantGateway => ({
        code: gateway.code,
        names: gateway.names,
        propertyKey: gateway.propertyKey,
        placeKey: gateway.placeKey,
        lines: gateway.lines.map((line, lineIndex) => {
          const port = gateways[gatewayIndex]?.servers[lineIndex]?.port ?? 0;
          return {
            name: line.name,
            transport: { kind: line.framing, host: listenHost, port },
            serial: line.serial,
            meters: line.meters.map(({ meter, purse }) => ({
              ...meter,
              ...(purse === undefined ? {} : { capabilities }),
            })),
          };
        }),
      }),
    ),
  };
}

/** Every target that a fault can name here, by its key. */
function targetsOf(estate: Estate): ReadonlySet<string> {
  const targets = new Set<string>();
  for (const { code: gatewayCode, lines } of estate.gateways) {
    targets.add(keyOfTarget({ kind: 'gateway', gatewayCode }));
    for (const { name: lineName, meters } of lines) {
      targets.add(keyOfTarget({ kind: 'line', gatewayCode, lineName }));
      for (const { meter } of meters) targets.add(keyOfTarget({ kind: 'meter', meterNumber: meter.meterNumber }));
    }
  }
  return targets;
}
