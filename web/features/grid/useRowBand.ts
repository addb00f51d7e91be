import type { Ref } from 'vue';
import type { GridMeters } from './useMeters.ts';
import type { GridSelection } from './useSelection.ts';

/** So far the pointer moves before a click becomes a rubber band. */
const SLACK_PX = 6;
const EDGE_PX = 24;

export interface RowBandOptions {
  readonly host: Ref<HTMLElement | null>;
  readonly meters: GridMeters;
  readonly selection: GridSelection;
  readonly rowHeight: () => number;
  readonly headHeight: () => number;
}

/** The pointer over rows: a click selects, drawn down or up it takes every row that it crosses, also beyond the screen. */
export function useRowBand({ host, meters, selection, rowHeight, headHeight }: RowBandOptions) {
  let from = -1;
  let startY = 0;
  let drawn = false;
  let onBox = false;
  let before: readonly number[] = [];

  function indexAt(clientY: number): number {
    const element = host.value;
    if (element === null) return -1;
    const y = clientY - element.getBoundingClientRect().top - headHeight() + element.scrollTop;
    return Math.max(0, Math.min(selection.shownIds.value.length - 1, Math.floor(y / rowHeight())));
  }

  function move(event: PointerEvent): void {
    const element = host.value;
    if (element === null) return;
    if (!drawn && Math.abs(event.clientY - startY) < SLACK_PX) return;
    drawn = true;
    const box = element.getBoundingClientRect();
    if (event.clientY > box.bottom - EDGE_PX) element.scrollTop += rowHeight();
    if (event.clientY < box.top + headHeight() + EDGE_PX) element.scrollTop -= rowHeight();
    const to = indexAt(event.clientY);
    const crossed = selection.shownIds.value.slice(Math.min(from, to), Math.max(from, to) + 1);
    selection.take([...before, ...crossed], false);
    selection.cursor.value = to;
  }

  function up(event: PointerEvent): void {
    host.value?.removeEventListener('pointermove', move);
    host.value?.removeEventListener('pointerup', up);
    host.value?.removeEventListener('pointercancel', up);
    meters.hold(false);
    if (drawn || event.type === 'pointercancel') return;
    // A finger has no modifier keys: it adds and takes away.
    if ((onBox || event.pointerType === 'touch') && !event.shiftKey) selection.toggle(from);
    else selection.click(from, { shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey });
  }

  return {
    down(event: PointerEvent) {
      const element = host.value;
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-index]') : null;
      if (element === null || row === null || event.button !== 0) return;
      from = Number(row.dataset['index']);
      startY = event.clientY;
      drawn = false;
      onBox = event.target instanceof Element && event.target.closest('.box') !== null;
      before = event.ctrlKey || event.metaKey ? [...selection.selection.value.ids] : [];
      meters.hold(true);
      element.addEventListener('pointerup', up);
      element.addEventListener('pointercancel', up);
      if (event.pointerType === 'touch') return;
      element.setPointerCapture(event.pointerId);
      element.addEventListener('pointermove', move);
    },
  };
}
