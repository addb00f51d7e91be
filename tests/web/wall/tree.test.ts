// @vitest-environment node
import { expect, test } from 'vitest';
import { packFacts } from '#domain/meterState.ts';
import { wallModel } from '../../../web/features/wall/layout/wallModel.ts';
import { abnormalOf, type TreeNode, treeOf } from '../../../web/features/wall/treeRows.ts';
import { createTileStore } from '../../../web/live/tileStore.ts';
import { layoutOf } from './support.ts';

const layout = layoutOf(
  [
    { name: 'A', floors: 3, rooms: 4, feeders: 2 },
    { name: 'B', floors: 1, rooms: 2 },
  ],
  3,
);
const store = createTileStore(layout.meters.id);
const feed = { layout, model: wallModel(layout), store, isTenant: new Uint8Array(store.size) };
const online = { link: 'online', relay: 'closed', protection: 'none' } as const;
store.applySnapshot({
  propertyId: 1,
  seq: 1,
  atMs: 0,
  changes: layout.meters.id.map((meterId, slot) => ({
    meterId,
    packedFacts: packFacts({ ...online, money: slot === 0 ? 'arrears' : slot < 3 ? 'alarm1' : 'normal' }, 0),
  })),
});

const ownOf = (node: TreeNode): readonly number[] => [...node.own, ...node.children.flatMap(ownOf)];

test('whoever hears the wall meets every meter once, building by building, from the top floor down', () => {
  const [root] = treeOf([feed], 'en', 'Shared');
  expect(root?.children.map(({ name }) => name)).toEqual(['A', 'B', 'Shared']);
  expect(root?.children[0]?.children.map(({ name }) => name)).toEqual(['3F', '2F', '1F']);
  expect(root?.children[0]?.own, 'the feeders stand on the building itself').toHaveLength(2);
  expect(root === undefined ? [] : ownOf(root).toSorted((a, b) => a - b)).toEqual(
    layout.meters.id.map((_, slot) => slot),
  );
});

test('a place says what is not normal in it, the gravest first', () => {
  const [root] = treeOf([feed], 'en', 'Shared');
  expect(abnormalOf(feed, root?.slots ?? [])).toEqual([
    { state: 'arrears', count: 1 },
    { state: 'alarm1', count: 2 },
  ]);
  expect(abnormalOf(feed, root?.children[1]?.slots ?? [])).toEqual([]);
});
