import type { PlantNames } from '../manifest.ts';
import type { LoadKind } from '../meter/loadShapes.ts';
import type { TariffName } from '../meter/tariff.ts';
import { chanceOf, pick, wholeBetween } from '../seededChance.ts';
import type { EstateMeter, Purse, PurseStart, TopUpHabit } from './estateTypes.ts';

/** Salts that keep the draws of one meter apart from each other and from those of its behaviour. */
const SALT = { age: 201, habit: 202, amount: 203, model: 204, line: 205 } as const;

/** Above this a tenant's meter stands behind current transformers (a direct one carries 80 A a phase). */
const DIRECT_LIMIT_W = 26_000;
/** Below this a room has one phase. */
const SINGLE_PHASE_LIMIT_W = 3_000;

const CT_RATIOS = [20, 30, 40, 60, 80, 100, 120, 160, 200, 300, 400, 600] as const;

const TARIFF_OF: Readonly<Partial<Record<LoadKind, TariffName>>> = {
  restaurant: 'catering',
  cafe: 'catering',
  office: 'office',
  serverRoom: 'office',
  dormRoom: 'dormitory',
};

/** 分项: the energy category of each kind of load, as the sub-metering guideline names them. */
const CATEGORY_OF: Readonly<Record<LoadKind, string>> = {
  restaurant: 'special',
  cafe: 'special',
  shop: 'lighting',
  supermarket: 'lighting',
  cinema: 'special',
  office: 'lighting',
  serverRoom: 'special',
  dormRoom: 'lighting',
  coldStore: 'special',
  lift: 'power',
  publicLighting: 'lighting',
  chiller: 'hvac',
  pump: 'power',
  charger: 'special',
  mallFeeder: 'total',
  officeFeeder: 'total',
  dormFeeder: 'total',
};

/** Running numbers of one seed: as many as the largest plant has, in steps of 37. */
const NUMBERS_PER_SEED = 1_900_000;
const SEED_RANGES = 46;

/** Twelve digits: year and month of make, a running number. Unique by ordinal, and apart for most pairs of seeds. */
export function meterNumberOf(ordinal: number, year: number, seed: number): string {
  const month = wholeBetween(1, 12, seed, 1);
  const range = wholeBetween(0, SEED_RANGES - 1, seed, 2);
  return `${year}${String(month).padStart(2, '0')}${10_417_037 + range * NUMBERS_PER_SEED + ordinal * 37}`;
}

export interface MeterPlan {
  readonly unitAddress: number;
  readonly meterNumber: string;
  readonly placeKey: string;
  readonly names: PlantNames | undefined;
  readonly load: LoadKind;
  /** Rated load on the primary side, W. */
  readonly ratedW: number;
  readonly circuit?: string;
  readonly seed: number;
  readonly ordinal: number;
}

/** A tenant's prepaid meter: one or three phases, behind transformers where the load asks for it. */
export function prepaidMeter(
  plan: MeterPlan & { readonly start: PurseStart; readonly overloaded?: boolean },
): EstateMeter {
  const { load, ratedW, seed, ordinal } = plan;
  const ctRatio = ratedW > DIRECT_LIMIT_W ? ctRatioFor(ratedW) : 1;
  const limitW = ratedW * (plan.overloaded === true ? 0.72 : 1.7);
  return {
    meter: {
      unitAddress: plan.unitAddress,
      modelId: ratedW < SINGLE_PHASE_LIMIT_W ? 'acrel-ddsy1352' : 'acrel-dtsy1352',
      meterNumber: plan.meterNumber,
      placeKey: plan.placeKey,
      role: 'tenant',
      names: plan.names,
      ctRatio,
      ptRatio: 1,
      circuit: plan.circuit,
      overloadLimitW: Math.ceil(limitW / 500) * 500,
      energyCategory: CATEGORY_OF[load],
    },
    load,
    ratedW: ratedW / ctRatio,
    baseWh: oldTotalWh(ratedW / ctRatio, plan.start === 'notOpened', seed, ordinal),
    purse: purseOf(load, ratedW, plan.start, seed, ordinal),
  };
}

const PUBLIC_MODELS = ['acrel-adl3000', 'acrel-adw300', 'eastron-sdm630', 'schneider-iem3000'] as const;
/** For feeders only what neither runs out of current range (ADW300: 655 A) nor of digits (SDM630: 24 bits of kWh). */
const SUBSTATION_MODELS = ['acrel-adl3000', 'schneider-iem3000'] as const;

/** A meter that only measures: public areas, machine rooms, feeders. */
export function plainMeter(
  plan: MeterPlan & { readonly role: 'public' | 'substation'; readonly overloaded?: boolean },
): EstateMeter {
  const { load, ratedW, seed, ordinal, role } = plan;
  const ctRatio = role === 'substation' || ratedW > DIRECT_LIMIT_W ? ctRatioFor(ratedW) : 1;
  const models: readonly string[] = role === 'substation' ? SUBSTATION_MODELS : PUBLIC_MODELS;
  return {
    meter: {
      unitAddress: plan.unitAddress,
      modelId: pick(models, chanceOf(seed, ordinal, SALT.model)),
      meterNumber: plan.meterNumber,
      placeKey: plan.placeKey,
      role,
      names: plan.names,
      ctRatio,
      ptRatio: 1,
      circuit: plan.circuit,
      overloadLimitW: Math.round((ratedW * (plan.overloaded === true ? 0.8 : 1.4)) / 1_000) * 1_000,
      energyCategory: CATEGORY_OF[load],
    },
    load,
    ratedW: ratedW / ctRatio,
    baseWh: oldTotalWh(ratedW / ctRatio, false, seed, ordinal),
    purse: undefined,
  };
}

/** How the purses of an ordinary estate stand on an ordinary day, for a number in [0, 1): nine in ten are in order. */
export function ordinaryStart(chance: number): PurseStart {
  for (const [start, share] of ORDINARY_SHARES) if (chance < share) return start;
  return 'normal';
}

/** Cumulative shares. */
const ORDINARY_SHARES: readonly (readonly [PurseStart, number])[] = [
  ['alarm1', 0.034],
  ['alarm2', 0.05],
  ['tripped', 0.058],
  ['protected', 0.063],
  ['forcedOpen', 0.066],
  ['guarded', 0.074],
  ['notOpened', 0.112],
];

function ctRatioFor(ratedW: number): number {
  // 5 A secondaries at 80 % of their range at rated load: 230 V × 5 A × 3 phases.
  const wanted = ratedW / (230 * 5 * 3 * 0.8);
  return CT_RATIOS.find((ratio) => ratio >= wanted) ?? 800;
}

/** The register before the plant's first day: some months of half load, or the factory's test of a few kWh. */
function oldTotalWh(ratedW: number, unused: boolean, seed: number, ordinal: number): number {
  if (unused) return wholeBetween(0, 40, seed, ordinal, SALT.age) * 100;
  return Math.round(ratedW * 24 * 0.5 * wholeBetween(20, 700, seed, ordinal, SALT.age));
}

function purseOf(load: LoadKind, ratedW: number, start: PurseStart, seed: number, ordinal: number): Purse {
  const tariff = TARIFF_OF[load] ?? 'retail';
  // Half load around the clock at 0.8 of the currency a kWh, or 0.6 where homes are charged.
  const dailyMinor = ((ratedW * 24 * 0.5) / 1_000) * (tariff === 'dormitory' ? 60 : 80);
  const alarm1Minor = roundedMinor(dailyMinor * 1.2);
  const alarm2Minor = (alarm1Minor / 5n) * 2n;
  const lines = { alarm1Minor, alarm2Minor, cutLineMinor: 0n };
  return { tariff, ...lines, habit: habitOf(start, dailyMinor, lines, seed, ordinal), start };
}

function habitOf(
  start: PurseStart,
  dailyMinor: number,
  lines: Pick<Purse, 'alarm1Minor' | 'alarm2Minor' | 'cutLineMinor'>,
  seed: number,
  ordinal: number,
): TopUpHabit {
  const days = 10 + 20 * chanceOf(seed, ordinal, SALT.amount);
  const careful: TopUpHabit = {
    lineMinor: (lines.alarm1Minor * BigInt(wholeBetween(150, 260, seed, ordinal, SALT.line))) / 100n,
    amountMinor: roundedMinor(dailyMinor * days),
    afterHours: [0.2, 6],
  };
  // Those who wait for a warning buy little at a time, so that the warnings come again.
  const little = roundedMinor(dailyMinor * (3 + days / 6));
  const warned: TopUpHabit = { lineMinor: lines.alarm1Minor, amountMinor: little, afterHours: [4, 30] };
  const pressed: TopUpHabit = { lineMinor: lines.alarm2Minor, amountMinor: little, afterHours: [2, 12] };
  const late: TopUpHabit = { lineMinor: lines.cutLineMinor, amountMinor: little, afterHours: [1, 14] };
  const chance = chanceOf(seed, ordinal, SALT.habit);
  switch (start) {
    case 'notOpened':
    case 'protected':
      return { lineMinor: 0n, amountMinor: undefined, afterHours: [0, 0] };
    case 'normal':
      return chance < 0.86 ? careful : chance < 0.92 ? warned : chance < 0.96 ? pressed : late;
    case 'guarded':
    case 'forcedOpen':
      return careful;
    case 'alarm1':
      return chance < 0.5 ? warned : chance < 0.8 ? pressed : late;
    case 'alarm2':
      return chance < 0.5 ? pressed : late;
    case 'tripped':
      return late;
  }
}

/** Up to the next amount people would say: 10, 20, 30, 50, 80, 100 … of the currency, in minor units. */
function roundedMinor(minor: number): bigint {
  for (let decade = 1_000; ; decade *= 10) {
    for (const step of [1, 2, 3, 5, 8]) if (minor <= step * decade) return BigInt(step * decade);
  }
}
