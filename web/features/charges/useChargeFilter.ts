import { computed, watch } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import { useEstate } from '../../app/estate.ts';
import { useSettings } from '../../app/settings.ts';
import { addressOfFilter, type ChargeFilter, filterOfAddress } from './chargeFilter.ts';

/** The filter of the page, kept in its address; the header's property follows it and leads it. Only inside setup functions. */
export function useChargeFilter() {
  const route = useRoute();
  const router = useRouter();
  const estate = useEstate();
  const settings = useSettings();
  const filter = computed(() => filterOfAddress(route.query));
  const named = () => estate.properties.find(({ id }) => id === filter.value.propertyId)?.id;
  const propertyId = computed(() => named() ?? estate.current?.id);
  const change = (part: Partial<ChargeFilter>) =>
    void router.replace({ query: addressOfFilter({ ...filter.value, propertyId: propertyId.value, ...part }) });

  watch(
    named,
    (id) => {
      if (id !== undefined) settings.propertyId = id;
    },
    { immediate: true },
  );
  // Another property was chosen in the header: its accounts are others.
  watch(
    () => estate.current?.id,
    (id, before) => {
      if (id !== undefined && before !== undefined && id !== named())
        change({ propertyId: id, accountId: undefined, open: undefined });
    },
  );
  return { filter, propertyId, change };
}
