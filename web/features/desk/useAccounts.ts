import { computed, type Ref, ref, shallowRef, watch } from 'vue';
import { type Account, getAccount, searchAccounts } from '#contract/accounts.ts';
import { useApi } from '../../api/client.ts';
import { useResource } from '../../api/useResource.ts';
import { searchText } from './accountFacts.ts';

const REFRESH_MS = 5_000;

/**
 * Who stands at the counter: the search, the account it leads to, the meter of it. The hit on which the hand rests is the
 * account on the screen, so two letters mostly suffice. Only inside setup functions.
 */
export function useAccounts(
  propertyId: Readonly<Ref<number | undefined>>,
  first: { readonly accountId: number | undefined; readonly meterId: number | undefined },
) {
  const api = useApi();
  const text = ref('');
  const index = ref(0);
  const wanted = computed(() => searchText(text.value));
  const hits = useResource<readonly Account[]>(
    async (signal) => {
      const property = propertyId.value;
      if (wanted.value === '' || property === undefined) return [];
      const query = { propertyId: property, text: wanted.value };
      return (await api.call(searchAccounts, { query }, { signal })).items;
    },
    { on: [wanted, propertyId], keep: true },
  );
  const accountId = shallowRef(first.accountId);
  const meterId = shallowRef(first.meterId);
  const fresh = useResource<Account | undefined>(
    (signal) => {
      const id = accountId.value;
      return id === undefined
        ? Promise.resolve(undefined)
        : api.call(getAccount, { params: { accountId: id } }, { signal });
    },
    { on: accountId, everyMs: REFRESH_MS },
  );
  const account = computed(
    () =>
      [fresh.data.value, ...(hits.data.value ?? [])].find((one) => one !== undefined && one.id === accountId.value) ??
      undefined,
  );
  const meter = computed(
    () => account.value?.meters.find((one) => one.meterId === meterId.value) ?? account.value?.meters[0],
  );

  watch(hits.data, (found) => {
    if (wanted.value === '' || found === undefined) return;
    index.value = 0;
    choose(found[0]?.id);
  });

  function choose(id: number | undefined): void {
    if (accountId.value === id) return;
    accountId.value = id;
    meterId.value = undefined;
  }
  return {
    text,
    wanted,
    hits,
    index,
    accountId,
    /** The meter that somebody chose; `meter` is the one that counts. */
    meterId,
    account,
    meter,
    fault: fresh.error,
    reload: fresh.reload,
    choose,
    /** Moves the hand among the hits. */
    move(step: 1 | -1): void {
      const found = hits.data.value ?? [];
      index.value = Math.max(0, Math.min(found.length - 1, index.value + step));
      choose(found[index.value]?.id);
    },
    chooseMeter: (id: number) => {
      meterId.value = id;
    },
    moveMeter(step: 1 | -1): void {
      const meters = account.value?.meters ?? [];
      const at = meters.findIndex(({ meterId: id }) => id === meter.value?.meterId);
      meterId.value = meters[Math.max(0, Math.min(meters.length - 1, at + step))]?.meterId;
    },
    /** Nobody stands there any more. */
    clear(): void {
      text.value = '';
      choose(undefined);
    },
  };
}
