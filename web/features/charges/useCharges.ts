import { computed, type Ref, watch } from 'vue';
import { getAccount } from '#contract/accounts.ts';
import { type Charge, listChargeHolds, listCharges, listQuarantinedReads } from '#contract/settlement.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { useSaving } from '../gateways/useSaving.ts';
import { type ChargeFilter, queryOf } from './chargeFilter.ts';

const PAGE_ROWS = 100;
/** More are not looked through on a screen; the panel says so. */
export const ASIDE_ROWS = 50;

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | undefined;
}

/** Charges of the property or the account, page by page, and what is not charged. Only inside setup functions. */
export function useCharges(propertyId: Ref<number | undefined>, filter: Ref<ChargeFilter>, timeZone: Ref<string>) {
  const api = useApi();
  const paging = useSaving();
  const accountId = computed(() => filter.value.accountId);
  const what = computed(() =>
    propertyId.value === undefined
      ? undefined
      : JSON.stringify(queryOf(filter.value, propertyId.value, timeZone.value)),
  );
  const about = computed(() => `${propertyId.value} ${accountId.value}`);

  async function ask(cursor: string | undefined, signal?: AbortSignal): Promise<Page<Charge>> {
    if (propertyId.value === undefined) return { items: [] };
    const query = queryOf(filter.value, propertyId.value, timeZone.value);
    const paged = { ...query, limit: PAGE_ROWS, ...(cursor === undefined ? {} : { cursor }) };
    return api.call(listCharges, { query: paged }, signal === undefined ? {} : { signal });
  }
  const subject = () => ({
    ...(propertyId.value === undefined ? {} : { propertyId: propertyId.value }),
    ...(accountId.value === undefined ? {} : { accountId: accountId.value }),
    limit: ASIDE_ROWS,
  });
  const charges = useResource((signal) => ask(undefined, signal), { on: what });
  watch(what, () => paging.forget());

  return {
    ...{ charges, paging },
    account: useResource(
      async (signal) =>
        accountId.value === undefined
          ? undefined
          : api.call(getAccount, { params: { accountId: accountId.value } }, { signal }),
      { on: accountId },
    ),
    holds: useResource((signal) => api.call(listChargeHolds, { query: subject() }, { signal }), { on: about }),
    doubts: useResource(
      (signal) => {
        const query = { ...subject(), ...(filter.value.decided ? {} : { open: true }) };
        return api.call(listQuarantinedReads, { query }, { signal });
      },
      { on: [about, () => filter.value.decided] },
    ),
    async more(): Promise<void> {
      const known = charges.data.value;
      const asked = what.value;
      if (known?.nextCursor === undefined) return;
      const next = await paging.run(() => ask(known.nextCursor));
      if (next !== undefined && what.value === asked) charges.set({ ...next, items: [...known.items, ...next.items] });
    },
  };
}
