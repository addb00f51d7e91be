import { onScopeDispose, type Ref, shallowRef, watch } from 'vue';
import { getWall, type WallLayout } from '#contract/metering.ts';
import { useApi } from '../../api/client.ts';
import { useLive } from '../../live/liveClient.ts';
import { createTileStore, type TileStore } from '../../live/tileStore.ts';
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
  let stops: (() => void)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function stopAll(): void {
    generation++;
    clearTimeout(timer);
    timer = undefined;
    for (const stop of stops) stop();
    stops = [];
  }

  function later(afterMs: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void load();
    }, afterMs);
  }

  async function load(): Promise<void> {
    const mine = generation;
    try {
      const layouts = await Promise.all(
        propertyIds.value.map((propertyId) => api.call(getWall, { params: { propertyId } })),
      );
      if (mine !== generation) return;
      stopAll();
      error.value = undefined;
      feeds.value = layouts.map((layout) => feedOf(layout));
      heard.value = false;
      loading.value = false;
      for (const feed of feeds.value) listen(feed);
    } catch (cause) {
      if (mine !== generation) return;
      // A wall that stands keeps standing: what it shows is marked stale by the feed itself.
      if (feeds.value.length === 0) error.value = cause;
      loading.value = false;
      later(RETRY_MS);
    }
  }

  function listen(feed: WallFeed): void {
    const { store } = feed;
    const applied = () => {
      heard.value = feeds.value.every((one) => one.store.revision > 0);
      if (store.unknownMeters > 0) later(REFETCH_MS);
      onChange();
    };
    const stop = live.watchProperty(feed.layout.propertyId, {
      snapshot(frame) {
        store.applySnapshot(frame);
        applied();
      },
      delta(frame) {
        store.applyDelta(frame);
        applied();
      },
      layout: () => later(0),
    });
    stops.push(stop);
  }

  watch(
    propertyIds,
    () => {
      stopAll();
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
