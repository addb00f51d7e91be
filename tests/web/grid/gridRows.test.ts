import { enableAutoUnmount } from '@vue/test-utils';
import { afterEach, expect, test } from 'vitest';
import { nextTick, shallowRef } from 'vue';
import GridRows from '../../../web/features/grid/GridRows.vue';
import type { GridMeters } from '../../../web/features/grid/useMeters.ts';
import { useSelection } from '../../../web/features/grid/useSelection.ts';
import { wallModel } from '../../../web/features/wall/layout/wallModel.ts';
import { mountInApp } from '../support/appHarness.ts';
import { gridOf } from './support.ts';

enableAutoUnmount(afterEach);

test('the list names the row of its cursor only while that row is in the document', async () => {
  const { layout, store, table } = gridOf(400);
  const meters = {
    feed: shallowRef({ layout, model: wallModel(layout), store, isTenant: new Uint8Array(400).fill(1) }),
    table: shallowRef(table),
    rows: shallowRef(Uint32Array.from(layout.meters.id, (_, slot) => slot)),
    tick: shallowRef(0),
    versionOf: (_slot: number) => 0,
  } as GridMeters;
  const { wrapper } = await mountInApp(GridRows, [], {
    meters,
    selection: useSelection(meters),
    columns: ['state'],
    sort: { column: 'room', down: false },
    currency: 'CNY',
    progressOf: () => undefined,
  });
  const list = wrapper.get('[role=grid]');
  const named = () => list.attributes('aria-activedescendant');
  expect(named()).toBe('grid-row-0');
  expect(wrapper.find('#grid-row-0').exists()).toBe(true);

  list.element.scrollTop = 5_000;
  await list.trigger('scroll');
  await nextTick();
  expect(wrapper.find('#grid-row-0').exists()).toBe(false);
  expect(named()).toBeUndefined();

  list.element.scrollTop = 0;
  await list.trigger('scroll');
  await nextTick();
  expect(named()).toBe('grid-row-0');
});
