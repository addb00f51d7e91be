import type { Purse } from '../estate/estateTypes.ts';
import { HOUR_MS } from '../plantTime.ts';
import { chanceOf, wholeBetween } from '../seededChance.ts';
import type { ForcedMode, MeterPath } from './meterPath.ts';
import { onGrid } from './meterPath.ts';
import type { SimulatedMeter } from './simulatedMeter.ts';
import { type BandEnergy, PARTS_PER_MINOR } from './tariff.ts';

/** Salts that keep the draws of one meter apart. */
const SALT = { balance: 101, count: 102, tripped: 103 } as const;

/** Demand this long before the birth was supplied to a tripped meter; then its money was gone. */
const TRIPPED_HOURS = [1, 9] as const;

/** Gives a new meter the past that its estate wants for it. Meters without a purse need none. */
export function giveBirth(meter: SimulatedMeter, seed: number, atMs: number): void {
  const { purse } = meter.spec;
  if (purse === undefined) return;
  if (purse.start === 'notOpened') meter.resume(neverOpened(meter, atMs));
  else meter.resume(opened(meter, purse, seed, atMs));
}

/** Standing in an empty room: relay open since ever, nothing bought, nothing counted beyond the factory's test. */
function neverOpened(meter: SimulatedMeter, atMs: number): MeterPath {
  const demanded = meter.demand.energyAt(atMs);
  const still: MeterPath = { ...meter.path, atMs, openedAtMs: atMs, unsupplied: demanded };
  meter.resume(still);
  return { ...still, creditParts: meter.costOf(meter.energyAt(atMs)) };
}

function opened(meter: SimulatedMeter, purse: Purse, seed: number, atMs: number): MeterPath {
  const { ordinal } = meter;
  const hours = wholeBetween(TRIPPED_HOURS[0], TRIPPED_HOURS[1], seed, ordinal, SALT.tripped);
  const cut = purse.start === 'tripped' || purse.start === 'forcedOpen';
  const openedAtMs = cut ? onGrid(atMs - hours * HOUR_MS) : undefined;
  const unsupplied: BandEnergy = [0, 0, 0, 0];
  const path: MeterPath = {
    ...meter.path,
    atMs,
    openedAtMs,
    unsupplied,
    purchaseCount: wholeBetween(3, 60, seed, ordinal, SALT.count),
    forced: forcedAt(purse),
    past: openedAtMs === undefined ? [] : [{ kind: 'opened', atMs: openedAtMs }],
  };
  meter.resume(path);
  const balanceMinor = startBalanceMinor(purse, chanceOf(seed, ordinal, SALT.balance));
  const creditParts = balanceMinor * PARTS_PER_MINOR + meter.costOf(meter.energyAt(atMs));
  return { ...path, creditParts, topUpAtMs: firstTopUp(purse, balanceMinor, seed, ordinal, atMs) };
}

function forcedAt(purse: Purse): ForcedMode {
  if (purse.start === 'forcedOpen') return 'open';
  return purse.start === 'protected' || purse.start === 'guarded' ? 'closed' : 'none';
}

/** Balance at birth: anywhere a tenant of this kind is found on an ordinary day. */
function startBalanceMinor(purse: Purse, chance: number): bigint {
  const { alarm1Minor, alarm2Minor, cutLineMinor, habit } = purse;
  const between = (low: bigint, high: bigint): bigint => low + BigInt(Math.floor(Number(high - low) * chance));
  const safe = habit.lineMinor > alarm1Minor ? habit.lineMinor : alarm1Minor;
  switch (purse.start) {
    case 'notOpened':
      return 0n;
    case 'normal':
    case 'guarded':
    case 'forcedOpen':
      return between(safe + safe / 10n + 1n, habit.lineMinor + (habit.amountMinor ?? safe));
    case 'alarm1':
      return between(alarm2Minor + (alarm1Minor - alarm2Minor) / 4n, alarm1Minor);
    case 'alarm2':
      return between(cutLineMinor + (alarm2Minor - cutLineMinor) / 3n, alarm2Minor);
    case 'tripped':
      // The meter looks once a minute: by then the balance is a few cents beyond the line.
      return cutLineMinor - BigInt(Math.floor(chance * 12));
    case 'protected':
      return cutLineMinor - 1_500n - BigInt(Math.floor(chance * 28_000));
  }
}

/** A tenant who is already at or below his line has the walk to the counter ahead of him. */
function firstTopUp(purse: Purse, balanceMinor: bigint, seed: number, meter: number, atMs: number): number | undefined {
  const { lineMinor, amountMinor, afterHours } = purse.habit;
  if (amountMinor === undefined || balanceMinor > lineMinor) return undefined;
  const minutes = wholeBetween(30, Math.max(60, Math.round(afterHours[1] * 60)), seed, meter, SALT.count);
  return onGrid(atMs + minutes * 60_000);
}
