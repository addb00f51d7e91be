import { computed, type Ref, watch } from 'vue';
import { useLive } from '../../live/liveClient.ts';
import type { useWallFeeds, WallFeed } from './useWallFeeds.ts';

/**
 * What a wall shows whose properties change: as they are heard; while they cannot be had, as they stood when it showed them
 * last. Then `sinceMs` is the server time of that, and nothing of it is to be believed.
 */
export function useLastKnown(
  propertyIds: Ref<readonly number[]>,
  { feeds, error }: Pick<ReturnType<typeof useWallFeeds>, 'feeds' | 'error'>,
) {
  const live = useLive();
  const last = new Map<number, { readonly feed: WallFeed; readonly atMs: number }>();
  watch(
    feeds,
    (_, before) => {
      const atMs = live.nowMs() - live.health.value.ageMs;
      for (const feed of before) if (feed.store.known) last.set(feed.layout.propertyId, { feed, atMs });
    },
    // At once: afterwards these are no longer joined, and their age is not known.
    { flush: 'sync' },
  );
  const standIns = computed(() => {
    if (feeds.value.length > 0 || error.value === undefined) return [];
    const found = propertyIds.value.flatMap((id) => last.get(id) ?? []);
    return found.length === propertyIds.value.length ? found : [];
  });
  return {
    feeds: computed(() => (feeds.value.length > 0 ? feeds.value : standIns.value.map(({ feed }) => feed))),
    sinceMs: computed(() =>
      standIns.value.length > 0 ? Math.min(...standIns.value.map(({ atMs }) => atMs)) : undefined,
    ),
  };
}
