/** Rows chosen in a list of ids, as click, shift-click and the arrow keys change them. */
export interface Selection {
  readonly chosen: ReadonlySet<number>;
  /** Where a range with shift begins. */
  readonly anchor: number | undefined;
}

export const NOTHING_CHOSEN: Selection = { chosen: new Set(), anchor: undefined };

/** What was chosen has left the list: nothing is chosen, and nothing else is meant instead until a person moves. */
export const BEREFT: Selection = { chosen: new Set(), anchor: undefined };

/** Whether an action is about what is chosen, also when that is gone, rather than about the alarm that is looked at. */
export const isChosen = (selection: Selection): boolean => selection.chosen.size > 0 || selection === BEREFT;

/** Adds or removes one row. */
export function toggle(selection: Selection, id: number): Selection {
  const chosen = new Set(selection.chosen);
  if (!chosen.delete(id)) chosen.add(id);
  return { chosen, anchor: id };
}

/** Adds every row from the anchor to `id`, in the order of the list. */
export function extendTo(selection: Selection, id: number, order: readonly number[]): Selection {
  const from = selection.anchor === undefined ? -1 : order.indexOf(selection.anchor);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) return toggle(selection, id);
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { chosen: new Set([...selection.chosen, ...range]), anchor: selection.anchor };
}

/** Forgets rows that are no longer in the list, so that nobody acts on what they cannot see. */
export function keepVisible(selection: Selection, order: readonly number[]): Selection {
  const visible = new Set(order);
  const chosen = new Set([...selection.chosen].filter((id) => visible.has(id)));
  if (chosen.size === selection.chosen.size) return selection;
  return chosen.size === 0 ? BEREFT : { ...selection, chosen };
}

/** The row `step` rows away from `id`, held at the ends; the first row when none is current. */
export function neighbour(order: readonly number[], id: number | undefined, step: number): number | undefined {
  const at = id === undefined ? -1 : order.indexOf(id);
  if (at < 0) return order[0];
  return order[Math.min(order.length - 1, Math.max(0, at + step))];
}
