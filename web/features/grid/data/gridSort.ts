import type { Language } from '../../../i18n/index.ts';
import { LANGUAGE_TAGS } from '../../../i18n/index.ts';
import type { TileStore } from '../../../live/tileStore.ts';
import type { GridTable } from './gridTable.ts';

/** Columns of the grid, in the order in which they stand. */
export const COLUMNS = [
  'room',
  'building',
  'floor',
  'customer',
  'number',
  'state',
  'balance',
  'relay',
  'protection',
  'until',
  'load',
  'today',
  'tariff',
  'gateway',
  'heard',
  'model',
] as const;
export type Column = (typeof COLUMNS)[number];

export interface SortBy {
  readonly column: Column;
  readonly down: boolean;
}
export const BY_PLACE: SortBy = { column: 'room', down: false };

/** The gravest state stands at the end of an ascending list; rows of DISPLAY_STATES are gravest first. */
const STATE_KEY = Float64Array.from([3, 0, 5, 4, 2, 1]);
const TEXTS = {
  building: 'buildingText',
  floor: 'floorText',
  customer: 'customer',
  number: 'number',
  tariff: 'tariff',
  gateway: 'gatewayText',
  model: 'model',
} as const;

/** Sorts slots of a table; ranks of texts are made at the first sort by their column and kept. */
export function createSorter(table: GridTable, language: Language) {
  const ranks = new Map<Column, Float64Array>();

  function rankOf(column: keyof typeof TEXTS): Float64Array {
    const known = ranks.get(column);
    if (known !== undefined) return known;
    const texts = table[TEXTS[column]];
    const collator = new Intl.Collator(LANGUAGE_TAGS[language], { numeric: true });
    const sorted = [...new Set(texts)].sort(collator.compare);
    const at = new Map(sorted.map((text, index) => [text, index]));
    const rank = Float64Array.from(texts, (text) => (text === '' ? Number.NaN : (at.get(text) ?? 0)));
    ranks.set(column, rank);
    return rank;
  }

  function keyOf(column: Column, store: TileStore): (slot: number) => number {
    switch (column) {
      case 'room':
        return (slot) => table.order[slot] ?? 0;
      case 'state':
        return (slot) => STATE_KEY[store.stateIndex[slot] ?? 0] ?? 0;
      case 'balance':
        return (slot) => (store.hasBalance[slot] === 1 ? Number(store.balanceMinor[slot]) : Number.NaN);
      case 'relay':
        return (slot) => ((store.packedFacts[slot] ?? 0) >> 5) & 3;
      case 'protection':
        return (slot) => ((store.packedFacts[slot] ?? 0) >> 7) & 3;
      case 'load':
        return (slot) => store.loadW[slot] ?? Number.NaN;
      case 'until':
        return (slot) => table.protectedUntilMs[slot] ?? Number.NaN;
      case 'today':
        return (slot) => table.todayWh[slot] ?? Number.NaN;
      case 'heard':
        // Ascending by age: the one heard last stands first.
        return (slot) => -(store.heardAtMs[slot] ?? Number.NaN);
      case 'building':
      case 'floor':
      case 'customer':
      case 'number':
      case 'tariff':
      case 'gateway':
      case 'model': {
        const rank = rankOf(column);
        return (slot) => rank[slot] ?? Number.NaN;
      }
    }
  }

  return {
    /** A sorted copy. What is absent stands last in both directions; equals stand as the estate does. */
    sort(slots: Uint32Array, store: TileStore, { column, down }: SortBy): Uint32Array {
      const key = keyOf(column, store);
      const keys = new Float64Array(table.size);
      for (const slot of slots) {
        const value = key(slot);
        keys[slot] = Number.isNaN(value) ? Number.POSITIVE_INFINITY : down ? -value : value;
      }
      const { order } = table;
      return slots.toSorted((a, b) => {
        const x = keys[a] ?? 0;
        const y = keys[b] ?? 0;
        return x < y ? -1 : x > y ? 1 : (order[a] ?? 0) - (order[b] ?? 0);
      });
    },
  };
}
