import type { PurseCapabilities } from '#drivers/core/index.ts';
import type { EstateMeter } from '../estate/estateTypes.ts';
import { DAY_MS, dayStartMs, localDay } from '../plantTime.ts';
import { Demand } from './demand.ts';
import { type DayCurves, powerFactorOf } from './loadShapes.ts';
import { aboveCut, GRID_MS, type MeterPath, onGrid, type PastEvent, remember, topUpTime } from './meterPath.ts';
import {
  credited,
  type MeterAtWrite,
  type MeterWrite,
  priced,
  refusalOf,
  type WriteRefusal,
  written,
} from './meterWrite.ts';
import { ALL_CAPABILITIES, firstSettings, type PurseMemory, type PurseSettings } from './purseMemory.ts';
import { type BandEnergy, costParts, partsToMinor } from './tariff.ts';

/** Events that one catch-up may bring; a meter that needs more has a habit that cannot be right. */
const EVENTS_PER_ADVANCE_LIMIT = 100_000;

const NO_ENERGY: BandEnergy = [0, 0, 0, 0];

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
  readonly #firstSettings: PurseSettings;
  readonly #ratio: number;
  #path: MeterPath;

  constructor(spec: EstateMeter, ordinal: number, seed: number, curves: DayCurves, atMs: number) {
    this.spec = spec;
    this.ordinal = ordinal;
    this.#seed = seed;
    this.demand = new Demand(seed, ordinal, spec.load, curves, spec.ratedW);
    this.powerFactor = powerFactorOf(spec.load);
    this.#firstSettings = firstSettings(spec);
    this.#ratio = spec.meter.ctRatio * spec.meter.ptRatio;
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
      purse: undefined,
    };
  }

  get path(): MeterPath {
    return this.#path;
  }

  /** Takes up a path: the one given at birth, or the one kept before a restart. */
  resume(path: MeterPath): void {
    this.#path = path;
  }

  /** Lines, limits and prices as the meter holds them. */
  get settings(): PurseSettings {
    return this.#path.purse?.settings ?? this.#firstSettings;
  }

  /** All that it remembers of its money. As born: what it holds and has used was bought, the last time as always. */
  get purse(): PurseMemory {
    const { purse, creditParts, purchaseCount: count } = this.#path;
    if (purse !== undefined) return purse;
    const opened = count > 0;
    return {
      settings: this.#firstSettings,
      backup: undefined,
      cumulativeMinor: opened ? partsToMinor(creditParts) : 0n,
      records: opened ? [{ count, amountMinor: this.spec.purse?.habit.amountMinor ?? 0n }] : [],
      soldOutside: false,
      clockOffsetMs: 0,
    };
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
    return costParts(energy, this.settings.prices, this.#ratio);
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
      const plannedMs = this.#plannedMs();
      const crossedMs = this.#nextCrossing(Math.min(untilMs, plannedMs));
      if (crossedMs !== undefined) {
        this.#settle(crossedMs);
        continue;
      }
      if (plannedMs > untilMs) {
        this.#path = { ...this.#path, atMs: untilMs };
        return;
      }
      if (plannedMs === this.#path.topUpAtMs) this.#topUp(plannedMs);
      else this.#switchPrices(plannedMs);
    }
    throw new Error(`meter ${this.spec.meter.meterNumber}: too many events up to ${new Date(atMs).toISOString()}`);
  }

  /**
   * Applies a change from outside at `atMs`. Returns why a meter of these capabilities refuses it; undefined when it was
   * taken. `can` undefined: it took this once and takes it again.
   */
  write(
    write: MeterWrite,
    atMs: number,
    can: PurseCapabilities | undefined = ALL_CAPABILITIES,
  ): WriteRefusal | undefined {
    this.advance(atMs);
    if (this.spec.purse === undefined) return 'unsupported';
    const meter = this.#atWrite(atMs);
    const refusal = can === undefined ? undefined : refusalOf(write, meter, can);
    if (refusal !== undefined) return refusal;
    this.#path = written(write, meter);
    this.#settle(atMs);
    return undefined;
  }

  #atWrite(atMs: number): MeterAtWrite {
    return { path: this.#path, purse: this.purse, energy: this.energyAt(atMs), ratio: this.#ratio, atMs };
  }

  /** When something happens next that was decided before: the tenant buys, or the other prices take effect. */
  #plannedMs(): number {
    const { topUpAtMs, purse } = this.#path;
    const switchMs = purse?.backup === undefined ? Number.POSITIVE_INFINITY : onGrid(purse.backup.switchAtMs);
    return Math.min(topUpAtMs ?? Number.POSITIVE_INFINITY, switchMs);
  }

  #switchPrices(atMs: number): void {
    const { backup } = this.purse;
    if (backup === undefined) return;
    const path = priced(this.#atWrite(atMs), backup.prices, backup.deepValley);
    this.#path = { ...path, atMs, purse: path.purse && { ...path.purse, backup: undefined } };
    this.#settle(atMs);
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
    const { cutLineMinor } = this.settings;
    const balance = this.balanceMinorAt(atMs);
    const { lineMinor, amountMinor } = purse.habit;
    const buys = amountMinor !== undefined && topUpAtMs === undefined && this.#path.purse?.soldOutside !== true;
    const cuts = forced === 'none' && balance > cutLineMinor;
    // The higher of the two comes first; a cut line that was raised may lie above the tenant's.
    if (buys && balance > lineMinor && !(cuts && cutLineMinor > lineMinor)) return lineMinor;
    return cuts ? cutLineMinor : undefined;
  }

  /** At `atMs`: lets the relay follow balance and mode, and lets the tenant notice. */
  #settle(atMs: number): void {
    const { purse } = this.spec;
    if (purse === undefined) return;
    const { forced, openedAtMs, purchaseCount } = this.#path;
    const balance = this.balanceMinorAt(atMs);
    const closed = forced === 'none' ? aboveCut(balance, this.settings) : forced === 'closed';
    if (closed !== (openedAtMs === undefined)) this.#switchRelay(closed, atMs);
    const { lineMinor, amountMinor } = purse.habit;
    let { topUpAtMs } = this.#path;
    const buys = amountMinor !== undefined && purchaseCount > 0 && this.#path.purse?.soldOutside !== true;
    if (topUpAtMs === undefined && buys && balance <= lineMinor) {
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
      this.#path = credited(this.#path, this.purse, habit.amountMinor, this.#path.purchaseCount + 1, atMs);
    }
    this.#settle(atMs);
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
