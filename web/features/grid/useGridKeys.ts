import type { GridSelection } from './useSelection.ts';

export interface GridKeysOptions {
  readonly selection: GridSelection;
  /** Meters of one screen, and of one line: rows have one, tiles several. */
  readonly pageRows: () => number;
  readonly step: () => number;
  readonly show: (index: number) => void;
  readonly open: (meterId: number) => void;
}

/** Arrows, space, shift, Enter while the list has the focus; letters and Ctrl+A are the page's. */
export function useGridKeys({ selection, pageRows, step, show, open }: GridKeysOptions) {
  const targetOf = (key: string): number | undefined => {
    const at = selection.cursor.value;
    const last = selection.shownIds.value.length - 1;
    switch (key) {
      case 'ArrowDown':
        return at + step();
      case 'ArrowUp':
        return at - step();
      case 'ArrowRight':
        return step() > 1 ? at + 1 : undefined;
      case 'ArrowLeft':
        return step() > 1 ? at - 1 : undefined;
      case 'PageDown':
        return at + pageRows() * step();
      case 'PageUp':
        return at - pageRows() * step();
      case 'Home':
        return 0;
      case 'End':
        return last;
      default:
        return undefined;
    }
  };

  function act(event: KeyboardEvent): boolean {
    const command = event.ctrlKey || event.metaKey;
    if (event.key === ' ') {
      if (event.shiftKey) selection.click(selection.cursor.value, { shift: true, ctrl: command });
      else selection.toggle(selection.cursor.value);
      return true;
    }
    if (event.key === 'Enter') {
      const meterId = selection.shownIds.value[selection.cursor.value];
      if (meterId !== undefined) open(meterId);
      return meterId !== undefined;
    }
    const to = targetOf(event.key);
    if (to === undefined || event.altKey) return false;
    selection.move(to, event.shiftKey);
    show(selection.cursor.value);
    return true;
  }

  return {
    onKey(event: KeyboardEvent) {
      if (event.target !== event.currentTarget || !act(event)) return;
      event.preventDefault();
      event.stopPropagation();
    },
  };
}
