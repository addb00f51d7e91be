import { enableAutoUnmount, mount } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import { defineComponent, h } from 'vue';
import { createTranslator } from '../../../web/i18n/index.ts';
import ColumnMenu from '../../../web/ui/ColumnMenu.vue';
import { useColumns } from '../../../web/ui/useColumns.ts';

enableAutoUnmount(afterEach);
afterEach(() => localStorage.clear());

const table = defineComponent({
  setup() {
    const columns = useColumns('rows', () => [
      { key: 'place' },
      { key: 'age', text: 'Age' },
      { key: 'note', text: 'Note' },
    ]);
    return () => h('div', [h(ColumnMenu, { columns }), h('table', { 'data-hides': columns.hides.value })]);
  },
});
const open = () => mount(table, { attachTo: document.body, global: { plugins: [createTranslator('en')] } });

test('a column that is put away stays away in this browser; what names the row cannot be put away', async () => {
  const first = open();
  const menu = first.get('button');
  expect(menu.text()).toBe('Columns 2');
  await menu.trigger('click');
  expect(first.findAll('label').map((one) => one.text())).toEqual(['Age', 'Note']);
  await first.get('label:last-child input').setValue(false);
  expect(first.get('table').attributes('data-hides')).toBe('3');
  expect(menu.text()).toBe('Columns 1');
  first.unmount();
  const again = open();
  expect(again.get('table').attributes('data-hides')).toBe('3');
  await again.get('button').trigger('click');
  await again.get('label:last-child input').setValue(true);
  expect(again.get('table').attributes('data-hides')).toBe('');
});

test('the menu closes by Esc and when the focus goes elsewhere', async () => {
  const page = open();
  const menu = page.get('button');
  await menu.trigger('click');
  await page.get('.menu').trigger('keydown', { key: 'Escape' });
  expect(page.find('.menu').exists()).toBe(false);
  await menu.trigger('click');
  await page.get('.menu').trigger('focusout', { relatedTarget: document.body });
  expect(page.find('.menu').exists()).toBe(false);
});
