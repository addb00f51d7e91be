import { chanceOf } from '../seededChance.ts';
import { bandOfHour } from './tariff.ts';

/** Kinds of consumer; each has the shape of its day. */
export type LoadKind =
  | 'restaurant'
  | 'cafe'
  | 'shop'
  | 'supermarket'
  | 'cinema'
  | 'office'
  | 'serverRoom'
  | 'dormRoom'
  | 'coldStore'
  | 'lift'
  | 'publicLighting'
  | 'chiller'
  | 'pump'
  | 'charger'
  | 'mallFeeder'
  | 'officeFeeder'
  | 'dormFeeder';

interface LoadShape {
  /** Load by local hour in percent of the rated power, working days and weekends. */
  readonly workday: readonly number[];
  readonly weekend: readonly number[];
  /** Load by month (January first) in percent, for what follows the weather. */
  readonly season: readonly number[];
  readonly powerFactor: number;
  /** How far single quarter hours stray from the shape, in percent. */
  readonly noise: number;
}

const EVEN = Array<number>(12).fill(100);
const COOLED = [92, 90, 88, 90, 100, 114, 124, 124, 112, 98, 90, 92];
const COOLING = [18, 18, 22, 40, 66, 92, 110, 110, 88, 56, 28, 18];
const HEATED_ROOM = [118, 60, 88, 86, 98, 116, 70, 60, 112, 94, 96, 112];

/** Hours 0–23. Drawn by hand after the usual shapes of sub-metered tenants; only their character matters. */
const SHAPES: Readonly<Record<LoadKind, LoadShape>> = {
  restaurant: {
    workday: [14, 12, 11, 11, 11, 12, 14, 20, 26, 38, 66, 92, 88, 58, 38, 36, 52, 84, 100, 94, 72, 46, 28, 18],
    weekend: [16, 13, 12, 11, 11, 12, 14, 20, 28, 44, 74, 98, 98, 72, 48, 46, 60, 92, 100, 98, 82, 56, 34, 20],
    season: COOLED,
    powerFactor: 0.92,
    noise: 14,
  },
  cafe: {
    workday: [16, 15, 15, 15, 15, 22, 52, 86, 100, 84, 66, 68, 72, 62, 56, 60, 58, 54, 52, 48, 42, 30, 20, 17],
    weekend: [16, 15, 15, 15, 15, 18, 34, 60, 84, 94, 92, 90, 92, 88, 84, 86, 78, 70, 66, 60, 50, 36, 22, 17],
    season: COOLED,
    powerFactor: 0.94,
    noise: 12,
  },
  shop: {
    workday: [7, 7, 7, 7, 7, 7, 8, 10, 18, 56, 82, 86, 86, 86, 86, 86, 88, 92, 96, 98, 96, 72, 22, 9],
    weekend: [7, 7, 7, 7, 7, 7, 8, 10, 20, 64, 90, 94, 96, 98, 98, 98, 98, 100, 100, 100, 100, 84, 28, 10],
    season: COOLED,
    powerFactor: 0.95,
    noise: 7,
  },
  supermarket: {
    workday: [46, 45, 45, 45, 46, 50, 60, 78, 90, 94, 96, 96, 94, 93, 93, 94, 96, 99, 100, 98, 94, 78, 56, 48],
    weekend: [46, 45, 45, 45, 46, 50, 60, 80, 93, 97, 99, 99, 98, 97, 97, 98, 99, 100, 100, 100, 97, 84, 58, 48],
    season: COOLED,
    powerFactor: 0.91,
    noise: 5,
  },
  cinema: {
    workday: [34, 18, 12, 10, 10, 10, 10, 11, 14, 30, 48, 52, 54, 60, 62, 62, 66, 76, 92, 100, 100, 94, 80, 56],
    weekend: [52, 26, 12, 10, 10, 10, 10, 12, 22, 58, 82, 86, 88, 94, 96, 96, 96, 98, 100, 100, 100, 98, 90, 72],
    season: COOLED,
    powerFactor: 0.93,
    noise: 8,
  },
  office: {
    workday: [9, 9, 9, 9, 9, 9, 11, 24, 68, 92, 97, 94, 66, 82, 97, 98, 96, 88, 58, 38, 26, 18, 12, 10],
    weekend: [9, 8, 8, 8, 8, 8, 9, 11, 16, 24, 28, 28, 24, 25, 28, 27, 24, 19, 15, 13, 11, 10, 9, 9],
    season: COOLED,
    powerFactor: 0.94,
    noise: 8,
  },
  serverRoom: {
    workday: [92, 91, 91, 91, 91, 92, 93, 94, 96, 98, 99, 100, 100, 100, 100, 100, 99, 98, 97, 96, 95, 94, 93, 92],
    weekend: [91, 91, 90, 90, 90, 91, 91, 92, 93, 94, 94, 95, 95, 95, 95, 95, 94, 94, 93, 93, 92, 92, 91, 91],
    season: EVEN,
    powerFactor: 0.97,
    noise: 2,
  },
  dormRoom: {
    workday: [34, 20, 14, 12, 12, 14, 26, 44, 26, 16, 15, 26, 42, 34, 20, 18, 22, 38, 58, 72, 86, 100, 96, 64],
    weekend: [48, 28, 17, 13, 12, 13, 16, 24, 36, 44, 48, 54, 58, 54, 50, 48, 48, 54, 64, 76, 88, 100, 100, 76],
    season: HEATED_ROOM,
    powerFactor: 0.96,
    noise: 26,
  },
  coldStore: {
    workday: [82, 81, 80, 80, 80, 82, 86, 90, 92, 94, 96, 98, 100, 100, 100, 99, 97, 95, 93, 91, 89, 87, 85, 83],
    weekend: [82, 81, 80, 80, 80, 82, 86, 90, 92, 94, 96, 98, 100, 100, 100, 99, 97, 95, 93, 91, 89, 87, 85, 83],
    season: COOLED,
    powerFactor: 0.84,
    noise: 9,
  },
  lift: {
    workday: [8, 6, 6, 6, 6, 8, 22, 62, 92, 78, 62, 72, 84, 74, 62, 60, 66, 88, 100, 84, 62, 46, 26, 12],
    weekend: [10, 7, 6, 6, 6, 8, 14, 28, 46, 62, 78, 86, 90, 88, 88, 88, 90, 92, 94, 90, 76, 54, 30, 14],
    season: EVEN,
    powerFactor: 0.78,
    noise: 20,
  },
  publicLighting: {
    workday: [58, 52, 52, 52, 52, 54, 56, 62, 74, 82, 84, 84, 84, 84, 84, 84, 86, 94, 100, 100, 100, 94, 78, 64],
    weekend: [58, 52, 52, 52, 52, 54, 56, 62, 74, 84, 86, 86, 86, 86, 86, 86, 88, 96, 100, 100, 100, 98, 82, 64],
    season: EVEN,
    powerFactor: 0.96,
    noise: 3,
  },
  chiller: {
    workday: [8, 6, 6, 6, 6, 6, 10, 34, 66, 80, 88, 92, 94, 97, 100, 100, 97, 92, 84, 76, 66, 44, 20, 10],
    weekend: [8, 6, 6, 6, 6, 6, 8, 24, 58, 78, 88, 93, 96, 98, 100, 100, 98, 94, 88, 80, 72, 52, 24, 10],
    season: COOLING,
    powerFactor: 0.87,
    noise: 7,
  },
  pump: {
    workday: [24, 20, 18, 18, 20, 34, 74, 92, 78, 60, 54, 62, 66, 56, 50, 50, 56, 70, 88, 96, 100, 92, 66, 38],
    weekend: [28, 22, 18, 18, 18, 24, 42, 66, 84, 82, 76, 78, 80, 72, 64, 62, 64, 74, 88, 96, 100, 94, 70, 42],
    season: EVEN,
    powerFactor: 0.82,
    noise: 18,
  },
  charger: {
    workday: [64, 44, 30, 22, 16, 12, 12, 18, 42, 66, 72, 64, 58, 60, 62, 58, 52, 56, 68, 84, 96, 100, 96, 82],
    weekend: [66, 46, 30, 22, 16, 12, 12, 16, 30, 52, 70, 80, 82, 82, 80, 76, 72, 74, 80, 88, 96, 100, 96, 82],
    season: EVEN,
    powerFactor: 0.98,
    noise: 24,
  },
  mallFeeder: {
    workday: [18, 16, 15, 15, 15, 16, 20, 28, 42, 66, 84, 92, 92, 86, 82, 82, 86, 94, 100, 99, 92, 70, 36, 22],
    weekend: [20, 17, 16, 15, 15, 16, 20, 28, 46, 76, 92, 98, 98, 94, 91, 91, 94, 98, 100, 100, 96, 80, 44, 25],
    season: COOLED,
    powerFactor: 0.93,
    noise: 3,
  },
  officeFeeder: {
    workday: [14, 13, 13, 13, 13, 14, 18, 32, 72, 94, 99, 97, 74, 86, 100, 100, 98, 90, 62, 44, 32, 24, 18, 15],
    weekend: [14, 13, 13, 13, 13, 13, 14, 17, 22, 30, 34, 34, 30, 31, 34, 33, 30, 25, 21, 19, 17, 15, 14, 14],
    season: COOLED,
    powerFactor: 0.94,
    noise: 3,
  },
  dormFeeder: {
    workday: [38, 25, 19, 17, 17, 19, 30, 46, 30, 22, 21, 31, 45, 38, 26, 24, 28, 42, 60, 74, 87, 100, 96, 66],
    weekend: [50, 32, 22, 18, 17, 18, 21, 29, 40, 47, 51, 56, 60, 56, 52, 50, 50, 56, 66, 77, 88, 100, 99, 77],
    season: HEATED_ROOM,
    powerFactor: 0.95,
    noise: 4,
  },
};

export const SLOT_MS = 15 * 60_000;
export const SLOTS_PER_DAY = 96;
/** Drawn days per kind and day type. A meter keeps to a few neighbouring ones: a shop has its own habits. */
export const VARIANTS = 16;

/** One drawn day: what each quarter hour takes, and the running sums by rate. */
export interface DayCurve {
  /** Per mille of rated power in each quarter hour; multiples of 4, so that energy stays a whole number of µWh. */
  readonly permille: Int32Array;
  /** `sums[slot * 4 + band]`: sum of `permille` of that rate over the slots before `slot`; 97 rows. */
  readonly sums: Int32Array;
}

/** Power factor at rated load. */
export function powerFactorOf(kind: LoadKind): number {
  return SHAPES[kind].powerFactor;
}

/** Weather factor of a month (0 = January), per mille. */
export function seasonPermille(kind: LoadKind, month: number): number {
  return (SHAPES[kind].season[month] ?? 100) * 10;
}

/** The drawn days of a kind: `[weekend 0 | 1][variant]`. The same for every seed: meters differ otherwise. */
export type DayCurves = readonly [workdays: readonly DayCurve[], weekends: readonly DayCurve[]];

/** Draws the days of every kind once; a few hundred kilobytes, shared by all meters of a plant. */
export function drawDayCurves(): Readonly<Record<LoadKind, DayCurves>> {
  const draw = (kind: LoadKind, index: number): DayCurves => {
    const shape = SHAPES[kind];
    const days = (hours: readonly number[], salt: number): readonly DayCurve[] =>
      Array.from({ length: VARIANTS }, (_, variant) => drawDay(hours, shape.noise, index * 1_000 + salt + variant));
    return [days(shape.workday, 0), days(shape.weekend, 500)];
  };
  const kinds = Object.keys(SHAPES) as LoadKind[];
  return Object.fromEntries(kinds.map((kind, index) => [kind, draw(kind, index)])) as Record<LoadKind, DayCurves>;
}

function drawDay(hours: readonly number[], noisePercent: number, salt: number): DayCurve {
  const permille = new Int32Array(SLOTS_PER_DAY);
  const sums = new Int32Array((SLOTS_PER_DAY + 1) * 4);
  // Each drawn day opens and closes a little earlier or later than the next: up to three quarters of an hour.
  const shift = Math.floor(chanceOf(salt, 1) * 7) - 3;
  for (let slot = 0; slot < SLOTS_PER_DAY; slot++) {
    const place = (slot + shift + SLOTS_PER_DAY) % SLOTS_PER_DAY;
    const hour = Math.floor(place / 4);
    const here = hours[hour] ?? 0;
    const next = hours[(hour + 1) % 24] ?? 0;
    const mean = here + ((next - here) * (place % 4)) / 4;
    const noise = 1 + ((chanceOf(salt, 2, slot) - 0.5) * 2 * noisePercent) / 100;
    permille[slot] = Math.max(4, Math.round((mean * 10 * noise) / 4) * 4);
    for (let band = 0; band < 4; band++) {
      const counts = bandOfHour(Math.floor(slot / 4)) === band ? (permille[slot] ?? 0) : 0;
      sums[(slot + 1) * 4 + band] = (sums[slot * 4 + band] ?? 0) + counts;
    }
  }
  return { permille, sums };
}
