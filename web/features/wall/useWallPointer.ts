import { onBeforeUnmount, onMounted, type Ref, type ShallowRef, shallowRef } from 'vue';
import { type Camera, isFlat, isInnermost, zoomAt } from './layout/camera.ts';
import { type Scene, tileAt } from './layout/scene.ts';

/** A press that moves less than this is a click, CSS px. */
const CLICK_PX = 5;
const WHEEL_STEP = 0.0016;
/** Leaving the wall by the wheel takes a pause first, so that a long turn ends at the whole wall, or at the room. */
const LEAVE_PAUSE_MS = 500;
/** Fingers that spread so far where the wall goes no further in want the meter. */
const OPEN_SPREAD = 1.3;
/** Clicks further apart are no double click of any system. */
const DOUBLE_CLICK_MS = 2_000;
/** Two taps of a finger belong together within this time and distance, as phones have it. */
const DOUBLE_TAP_MS = 350;
const DOUBLE_TAP_PX = 32;

export interface WallPointerOptions {
  readonly host: Ref<HTMLElement | null>;
  readonly scene: Readonly<ShallowRef<Scene | undefined>>;
  readonly camera: Readonly<ShallowRef<Camera>>;
  readonly column: Ref<boolean>;
  readonly scaleMost: () => number;
  readonly show: (camera: Camera) => void;
  /** `tile` is -1 beside all tiles. */
  readonly onClick: (tile: number, world: { x: number; y: number }) => void;
  /** A double click, or further in than the wall goes: the meter's page. */
  readonly onOpen: (tile: number) => void;
  /** Two taps on a phone: one level further in, to what was under the first. */
  readonly onInto: (tile: number, world: { x: number; y: number }) => void;
  /** The wheel wants further out than the wall goes. */
  readonly onBeyond: () => void;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Mouse, pen and fingers on the wall: hover, click, pan, wheel, pinch. */
export function useWallPointer(options: WallPointerOptions) {
  const hovered = shallowRef(-1);
  const pressed = new Map<number, Point>();
  let start: Point = { x: 0, y: 0 };
  let moved = false;
  let lastWheelMs = 0;
  /** How far two fingers have spread that began where the wall goes no further in; undefined for all others. */
  let spread: number | undefined;
  /** The last click and the one before it, with the tile that was under each when it was made. */
  let clicks: readonly { readonly tile: number; readonly atMs: number }[] = [];
  let tap: (Point & { readonly tile: number; readonly world: Point; readonly atMs: number }) | undefined;

  /** A column that is not magnified scrolls by one finger; the browser does that. */
  const scrolls = () => options.column.value && isFlat(options.camera.value);

  function local(event: MouseEvent): Point {
    const box = options.host.value?.getBoundingClientRect();
    return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
  }

  function worldOf(point: Point): Point {
    const { scale, x, y } = options.camera.value;
    return { x: (point.x - x) / scale, y: (point.y - y) / scale };
  }

  function tileUnder(point: Point): number {
    const scene = options.scene.value;
    const world = worldOf(point);
    return scene === undefined ? -1 : tileAt(scene, world.x, world.y);
  }

  function onDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    const point = local(event);
    pressed.set(event.pointerId, point);
    if (pressed.size > 1) {
      moved = true;
      spread = isInnermost(options.camera.value, options.scaleMost()) ? 1 : undefined;
    } else {
      start = point;
      moved = false;
    }
  }

  function onMove(event: PointerEvent): void {
    const point = local(event);
    const before = pressed.get(event.pointerId);
    if (before === undefined) {
      if (event.pointerType === 'mouse') hovered.value = tileUnder(point);
      return;
    }
    if (!moved && Math.hypot(point.x - start.x, point.y - start.y) < CLICK_PX) return;
    if (!moved && !scrolls()) options.host.value?.setPointerCapture(event.pointerId);
    moved = true;
    pressed.set(event.pointerId, point);
    if (pressed.size === 1 && scrolls()) return;
    if (pressed.size === 1) pan(point.x - before.x, point.y - before.y);
    else pinch(event.pointerId, before, point);
  }

  function pan(dx: number, dy: number): void {
    const { scale, x, y } = options.camera.value;
    options.show({ scale, x: x + dx, y: y + dy });
  }

  function pinch(pointerId: number, before: Point, after: Point): void {
    const other = [...pressed].find(([id]) => id !== pointerId)?.[1];
    if (other === undefined) return;
    const factor =
      Math.hypot(after.x - other.x, after.y - other.y) /
      Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
    if (spread !== undefined) {
      spread *= factor;
      if (spread > OPEN_SPREAD) {
        spread = undefined;
        options.onOpen(tileUnder({ x: (after.x + other.x) / 2, y: (after.y + other.y) / 2 }));
        return;
      }
    }
    options.show(zoomAt(options.camera.value, factor, other, options.scaleMost()));
  }

  function onUp(event: PointerEvent): void {
    const wasPressed = pressed.delete(event.pointerId);
    if (!wasPressed || moved || pressed.size > 0) return;
    const point = local(event);
    if (options.column.value && event.pointerType === 'touch' && isSecondTap(point, event.timeStamp)) return;
    const tile = tileUnder(point);
    clicks = [...clicks.slice(-1), { tile, atMs: event.timeStamp }];
    tap = { ...point, tile, world: worldOf(point), atMs: event.timeStamp };
    options.onClick(tile, worldOf(point));
  }

  function isSecondTap(point: Point, atMs: number): boolean {
    const first = tap;
    tap = undefined;
    if (first === undefined || atMs - first.atMs > DOUBLE_TAP_MS) return false;
    if (Math.hypot(point.x - first.x, point.y - first.y) > DOUBLE_TAP_PX) return false;
    options.onInto(first.tile, first.world);
    return true;
  }

  function onCancel(event: PointerEvent): void {
    pressed.delete(event.pointerId);
    moved = true;
  }

  function onWheel(event: WheelEvent): void {
    // Two fingers on a touch pad come as a wheel with Ctrl.
    if (scrolls() && !event.ctrlKey) return;
    event.preventDefault();
    const factor = Math.exp(-event.deltaY * WHEEL_STEP * (event.deltaMode === 1 ? 30 : 1));
    const rested = event.timeStamp - lastWheelMs > LEAVE_PAUSE_MS;
    lastWheelMs = event.timeStamp;
    if (factor < 1 && isFlat(options.camera.value)) {
      if (rested) options.onBeyond();
    } else if (factor > 1 && isInnermost(options.camera.value, options.scaleMost())) {
      if (rested) options.onOpen(tileUnder(local(event)));
    } else options.show(zoomAt(options.camera.value, factor, local(event), options.scaleMost()));
  }

  /** Two fingers magnify: the browser must not scroll with them. */
  const onTouchMove = (event: TouchEvent) => {
    if (event.cancelable && event.touches.length > 1) event.preventDefault();
  };
  const onLeave = () => {
    hovered.value = -1;
  };
  /** Each of the two clicks may have moved the wall: meant is what was under the first. */
  const onDouble = (event: MouseEvent) => {
    if (options.column.value) return;
    const first = clicks.find(({ atMs }) => event.timeStamp - atMs < DOUBLE_CLICK_MS);
    if (first !== undefined) options.onOpen(first.tile);
  };

  onMounted(() => {
    const host = options.host.value;
    host?.addEventListener('pointerdown', onDown);
    host?.addEventListener('pointermove', onMove);
    host?.addEventListener('pointerup', onUp);
    host?.addEventListener('pointercancel', onCancel);
    host?.addEventListener('pointerleave', onLeave);
    host?.addEventListener('dblclick', onDouble);
    host?.addEventListener('wheel', onWheel, { passive: false });
    host?.addEventListener('touchmove', onTouchMove, { passive: false });
  });
  onBeforeUnmount(() => {
    const host = options.host.value;
    host?.removeEventListener('pointerdown', onDown);
    host?.removeEventListener('pointermove', onMove);
    host?.removeEventListener('pointerup', onUp);
    host?.removeEventListener('pointercancel', onCancel);
    host?.removeEventListener('pointerleave', onLeave);
    host?.removeEventListener('dblclick', onDouble);
    host?.removeEventListener('wheel', onWheel);
    host?.removeEventListener('touchmove', onTouchMove);
  });
  return { hovered };
}
