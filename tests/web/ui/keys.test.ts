import { enableAutoUnmount, mount } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import { defineComponent, h } from 'vue';
import { useAllKey, useKeys } from '../../../web/ui/useKeys.ts';

enableAutoUnmount(afterEach);
afterEach(() => {
  document.body.innerHTML = '';
});

/** A page with keys; what was done. */
function page(): string[] {
  const done: string[] = [];
  const Page = defineComponent({
    setup() {
      useKeys({ Escape: () => done.push('clear'), t: () => done.push('trip') });
      useAllKey(() => done.push('all'));
      return () => h('main');
    },
  });
  mount(Page, { attachTo: document.body });
  return done;
}
const press = (target: Element, key: string, more: KeyboardEventInit = {}) =>
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }));
function add(tag: string): HTMLElement {
  return document.body.appendChild(document.createElement(tag));
}

test('letters and Ctrl+A are the page’s, but not where text is written', () => {
  const done = page();
  press(document.body, 't');
  press(document.body, 'A', { ctrlKey: true });
  expect(done).toEqual(['trip', 'all']);
  const field = add('input');
  press(field, 't');
  press(field, 'a', { ctrlKey: true });
  press(field, 'Escape');
  expect(done).toEqual(['trip', 'all']);
});

test('Escape that closes a dialog does nothing else, though the dialog is gone when the page hears it', () => {
  const done = page();
  const dialog = add('div');
  dialog.setAttribute('aria-modal', 'true');
  dialog.addEventListener('keydown', () => dialog.remove());
  press(dialog.appendChild(document.createElement('button')), 'Escape');
  expect(done).toEqual([]);
  press(document.body, 'Escape');
  expect(done).toEqual(['clear']);
});
