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
function mountWall() {
  const opened: number[] = [];
  const focused = shallowRef(-1);
  const wall = defineComponent({
    setup() {
      const host = useTemplateRef<HTMLElement>('host');
      const scene = shallowRef<Scene | undefined>(SCENE);
      const camera = shallowRef<Camera>(HOME);
      const column = ref(false);
      const common = { host, scene, camera, column, scaleMost: () => scaleMax(SCENE.side), onBeyond: () => {} };
      const show = (next: Camera) => {
        camera.value = next;
      };
      const open = (tile: number) => opened.push(tile);
      const keys = useWallKeys({ ...common, show, glideTo: show, open, focused, viewport: shallowRef(VIEWPORT) });
      useWallPointer({ ...common, show, onDoubleClick: open, onClick: keys.onClick });
      return () => h('div', { ref: 'host' });
    },
  });
  const element = mount(wall).element;
  if (!(element instanceof HTMLElement)) throw new Error('no wall');
  return { element, opened, focused };
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
