import type { Ref } from 'vue';
import { listSales, type Sale } from '#contract/vending.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';

/** Rows of the account's list: what fits beside the rest of the desk. */
const RECENT = 8;
const REFRESH_MS = 5_000;
const PAGE = 1_000;
/** A cashier's day: five pages are 5,000 sales, one every six seconds. */
const PAGES_MAX = 5;

/** The last sales of the account at the counter. Only inside setup functions. */
export function useRecentSales(accountId: Readonly<Ref<number | undefined>>) {
  const api = useApi();
  return useResource<readonly Sale[]>(
    async (signal) => {
      const id = accountId.value;
      if (id === undefined) return [];
      return (await api.call(listSales, { query: { accountId: id, limit: RECENT } }, { signal })).items;
    },
    { on: accountId, everyMs: REFRESH_MS },
  );
}

/** Money of a property that is not at rest yet, newest first. Only inside setup functions. */
export function useOpenSales(propertyId: Readonly<Ref<number | undefined>>) {
  const api = useApi();
  return useResource<readonly Sale[]>(
    async (signal) => {
      const id = propertyId.value;
      if (id === undefined) return [];
      return (await api.call(listSales, { query: { propertyId: id, state: 'open' } }, { signal })).items;
    },
    { on: propertyId, everyMs: REFRESH_MS, keep: true },
  );
}

/** Who and when a drawer belongs to. */
export interface Shift {
  readonly propertyId: number;
  readonly day: string;
  readonly operator: string;
}

/** Everything that one cashier took on one day. Only inside setup functions. */
export function useDaySales(shift: Readonly<Ref<Shift | undefined>>) {
  const api = useApi();
  return useResource<readonly Sale[]>(
    async (signal) => {
      const query = shift.value;
      const sales: Sale[] = [];
      let cursor: string | undefined;
      for (let pages = 0; query !== undefined && pages < PAGES_MAX; pages++) {
        const more = cursor === undefined ? {} : { cursor };
        const page = await api.call(listSales, { query: { ...query, limit: PAGE, ...more } }, { signal });
        sales.push(...page.items);
        cursor = page.nextCursor;
        if (cursor === undefined) break;
      }
      return sales;
    },
    { on: () => JSON.stringify(shift.value), everyMs: 3 * REFRESH_MS, keep: true },
  );
}
