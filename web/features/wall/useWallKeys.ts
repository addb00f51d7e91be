import type { Ref, ShallowRef } from 'vue';
import type { Camera, Viewport } from './layout/camera.ts';
import { cameraOn, HOME, isFlat, isInnermost, zoomAt } from './layout/camera.ts';
import { furtherIn, furtherOut, middleTile } from './layout/levels.ts';
import { buildingAt, type Direction, neighbourOf, type Scene } from './layout/scene.ts';

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};
const EDGE_PX = 60;

export interface WallKeysOptions {
  readonly scene: Readonly<ShallowRef<Scene | undefined>>;
  readonly camera: Readonly<ShallowRef<Camera>>;
  readonly viewport: Readonly<ShallowRef<Viewport>>;
  readonly focused: ShallowRef<number>;
  readonly column: Ref<boolean>;
  readonly host: Ref<HTMLElement | null>;
  readonly show: (camera: Camera) => void;
  readonly glideTo: (camera: Camera) => void;
  readonly scaleMost: () => number;
  readonly open: (tile: number) => void;
  readonly onBeyond: () => void;
}

/**
 * The wall by keyboard: arrows move the focus, + and − go through the levels down to the meter of the chosen tile, Enter
 * opens it, Esc goes out, 0 shows all. And by clicks: a tile is chosen, chosen again it is gone into level by level down to
 * its meter; a building by its ground.
 */
export function useWallKeys(options: WallKeysOptions) {
  const { scene, camera, viewport, focused } = options;

  function anchor(): number {
    const now = scene.value;
    if (now === undefined) return -1;
    return focused.value >= 0 ? focused.value : middleTile(now, camera.value, viewport.value);
  }

  /** `held`: by a key that is held down, which ends at the room and opens no page. */
  function zoomIn(held = false): void {
    const now = scene.value;
    const tile = anchor();
    if (now === undefined || tile < 0) return;
    const next = furtherIn(now, tile, camera.value, viewport.value, options.scaleMost());
    if (next !== undefined) options.glideTo(next);
    else if (focused.value >= 0 && isInnermost(camera.value, options.scaleMost())) {
      if (!held) options.open(focused.value);
    } else
      options.glideTo(
        zoomAt(camera.value, 1.4, { x: viewport.value.width / 2, y: viewport.value.height / 2 }, options.scaleMost()),
      );
  }

  function zoomOut(): void {
    const now = scene.value;
    const tile = anchor();
    if (now === undefined || tile < 0) return;
    const next = furtherOut(now, tile, camera.value, viewport.value, options.scaleMost());
    if (next !== undefined) options.glideTo(next);
    else options.onBeyond();
  }

  function home(): void {
    options.glideTo(HOME);
  }

  function move(direction: Direction): void {
    const now = scene.value;
    if (now === undefined || now.size === 0) return;
    focused.value =
      focused.value < 0 ? middleTile(now, camera.value, viewport.value) : neighbourOf(now, focused.value, direction);
    bringIntoView(now, focused.value);
  }

  function bringIntoView(now: Scene, tile: number): void {
    const { scale, x, y } = camera.value;
    const left = (now.x[tile] ?? 0) * scale + x;
    const top = (now.y[tile] ?? 0) * scale + y;
    const { width, height } = viewport.value;
    const push = (at: number, side: number, room: number) =>
      at < EDGE_PX ? EDGE_PX - at : at + side > room - EDGE_PX ? room - EDGE_PX - at - side : 0;
    const dx = push(left, now.side * scale, width);
    const dy = push(top, now.tall * scale, height);
    if (options.column.value && isFlat(camera.value)) options.host.value?.scrollBy({ top: -dy });
    else if (dx !== 0 || dy !== 0) options.show({ scale, x: x + dx, y: y + dy });
  }

  function goOut(): void {
    if (focused.value >= 0) focused.value = -1;
    else zoomOut();
  }

  function onClick(tile: number, world: { readonly x: number; readonly y: number }): void {
    const now = scene.value;
    if (now === undefined || options.column.value) focused.value = tile;
    else if (tile >= 0 && tile === focused.value) goInto(now, tile);
    else if (tile >= 0) focused.value = tile;
    else {
      if (focused.value < 0) goToBuilding(now, world);
      focused.value = -1;
    }
  }

  function goToBuilding(now: Scene, world: { readonly x: number; readonly y: number }): void {
    const building = buildingAt(now, world.x, world.y);
    if (building !== undefined) options.glideTo(cameraOn(building, viewport.value, options.scaleMost()));
  }

  /** One level further in, to a tile down to its meter; beside all tiles to the building. */
  function into(tile: number, world: { readonly x: number; readonly y: number }): void {
    const now = scene.value;
    if (now === undefined) return;
    if (tile >= 0) goInto(now, tile);
    else goToBuilding(now, world);
  }

  function goInto(now: Scene, tile: number): void {
    const next = furtherIn(now, tile, camera.value, viewport.value, options.scaleMost());
    if (next === undefined) options.open(tile);
    else options.glideTo(next);
  }

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = ARROWS[event.key];
    if (direction !== undefined) move(direction);
    else if (event.key === 'Enter' && focused.value >= 0) options.open(focused.value);
    else if (event.key === 'Escape') goOut();
    else if (event.key === '+' || event.key === '=') zoomIn(event.repeat);
    else if (event.key === '-') zoomOut();
    else if (event.key === '0') home();
    else return;
    event.preventDefault();
  }

  return { onKey, onClick, into, zoomIn: () => zoomIn(), zoomOut, home };
}
