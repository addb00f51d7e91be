import { type Decoded, exactScale, factorOf, type Ratios } from '#drivers/codec/index.ts';
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

/** Judges the counters of one meter against what it said before. The first reading is believed. */
export class CounterGuard {
  readonly #accounts = new Map<Quantity, Account>();
  readonly #fields: ReadonlyMap<Quantity, Field>;

  constructor(model: MeterModel) {
    const counters: ReadonlySet<string> = new Set(COUNTERS);
    this.#fields = new Map(
      model.fields.flatMap((field) => (isCounter(field.quantity, counters) ? [[field.quantity, field]] : [])),
    );
  }

  /**
   * Moves counters that cannot be true from `decoded.values` to `decoded.rejected`. Returns those believed as a new
   * start. `atMs` is monotonic.
   */
  judge(decoded: Decoded, atMs: number): readonly Quantity[] {
    const restarted: Quantity[] = [];
    for (const [quantity, field] of this.#fields) {
      const value = decoded.values[quantity];
      if (value === undefined) continue;
      const account = this.#accounts.get(quantity);
      if (account === undefined) {
        this.#accounts.set(quantity, { believed: { value, atMs }, doubted: undefined });
        continue;
      }
      const reason = wrong(account.believed, value, atMs, field, decoded);
      if (reason !== undefined && !confirmed(account, value, atMs, field, decoded)) {
        delete decoded.values[quantity];
        decoded.rejected.push({ quantity, raw: value, reason });
        continue;
      }
      if (reason !== undefined) restarted.push(quantity);
      account.believed = { value, atMs };
      account.doubted = undefined;
    }
    return restarted;
  }
}

function isCounter(quantity: Field['quantity'], counters: ReadonlySet<string>): quantity is Quantity {
  return counters.has(quantity);
}

function wrong(
  before: Level,
  value: number,
  atMs: number,
  field: Field,
  ratios: Ratios,
): Rejection['reason'] | undefined {
  const most = mostCounted(before, atMs, field, ratios);
  if (value >= before.value) return value - before.value > most ? 'counter-leapt' : undefined;
  if (field.rollsOverAtRaw === undefined) return 'counter-fell';
  const range = field.rollsOverAtRaw * stepOf(field, ratios);
  return value + range - before.value > most ? 'counter-fell' : undefined;
}

/** Notes another doubtful reading; true when it is confirmed often enough. */
function confirmed(account: Account, value: number, atMs: number, field: Field, ratios: Ratios): boolean {
  const { doubted } = account;
  const goesOn = doubted !== undefined && wrong(doubted, value, atMs, field, ratios) === undefined;
  const times = goesOn ? doubted.times + 1 : 1;
  account.doubted = { value, atMs, times };
  return times >= COUNTER_CONFIRMATIONS;
}

/** What can have been counted since `before`, Wh: the highest power for the time, and two steps of the register. */
function mostCounted(before: Level, atMs: number, field: Field, ratios: Ratios): number {
  return (MOST_POWER_W * Math.max(0, atMs - before.atMs)) / MS_PER_HOUR + 2 * stepOf(field, ratios);
}

/** One step of the register in canonical units. */
function stepOf(field: Field, ratios: Ratios): number {
  const { multiplier, divisor } = exactScale(field.scale);
  return (multiplier * factorOf(field.multiply ?? 'none', ratios)) / divisor;
}
