import type { ErrandOutcome, Visit } from '#drivers/bus/index.ts';
import { type CompiledModel, compileModel, decodePurse } from '#drivers/codec/index.ts';
import type {
  Clock,
  LineMeter,
  MeterModel,
  PurseRead,
  Reading,
  ReadingSource,
  Rejection,
} from '#drivers/core/index.ts';
import { CounterGuard } from './counterGuard.ts';
import { CLOCK_TOLERANCE_MS, ZoneClock } from './zoneClock.ts';

interface MeterMemory {
  readonly meterId: number;
  readonly modelId: string;
  readonly compiled: CompiledModel;
  readonly guard: CounterGuard;
}

/** One for all lines: a compiled model keeps nothing of any meter. */
const compiledByModel = new WeakMap<MeterModel, CompiledModel>();

/** Turns what a visit brought into a reading: decodes by the model, refuses what cannot be true. */
export class Reader {
  readonly #clock: Clock;
  readonly #zone: ZoneClock | undefined;
  /** By the meters' places on the line. */
  #memories: readonly MeterMemory[] = [];

  constructor(clock: Clock, timeZone: string | undefined) {
    this.#clock = clock;
    this.#zone = timeZone === undefined ? undefined : new ZoneClock(timeZone);
  }

  /** The meters of the line in their order. What is known of those that stay is kept. */
  setMeters(meters: readonly LineMeter[]): void {
    const before = new Map(this.#memories.map((memory) => [memory.meterId, memory]));
    this.#memories = meters.map(({ meterId, model }) => {
      const known = before.get(meterId);
      if (known?.modelId === model.id) return known;
      return { meterId, modelId: model.id, compiled: compiledOf(model), guard: new CounterGuard(model) };
    });
  }

  /** Throws RangeError when nothing is known of a meter at `place`. */
  read(
    { meter, place }: Pick<Visit['polled'], 'meter' | 'place'>,
    source: ReadingSource,
    visit: Extract<ErrandOutcome, { ok: true }>,
  ): Reading {
    const memory = this.#memories[place];
    if (memory === undefined) throw new RangeError(`no meter at place ${place} of the line`);
    const { compiled, guard } = memory;
    const decoded = compiled.decode(visit.blocks, meter);
    const restarted = guard.judge(decoded, this.#clock.monotonicMs());
    const { values, balanceMinor, status, rejected } = decoded;
    const meterClockMs = this.#believedClock(decoded.meterClockMs, visit.receivedMs, rejected);
    const reading = {
      meterId: meter.meterId,
      atMs: visit.atMs,
      receivedMs: visit.receivedMs,
      source,
      values,
      balanceMinor,
      status,
      meterClockMs,
      rejected,
    };
    return restarted.length === 0 ? reading : { ...reading, restarted };
  }

  /** The prepaid side out of the same visit; undefined where the model or the meter has none. */
  purse(
    { meter }: Pick<Visit['polled'], 'meter'>,
    { blocks, atMs, receivedMs }: Extract<ErrandOutcome, { ok: true }>,
    { values }: Reading,
  ): PurseRead | undefined {
    const table = meter.model.purse;
    const said = table === undefined ? undefined : decodePurse(table, blocks);
    const { energyWh } = values;
    return said && { ...said, atMs, receivedMs, energyWh: energyWh === undefined ? undefined : BigInt(energyWh) };
  }

  /** The meters' own time at an instant, as if it were UTC; absent where the line's zone is not known. */
  get localMs(): ((atMs: number) => number) | undefined {
    const zone = this.#zone;
    return zone && ((atMs) => zone.localMs(atMs));
  }

  #believedClock(meterClockMs: number | undefined, atMs: number, rejected: Rejection[]): number | undefined {
    if (meterClockMs === undefined || this.#zone === undefined) return meterClockMs;
    if (Math.abs(meterClockMs - this.#zone.localMs(atMs)) <= CLOCK_TOLERANCE_MS) return meterClockMs;
    rejected.push({ quantity: 'clock', raw: meterClockMs, reason: 'clock-off' });
    return undefined;
  }
}

function compiledOf(model: MeterModel): CompiledModel {
  const known = compiledByModel.get(model);
  if (known !== undefined) return known;
  const compiled = compileModel(model);
  compiledByModel.set(model, compiled);
  return compiled;
}
