import type { EstateMeter } from '../estate/estateTypes.ts';
import { DAY_MS, dayStartMs, localDay } from '../plantTime.ts';
import { Demand } from './demand.ts';
import { type DayCurves, powerFactorOf } from './loadShapes.ts';
import {
  aboveCut,
  type ForcedMode,
  GRID_MS,
  type MeterPath,
  type PastEvent,
  remember,
  topUpTime,
} from './meterPath.ts';
import { type BandEnergy, costParts, PARTS_PER_MINOR, PRICES, type Prices, partsToMinor } from './tariff.ts';

/** Events that one catch-up may bring; a meter that needs more has a habit that cannot be right. */
const EVENTS_PER_ADVANCE_LIMIT = 100_000;

const NO_ENERGY: BandEnergy = [0, 0, 0, 0];

/** A change from outside, the only thing that must be journaled. */
export type MeterWrite =
  | { readonly kind: 'buy'; readonly amountMinor: bigint; readonly purchaseCount: number }
  | { readonly kind: 'force'; readonly mode: ForcedMode };

/**
 * One meter. Nothing runs while nobody asks: `advance` works out, on a fixed grid, what has happened since it was last
 * asked, and gives the same answer however often and whenever it is asked.
 */
export class SimulatedMeter {
  readonly spec: EstateMeter;
  readonly demand: Demand;
  readonly powerFactor: number;
  readonly ordinal: number;
  readonly #seed: number;
  readonly #base: BandEnergy;
  readonly #prices: Prices;
  #path: MeterPath;

  constructor(spec: EstateMeter, ordinal: number, seed: number, curves: DayCurves, atMs: number) {
    this.spec = spec;
    this.ordinal = ordinal;
    this.#seed = seed;
    this.demand = new Demand(seed, ordinal, spec.load, curves, spec.ratedW);
    this.powerFactor = powerFactorOf(spec.load);
    this.#prices = PRICES[spec.purse?.tariff ?? 'retail'];
    this.#base = splitBase(spec.baseWh);
    this.#path = {
      atMs,
      openedAtMs: undefined,
      unsupplied: NO_ENERGY,
      creditParts: 0n,
      purchaseCount: 0,
      forced: 'none',
      topUpAtMs: undefined,
      past: [],
    };
  }

  get path(): MeterPath {
    return this.#path;
  }

  /** Takes up a path: the one given at birth, or the one kept before a restart. */
  resume(path: MeterPath): void {
    this.#path = path;
  }

  /** Counted energy by rate at `atMs`, µWh on the secondary side; `atMs` must not precede the path. */
  energyAt(atMs: number): BandEnergy {
    const { openedAtMs, unsupplied } = this.#path;
    const demanded = this.demand.energyAt(openedAtMs ?? atMs);
    return combine(combine(demanded, unsupplied, -1), this.#base, 1);
  }

  /** Balance at `atMs`, in parts (see tariff.ts). */
  balancePartsAt(atMs: number): bigint {
    return this.#path.creditParts - this.costOf(this.energyAt(atMs));
  }

  /** What this much energy costs on this meter's tariff, in parts. */
  costOf(energy: BandEnergy): bigint {
    return costParts(energy, this.#prices, this.spec.meter.ctRatio * this.spec.meter.ptRatio);
  }

  /** Balance at `atMs` in whole minor units, rounded down. */
  balanceMinorAt(atMs: number): bigint {
    return partsToMinor(this.balancePartsAt(atMs));
  }

  /**
   * Brings the path up to the last grid instant at or before `atMs`: what happens, happens on the grid, or its time
   * would depend on when somebody asked. Going back is not possible and changes nothing.
   */
  advance(atMs: number): void {
    const untilMs = Math.floor(atMs / GRID_MS) * GRID_MS;
    if (untilMs <= this.#path.atMs) return;
    for (let events = 0; events < EVENTS_PER_ADVANCE_LIMIT; events++) {
      const crossedMs = this.#nextCrossing(Math.min(untilMs, this.#path.topUpAtMs ?? untilMs));
      if (crossedMs !== undefined) {
        this.#settle(crossedMs);
        continue;
      }
      const { topUpAtMs } = this.#path;
      if (topUpAtMs === undefined || topUpAtMs > untilMs) {
        this.#path = { ...this.#path, atMs: untilMs };
        return;
      }
      this.#topUp(topUpAtMs);
    }
    throw new Error(`meter ${this.spec.meter.meterNumber}: too many events up to ${new Date(atMs).toISOString()}`);
  }

  /**
   * Applies a change from outside at `atMs`. Returns false when the meter refuses it: no prepaid meter, or a purchase
   * whose count is not the meter's own count + 1 while `strictCount` holds.
   */
  write(write: MeterWrite, atMs: number, strictCount: boolean): boolean {
    this.advance(atMs);
    if (this.spec.purse === undefined) return false;
    switch (write.kind) {
      case 'buy':
        if (strictCount && write.purchaseCount !== this.#path.purchaseCount + 1) return false;
        this.#credit(write.amountMinor, write.purchaseCount, atMs);
        break;
      case 'force':
        this.#path = { ...this.#path, forced: write.mode };
        break;
    }
    this.#settle(atMs);
    return true;
  }

  /** The first grid instant after the path and up to `untilMs` at which the balance reached a line that matters. */
  #nextCrossing(untilMs: number): number | undefined {
    const line = this.#lineBelow();
    if (line === undefined || this.balanceMinorAt(untilMs) > line) return undefined;
    const reached = (atMs: number): boolean => this.balanceMinorAt(atMs) <= line;
    // Day by day first: the demand sums whole days forward and would start over for every leap back.
    let low = this.#path.atMs;
    let high = untilMs;
    for (let day = localDay(low); dayStartMs(day + 1) < untilMs; day++) {
      high = dayStartMs(day + 1);
      if (reached(high)) break;
      low = high;
      high = Math.min(untilMs, low + DAY_MS);
    }
    let before = Math.floor(low / GRID_MS);
    let after = Math.ceil(high / GRID_MS);
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (reached(middle * GRID_MS)) after = middle;
      else before = middle;
    }
    return after * GRID_MS;
  }

  /** The highest line, at or below which something new would happen, that the balance is still above. */
  #lineBelow(): bigint | undefined {
    const { purse } = this.spec;
    const { openedAtMs, forced, topUpAtMs, atMs } = this.#path;
    if (purse === undefined || openedAtMs !== undefined) return undefined;
    const balance = this.balanceMinorAt(atMs);
    const { lineMinor, amountMinor } = purse.habit;
    if (amountMinor !== undefined && topUpAtMs === undefined && balance > lineMinor) return lineMinor;
    return forced === 'none' && balance > purse.cutLineMinor ? purse.cutLineMinor : undefined;
  }

  /** At `atMs`: lets the relay follow balance and mode, and lets the tenant notice. */
  #settle(atMs: number): void {
    const { purse } = this.spec;
    if (purse === undefined) return;
    const { forced, openedAtMs, purchaseCount } = this.#path;
    const balance = this.balanceMinorAt(atMs);
    const closed = forced === 'none' ? aboveCut(balance, purse) : forced === 'closed';
    if (closed !== (openedAtMs === undefined)) this.#switchRelay(closed, atMs);
    const { lineMinor, amountMinor } = purse.habit;
    let { topUpAtMs } = this.#path;
    if (topUpAtMs === undefined && amountMinor !== undefined && purchaseCount > 0 && balance <= lineMinor) {
      topUpAtMs = topUpTime(purse.habit, atMs, this.#seed, this.ordinal, purchaseCount);
    }
    this.#path = { ...this.#path, atMs, topUpAtMs };
  }

  #switchRelay(closed: boolean, atMs: number): void {
    const { openedAtMs, unsupplied, past } = this.#path;
    const event: PastEvent = { kind: closed ? 'closed' : 'opened', atMs };
    if (closed && openedAtMs !== undefined) {
      const missed = combine(this.demand.energyAt(atMs), this.demand.energyAt(openedAtMs), -1);
      this.#path = { ...this.#path, openedAtMs: undefined, unsupplied: combine(unsupplied, missed, 1) };
    } else {
      this.#path = { ...this.#path, openedAtMs: atMs };
    }
    this.#path = { ...this.#path, past: remember(past, event) };
  }

  #topUp(atMs: number): void {
    const habit = this.spec.purse?.habit;
    this.#path = { ...this.#path, atMs, topUpAtMs: undefined };
    // Somebody else may have paid meanwhile.
    if (habit?.amountMinor !== undefined && this.balanceMinorAt(atMs) <= habit.lineMinor) {
      this.#credit(habit.amountMinor, this.#path.purchaseCount + 1, atMs);
    }
    this.#settle(atMs);
  }

  #credit(amountMinor: bigint, purchaseCount: number, atMs: number): void {
    const { creditParts, past } = this.#path;
    this.#path = {
      ...this.#path,
      creditParts: creditParts + amountMinor * PARTS_PER_MINOR,
      purchaseCount: purchaseCount % 65_536,
      past: remember(past, { kind: 'purchase', atMs, amountMinor }),
    };
  }
}

/** a + sign × b, rate by rate. */
export function combine(a: BandEnergy, b: BandEnergy, sign: 1 | -1): BandEnergy {
  return [a[0] + sign * b[0], a[1] + sign * b[1], a[2] + sign * b[2], a[3] + sign * b[3]];
}

/** Spreads an old total over the rates as a year of retail would: 12 / 22 / 38 / 28 %. */
function splitBase(baseWh: number): BandEnergy {
  const [sharp, peak, flat] = [0.12, 0.22, 0.38].map((share) => Math.floor(baseWh * share)) as [number, number, number];
  const microWh = (wh: number): number => wh * 1_000_000;
  return [microWh(sharp), microWh(peak), microWh(flat), microWh(baseWh - sharp - peak - flat)];
}
