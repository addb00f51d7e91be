import { computed, onScopeDispose, watch } from 'vue';
import { LIVE_ROOMS_MAX } from '#contract/index.ts';
import { useEstate } from '../../app/estate.ts';
import { useLive } from '../../live/liveClient.ts';

/** Each property is a live room, and a screen has so many; a few are left to the frame and to the page that comes next. */
const HEARD_PROPERTIES_MAX = LIVE_ROOMS_MAX - 4;

/**
 * Hears the alarms of the wanted property, where one is, and of as many others as a screen may. Returns whether what is
 * wanted is heard: in a larger group all of it is not. Only inside setup functions.
 */
export function useHeardProperties(wanted: () => number | undefined): () => boolean {
  const live = useLive();
  const estate = useEstate();
  const stops = new Map<number, () => void>();
  const ids = computed(() => {
    const known = estate.properties.map(({ id }) => id);
    // Others stay joined: each join asks the server for a snapshot, and it answers only so many.
    const first = known.filter((id) => id === wanted());
    return [...new Set([...first, ...known])].slice(0, HEARD_PROPERTIES_MAX);
  });
  watch(
    ids,
    (next) => {
      for (const id of next) if (!stops.has(id)) stops.set(id, live.watchProperty(id));
      for (const [id, stop] of stops) {
        if (next.includes(id)) continue;
        stop();
        stops.delete(id);
      }
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    for (const stop of stops.values()) stop();
  });
  return () => wanted() !== undefined || estate.properties.length <= HEARD_PROPERTIES_MAX;
}
