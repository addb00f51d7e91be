import { describe, expect, test } from 'vitest';
import { asksTheFeed, findMeters, type GridFilter, NO_FILTER } from '../../../web/features/grid/data/gridFilter.ts';
import { minorOf, plainMoney, readAddress, writeAddress } from '../../../web/features/grid/data/gridQuery.ts';
import { createSorter } from '../../../web/features/grid/data/gridSort.ts';
import { NOTHING, only, ranged, taken, toggled, without } from '../../../web/features/grid/data/selection.ts';
import GridRow from '../../../web/features/grid/GridRow.vue';
import { rowFacts } from '../../../web/features/grid/rowFacts.ts';
import { groupsOf, tileAt, tileLayout, tilesIn } from '../../../web/features/grid/tiles/tileLayout.ts';
import { ABSENT } from '../../../web/ui/format.ts';
import { mountInApp } from '../support/appHarness.ts';
import { gridOf } from './support.ts';

const { table, store } = gridOf(1_000);
const find = (part: Partial<GridFilter>) => findMeters(table, store, { ...NO_FILTER, ...part });
const sum = (counts: Iterable<number>) => [...counts].reduce((all, count) => all + count, 0);

describe('the filter', () => {
  test('values of one fact are alternatives, facts are joined', () => {
    const found = find({ states: new Set(['arrears']), relays: new Set(['open', 'unknown']) });
    expect([...found.slots]).toEqual(Array.from({ length: 1_000 }, (_, i) => i).filter((i) => i % 35 === 0));
  });

  test('the counts of a fact add up to what matches everything else, so that each says what its choice would show', () => {
    const { counts, slots } = find({ states: new Set(['arrears']), models: new Set(['a']) });
    expect(sum(counts.relays)).toBe(slots.length);
    expect(sum(counts.protections)).toBe(slots.length);
    expect(sum(counts.states)).toBe(500);
    expect(counts.models.get('b')).toBe(find({ states: new Set(['arrears']), models: new Set(['b']) }).slots.length);
  });

  test('a place is found by building, floor or room, text by room, customer, number and initials', () => {
    const floor = table.floor[45] ?? 0;
    expect([...find({ places: new Set([floor]) }).slots]).toEqual(Array.from({ length: 20 }, (_, i) => 40 + i));
    expect(find({ text: '2309999' }).slots).toEqual(Uint32Array.of(999));
    expect(find({ text: 'c999 r999' }).slots).toEqual(Uint32Array.of(999));
    expect(find({ text: 'nobody' }).slots.length).toBe(0);
  });

  test('a range of balances holds its ends; without a balance one is in none', () => {
    const slots = [...find({ balanceFrom: -9n, balanceTo: 4n }).slots];
    expect(slots).toEqual([0, 1, 2, 3, 4, 6, 9]);
  });
});

describe('before the first snapshot', () => {
  const COLUMNS = ['state', 'relay', 'protection', 'load', 'balance', 'heard'] as const;
  const rowOf = async (grid: ReturnType<typeof gridOf>) => {
    const facts = rowFacts(grid.table, grid.store, 0, { currency: 'CNY', nowMs: 0, t: () => '' });
    const props = { table: grid.table, slotIndex: 0, facts, columns: COLUMNS, selected: false, current: false };
    const { wrapper } = await mountInApp(GridRow, [], { ...props, progress: undefined });
    const texts = COLUMNS.map((column) => wrapper.get(`.col-${column}`).text());
    wrapper.unmount();
    return texts;
  };

  test('a row says that nothing is known yet, and neither lost nor the state of a relay', async () => {
    const grid = gridOf(7, { heard: false });
    expect(await rowOf(grid)).toEqual(['not known yet', ABSENT, ABSENT, ABSENT, ABSENT, ABSENT]);
    grid.store.applySnapshot({ propertyId: 1, seq: 1, atMs: 0, changes: [] });
    expect(await rowOf(grid), 'the snapshot does not name it').toContain('Lost contact');
  });

  test('nobody matches what only the feed tells, and no count of it is shown', () => {
    const { table: rows, store: silent } = gridOf(7, { heard: false });
    const ask = (part: Partial<GridFilter>) => findMeters(rows, silent, { ...NO_FILTER, ...part });
    expect(ask({}).slots.length).toBe(7);
    expect(ask({ states: new Set(['lost']) })).toMatchObject({ known: false, slots: new Uint32Array() });
    expect(asksTheFeed({ ...NO_FILTER, text: 'r1' })).toBe(false);
  });
});

describe('the order', () => {
  const sorter = createSorter(table, 'en');
  const all = find({}).slots;
  test('sorts up and down, equals stand as the estate does', () => {
    expect([...sorter.sort(all, store, { column: 'balance', down: false })].slice(0, 3)).toEqual([999, 996, 993]);
    expect([...sorter.sort(all, store, { column: 'balance', down: true })].slice(0, 3)).toEqual([998, 997, 995]);
    expect([...sorter.sort(all, store, { column: 'state', down: true })].slice(0, 3)).toEqual([0, 7, 14]);
    expect(table.customer[sorter.sort(all, store, { column: 'customer', down: false })[10] ?? 0]).toBe('Customer 10');
  });
  test('what is absent stands last in both directions', () => {
    const lone = gridOf(3);
    lone.store.applyDelta({ propertyId: 1, seq: 2, atMs: 0, changes: [{ meterId: 1, loadW: null }] });
    const sort = createSorter(lone.table, 'en');
    const slots = Uint32Array.of(0, 1, 2);
    expect([...sort.sort(slots, lone.store, { column: 'load', down: false })]).toEqual([1, 2, 0]);
    expect([...sort.sort(slots, lone.store, { column: 'load', down: true })]).toEqual([2, 1, 0]);
  });
});

describe('the address', () => {
  test('what is written is read again', () => {
    const query = {
      place: '3,9',
      state: 'arrears,alarm1',
      relay: 'open',
      model: 'a',
      gateway: '4',
      balance: '-12.5..100',
      q: 'mhhb',
      sort: '-load',
      view: 'tiles',
      cols: 'room,state,load',
    };
    expect(writeAddress(readAddress(query))).toEqual({ ...query, state: 'arrears,alarm1' });
    expect(writeAddress(readAddress({}))).toEqual({});
  });
  test('an old link with words that nobody knows still opens', () => {
    const { filter, sort, batch } = readAddress({
      state: 'gone,lost',
      place: 'x,7',
      sort: 'colour',
      batch: 'x',
      balance: '1',
    });
    expect([...filter.states]).toEqual(['lost']);
    expect([...filter.places]).toEqual([7]);
    expect(sort.column).toBe('room');
    expect([batch, filter.balanceFrom]).toEqual([undefined, undefined]);
  });
  test('amounts as people type them', () => {
    expect(['12.5', '-0.05', ' 7 ', 'x', '1.234', ''].map(minorOf)).toEqual([
      1250n,
      -5n,
      700n,
      undefined,
      undefined,
      undefined,
    ]);
    expect([1250n, -5n, 700n, undefined].map(plainMoney)).toEqual(['12.5', '-0.05', '7', '']);
  });
});

describe('the selection', () => {
  const shown = [5, 3, 8, 1];
  test('clicks, ranges and more of them', () => {
    const first = only(3);
    expect([...ranged(first, shown, 1, false).ids]).toEqual([3, 8, 1]);
    expect([...ranged(toggled(first, 5), shown, 8, true).ids].sort((a, b) => a - b)).toEqual([3, 5, 8]);
    expect([...toggled(first, 3).ids]).toEqual([]);
    expect([...ranged(NOTHING, shown, 8, false).ids]).toEqual([8]);
  });
  test('all of a filter, or without some', () => {
    expect(taken(only(99), shown, true).ids.size).toBe(5);
    expect([...without(taken(NOTHING, shown, false), [3, 8]).ids]).toEqual([5, 1]);
  });
});

describe('the tiles', () => {
  const groups = groupsOf(50, (index) => (index < 20 ? '1F' : '2F'));
  const layout = tileLayout(groups, 800, 30);
  test('every tile has a place of its own within the width, and is found there', () => {
    const places = new Set<string>();
    for (let index = 0; index < 50; index++) {
      const x = layout.x[index] ?? 0;
      const y = layout.y[index] ?? 0;
      places.add(`${x},${y}`);
      expect(x + 30).toBeLessThanOrEqual(800);
      expect(tileAt(layout, x + 15, y + 15)).toBe(index);
    }
    expect(places.size).toBe(50);
    expect(tileAt(layout, 2, 2)).toBe(undefined);
  });
  test('a drawn rectangle takes what it touches', () => {
    expect(tilesIn(layout, { x: 0, y: 0 }, { x: 800, y: layout.height })).toHaveLength(50);
    const at = { x: (layout.x[3] ?? 0) + 5, y: (layout.y[3] ?? 0) + 5 };
    expect(tilesIn(layout, at, at)).toEqual([3]);
  });
});
