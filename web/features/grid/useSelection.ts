import { computed, shallowRef } from 'vue';
import { DISPLAY_STATES } from '#domain/meterState.ts';
import { loadOf } from '../wall/figures.ts';
import { NOTHING, only, ranged, type Selection, taken, toggled, without } from './data/selection.ts';
import type { GridMeters } from './useMeters.ts';

const LOST = DISPLAY_STATES.findIndex(({ key }) => key === 'lost');

/** What is selected by state, and what it draws now. The counts add up to `total`. */
export interface Selected {
  readonly total: number;
  readonly states: Uint32Array;
  /** W; undefined when none of them says. */
  readonly loadW: number | undefined;
  readonly heard: number;
  /** Selected, and not among the rows that the filter shows. */
  readonly hidden: number;
  readonly protected: number;
  readonly noCut: number;
  readonly inFlight: number;
}

/** The selection of a grid, and the cursor that the keys move. */
export function useSelection(meters: GridMeters) {
  const selection = shallowRef<Selection>(NOTHING);
  const cursor = shallowRef(0);
  const shownIds = computed(() => {
    const meterId = meters.table.value?.meterId;
    return Array.from(meters.rows.value, (slot) => meterId?.[slot] ?? 0);
  });

  /** Meters that were removed meanwhile leave the selection. */
  const selectedSlots = computed(() => {
    const store = meters.feed.value?.store;
    const slots: number[] = [];
    for (const id of selection.value.ids) {
      const slot = store?.slotOf(id);
      if (slot !== undefined) slots.push(slot);
    }
    return slots;
  });
  const sum = computed<Selected>(() => {
    void meters.tick.value;
    const feed = meters.feed.value;
    const store = feed?.store;
    const states = new Uint32Array(DISPLAY_STATES.length);
    const figures = { heard: 0, protected: 0, noCut: 0, inFlight: 0 };
    if (store?.known) {
      for (const slot of selectedSlots.value) {
        const state = store.stateIndex[slot] ?? 0;
        const packed = store.packedFacts[slot] ?? 0;
        states[state] = (states[state] ?? 0) + 1;
        if (state !== LOST) figures.heard++;
        const protection = (packed >> 7) & 3;
        if (protection === 1) figures.protected++;
        if (protection === 3) figures.noCut++;
        if (((packed >> 9) & 1) === 1) figures.inFlight++;
      }
    }
    const loadW = feed && loadOf(feed, selectedSlots.value);
    return { total: selectedSlots.value.length, states, loadW, hidden: hidden.value, ...figures };
  });
  const hidden = computed(() => {
    const shown = new Set(shownIds.value);
    let count = 0;
    for (const id of selection.value.ids) if (!shown.has(id)) count++;
    return count;
  });
  const set = (next: Selection) => {
    selection.value = next;
  };

  return {
    selection,
    cursor,
    shownIds,
    sum,
    meterIds: () => selectedSlots.value.map((slot) => meters.table.value?.meterId[slot] ?? 0),
    has: (meterId: number) => selection.value.ids.has(meterId),
    /** A click, or a press of the space bar, with its modifiers. */
    click(index: number, keys: { readonly shift: boolean; readonly ctrl: boolean }) {
      const meterId = shownIds.value[index];
      if (meterId === undefined) return;
      cursor.value = index;
      if (keys.shift) set(ranged(selection.value, shownIds.value, meterId, keys.ctrl));
      else if (keys.ctrl) set(toggled(selection.value, meterId));
      else set(only(meterId));
    },
    toggle(index: number) {
      const meterId = shownIds.value[index];
      if (meterId === undefined) return;
      cursor.value = index;
      set(toggled(selection.value, meterId));
    },
    /** Moves the cursor; with shift the range from the anchor follows. */
    move(to: number, extend: boolean) {
      const before = shownIds.value[cursor.value];
      cursor.value = Math.max(0, Math.min(shownIds.value.length - 1, to));
      const meterId = shownIds.value[cursor.value];
      if (!extend || meterId === undefined) return;
      const from = selection.value.anchor === undefined ? { ...selection.value, anchor: before } : selection.value;
      set(ranged(from, shownIds.value, meterId, false));
    },
    /** Everything that matches the filter, whether it was ever drawn or not. */
    takeAll: () => set(taken(selection.value, shownIds.value, false)),
    take: (meterIds: Iterable<number>, keep: boolean) => set(taken(selection.value, meterIds, keep)),
    drop: (meterIds: Iterable<number>) => set(without(selection.value, meterIds)),
    clear: () => set(NOTHING),
    /** Only those that the filter still shows. */
    keepShown() {
      const shown = new Set(shownIds.value);
      set(
        taken(
          selection.value,
          [...selection.value.ids].filter((id) => shown.has(id)),
          false,
        ),
      );
    },
  };
}
export type GridSelection = ReturnType<typeof useSelection>;
