// @vitest-environment node
import { expect, test } from 'vitest';
import { type MeterFacts, packFacts } from '#domain/meterState.ts';
import { wallFigures } from '../../../web/features/wall/figures.ts';
import { wallModel } from '../../../web/features/wall/layout/wallModel.ts';
import { listRows } from '../../../web/features/wall/listRows.ts';
import { createTileStore } from '../../../web/live/tileStore.ts';
import { layoutOf } from './support.ts';

const layout = layoutOf([{ name: 'A', floors: 1, rooms: 2 }]);
const [first = 0, second = 0] = layout.meters.id;
const facts = (link: MeterFacts['link']): number =>
  packFacts({ money: 'normal', link, relay: 'closed', protection: 'none' }, 0);

function figuresWith(links: readonly MeterFacts['link'][]) {
  const store = createTileStore(layout.meters.id);
  const changes = [first, second].map((meterId, index) => ({
    meterId,
    packedFacts: facts(links[index] ?? 'lost'),
    loadW: 1_000 * (index + 1),
  }));
  store.applySnapshot({ propertyId: 1, seq: 1, atMs: 1_800_000_000_000, changes });
  const feed = { layout, model: wallModel(layout), store, isTenant: Uint8Array.from(layout.meters.id, () => 1) };
  return wallFigures([feed]);
}

test('the load is that of the meters in contact, the same for the whole and for its buildings', () => {
  const figures = figuresWith(['online', 'late']);
  expect(figures.loadW).toBe(3_000);
  expect(figures.buildings).toEqual([[{ meters: 2, loadW: 3_000 }]]);
});

test('what a lost meter said last is no load now', () => {
  expect(figuresWith(['online', 'lost']).loadW).toBe(1_000);
  expect(figuresWith(['lost', 'lost']).loadW).toBeUndefined();
});

test('before its first snapshot a property has meters and no states: they are awaited, not lost', () => {
  const store = createTileStore(layout.meters.id);
  const feed = { layout, model: wallModel(layout), store, isTenant: Uint8Array.from(layout.meters.id, () => 1) };
  const before = wallFigures([feed]);
  expect({ awaited: before.awaited, total: before.total, counted: Math.max(...before.counts) }).toEqual({
    awaited: 2,
    total: 2,
    counted: 0,
  });
  expect(listRows([feed], undefined, 'en')).toEqual([]);
  store.applySnapshot({ propertyId: 1, seq: 1, atMs: 0, changes: [{ meterId: first, packedFacts: facts('online') }] });
  const after = wallFigures([feed]);
  expect(after.awaited).toBe(0);
  expect(after.counts.reduce((sum, count) => sum + count, 0)).toBe(2);
  expect(listRows([feed], undefined, 'en')).toHaveLength(1);
});
