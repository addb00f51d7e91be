import {
  DISPLAY_STATES,
  type DisplayState,
  PROTECTION_STATES,
  type ProtectionState,
  RELAY_STATES,
  type RelayState,
} from '#domain/meterState.ts';
import type { TileStore } from '../../../live/tileStore.ts';
import type { GridTable } from './gridTable.ts';

/** Which meters are shown. An empty set leaves its fact open; several values of one fact are alternatives. */
export interface GridFilter {
  /** Buildings, floors and rooms. */
  readonly places: ReadonlySet<number>;
  readonly states: ReadonlySet<DisplayState>;
  readonly relays: ReadonlySet<RelayState>;
  readonly protections: ReadonlySet<ProtectionState>;
  readonly models: ReadonlySet<string>;
  readonly gateways: ReadonlySet<number>;
  /** Minor units, both inclusive. A meter without a balance lies in no range. */
  readonly balanceFrom: bigint | undefined;
  readonly balanceTo: bigint | undefined;
  readonly text: string;
}

export const NO_FILTER: GridFilter = {
  places: new Set(),
  states: new Set(),
  relays: new Set(),
  protections: new Set(),
  models: new Set(),
  gateways: new Set(),
  balanceFrom: undefined,
  balanceTo: undefined,
  text: '',
};

/** Whether a filter asks for what only the feed tells. */
export const asksTheFeed = ({ states, relays, protections, balanceFrom, balanceTo }: GridFilter): boolean =>
  states.size + relays.size + protections.size > 0 || balanceFrom !== undefined || balanceTo !== undefined;

/** Per value of each fact: how many meters match everything else. */
export interface FacetCounts {
  readonly places: ReadonlyMap<number, number>;
  readonly states: Uint32Array;
  readonly relays: Uint32Array;
  readonly protections: Uint32Array;
  readonly models: ReadonlyMap<string, number>;
  readonly gateways: ReadonlyMap<number, number>;
}
export interface Found {
  /** Matching slots, in the order of the layout. */
  readonly slots: Uint32Array;
  /** Counts of live facts say nothing before the first snapshot. */
  readonly known: boolean;
  readonly counts: FacetCounts;
}

const FACT = {
  place: 1,
  state: 2,
  relay: 4,
  protection: 8,
  model: 16,
  gateway: 32,
  balance: 64,
  text: 128,
  unknown: 256,
} as const;
const RELAY_SHIFT = 5;
const PROTECTION_SHIFT = 7;

/** One pass over all meters: who matches, and what each choice would leave. */
export function findMeters(table: GridTable, store: TileStore, filter: GridFilter): Found {
  const { size } = table;
  const slots = new Uint32Array(size);
  let found = 0;
  const counts = {
    places: new Map<number, number>(),
    states: new Uint32Array(DISPLAY_STATES.length),
    relays: new Uint32Array(RELAY_STATES.length),
    protections: new Uint32Array(PROTECTION_STATES.length),
    models: new Map<string, number>(),
    gateways: new Map<number, number>(),
  };
  const misses = createMisses(table, store, filter);
  for (let slot = 0; slot < size; slot++) {
    const missed = misses(slot);
    if (missed === 0) slots[found++] = slot;
    // Whoever misses one fact only would be shown by another choice of that fact.
    const state = store.stateIndex[slot] ?? 0;
    const packed = store.packedFacts[slot] ?? 0;
    if ((missed & ~FACT.state) === 0) add(counts.states, state);
    if ((missed & ~FACT.relay) === 0) add(counts.relays, (packed >> RELAY_SHIFT) & 3);
    if ((missed & ~FACT.protection) === 0) add(counts.protections, (packed >> PROTECTION_SHIFT) & 3);
    if ((missed & ~FACT.model) === 0) addTo(counts.models, table.model[slot] ?? '');
    if ((missed & ~FACT.gateway) === 0) addTo(counts.gateways, table.gateway[slot] ?? 0);
    if ((missed & ~FACT.place) === 0) {
      addTo(counts.places, table.building[slot] ?? 0);
      addTo(counts.places, table.floor[slot] ?? 0);
      addTo(counts.places, table.room[slot] ?? 0);
    }
  }
  return { slots: slots.slice(0, found), known: store.known, counts };
}

/** Bits of the facts by which a slot does not match. */
function createMisses(table: GridTable, store: TileStore, filter: GridFilter): (slot: number) => number {
  const states = allowed(
    DISPLAY_STATES.map(({ key }) => key),
    filter.states,
  );
  const relays = allowed(RELAY_STATES, filter.relays);
  const protections = allowed(PROTECTION_STATES, filter.protections);
  const { places, models, gateways, balanceFrom, balanceTo } = filter;
  const ranged = balanceFrom !== undefined || balanceTo !== undefined;
  const isUnknown = !store.known && asksTheFeed(filter);
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return (slot) => {
    const packed = store.packedFacts[slot] ?? 0;
    let missed = isUnknown ? FACT.unknown : 0;
    if (states[store.stateIndex[slot] ?? 0] === 0) missed |= FACT.state;
    if (relays[(packed >> RELAY_SHIFT) & 3] === 0) missed |= FACT.relay;
    if (protections[(packed >> PROTECTION_SHIFT) & 3] === 0) missed |= FACT.protection;
    if (places.size > 0 && !standsIn(table, slot, places)) missed |= FACT.place;
    if (models.size > 0 && !models.has(table.model[slot] ?? '')) missed |= FACT.model;
    if (gateways.size > 0 && !gateways.has(table.gateway[slot] ?? 0)) missed |= FACT.gateway;
    if (ranged && !inRange(store, slot, balanceFrom, balanceTo)) missed |= FACT.balance;
    if (words.length > 0 && !holdsAll(table.search[slot] ?? '', words)) missed |= FACT.text;
    return missed;
  };
}

function allowed<T>(all: readonly T[], wanted: ReadonlySet<T>): Uint8Array {
  return Uint8Array.from(all, (one) => (wanted.size === 0 || wanted.has(one) ? 1 : 0));
}

function standsIn(table: GridTable, slot: number, places: ReadonlySet<number>): boolean {
  return (
    places.has(table.building[slot] ?? 0) || places.has(table.floor[slot] ?? 0) || places.has(table.room[slot] ?? 0)
  );
}

function inRange(store: TileStore, slot: number, from: bigint | undefined, to: bigint | undefined): boolean {
  if (store.hasBalance[slot] !== 1) return false;
  const minor = store.balanceMinor[slot] ?? 0n;
  return (from === undefined || minor >= from) && (to === undefined || minor <= to);
}

function holdsAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}

function add(counts: Uint32Array, index: number): void {
  counts[index] = (counts[index] ?? 0) + 1;
}

function addTo<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
