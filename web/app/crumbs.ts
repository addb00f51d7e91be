import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import type { RouteLocationRaw } from 'vue-router';

export interface Crumb {
  readonly text: string;
  readonly to?: RouteLocationRaw;
}

/** The steps behind the property in the header: building / floor / room, set by the page that knows them. */
export const useCrumbs = defineStore('crumbs', () => {
  const items = shallowRef<readonly Crumb[]>([]);
  return {
    items,
    set(crumbs: readonly Crumb[]) {
      items.value = crumbs;
    },
  };
});
