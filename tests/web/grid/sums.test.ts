// @vitest-environment node
import { expect, test } from 'vitest';
import { effectScope, shallowRef } from 'vue';
import type { WallLayout } from '#contract/metering.ts';
import { packFacts } from '#domain/meterState.ts';
import { groupsOf, tileLayout } from '../../../web/features/grid/tiles/tileLayout.ts';
import { useTileTitles } from '../../../web/features/grid/tiles/useTileTitles.ts';
import type { GridMeters } from '../../../web/features/grid/useMeters.ts';
import { useSelection } from '../../../web/features/grid/useSelection.ts';
import { wallFigures } from '../../../web/features/wall/figures.ts';
import { wallModel } from '../../../web/features/wall/layout/wallModel.ts';
import { gridOf } from './support.ts';

/** The sums that a screen shows of twenty meters of 1 kW each: label of the wall, title of the tiles, bar of the selection. */
function sumsOf(roleOf: (slot: number) => WallLayout['meters']['role'][number], lost: readonly number[] = []) {
  const { layout: plain, store, table } = gridOf(20);
  const layout = { ...plain, meters: { ...plain.meters, role: plain.meters.id.map((_, slot) => roleOf(slot)) } };
  const changes = layout.meters.id.map((meterId, slot) => ({
    meterId,
    loadW: 1_000,
    packedFacts: packFacts(
      { money: 'normal', link: lost.includes(slot) ? 'lost' : 'online', relay: 'closed', protection: 'none' },
      0,
    ),
  }));
  store.applySnapshot({ propertyId: 1, seq: 1, atMs: 0, changes });
  const isTenant = Uint8Array.from(layout.meters.role, (role) => (role === 'tenant' ? 1 : 0));
  const feed = { layout, model: wallModel(layout), store, isTenant };
  const rows = Uint32Array.from(layout.meters.id, (_, slot) => slot);
  const meters = {
    feed: shallowRef(feed),
    table: shallowRef(table),
    rows: shallowRef(rows),
    tick: shallowRef(0),
  } as GridMeters;
  const scope = effectScope();
  const sums = scope.run(() => {
    const selection = useSelection(meters);
    selection.takeAll();
    const boxes = tileLayout(
      groupsOf(rows.length, () => 'Tower'),
      800,
      20,
    );
    const titles = useTileTitles({
      layout: shallowRef(boxes),
      top: shallowRef(0),
      height: () => 5_000,
      meters,
      selection,
    });
    return {
      label: wallFigures([feed]).buildings[0]?.[0]?.loadW,
      title: titles.value.map(({ loadW }) => loadW),
      bar: selection.sum.value.loadW,
    };
  });
  scope.stop();
  return sums;
}

test('lost meters and feeders are in no sum, whichever part of the screen shows it', () => {
  const sums = sumsOf((slot) => (slot < 2 ? 'substation' : slot < 3 ? 'public' : 'tenant'), [5, 6]);
  expect(sums).toEqual({ label: 15_000, title: [15_000], bar: 15_000 });
});

test('where there are no tenants the sum is what the meters there measure', () => {
  expect(sumsOf(() => 'substation', [0])).toEqual({ label: 19_000, title: [19_000], bar: 19_000 });
});

test('where nobody is heard there is no sum', () => {
  const lost = Array.from({ length: 20 }, (_, slot) => slot);
  expect(sumsOf(() => 'tenant', lost)).toEqual({ label: undefined, title: [undefined], bar: undefined });
});
