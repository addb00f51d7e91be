import { computed } from 'vue';
import { useRoute, useRouter } from 'vue-router';
import type { GridFilter } from './data/gridFilter.ts';
import { type GridAddress, readAddress, writeAddress } from './data/gridQuery.ts';
import { COLUMNS, type Column } from './data/gridSort.ts';

const COLUMNS_KEY = 'meterwall.gridColumns';
const FIRST_COLUMNS: readonly Column[] = COLUMNS.filter(
  (column) => column !== 'floor' && column !== 'model' && column !== 'until',
);

/** Filter, order, view and columns: kept in the address, so that it can be sent; columns also in this browser. */
export function useAddress() {
  const route = useRoute();
  const router = useRouter();
  const address = computed(() => readAddress(route.query));
  const columns = computed(() => address.value.columns ?? remembered());

  function change(part: Partial<GridAddress>): void {
    void router.replace({ query: writeAddress({ ...address.value, ...part }) });
  }
  return {
    address,
    columns,
    change,
    filterBy: (part: Partial<GridFilter>) => change({ filter: { ...address.value.filter, ...part } }),
    chooseColumns(chosen: readonly Column[]) {
      localStorage.setItem(COLUMNS_KEY, chosen.join(','));
      change({ columns: chosen });
    },
    /** The address with the columns in it, for somebody with other ones. */
    link: () =>
      new URL(
        router.resolve({ query: writeAddress({ ...address.value, columns: columns.value, batch: undefined }) }).href,
        location.origin,
      ).href,
  };
}
export type GridAddressBook = ReturnType<typeof useAddress>;

function remembered(): readonly Column[] {
  const kept = (localStorage.getItem(COLUMNS_KEY) ?? '').split(',');
  const known = COLUMNS.filter((column) => kept.includes(column));
  return known.length === 0 ? FIRST_COLUMNS : known;
}
