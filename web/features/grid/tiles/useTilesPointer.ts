import { type Ref, shallowRef } from 'vue';
import type { GridMeters } from '../useMeters.ts';
import type { GridSelection } from '../useSelection.ts';
import { type TileLayout, tileAt, tilesIn } from './tileLayout.ts';

const SLACK_PX = 6;

export interface Band {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The pointer over tiles: a click selects, a drawn rectangle takes what it touches. */
export function useTilesPointer(options: {
  readonly host: Ref<HTMLElement | null>;
  readonly layout: Ref<TileLayout>;
  readonly meters: GridMeters;
  readonly selection: GridSelection;
}) {
  const { host, layout, meters, selection } = options;
  const band = shallowRef<Band>();
  let start = { x: 0, y: 0 };
  let before: readonly number[] = [];

  function pointOf(event: PointerEvent): { x: number; y: number } {
    const box = host.value?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) + (host.value?.scrollTop ?? 0) };
  }

  function move(event: PointerEvent): void {
    const now = pointOf(event);
    if (band.value === undefined && Math.hypot(now.x - start.x, now.y - start.y) < SLACK_PX) return;
    band.value = {
      left: Math.min(now.x, start.x),
      top: Math.min(now.y, start.y),
      width: Math.abs(now.x - start.x),
      height: Math.abs(now.y - start.y),
    };
    const touched = tilesIn(layout.value, start, now).map((index) => selection.shownIds.value[index] ?? 0);
    selection.take([...before, ...touched], false);
  }

  function up(event: PointerEvent): void {
    const element = host.value;
    element?.removeEventListener('pointermove', move);
    element?.removeEventListener('pointerup', up);
    element?.removeEventListener('pointercancel', up);
    meters.hold(false);
    const drawn = band.value !== undefined;
    band.value = undefined;
    if (drawn || event.type === 'pointercancel') return;
    const at = pointOf(event);
    const index = tileAt(layout.value, at.x, at.y);
    if (index === undefined) return;
    if (event.pointerType === 'touch') selection.toggle(index);
    else selection.click(index, { shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey });
  }

  return {
    band,
    down(event: PointerEvent): void {
      const element = host.value;
      if (element === null || event.button !== 0) return;
      start = pointOf(event);
      before = event.ctrlKey || event.metaKey || event.shiftKey ? [...selection.selection.value.ids] : [];
      meters.hold(true);
      element.addEventListener('pointerup', up);
      element.addEventListener('pointercancel', up);
      if (event.pointerType === 'touch') return;
      element.setPointerCapture(event.pointerId);
      element.addEventListener('pointermove', move);
    },
  };
}
