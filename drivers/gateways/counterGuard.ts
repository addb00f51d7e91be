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

interface Account {
  believed: Level;
  /** A level refused so far and how often it was confirmed. */
  doubted: (Level & { readonly times: number }) | undefined;
}

/** A counter of the model with what the judgement needs of it. */
interface Counter {
  readonly quantity: Quantity;
  /** One step of the register, canonical, before ratios. */
  readonly step: number;
  readonly ratio: NonNullable<Field['multiply']> | 'none';
  readonly rollsOverAtRaw: number | undefined;
}

/** Judges the counters of one meter against what it said before. The first reading is believed. */
export class CounterGuard {
  readonly #accounts = new Map<Quantity, Account>();
  readonly #counters: readonly Counter[];

  constructor(model: MeterModel) {
    this.#counters = COUNTERS.flatMap((quantity) => {
      const field = model.fields.find((one) => one.quantity === quantity);
      if (field === undefined) return [];
      const { multiplier, divisor } = exactScale(field.scale);
      const ratio = field.multiply ?? 'none';
      return [{ quantity, step: multiplier / divisor, ratio, rollsOverAtRaw: field.rollsOverAtRaw }];
    });
  }

  /**
   * Moves counters that cannot be true from `decoded.values` to `decoded.rejected`. Returns those believed as a new
   * start. `atMs` is monotonic.
   */
  judge(decoded: Decoded, atMs: number): readonly Quantity[] {
    const restarted: Quantity[] = [];
    for (const counter of this.#counters) {
      const { quantity } = counter;
      const value = decoded.values[quantity];
      if (value === undefined) continue;
      const account = this.#accounts.get(quantity);
      if (account === undefined) {
        this.#accounts.set(quantity, { believed: { value, atMs }, doubted: undefined });
        continue;
      }
      const level = { value, atMs };
      const stepWh = counter.step * factorOf(counter.ratio, decoded);
      const reason = wrong(account.believed, level, stepWh, counter);
      if (reason !== undefined && !confirmed(account, level, stepWh, counter)) {
        delete decoded.values[quantity];
        decoded.rejected.push({ quantity, raw: value, reason });
        continue;
      }
      if (reason !== undefined) restarted.push(quantity);
      account.believed = level;
      account.doubted = undefined;
    }
    return restarted;
  }
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

/** Notes another doubtful reading; true when it is confirmed often enough. */
function confirmed(account: Account, now: Level, stepWh: number, counter: Counter): boolean {
  const { doubted } = account;
  const goesOn = doubted !== undefined && wrong(doubted, now, stepWh, counter) === undefined;
  const times = goesOn ? doubted.times + 1 : 1;
  account.doubted = { ...now, times };
  return times >= COUNTER_CONFIRMATIONS;
}
