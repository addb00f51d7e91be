import type { Clock, PurseCapabilities, TimerHandle } from '#drivers/core/index.ts';
import { type Estate, metersOf, stateKeyOf } from './estate/estateTypes.ts';
import { giveBirth } from './meter/birth.ts';
import { drawDayCurves } from './meter/loadShapes.ts';
import type { MeterWrite, WriteRefusal } from './meter/meterWrite.ts';
import { ALL_CAPABILITIES } from './meter/purseMemory.ts';
import { SimulatedMeter } from './meter/simulatedMeter.ts';
import { HOUR_MS, PlantTime } from './plantTime.ts';
import { pathOfRecord, recordOfPath } from './state/pathRecord.ts';
import { plain, restored } from './state/plain.ts';
import { type KeptState, StateFile } from './state/stateFile.ts';

/** How often the plant notes the time it has reached. */
const NOTE_MS = 10_000;

/** How often the journal is folded into a new snapshot. */
const SNAPSHOT_MS = HOUR_MS;

export interface PopulationOptions {
  readonly estate: Estate;
  readonly clock: Clock;
  readonly speed: number;
  readonly stateFolder: string | undefined;
  /** What all meters know to do with money; everything when absent. */
  readonly capabilities?: PurseCapabilities;
}

/** All meters of a plant, their common time, and what is kept of them over restarts. */
export class Population {
  readonly time: PlantTime;
  readonly #clock: Clock;
  readonly capabilities: PurseCapabilities;
  readonly #meters = new Map<string, SimulatedMeter>();
  readonly #state: StateFile | undefined;
  #timer: TimerHandle | undefined;
  #savedAtMs: number;

  /** Takes up the folder's state, or gives all meters the past their estate wants. Throws when it cannot be read. */
  constructor(options: PopulationOptions) {
    const { estate, clock, speed, stateFolder } = options;
    this.#clock = clock;
    this.capabilities = options.capabilities ?? ALL_CAPABILITIES;
    this.#state = stateFolder === undefined ? undefined : new StateFile(stateFolder, stateKeyOf(estate));
    const kept = this.#state?.load();
    this.time = new PlantTime(clock, speed, kept?.plantMs ?? Number.NEGATIVE_INFINITY);
    this.#settle(estate, kept);
    this.#savedAtMs = clock.monotonicMs();
    this.#save();
    if (this.#state !== undefined) this.#noteLater();
  }

  get meters(): Iterable<SimulatedMeter> {
    return this.#meters.values();
  }

  meter(meterNumber: string): SimulatedMeter | undefined {
    return this.#meters.get(meterNumber);
  }

  /** Writes to a meter and keeps the write before anybody can be told of it. Returns why the meter refuses. */
  write(meter: SimulatedMeter, write: MeterWrite): WriteRefusal | undefined {
    const atMs = this.time.nowMs();
    const refusal = meter.write(write, atMs, this.capabilities);
    if (refusal !== undefined) return refusal;
    this.#state?.append({ kind: 'write', atMs, meterNumber: meter.spec.meter.meterNumber, write: plain(write) });
    return undefined;
  }

  /** Keeps everything a last time. */
  stop(): void {
    this.#timer?.cancel();
    this.#save();
  }

  #settle(estate: Estate, kept: KeptState | undefined): void {
    const curves = drawDayCurves();
    const nowMs = this.time.nowMs();
    const paths = new Map(kept?.paths.map((record) => [record[0], record]));
    let ordinal = 0;
    for (const spec of metersOf(estate)) {
      const { meterNumber } = spec.meter;
      if (this.#meters.has(meterNumber)) throw new Error(`meter number ${meterNumber} is taken twice`);
      const meter = new SimulatedMeter(spec, ordinal, estate.seed, curves[spec.load], nowMs);
      const record = paths.get(meterNumber);
      if (record === undefined) giveBirth(meter, estate.seed, nowMs);
      else meter.resume(pathOfRecord(record));
      this.#meters.set(meterNumber, meter);
      ordinal += 1;
    }
    // What a meter accepted once it accepts again, whatever it could do then.
    for (const { meterNumber, write, atMs } of kept?.writes ?? []) {
      this.#meters.get(meterNumber)?.write(restored(write) as MeterWrite, atMs, undefined);
    }
  }

  #noteLater(): void {
    this.#timer = this.#clock.after(NOTE_MS, () => {
      if (this.#clock.monotonicMs() - this.#savedAtMs >= SNAPSHOT_MS) this.#save();
      else this.#state?.append({ kind: 'reached', plantMs: this.#reachMs() });
      this.#noteLater();
    });
  }

  #save(): void {
    if (this.#state === undefined) return;
    const records = [...this.#meters].map(([meterNumber, meter]) => recordOfPath(meterNumber, meter.path));
    this.#state.save(this.#reachMs(), records);
    this.#savedAtMs = this.#clock.monotonicMs();
  }

  /**
   * Plant time that a restart must not fall below. A plant that runs faster than the wall would fall back behind what
   * it said between two notes, so it notes what it will have reached by the next one.
   */
  #reachMs(): number {
    return Math.floor(this.time.nowMs() + (this.time.speed - 1) * NOTE_MS * 1.5);
  }
}
