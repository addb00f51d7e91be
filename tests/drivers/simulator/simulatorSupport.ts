import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  decodeMbapReply,
  decodeRtuReply,
  encodeMbapRequest,
  encodeRtuRequest,
  type ModbusReply,
  type ModbusRequest,
} from '#drivers/codec/index.ts';
import { type Clock, systemClock } from '#drivers/core/index.ts';
import { metersOf } from '#drivers/simulator/estate/estateTypes.ts';
import { type EstateKind, makeEstate } from '#drivers/simulator/estate/makeEstate.ts';
import type { PlantLine } from '#drivers/simulator/manifest.ts';
import type { SimulatedMeter } from '#drivers/simulator/meter/simulatedMeter.ts';
import { type Plant, type PlantOptions, startPlant } from '#drivers/simulator/plant.ts';
import { Population } from '#drivers/simulator/population.ts';
import { type ManualClock, manualClock } from '../../support/manualClock.ts';

export const SEED = 7;
/** A Sunday evening, 2026-11-22 21:00 in Shanghai. */
export const START_MS = Date.UTC(2026, 10, 22, 13);
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Meters without sockets on a clock of the test's own. */
export function populationOn(
  clock: Clock,
  kind: EstateKind = { kind: 'demo' },
  options: { readonly stateFolder?: string; readonly speed?: number; readonly seed?: number } = {},
): Population {
  const estate = makeEstate(kind, options.seed ?? SEED);
  return new Population({ estate, clock, speed: options.speed ?? 1, stateFolder: options.stateFolder });
}

/** A population and its clock, standing at `START_MS`. */
export function standingPopulation(kind: EstateKind = { kind: 'demo' }): {
  readonly clock: ManualClock;
  readonly population: Population;
} {
  const clock = manualClock(START_MS);
  return { clock, population: populationOn(clock, kind) };
}

/** The first meter whose purse began so. */
export function meterThat(population: Population, start: string): SimulatedMeter {
  for (const meter of population.meters) if (meter.spec.purse?.start === start) return meter;
  throw new Error(`no meter begins ${start}`);
}

/** A plant on real sockets without wire times, stopped when the test ends. */
export async function runningPlant(kind: EstateKind, options: Partial<PlantOptions> = {}): Promise<Plant> {
  const plant = await startPlant({
    estate: makeEstate(kind, SEED),
    clock: systemClock,
    speed: 1,
    wire: 'off',
    stateFolder: undefined,
    listenHost: '127.0.0.1',
    ...options,
  });
  onTestFinished(() => plant.stop());
  return plant;
}

/** The line of a gateway of the plant; throws when there is none. */
export function lineOf(plant: Plant, gatewayIndex: number): PlantLine {
  const line = plant.manifest.gateways[gatewayIndex]?.lines[0];
  if (line === undefined) throw new Error(`no gateway ${gatewayIndex}`);
  return line;
}

export function modelIdsOf(kind: EstateKind): ReadonlySet<string> {
  return new Set([...metersOf(makeEstate(kind, SEED))].map(({ meter }) => meter.modelId));
}

/** A master's connection to one line: keeps all bytes that came, in the pieces they came in. */
export class TestMaster {
  readonly line: PlantLine;
  readonly socket: Socket;
  readonly pieces: Buffer[] = [];
  closed = false;
  #transactionId = 0;

  private constructor(line: PlantLine, socket: Socket) {
    this.line = line;
    this.socket = socket;
    socket.on('data', (piece) => this.pieces.push(piece));
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('error', () => undefined);
  }

  /** Connects; rejects when nobody listens. */
  static async to(line: PlantLine): Promise<TestMaster> {
    const { transport } = line;
    if (transport.kind === 'serial') throw new Error('no socket on a serial line');
    const socket = connect(transport.port, transport.host);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    onTestFinished(() => void socket.destroy());
    return new TestMaster(line, socket);
  }

  /** Connects as soon as somebody listens; throws when nobody does for two seconds. */
  static async when(line: PlantLine): Promise<TestMaster> {
    for (let tries = 0; tries < 100; tries++) {
      try {
        return await TestMaster.to(line);
      } catch {
        await pause(20);
      }
    }
    throw new Error(`nobody listens for line ${line.name}`);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }

  send(unit: number, request: ModbusRequest): void {
    this.pieces.length = 0;
    this.#transactionId += 1;
    const frame =
      this.line.transport.kind === 'modbus-tcp'
        ? encodeMbapRequest(this.#transactionId, unit, request)
        : encodeRtuRequest(unit, request);
    this.socket.write(frame);
  }

  /** The reply that all bytes so far make. Throws FrameError when they make none. */
  reply(): ModbusReply {
    const { bytes } = this;
    return this.line.transport.kind === 'modbus-tcp' ? decodeMbapReply(bytes).reply : decodeRtuReply(bytes).reply;
  }

  /** Sends and waits for the whole reply; throws when there is none within the time. */
  async ask(unit: number, request: ModbusRequest, withinMs = 2_000): Promise<ModbusReply> {
    this.send(unit, request);
    await this.quiet(withinMs);
    return this.reply();
  }

  /** Waits until so many bytes came; fewer when the time is up first. */
  async received(byteCount: number, withinMs = 2_000): Promise<number> {
    await until(() => this.bytes.length >= byteCount, withinMs);
    return this.bytes.length;
  }

  /** Waits until a whole reply is there; throws when it is not within the time. */
  async quiet(withinMs: number): Promise<void> {
    const whole = await until(() => this.pieces.length > 0 && this.#isWhole(), withinMs);
    if (!whole) throw new Error(`no reply within ${withinMs} ms, ${this.bytes.length} bytes came`);
  }

  #isWhole(): boolean {
    try {
      this.reply();
      return true;
    } catch {
      return false;
    }
  }
}

/** The poll of the prepaid meters' live block. */
export const LIVE_BLOCK: ModbusRequest = { kind: 'read', function: 3, start: 0x0200, quantity: 48 };

/** Looks again and again until the condition holds; false when the time was up first. */
export async function until(condition: () => boolean, withinMs = 2_000): Promise<boolean> {
  const endMs = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > endMs) return false;
    await pause(2);
  }
  return true;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
