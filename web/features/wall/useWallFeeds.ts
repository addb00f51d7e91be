import { onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import { getWall, type WallLayout } from '#contract/metering.ts';
import { useApi } from '../../api/client.ts';
import { type PropertyListener, useLive } from '../../live/liveClient.ts';
import { createTileStore, type TileStore } from '../../live/tileStore.ts';
import { type EarlyFeed, joinEarly } from './earlyFeed.ts';
import { type WallProperty, wallModel } from './layout/wallModel.ts';

/** A layout that turns out to be old is fetched again, but never more often than this. */
const REFETCH_MS = 5_000;
const RETRY_MS = 4_000;

/** A property on the wall: what stands still and what moves. */
export interface WallFeed {
  readonly layout: WallLayout;
  readonly model: WallProperty;
  readonly store: TileStore;
  /** Slots of the tenants' meters: their sum is the load of the property. */
  readonly isTenant: Uint8Array;
}

/** Layouts and live stores of some properties, kept up to date; `onChange` is called after every frame. */
export function useWallFeeds(propertyIds: Ref<readonly number[]>, onChange: () => void) {
  const api = useApi();
  const live = useLive();
  const feeds = shallowRef<readonly WallFeed[]>([]);
  const error = shallowRef<unknown>();
  const loading = shallowRef(true);
  /** True once every property has had its first snapshot. */
  const heard = shallowRef(false);
  let generation = 0;
  /** The generation whose layouts are under way, and whether they changed meanwhile. */
  let asking = -1;
  let again = false;
  let stops: (() => void)[] = [];
  /** Joined, and their layouts not here yet. */
  const early = new Map<number, EarlyFeed>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function stopAll(): void {
    generation++;
    clearTimeout(timer);
    timer = undefined;
    for (const stop of stops) stop();
    stops = [];
    for (const feed of early.values()) feed.stop();
    early.clear();
  }

  function later(afterMs: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void load();
    }, afterMs);
  }

  async function load(): Promise<void> {
    const mine = generation;
    again = asking === mine;
    if (again) return;
    asking = mine;
    try {
      const layouts = await Promise.all(
        propertyIds.value.map((propertyId) => api.call(getWall, { params: { propertyId } })),
      );
      if (mine !== generation) return;
      error.value = undefined;
      loading.value = false;
      begin(layouts.map((layout) => feedOf(layout)));
    } catch (cause) {
      if (mine !== generation) return;
      // A wall that stands keeps standing: what it shows is marked stale by the feed itself.
      if (feeds.value.length === 0) error.value = cause;
      loading.value = false;
      later(RETRY_MS);
    } finally {
      if (asking === mine) asking = -1;
      if (mine === generation && again) later(0);
      if (mine === generation) again = false;
    }
  }

  /** The first layout is shown at once, a later one when it has states: a wall that stands does not go blank meanwhile. */
  function begin(next: readonly WallFeed[]): void {
    const before = stops;
    stops = [];
    for (const feed of next) stops.push(listen(feed, next));
    if (feeds.value.length === 0) show(next);
    for (const stop of before) stop();
  }

  function show(next: readonly WallFeed[]): void {
    feeds.value = next;
    heard.value = next.every(({ store }) => store.known);
  }

  function listen(feed: WallFeed, all: readonly WallFeed[]): () => void {
    const { store } = feed;
    const applied = () => {
      if (feeds.value !== all && !all.every((one) => one.store.known)) return;
      show(all);
      if (store.unknownMeters > 0) later(REFETCH_MS);
      onChange();
    };
    const listener: PropertyListener = {
      snapshot(frame) {
        store.applySnapshot(frame);
        applied();
      },
      delta(frame) {
        store.applyDelta(frame);
        applied();
      },
      layout: () => later(0),
    };
    const { propertyId } = feed.layout;
    const joined = early.get(propertyId);
    if (joined === undefined) return live.watchProperty(propertyId, listener);
    early.delete(propertyId);
    joined.takeOver(listener);
    return joined.stop;
  }

  watch(
    propertyIds,
    (ids) => {
      stopAll();
      for (const id of ids)
        early.set(
          id,
          joinEarly(live, id, () => later(0)),
        );
      feeds.value = [];
      loading.value = true;
      void load();
    },
    { immediate: true },
  );
  onScopeDispose(stopAll);
  return { feeds, error, loading, heard, reload: () => void load() };
}

function feedOf(layout: WallLayout): WallFeed {
  return {
    layout,
    model: wallModel(layout),
    store: createTileStore(layout.meters.id),
    isTenant: Uint8Array.from(layout.meters.role, (role) => (role === 'tenant' ? 1 : 0)),
  };
}
