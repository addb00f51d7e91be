/** Which meters are selected, by id: a selection outlives filters, sorting and a new layout. */
export interface Selection {
  readonly ids: ReadonlySet<number>;
  /** Where a range begins: the meter touched last. */
  readonly anchor: number | undefined;
}

export const NOTHING: Selection = { ids: new Set(), anchor: undefined };

/** This one alone. */
export function only(meterId: number): Selection {
  return { ids: new Set([meterId]), anchor: meterId };
}

/** This one more, or one less. */
export function toggled({ ids }: Selection, meterId: number): Selection {
  const next = new Set(ids);
  if (!next.delete(meterId)) next.add(meterId);
  return { ids: next, anchor: meterId };
}

/** From the anchor to this one in the order shown; added to what is selected if `keep`. Without an anchor: this one alone. */
export function ranged(before: Selection, shown: readonly number[], meterId: number, keep: boolean): Selection {
  const to = shown.indexOf(meterId);
  const from = before.anchor === undefined ? -1 : shown.indexOf(before.anchor);
  if (to < 0) return before;
  if (from < 0 || before.anchor === undefined) return only(meterId);
  const between = shown.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { ids: new Set(keep ? [...before.ids, ...between] : between), anchor: before.anchor };
}

/** Exactly these, or these as well. */
export function taken(before: Selection, meterIds: Iterable<number>, keep: boolean): Selection {
  return { ids: new Set(keep ? [...before.ids, ...meterIds] : meterIds), anchor: before.anchor };
}

/** Without these. */
export function without({ ids, anchor }: Selection, meterIds: Iterable<number>): Selection {
  const next = new Set(ids);
  for (const id of meterIds) next.delete(id);
  return { ids: next, anchor };
}
