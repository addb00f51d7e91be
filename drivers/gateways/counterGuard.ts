import { type Decoded, exactScale, factorOf } from '#drivers/codec/index.ts';
import {
  COUNTERS,
  type Field,
  type MeterModel,
  QUANTITIES,
  type Quantity,
  type Rejection,
} from '#drivers/core/index.ts';

/**
 * A counter that fell, or leapt further than any load of ours could drive it, is refused until the meter has said so
 * this many times in a row, each time a little more or the same. Then the meter was reset or replaced, and the new
 * level is the truth: refusing it for ever would lose the tenant's use from then on.
 */
export const COUNTER_CONFIRMATIONS = 3;

/** The most power a counter can have counted, W. */
const MOST_POWER_W = QUANTITIES.activePowerW.max;
const MS_PER_HOUR = 3_600_000;

interface Level {
  readonly value: number;
  readonly atMs: number;
}

/** A level refused so far and how often it was confirmed. */
interface Doubt extends Level {
  readonly times: number;
}

/** A counter of the model with what the judgement needs of it. */
interface Counter {
  readonly quantity: Quantity;
  /** One step of the register, canonical, before ratios. */
  readonly step: number;
  readonly ratio: NonNullable<Field['multiply']> | 'none';
  readonly rollsOverAtRaw: number | undefined;
}

/** Counters by model: what is the same for all meters of a model is kept once. */
const countersByModel = new WeakMap<MeterModel, readonly Counter[]>();

const NONE: readonly Quantity[] = [];

/** Judges the counters of one meter against what it said before. The first reading is believed. */
export class CounterGuard {
  readonly #counters: readonly Counter[];
  /** Value and time of what was last believed of each counter, in turn: plain numbers, for there are many meters. */
  readonly #believed: number[] = [];
  /** Made when there is something to doubt. */
  #doubts: Map<Quantity, Doubt> | undefined;

  constructor(model: MeterModel) {
    this.#counters = countersOf(model);
    // Never said yet: no number.
    for (let index = 0; index < this.#counters.length; index++) this.#believed.push(Number.NaN, Number.NaN);
  }

  /**
   * Moves counters that cannot be true from `decoded.values` to `decoded.rejected`. Returns those believed as a new
   * start. `atMs` is monotonic.
   */
  judge(decoded: Decoded, atMs: number): readonly Quantity[] {
    let restarted = NONE;
    const believed = this.#believed;
    for (let index = 0; index < this.#counters.length; index += 1) {
      const counter = this.#counters[index];
      const value = counter === undefined ? undefined : decoded.values[counter.quantity];
      if (counter === undefined || value === undefined) continue;
      const before = believed[2 * index] ?? Number.NaN;
      // Most counters stand still from one poll to the next, and what stands still needs no judgement.
      if (before !== value && !Number.isNaN(before)) {
        const level = { value, atMs };
        const stepWh = counter.step * factorOf(counter.ratio, decoded);
        const reason = wrong({ value: before, atMs: believed[2 * index + 1] ?? atMs }, level, stepWh, counter);
        if (reason !== undefined && !this.#confirmed(level, stepWh, counter)) {
          delete decoded.values[counter.quantity];
          decoded.rejected.push({ quantity: counter.quantity, raw: value, reason });
          continue;
        }
        if (reason !== undefined) restarted = [...restarted, counter.quantity];
      }
      believed[2 * index] = value;
      believed[2 * index + 1] = atMs;
      this.#doubts?.delete(counter.quantity);
    }
    return restarted;
  }

  /** Notes another doubtful reading; true when it is confirmed often enough. */
  #confirmed(now: Level, stepWh: number, counter: Counter): boolean {
    this.#doubts ??= new Map();
    const before = this.#doubts.get(counter.quantity);
    const goesOn = before !== undefined && wrong(before, now, stepWh, counter) === undefined;
    const times = goesOn ? before.times + 1 : 1;
    this.#doubts.set(counter.quantity, { ...now, times });
    return times >= COUNTER_CONFIRMATIONS;
  }
}

function countersOf(model: MeterModel): readonly Counter[] {
  const known = countersByModel.get(model);
  if (known !== undefined) return known;
  const counters = COUNTERS.flatMap((quantity): Counter[] => {
    const field = model.fields.find((one) => one.quantity === quantity);
    if (field === undefined) return [];
    const { multiplier, divisor } = exactScale(field.scale);
    const ratio = field.multiply ?? 'none';
    return [{ quantity, step: multiplier / divisor, ratio, rollsOverAtRaw: field.rollsOverAtRaw }];
  });
  countersByModel.set(model, counters);
  return counters;
}

/** Why `now` cannot follow `before`; undefined when it can. `stepWh` is one step of the register. */
function wrong(
  before: Level,
  now: Level,
  stepWh: number,
  { rollsOverAtRaw }: Counter,
): Rejection['reason'] | undefined {
  // The highest power for the time, and two steps of the register for where in a step the readings fell.
  const mostWh = (MOST_POWER_W * Math.max(0, now.atMs - before.atMs)) / MS_PER_HOUR + 2 * stepWh;
  if (now.value >= before.value) return now.value - before.value > mostWh ? 'counter-leapt' : undefined;
  if (rollsOverAtRaw === undefined) return 'counter-fell';
  return now.value + rollsOverAtRaw * stepWh - before.value > mostWh ? 'counter-fell' : undefined;
}
