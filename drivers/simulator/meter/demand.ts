import { dayStartMs, localDay, weekdayOf } from '../plantTime.ts';
import { chanceOf, hash32, wholeBetween } from '../seededChance.ts';
import {
  type DayCurve,
  type DayCurves,
  type LoadKind,
  SLOT_MS,
  SLOTS_PER_DAY,
  seasonPermille,
  VARIANTS,
} from './loadShapes.ts';
import { type BandEnergy, bandOfHour } from './tariff.ts';

/** Demand is counted from this local day on: 2025-01-01. Before it nothing was consumed. */
export const FIRST_DAY = 20_089;

/** Every so many ms the gauges take a new breath around the mean that the register counts. */
const FLICKER_MS = 10_000;

/**
 * What a consumer would use, were its relay always closed: a pure function of (seed, meter, time), so that any instant
 * can be asked for in any order, after a restart too, and energy never falls.
 *
 * Rated power is on the meter's secondary side, whole watts. Energy is whole µWh: rated W × day ‰ × slot ‰ × ¼ h.
 */
export class Demand {
  readonly #seed: number;
  readonly #meter: number;
  readonly #kind: LoadKind;
  readonly #curves: DayCurves;
  readonly #ratedW: number;
  /** The first of the drawn days that this meter keeps to. */
  readonly #home: number;
  // Where the sum over whole days has got to. A cache: it can be thrown away at any time.
  #day = FIRST_DAY;
  #atDayStart: BandEnergy = [0, 0, 0, 0];

  constructor(seed: number, meter: number, kind: LoadKind, curves: DayCurves, ratedW: number) {
    this.#seed = seed;
    this.#meter = meter;
    this.#kind = kind;
    this.#curves = curves;
    this.#ratedW = Math.max(1, Math.round(ratedW));
    this.#home = hash32(seed, meter, 7) % VARIANTS;
  }

  /** Energy by rate from `FIRST_DAY` to `atMs`, µWh, whole numbers, monotone in `atMs`. */
  energyAt(atMs: number): BandEnergy {
    const day = localDay(atMs);
    if (day < FIRST_DAY) return [0, 0, 0, 0];
    const [sharp, peak, flat, valley] = this.#energyAtDayStart(day);
    const curve = this.#curve(day);
    const unit = this.#unit(day);
    const inDay = atMs - dayStartMs(day);
    const slot = Math.floor(inDay / SLOT_MS);
    const slotEnergy = (unit * (curve.permille[slot] ?? 0)) / 4;
    const started = Math.floor((slotEnergy * (inDay - slot * SLOT_MS)) / SLOT_MS);
    const band = bandOfHour(Math.floor(slot / 4));
    const part = (of: number): number => (unit * (curve.sums[slot * 4 + of] ?? 0)) / 4 + (band === of ? started : 0);
    return [sharp + part(0), peak + part(1), flat + part(2), valley + part(3)];
  }

  /** Power now, W on the secondary side: the registers' slope, smoothed and breathing by a few percent. */
  powerAtW(atMs: number): number {
    const middle = atMs / SLOT_MS - 0.5;
    const slot = Math.floor(middle);
    const share = middle - slot;
    const mean = this.#slotPower(slot) * (1 - share) + this.#slotPower(slot + 1) * share;
    return mean * this.flicker(atMs, 1, 0.06);
  }

  /** A factor around 1 that wanders smoothly within ± `swing`; `salt` tells apart what may not move together. */
  flicker(atMs: number, salt: number, swing: number): number {
    const place = atMs / FLICKER_MS;
    const tick = Math.floor(place);
    const here = chanceOf(this.#seed + salt, this.#meter, tick);
    const next = chanceOf(this.#seed + salt, this.#meter, tick + 1);
    return 1 + ((here + (next - here) * (place - tick)) * 2 - 1) * swing;
  }

  /** Mean power of one quarter hour since the epoch, W. */
  #slotPower(slot: number): number {
    const day = localDay(slot * SLOT_MS);
    const inDay = Math.floor((slot * SLOT_MS - dayStartMs(day)) / SLOT_MS);
    return (this.#unit(day) * (this.#curve(day).permille[inDay] ?? 0)) / 1_000_000;
  }

  #energyAtDayStart(day: number): BandEnergy {
    if (day < this.#day) {
      this.#day = FIRST_DAY;
      this.#atDayStart = [0, 0, 0, 0];
    }
    let [sharp, peak, flat, valley] = this.#atDayStart;
    for (let passed = this.#day; passed < day; passed++) {
      const { sums } = this.#curve(passed);
      const unit = this.#unit(passed) / 4;
      sharp += unit * (sums[SLOTS_PER_DAY * 4] ?? 0);
      peak += unit * (sums[SLOTS_PER_DAY * 4 + 1] ?? 0);
      flat += unit * (sums[SLOTS_PER_DAY * 4 + 2] ?? 0);
      valley += unit * (sums[SLOTS_PER_DAY * 4 + 3] ?? 0);
    }
    this.#day = day;
    this.#atDayStart = [sharp, peak, flat, valley];
    return this.#atDayStart;
  }

  #curve(day: number): DayCurve {
    const weekday = weekdayOf(day);
    const days = this.#curves[weekday === 0 || weekday === 6 ? 1 : 0];
    const curve = days[(this.#home + (hash32(this.#seed, this.#meter, day) % 3)) % VARIANTS];
    if (curve === undefined) throw new Error(`no day curve for ${this.#kind}`);
    return curve;
  }

  /** Rated power × this day's level in per mille: better and worse days, and the season. */
  #unit(day: number): number {
    const level = wholeBetween(860, 1_120, this.#seed + 1, this.#meter, day);
    // The weather does not know the calendar: twelfths of a year, 1970-01-01 being day 0.
    const month = Math.floor((((day + 0.5) / 365.2425) % 1) * 12);
    return this.#ratedW * Math.round((level * seasonPermille(this.#kind, month)) / 1_000);
  }
}
