import { computed, shallowRef } from 'vue';

/** A column of a table; `text` names it in the menu, one without a text is always shown. */
export interface TableColumn {
  readonly key: string;
  readonly text?: string;
}

/**
 * Columns of a table that a person may put away, remembered in this browser under the table's name. `hides` is for the
 * table's `data-hides`, which the style sheet reads: a row need not know which of its cells are shown.
 */
export function useColumns(table: string, columns: () => readonly TableColumn[]) {
  const place = `meterwall.columns.${table}`;
  const hidden = shallowRef<ReadonlySet<string>>(new Set((localStorage.getItem(place) ?? '').split(',')));
  const isShown = ({ key, text }: TableColumn) => text === undefined || !hidden.value.has(key);
  return {
    choices: computed(() =>
      columns().flatMap((column) =>
        column.text === undefined ? [] : [{ key: column.key, text: column.text, shown: isShown(column) }],
      ),
    ),
    hides: computed(() =>
      columns()
        .flatMap((column, index) => (isShown(column) ? [] : [index + 1]))
        .join(' '),
    ),
    toggle(key: string): void {
      const next = new Set(hidden.value);
      if (!next.delete(key)) next.add(key);
      hidden.value = next;
      localStorage.setItem(place, [...next].filter(Boolean).join(','));
    },
  };
}
export type ColumnChoice = ReturnType<typeof useColumns>;
