import { enableAutoUnmount, mount } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import { defineComponent, h, ref, shallowRef, useTemplateRef } from 'vue';
import { type Camera, HOME, scaleMax } from '../../../web/features/wall/layout/camera.ts';
import { packToFit } from '../../../web/features/wall/layout/packWall.ts';
import { createScene, type Scene } from '../../../web/features/wall/layout/scene.ts';
import { wallModel } from '../../../web/features/wall/layout/wallModel.ts';
import { useWallKeys } from '../../../web/features/wall/useWallKeys.ts';
import { useWallPointer } from '../../../web/features/wall/useWallPointer.ts';
import { layoutOf, METRICS } from './support.ts';

enableAutoUnmount(afterEach);

const VIEWPORT = { width: 1_500, height: 1_028 };
const SCENE = createScene(
  packToFit([wallModel(layoutOf([{ name: 'Tower A', floors: 20, rooms: 12 }]))], VIEWPORT, METRICS),
);

/** A wall whose camera moves at once, as for people who want no motion; `opened`: the tiles whose pages were asked for. */
function mountWall(isColumn = false) {
  const opened: number[] = [];
  const focused = shallowRef(-1);
  const camera = shallowRef<Camera>(HOME);
  const pressed: { key?: (key: string, repeat: boolean) => void } = {};
  const wall = defineComponent({
    setup() {
      const host = useTemplateRef<HTMLElement>('host');
      const scene = shallowRef<Scene | undefined>(SCENE);
      const column = ref(isColumn);
      const common = { host, scene, camera, column, scaleMost: () => scaleMax(SCENE.side), onBeyond: () => {} };
      const show = (next: Camera) => {
        camera.value = next;
      };
      const open = (tile: number) => opened.push(tile);
      const keys = useWallKeys({ ...common, show, glideTo: show, open, focused, viewport: shallowRef(VIEWPORT) });
      pressed.key = (key, repeat) => keys.onKey(new KeyboardEvent('keydown', { key, repeat }));
      useWallPointer({ ...common, show, onOpen: open, onClick: keys.onClick, onInto: keys.into });
      return () => h('div', { ref: 'host' });
    },
  });
  const element = mount(wall).element;
  if (!(element instanceof HTMLElement)) throw new Error('no wall');
  return { element, opened, focused, camera, press: (key: string, repeat = false) => pressed.key?.(key, repeat) };
}

/** Two clicks on one point of the screen, as a browser tells them. */
function doubleClick(element: HTMLElement, tile: number): void {
  const at = { clientX: (SCENE.x[tile] ?? 0) + SCENE.side / 2, clientY: (SCENE.y[tile] ?? 0) + SCENE.tall / 2 };
  for (const _ of ['first', 'second']) {
    element.dispatchEvent(new PointerEvent('pointerdown', { ...at, pointerId: 1, button: 0 }));
    element.dispatchEvent(new PointerEvent('pointerup', { ...at, pointerId: 1, button: 0 }));
  }
  element.dispatchEvent(new MouseEvent('dblclick', at));
}

test('a double click opens the meter under the first click, wherever the second one has moved the wall', () => {
  const { element, opened } = mountWall();
  doubleClick(element, 17);
  expect(opened).toEqual([17]);
});

test('so it does where the first click has moved the wall already', () => {
  const { element, opened, focused } = mountWall();
  focused.value = 17;
  doubleClick(element, 17);
  expect(opened[0]).toBe(17);
});

const MOST = scaleMax(SCENE.side);
const MIDDLE = { clientX: VIEWPORT.width / 2, clientY: VIEWPORT.height / 2 };
/** As far in as the wall goes, with a tile in the middle of the screen. */
const closeTo = (tile: number): Camera => ({
  scale: MOST,
  x: MIDDLE.clientX - ((SCENE.x[tile] ?? 0) + SCENE.side / 2) * MOST,
  y: MIDDLE.clientY - ((SCENE.y[tile] ?? 0) + SCENE.tall / 2) * MOST,
});

test('the wheel leads on to the meter’s page, after a pause at the end of the way in', () => {
  const { element, opened, camera } = mountWall();
  const roll = (atMs: number, deltaY: number) => {
    const event = new WheelEvent('wheel', { deltaY });
    for (const [name, value] of Object.entries({ ...MIDDLE, timeStamp: atMs }))
      Object.defineProperty(event, name, { value });
    element.dispatchEvent(event);
  };
  camera.value = { ...closeTo(17), scale: MOST / 2 };
  roll(10_000, -2_000);
  expect(camera.value.scale).toBe(MOST);
  camera.value = closeTo(17);
  roll(10_100, -100);
  expect(opened, 'one long turn ends at the room').toEqual([]);
  roll(11_000, 100);
  expect(opened).toEqual([]);
  camera.value = closeTo(17);
  roll(12_000, -100);
  expect(opened).toEqual([17]);
});

test('so does the key, for the chosen tile', () => {
  const { opened, camera, focused, press } = mountWall();
  camera.value = closeTo(17);
  press('+');
  expect(opened, 'nothing is chosen').toEqual([]);
  focused.value = 17;
  press('+', true);
  expect(opened, 'a key held down ends at the room').toEqual([]);
  press('+');
  expect(opened).toEqual([17]);
});

const touch = (element: HTMLElement, type: string, pointerId: number, dx: number, dy = 0) => {
  const at = { clientX: MIDDLE.clientX + dx, clientY: MIDDLE.clientY + dy };
  element.dispatchEvent(new PointerEvent(type, { ...at, pointerId, button: 0, pointerType: 'touch' }));
};

test('so do two fingers, when they begin at the end of the way in', () => {
  const { element, opened, camera } = mountWall();
  const finger = (type: string, pointerId: number, dx: number) => touch(element, type, pointerId, dx);
  const spread = () => {
    finger('pointerdown', 1, -50);
    finger('pointerdown', 2, 50);
    for (const dx of [70, 90, 150, 200]) finger('pointermove', 2, dx);
    finger('pointerup', 2, 200);
    finger('pointerup', 1, -50);
  };
  camera.value = { ...closeTo(17), scale: MOST / 1.2 };
  spread();
  expect(opened, 'it ends at the room').toEqual([]);
  camera.value = closeTo(17);
  spread();
  expect(opened).toHaveLength(1);
});

test('on a phone one finger scrolls until the column is magnified, two fingers magnify it, then one finger moves it', () => {
  const { element, camera } = mountWall(true);
  const drag = () => {
    touch(element, 'pointerdown', 1, 0);
    touch(element, 'pointermove', 1, 0, 40);
    touch(element, 'pointerup', 1, 0, 40);
  };
  drag();
  expect(camera.value).toEqual(HOME);
  touch(element, 'pointerdown', 1, -50);
  touch(element, 'pointerdown', 2, 50);
  touch(element, 'pointermove', 2, 150);
  touch(element, 'pointerup', 2, 150);
  touch(element, 'pointerup', 1, -50);
  expect(camera.value.scale).toBeCloseTo(2);
  const { y } = camera.value;
  drag();
  expect(camera.value.y).toBe(y + 40);
});

test('on a phone a tap chooses a meter; two taps go one level further in to it, and from the room to its page', () => {
  const { element, camera, focused, opened } = mountWall(true);
  const tap = (tile: number) => {
    const { scale, x, y } = camera.value;
    const dx = ((SCENE.x[tile] ?? 0) + SCENE.side / 2) * scale + x - MIDDLE.clientX;
    const dy = ((SCENE.y[tile] ?? 0) + SCENE.tall / 2) * scale + y - MIDDLE.clientY;
    touch(element, 'pointerdown', 1, dx, dy);
    touch(element, 'pointerup', 1, dx, dy);
  };
  tap(17);
  expect(focused.value).toBe(17);
  expect(camera.value).toEqual(HOME);
  tap(17);
  const scales = [camera.value.scale];
  for (let step = 0; step < 4 && opened.length === 0; step += 1) {
    tap(17);
    tap(17);
    scales.push(camera.value.scale);
  }
  expect(scales[0]).toBeGreaterThan(1);
  expect(scales).toEqual(scales.toSorted((a, b) => a - b));
  expect(opened).toEqual([17]);
});
