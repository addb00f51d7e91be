import { computed, onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import { listProtections } from '#contract/commands.ts';
import { getEnergyToday, getMeterTenants, type MeterTenants } from '#contract/grid.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { useSession } from '../../app/session.ts';
import { useFormat } from '../../ui/useFormat.ts';
import { useWallFeeds } from '../wall/useWallFeeds.ts';
import { asksTheFeed, type Found, findMeters, type GridFilter } from './data/gridFilter.ts';
import { createSorter, type SortBy } from './data/gridSort.ts';
import { type GridExtras, gridTable } from './data/gridTable.ts';

/** Rows on screen follow the feed so often, and filter and order so often. */
const PAINT_MS = 250;
const ORDER_MS = 1_000;
const TENANTS_EVERY_MS = 60_000;
/** What only some columns show waits until the first rows stand. */
const EXTRAS_EVERY_MS = 60_000;
const NOBODY: Found = {
  slots: new Uint32Array(),
  known: false,
  counts: {
    places: new Map(),
    states: new Uint32Array(6),
    relays: new Uint32Array(4),
    protections: new Uint32Array(4),
    models: new Map(),
    gateways: new Map(),
  },
};

/**
 * The meters of a property, filtered and sorted, following the feed. Live values stay outside Vue: `tick` tells that some
 * changed, `versionOf` which; only rows whose version changed are drawn again.
 */
export function useMeters(propertyId: Ref<number>, filter: Ref<GridFilter>, sort: Ref<SortBy>) {
  const api = useApi();
  const session = useSession();
  const format = useFormat();
  const ids = computed(() => [propertyId.value]);
  const feeds = useWallFeeds(ids, () => schedule());
  const feed = computed(() => feeds.feeds.value.find(({ layout }) => layout.propertyId === propertyId.value));
  const tenants = useResource<MeterTenants | undefined>(
    async (signal) =>
      session.may('account.view')
        ? api.call(getMeterTenants, { params: { propertyId: propertyId.value } }, { signal })
        : undefined,
    { on: propertyId, everyMs: TENANTS_EVERY_MS },
  );
  const extras = useResource<GridExtras | undefined>(
    async (signal) => {
      if (!feeds.heard.value) return undefined;
      const [today, protections] = await Promise.all([
        api.call(getEnergyToday, { params: { propertyId: propertyId.value } }, { signal }),
        session.may('meter.view')
          ? api.call(listProtections, { query: { propertyId: propertyId.value } }, { signal })
          : undefined,
      ]);
      return { today, protections: protections?.items };
    },
    { on: [feeds.heard, propertyId], keep: true, everyMs: EXTRAS_EVERY_MS },
  );
  const table = computed(() => {
    const now = feed.value;
    return now && gridTable(now.layout, now.model, tenants.data.value, format.language(), extras.data.value);
  });
  const sorter = computed(() => table.value && createSorter(table.value, format.language()));
  const found = shallowRef<Found>(NOBODY);
  /** Matching slots in the order shown. */
  const rows = shallowRef<Uint32Array>(new Uint32Array());
  const tick = shallowRef(0);
  let versions = new Uint32Array();
  let paintTimer: ReturnType<typeof setTimeout> | undefined;
  let orderTimer: ReturnType<typeof setTimeout> | undefined;
  let held = false;

  function paint(): void {
    const store = feed.value?.store;
    if (store === undefined) return;
    if (versions.length !== store.size) versions = new Uint32Array(store.size);
    store.takeChanges((slot) => touch(slot));
    tick.value++;
  }

  function touch(slot: number): void {
    versions[slot] = (versions[slot] ?? 0) + 1;
  }

  /** Filters and sorts again; the list is replaced only where it really differs. */
  function order(): void {
    const now = feed.value;
    const facts = table.value;
    if (now === undefined || facts === undefined || sorter.value === undefined) {
      found.value = NOBODY;
      rows.value = new Uint32Array();
      return;
    }
    found.value = findMeters(facts, now.store, filter.value);
    const next = sorter.value.sort(found.value.slots, now.store, sort.value);
    if (!same(rows.value, next)) rows.value = next;
    paint();
  }

  function schedule(): void {
    paintTimer ??= setTimeout(() => {
      paintTimer = undefined;
      paint();
    }, PAINT_MS);
    orderTimer ??= setTimeout(() => {
      orderTimer = undefined;
      // Nothing moves away under a hand that draws a rubber band.
      if (held) schedule();
      else order();
    }, ORDER_MS);
  }

  watch([table, filter, sort], order, { immediate: true });
  // The first snapshot is shown at once: until it comes nothing is known of any meter.
  watch(feeds.heard, order);
  onScopeDispose(() => {
    clearTimeout(paintTimer);
    clearTimeout(orderTimer);
  });

  return {
    feed,
    table,
    found,
    rows,
    tick,
    error: feeds.error,
    loading: feeds.loading,
    heard: feeds.heard,
    /** Nobody can say yet who matches. */
    awaited: computed(() => !found.value.known && asksTheFeed(filter.value)),
    reload: feeds.reload,
    versionOf: (slot: number) => versions[slot] ?? 0,
    /** Something beside the feed changed about a slot: draw it again. */
    touch(slot: number): void {
      touch(slot);
      tick.value++;
    },
    hold: (on: boolean) => {
      held = on;
    },
  };
}
export type GridMeters = ReturnType<typeof useMeters>;

function same(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((slot, index) => slot === b[index]);
}
