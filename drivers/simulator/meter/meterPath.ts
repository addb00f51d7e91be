import type { TopUpHabit } from '../estate/estateTypes.ts';
import { HOUR_MS, localHour, MINUTE_MS } from '../plantTime.ts';
import { wholeBetween } from '../seededChance.ts';
import type { PurseMemory, PurseSettings } from './purseMemory.ts';
import type { BandEnergy, Prices } from './tariff.ts';

/** What a meter was told to do whatever its balance. */
export type ForcedMode = 'none' | 'closed' | 'open';

/** The meter looks at its balance on this grid; so does the tenant. Events fall on it whenever they are evaluated. */
export const GRID_MS = MINUTE_MS;

/** Past events kept per meter for its own history; older ones are guessed from the tenant's habit. */
export const PAST_LIMIT = 24;

/** Something that happened to a meter and cannot be derived from its demand. */
export type PastEvent =
  | { readonly kind: 'purchase'; readonly atMs: number; readonly amountMinor: bigint }
  /** Other prices: the credit moved by `shiftParts`, so that the balance did not. */
  | { readonly kind: 'priced'; readonly atMs: number; readonly shiftParts: bigint; readonly before: Prices }
  | { readonly kind: 'opened'; readonly atMs: number }
  | { readonly kind: 'closed'; readonly atMs: number };

/**
 * The part of a meter's life that is not a pure function of time: what was bought, what the relay did. Everything else
 * (energy, cost, balance) follows from it and from the demand. This is what the state file keeps.
 */
export interface MeterPath {
  /** All events up to here are in. */
  readonly atMs: number;
  /** Relay open since; undefined while closed. */
  readonly openedAtMs: number | undefined;
  /** Demand that was not supplied, µWh by rate, up to the last closing. */
  readonly unsupplied: BandEnergy;
  /** Balance + cost of all counted energy, in parts (see tariff.ts): changes only when money comes in, or prices change. */
  readonly creditParts: bigint;
  readonly purchaseCount: number;
  readonly forced: ForcedMode;
  /** When the tenant will buy next, once that is decided. */
  readonly topUpAtMs: number | undefined;
  /** Newest last, at most `PAST_LIMIT`. */
  readonly past: readonly PastEvent[];
  /** Undefined while the meter is as it was born: then all follows from its estate (see SimulatedMeter.purse). */
  readonly purse: PurseMemory | undefined;
}

/** The path with one more event, the oldest forgotten when the list is full. */
export function remember(past: readonly PastEvent[], event: PastEvent): readonly PastEvent[] {
  return past.length < PAST_LIMIT ? [...past, event] : [...past.slice(1), event];
}

/** The first grid instant at or after `atMs`. */
export function onGrid(atMs: number): number {
  return Math.ceil(atMs / GRID_MS) * GRID_MS;
}

/** When a tenant whose balance reached the line at `atMs` will have bought: after his delay, and by day. */
export function topUpTime(habit: TopUpHabit, atMs: number, seed: number, meter: number, count: number): number {
  const [least, most] = habit.afterHours;
  const minutes = wholeBetween(Math.round(least * 60), Math.round(most * 60), seed, meter, count);
  const wanted = onGrid(atMs + minutes * MINUTE_MS);
  const hour = localHour(wanted);
  // Nobody goes to the counter at night: wait for eight o'clock, each for his own minute of the morning.
  const wait = hour < 8 ? 8 - hour : hour >= 22 ? 32 - hour : 0;
  return wait === 0 ? wanted : wanted + wait * HOUR_MS - wholeBetween(0, 45, seed, meter, count + 1) * MINUTE_MS;
}

/** May a balance of this much keep the relay closed in automatic mode? */
export function aboveCut(balanceMinor: bigint, settings: PurseSettings): boolean {
  return balanceMinor > settings.cutLineMinor;
}
