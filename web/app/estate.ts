import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import { listPlaces, type Place } from '#contract/estate.ts';
import { useApi } from '../api/client.ts';
import { useSettings } from './settings.ts';

const DEFAULT_ZONE = 'Asia/Shanghai';

/** The estate tree that the session may see. */
export const useEstate = defineStore('estate', () => {
  const api = useApi();
  const settings = useSettings();
  const places = shallowRef<readonly Place[]>([]);
  const loaded = shallowRef(false);
  const byId = computed(() => new Map(places.value.map((place) => [place.id, place])));
  const properties = computed(() =>
    places.value.filter((place) => place.kind === 'property').toSorted((a, b) => a.position - b.position),
  );
  /** The property of the page, else the one looked at last, else the first. */
  const current = computed(
    () => properties.value.find((place) => place.id === settings.propertyId) ?? properties.value[0],
  );
  return {
    places,
    loaded,
    properties,
    current,
    byId: (id: number) => byId.value.get(id),
    /** From the property down to the place itself. */
    pathOf(placeId: number): readonly Place[] {
      const path: Place[] = [];
      for (
        let place = byId.value.get(placeId);
        place !== undefined;
        place = place.parentId === undefined ? undefined : byId.value.get(place.parentId)
      )
        path.unshift(place);
      return path;
    },
    timeZoneOf: (propertyId: number | undefined) =>
      byId.value.get(propertyId ?? 0)?.timeZone ?? current.value?.timeZone ?? DEFAULT_ZONE,
    currencyOf: (propertyId: number | undefined) => byId.value.get(propertyId ?? 0)?.currency ?? 'CNY',
    async load(): Promise<void> {
      places.value = (await api.call(listPlaces, {})).items;
      loaded.value = true;
    },
    /** What was kept of it, until it can be loaded. */
    adopt(kept: readonly Place[]) {
      places.value = kept;
      loaded.value = true;
    },
    forget() {
      places.value = [];
      loaded.value = false;
    },
  };
});
